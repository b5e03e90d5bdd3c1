//! The prediction log: what a model saw and said, kept as Parquet files for the drift job.

mod batch;
mod builder;
mod counts;
mod error;
mod handle;
mod keeper;
mod layout;
mod log;
mod open_file;
mod sampling;
mod shape;
mod slot;
mod stream;
mod warnings;
mod writer;

pub use builder::PredictionLogBuilder;
pub use error::{ModelError, StartError, WriteError};
pub use handle::{ModelLog, Record};
pub use log::PredictionLog;
