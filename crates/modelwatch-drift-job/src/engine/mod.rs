//! The engine: one aggregate query for a model and a window, whose result is counts.
//!
//! Counts are all that leaves this room, so the same query can run wherever the files are; nothing outside knows
//! Arrow, and nothing in here knows a statistic.

mod count;
mod error;
mod log_files;
mod store;
mod table;
mod training;
mod window_query;

pub use count::{Cells, ColumnCounts};
pub use error::{EngineError, Skipped};
pub use store::Store;
pub use training::{Kind, Training, TrainingColumn, TrainingFile};
pub use window_query::{Column, VersionCounts, WindowCounts, WindowQuery};
