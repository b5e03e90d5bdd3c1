//! The classes of a multiclass model.

use std::collections::HashMap;
use std::error::Error;
use std::fmt;
use std::sync::Arc;

/// The most classes.
const MOST: usize = 1_000;

/// The names of a model's classes, in the order of its probabilities. Cheap to clone.
/// # Example: names in the order of the probabilities
///
/// ```
/// use modelwatch_performance::{Classes, ClassesError};
///
/// let classes = Classes::new(["approve", "review", "decline"])?;
/// assert_eq!(classes.names()[1], "review");
/// assert!(matches!(Classes::new(["approve", "approve"]), Err(ClassesError::Twice { class, .. }) if class == "approve"));
/// # Ok::<(), ClassesError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Classes {
    names: Arc<[String]>,
    places: Arc<HashMap<String, usize>>,
}

impl Classes {
    /// Makes classes from their names.
    ///
    /// # Errors
    ///
    /// Returns an error for fewer than two names, more than 1,000, or a name that occurs twice.
    pub fn new(names: impl IntoIterator<Item = impl Into<String>>) -> Result<Self, ClassesError> {
        let names: Vec<String> = names.into_iter().map(Into::into).collect();
        if names.len() < 2 || names.len() > MOST {
            return Err(ClassesError::Number { classes: names.len() });
        }
        let mut places = HashMap::new();
        for (place, name) in names.iter().enumerate() {
            if places.insert(name.clone(), place).is_some() {
                return Err(ClassesError::Twice { class: name.clone() });
            }
        }
        Ok(Self {
            names: names.into(),
            places: Arc::new(places),
        })
    }

    /// Returns the names in order.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    pub(crate) fn place(&self, name: &str) -> Option<usize> {
        self.places.get(name).copied()
    }
}

/// Why names can't be classes.
/// The example of [`Classes`](crate::Classes) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ClassesError {
    /// Fewer than two or more than 1,000.
    Number {
        /// The number of names.
        classes: usize,
    },
    /// A name occurs twice.
    Twice {
        /// The name.
        class: String,
    },
}

impl fmt::Display for ClassesError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number { classes } => write!(
                f,
                "there are {classes} classes; a classification has from 2 to {MOST}: is the label a number to be predicted?"
            ),
            Self::Twice { class } => write!(f, "class {class:?} stands twice; name each class once"),
        }
    }
}

impl Error for ClassesError {}

/// Why counts can't be merged.
/// The example of [`MulticlassCounts`](crate::MulticlassCounts) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unmergeable {
    /// They have other classes, or the same in another order.
    Classes,
    /// They were counted around different numbers.
    Around,
}

impl fmt::Display for Unmergeable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Classes => f.write_str("the counts are of other classes; count both with the same `Classes`"),
            Self::Around => {
                f.write_str("the counts are around another number; make both with the same `RegressionCounts::around`")
            }
        }
    }
}

impl Error for Unmergeable {}
