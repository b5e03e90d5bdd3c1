//! Where to read from: a path or a URL.

use std::path::{Path, PathBuf};

/// A place to read from.
/// The example of [`Drift`](crate::Drift) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathOrUrl {
    /// A file or folder. A relative path already starts from the folder of the configuration.
    Path(PathBuf),
    /// A URL, such as `s3://bucket/prefix`.
    Url(String),
}

impl PathOrUrl {
    /// Stands in for an invalid value, so that the other mistakes are reported too.
    pub(crate) fn nowhere() -> Self {
        Self::Url(String::new())
    }

    pub(crate) fn new(text: &str, file: &str) -> Self {
        match text.strip_prefix("file://") {
            Some(path) => Self::Path(path.into()),
            None if text.contains("://") => Self::Url(text.to_owned()),
            None => Self::Path(Path::new(file).parent().unwrap_or(Path::new("")).join(text)),
        }
    }
}
