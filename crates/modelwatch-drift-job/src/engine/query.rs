//! What an engine is asked.

use modelwatch_drift::baseline::{CategoricalBins, Counts, NumericBins, Profile};

use crate::time_window::TimeWindow;

/// Where the values of a column fall.
/// The example of [`Engine`] has one.
#[derive(Clone, Debug, PartialEq)]
pub enum Bins {
    /// Numbers.
    Numeric(NumericBins),
    /// Categories.
    Categorical(CategoricalBins),
}

impl Bins {
    /// Returns no rows yet, on these bins.
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

/// A column to be counted.
/// The example of [`Engine`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name in the prediction log: `feature.income`, `score`, `class`. An engine over other tables knows what it is called
    /// there.
    pub name: String,
    /// Where its values fall.
    pub bins: Bins,
}

/// A column whose values are counted apart.
/// The example of [`Engine`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct GroupBy {
    /// Its name in the prediction log: `model_version`, `feature.country`.
    pub column: String,
    /// The values that have counts of their own; rows of all others are counted together. Nothing where every value has, up
    /// to [`MOST_GROUPS`](Self::MOST_GROUPS).
    pub values: Option<Vec<String>>,
}

impl GroupBy {
    /// The most values of one column that have counts of their own.
    pub const MOST_GROUPS: usize = 64;
}

/// What to count.
/// The example of [`Engine`] has one.
#[derive(Clone, Debug)]
pub struct WindowQuery {
    /// The model's name, as the service has it.
    pub model: String,
    /// Which rows; nothing for all of them, whatever their time.
    pub window: Option<TimeWindow>,
    /// Which columns, no two of one name.
    pub columns: Vec<Column>,
    /// What is counted apart, beside all rows together.
    pub groups: Vec<GroupBy>,
    /// Columns of numbers of which whole rows are sampled, to say how they go together; none where that is not asked.
    pub joint: Vec<String>,
}
