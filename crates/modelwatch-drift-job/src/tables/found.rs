//! What is found at a path, a pattern or a URL.

#[cfg(feature = "delta")]
use std::sync::Arc;

#[cfg(feature = "delta")]
use super::delta::LiveFile;

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
