//! Describes what is found at a path, a pattern or a URL.

#[cfg(feature = "delta")]
use std::sync::Arc;

#[cfg(feature = "delta")]
use super::delta::LiveFile;

/// Identifies a file to read.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// A path or a URL whose name implies the format.
    File(String),
    /// A file of a Delta table, with its entry in the table's log.
    #[cfg(feature = "delta")]
    Live(Arc<LiveFile>),
}

impl Found {
    /// Returns its path or URL, for people.
    pub(crate) fn address(&self) -> &str {
        match self {
            Self::File(address) => address,
            #[cfg(feature = "delta")]
            Self::Live(file) => file.address(),
        }
    }
}
