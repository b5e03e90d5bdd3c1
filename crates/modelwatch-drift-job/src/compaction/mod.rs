//! Keeps the prediction log small: the files of a past hour become one for each set of features.
//!
//! A busy service ends a file every ten seconds, 360 an hour, and listing a year of them takes longer than counting
//! them. A run is safe at every moment, even if it gets killed:
//!
//! 1. It writes the new file under a hidden name, checks it and syncs it to storage.
//! 2. It gives the file its name. From here on this file counts, and the ones it replaces do not: its footer names them
//!    ([`metadata::REPLACES`](modelwatch_log_format::metadata::REPLACES)), so a reader that sees both counts each row
//!    once.
//! 3. It removes the replaced files. If the run is killed here, the next one removes them.
//!
//! `hour` does this for one folder. `log` finds the folders and lets one run at a time into a log.

mod compacted;
mod entries;
mod error;
mod hour;
mod log;

pub use compacted::Compacted;
pub use error::CompactionError;
pub use log::{Compaction, CompactionProgress};
