//! A name that is none of those there are.

use std::error::Error;
use std::fmt;

/// A text that names no [`Status`](crate::Status), [`Stage`](crate::Stage) or [`FinishReason`](crate::FinishReason).
///
/// ```
/// use modelwatch::Stage;
///
/// let error = "gpu".parse::<Stage>().unwrap_err();
/// assert!(error.to_string().ends_with("use one of queue, feature_fetch, preprocess, compute, postprocess"));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownName {
    name: String,
    what: &'static str,
    known: String,
}

impl UnknownName {
    /// The one of `all` that has this name.
    pub(crate) fn find<T: Copy>(
        name: &str,
        what: &'static str,
        all: &[T],
        name_of: impl Fn(T) -> &'static str,
    ) -> Result<T, Self> {
        all.iter()
            .copied()
            .find(|known| name_of(*known) == name)
            .ok_or_else(|| Self {
                name: name.chars().take(100).collect(),
                what,
                known: all.iter().copied().map(name_of).collect::<Vec<_>>().join(", "),
            })
    }
}

impl fmt::Display for UnknownName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no {}; use one of {}", self.name, self.what, self.known)
    }
}

impl Error for UnknownName {}
