//! How rows get into the log exactly once.
//!
//! Records become files in a hidden folder beside the log ([`staging`]). A commit puts one small file in place, the [`ledger`], which
//! says at once where each partition goes on and which files are to be moved into the log. What happens before that file is in its place
//! has not happened; what comes after it is done again until it is done. So a process that is killed at any moment loses and doubles
//! nothing, and what becomes of a file in the log, such as compaction or retention, does not matter to where reading goes on.

pub(crate) mod folders;
pub(crate) mod ledger;
pub(crate) mod staging;
