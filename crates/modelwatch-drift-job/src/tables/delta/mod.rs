//! Reads Delta tables: which files are live, and the rows of each.
//!
//! `delta_kernel` reads the table's log, including commits, checkpoints, column mapping, deletion vectors and
//! statistics. The reader of plain Parquet reads the rows, so a table gives the same counts as its rows in files. The
//! files, from the bottom up: `problem` describes what is wrong, `objects` passes the log's files to the kernel, `live`
//! is a live file of one version, `snapshot` lists them, and `reader` reads one.

mod live;
mod objects;
mod problem;
mod reader;
mod snapshot;

pub(crate) use live::LiveFile;
pub(super) use reader::Reader;
pub(super) use snapshot::live_files;
