//! Delta tables: which files are live, and how each is read.
//!
//! The table's log is read by `delta_kernel`, which knows commits, checkpoints, column mapping, deletion vectors and statistics; the rows by the
//! reader of plain Parquet, so that a table gives the counts that its rows give as files. From below: `problem` says what is wrong,
//! `objects` hands the log's files to the kernel, `live` is a live file of one version, `snapshot` lists them, and `reader` reads one.

mod live;
mod objects;
mod problem;
mod reader;
mod snapshot;

pub(crate) use live::LiveFile;
pub(super) use reader::Reader;
pub(super) use snapshot::live_files;
