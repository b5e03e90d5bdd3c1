//! Holds the query for an engine.

use modelwatch_drift::baseline::{CategoricalBins, Counts, NumericBins, Profile};

use crate::time_window::TimeWindow;

/// Holds the bins that a column's values fall into.
/// The example of [`Engine`](crate::engine::Engine) has one.
#[derive(Clone, Debug, PartialEq)]
pub enum Bins {
    /// The bins of numbers.
    Numeric(NumericBins),
    /// The bins of categories.
    Categorical(CategoricalBins),
}

impl Bins {
    /// Creates empty counts for these bins.
    #[must_use]
    pub fn count(&self) -> Counts {
        match self {
            Self::Numeric(bins) => Counts::Numeric(bins.count()),
            Self::Categorical(bins) => Counts::Categorical(bins.count()),
        }
    }
}

impl From<&Profile> for Bins {
    fn from(profile: &Profile) -> Self {
        match profile {
            Profile::Numeric(profile) => Self::Numeric(profile.bins().clone()),
            Profile::Categorical(profile) => Self::Categorical(profile.bins().clone()),
        }
    }
}

/// Describes a column to count.
/// The example of [`Engine`](crate::engine::Engine) has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// The column's name in the prediction log: `feature.income`, `score`, `class`. An engine over other tables maps it
    /// to the name there.
    pub name: String,
    /// The bins that its values fall into.
    pub bins: Bins,
}

/// Names a column whose values are counted separately.
/// The example of [`Engine`](crate::engine::Engine) has one.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupBy {
    /// The column's name in the prediction log: `model_version`, `feature.country`.
    pub column: String,
    /// The values that get their own counts; rows of all others are counted together. `None` gives every value its own
    /// counts, up to [`MOST_GROUPS`](Self::MOST_GROUPS).
    pub values: Option<Vec<String>>,
}

impl GroupBy {
    /// The maximum number of values of one column with their own counts.
    pub const MOST_GROUPS: usize = 64;
}

/// Says what to count.
/// The example of [`Engine`](crate::engine::Engine) has one.
#[derive(Clone, Debug)]
pub struct WindowQuery {
    /// The model's name, as the service uses it.
    pub model: String,
    /// The window to count; `None` for all rows, at any time.
    pub window: Option<TimeWindow>,
    /// The columns to count. Their names must differ.
    pub columns: Vec<Column>,
    /// The columns to count by, in addition to all rows together.
    pub groups: Vec<GroupBy>,
    /// Numeric columns to sample as whole rows, to learn how they go together; empty for none.
    pub joint: Vec<String>,
}
