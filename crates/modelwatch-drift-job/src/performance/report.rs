//! The performance of predictions, beside that of the reference.

use modelwatch_performance::{Culprit, Doubt, Estimate, Performance};

use super::join::JoinCounts;
use super::task::Task;

/// The performance of predictions, beside that of the reference. Its `Display` is a table.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PerformanceReport {
    /// What the model predicts.
    pub task: Task,
    /// The performance in the reference, by its labels.
    pub reference: Performance,
    /// The labelled rows of the reference.
    pub reference_rows: u64,
    /// All predictions first, then versions, windows and segments.
    pub groups: Vec<Group>,
    /// What became of ids, where outcomes were joined.
    pub joined: Option<JoinCounts>,
}

/// Predictions that are looked at together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Group {
    /// What they have in common.
    pub kind: GroupKind,
    /// Which of those it is: a version, the start of a window, a segment's value; empty where a row has none.
    pub value: String,
    /// The predictions.
    pub rows: u64,
    /// Those whose label is known.
    pub labels: u64,
    /// The performance by those labels.
    pub realised: Performance,
    /// What was to be expected of all predictions; none where no score says how sure the model was.
    pub estimated: Option<Estimate>,
    /// Why not to believe what was expected.
    pub doubts: Vec<Doubt>,
    /// What made it worse, of all predictions and of a version, where columns to look in are named: the values and ranges whose loss rose
    /// by more than that of the other rows, the one that explains most first.
    pub culprits: Option<Vec<Culprit>>,
}

/// What rows of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum GroupKind {
    /// Nothing: all predictions.
    All,
    /// The model's version.
    Version,
    /// The window of time.
    Window,
    /// The value of a column.
    Segment(String),
}

impl Group {
    /// The value that stands for those past the first so many.
    pub const OTHER: &'static str = "__other__";
}
