//! The prediction log through its public door, judged by what stands on storage.

mod on_storage;
mod written;
