//! The prediction log kept small: the files of an hour that is over become one for each set of features.
//!
//! A busy service ends a file every ten seconds, 360 an hour, and a year of them takes longer to list than to count. What a run does
//! is safe at every moment, also the one at which it is killed:
//!
//! 1. The new file is written under a hidden name, checked and put on storage.
//! 2. It gets its name. From here on it counts and the files it replaces do not: its footer names them
//!    ([`metadata::REPLACES`](modelwatch_log_format::metadata::REPLACES)), so a reader that sees both counts each row once.
//! 3. The files it replaces are removed. What a killed run leaves there the next one removes.
//!
//! `hour` does that for one folder; `log` finds the folders and lets one run at a time into a log.

mod compacted;
mod entries;
mod error;
mod hour;
mod log;

pub use compacted::Compacted;
pub use error::CompactionError;
pub use log::Compaction;
