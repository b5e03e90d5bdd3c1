//! The engine over the prediction log: Parquet files under folders of model, date and hour.
//!
//! From above: [`PredictionLog`](log::PredictionLog) counts a window; `hours` finds the files of its hours by names alone; `footer` judges
//! each by its footer; `spread` takes some of them where all are too many; `read` counts one file; `window_files` is what an engine gets that reads them elsewhere. Each file is judged and read in a task of its own, so that whatever happens in one,
//! a panic of a decoder included, leaves that file out and nothing else, and costs no other file a second look.

mod footer;
mod hours;
mod log;
mod object_reader;
mod read;
mod spread;
mod window_files;

pub use log::PredictionLog;
pub use window_files::{WindowFile, WindowFiles};

pub(crate) use footer::{bytes, replaced};
