//! The performance of predictions, beside that of the reference.

use modelwatch_performance::{Culprit, Doubt, Estimate, Measure, Performance, loss_growth};

use super::join::JoinCounts;
use super::task::Task;

/// The performance of predictions, beside that of the reference. Its `Display` is a table.
/// The example of [`PerformanceOptions`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PerformanceReport {
    /// What the model predicts.
    pub task: Task,
    /// The performance in the reference, by its labels.
    pub reference: Performance,
    /// The labelled rows of the reference.
    pub reference_rows: u64,
    /// Rows of the reference that are left out because their label is no finite number.
    pub reference_unknown_labels: u64,
    /// All predictions first, then versions, windows and segments.
    pub groups: Vec<Group>,
    /// What became of ids, where outcomes were joined.
    pub joined: Option<JoinCounts>,
}

/// Predictions that are looked at together.
/// The example of [`PerformanceOptions`] has one.
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
    /// Those whose label is left out: it is none of the reference's classes, or no finite number.
    pub unknown_labels: u64,
    /// Those without a finite score, or without one of the probabilities: they are left out of what is measured by scores.
    pub without_score: u64,
    /// Those whose predicted class is absent or none of the reference's, where a column of classes is named: they are left out of what is
    /// measured by classes.
    pub without_class: u64,
    /// The performance by those labels.
    pub realised: Performance,
    /// The performance of a segment's value in the reference, by its labels; nothing where the reference has fewer than 30 of them,
    /// and of groups that are no segments.
    pub reference: Option<Performance>,
    /// What was to be expected of all predictions; none where no score says how sure the model was.
    pub estimated: Option<Estimate>,
    /// Why not to believe what was expected.
    pub doubts: Vec<Doubt>,
    /// What made it worse, of all predictions and of a version, where columns to look in are named: the values and ranges whose loss rose
    /// by more than that of the other rows, the one that explains most first.
    pub culprits: Option<Vec<Culprit>>,
    /// By how much the mean loss of a row grew since the reference, where culprits are looked for.
    pub loss_growth: Option<f64>,
}

/// What rows of a group have in common.
/// The example of [`PerformanceOptions`] has one.
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

    /// Returns the measures by which the group is worse than the reference, and by what share its loss exceeds that of the reference, as
    /// [`loss_growth`] has it. A segment's value is compared with the same value of the reference, and with all of the reference
    /// where that has too few of it; the rest of the values with nothing, because it is another rest.
    pub fn worse<'a>(&'a self, report: &'a PerformanceReport) -> impl Iterator<Item = (Measure, f64)> + 'a {
        let is_rest = matches!(self.kind, GroupKind::Segment(_)) && self.value == Self::OTHER;
        let reference = self.reference.as_ref().unwrap_or(&report.reference);
        let measures = self.realised.iter().filter(move |_| !is_rest);
        measures.filter_map(|(measure, now)| {
            let growth = loss_growth(measure, &reference.get(measure).ok()?, &now.ok()?)?;
            Some((measure, growth))
        })
    }
}
