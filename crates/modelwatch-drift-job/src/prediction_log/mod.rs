//! Counts the prediction log: Parquet files in folders by model, date and hour.
//!
//! The files, from the top down: [`PredictionLog`](log::PredictionLog) counts a window; `hours` finds the files of its
//! hours by name alone; `footer` judges each by its footer; `spread` selects some if there are too many; `read` counts
//! one file; `window_files` is the result for an engine that reads the rows elsewhere. Each file is judged and read in
//! a separate task. If that fails, even with a panic of a decoder, only that file is left out, and no other file is
//! read twice.

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
