//! How rows get into the log exactly once.
//!
//! Records become files in a hidden folder beside the log ([`staging`]). A commit replaces one small file, the [`ledger`], which
//! contains both the next offset of each partition and the files to move into the log. Before that file is in place, nothing has
//! happened. After that, its moves are repeated until they are done. So a process that is killed at any moment neither loses nor
//! duplicates anything. Later changes to a file in the log, such as compaction or retention, do not affect where reading
//! continues.

pub(crate) mod folders;
pub(crate) mod ledger;
pub(crate) mod staging;
