//! What is found at a path, a pattern or a URL.

#[cfg(feature = "delta")]
use std::sync::Arc;

#[cfg(feature = "delta")]
use super::delta::LiveFile;
use crate::time_window::TimeWindow;

/// A file to be read.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// A path or a URL whose name tells the format.
    File(String),
    /// A file of a Delta table, with what the table's log says of it.
    #[cfg(feature = "delta")]
    Live(Arc<LiveFile>),
}

impl Found {
    /// Its path or URL, for people.
    pub(crate) fn address(&self) -> &str {
        match self {
            Self::File(address) => address,
            #[cfg(feature = "delta")]
            Self::Live(file) => file.address(),
        }
    }
}

/// Which rows are looked for: files that are known to have none of them need not be found.
#[derive(Clone, Debug)]
pub(crate) struct Sought {
    /// The column of times, by its name in the table.
    #[cfg_attr(
        not(feature = "delta"),
        expect(dead_code, reason = "only a table's log knows what is in its files")
    )]
    pub(crate) time: String,
    #[cfg_attr(
        not(feature = "delta"),
        expect(dead_code, reason = "only a table's log knows what is in its files")
    )]
    pub(crate) window: TimeWindow,
}
