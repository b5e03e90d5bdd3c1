//! Names what is compared.

use std::fmt;

/// Names what is compared.
/// The example of [`Comparison`](crate::Comparison) has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A feature, by its name.
    Feature(String),
    /// The prediction score.
    Score,
    /// The distribution of the predicted classes.
    Classes,
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Feature(name) => name,
            Self::Score => "(prediction score)",
            Self::Classes => "(class balance)",
        })
    }
}
