//! A window for a person: a table, and a page with pictures.

mod page;
mod table;

pub use page::page;
