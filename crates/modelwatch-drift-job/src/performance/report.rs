//! Reports the performance of predictions, beside that of the reference.

use modelwatch_performance::{Culprit, Doubt, Estimate, Measure, Performance, loss_growth};

use super::join::JoinCounts;
use super::task::Task;

/// Reports the performance of predictions, beside that of the reference. Displays as a table.
/// The example of [`PerformanceOptions`](crate::performance::PerformanceOptions) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PerformanceReport {
    /// What the model predicts.
    pub task: Task,
    /// The performance in the reference, by its labels.
    pub reference: Performance,
    /// The number of labelled rows in the reference.
    pub reference_rows: u64,
    /// The number of reference rows left out because their label is not a finite number.
    pub reference_unknown_labels: u64,
    /// The groups: all predictions first, then versions, windows and segments.
    pub groups: Vec<Group>,
    /// The fate of the ids, if outcomes were joined.
    pub joined: Option<JoinCounts>,
}

/// Reports on predictions that are measured together.
/// The example of [`PerformanceOptions`](crate::performance::PerformanceOptions) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Group {
    /// What the predictions have in common.
    pub kind: GroupKind,
    /// The value they share: a version, the start of a window, a segment's value; empty if the rows have none.
    pub value: String,
    /// The number of predictions.
    pub rows: u64,
    /// The number of those whose label is known.
    pub labels: u64,
    /// The number of labels left out, because they are not a class of the reference or not a finite number.
    pub unknown_labels: u64,
    /// The number of predictions without a finite score, or with a probability missing. Measures that need scores leave
    /// them out.
    pub without_score: u64,
    /// The number of predictions whose class is missing or not a class of the reference, if a column of classes is
    /// named. Measures that need classes leave them out.
    pub without_class: u64,
    /// The performance by the known labels.
    pub realised: Performance,
    /// The performance of a segment's value in the reference, by its labels; `None` if the reference has fewer than 30
    /// of them, or the group is not a segment.
    pub reference: Option<Performance>,
    /// The expected performance of all predictions; `None` if no score says how sure the model was.
    pub estimated: Option<Estimate>,
    /// Reasons not to trust the estimate.
    pub doubts: Vec<Doubt>,
    /// What made the model worse, if columns to look in are named; for all predictions and for versions. These are the
    /// values and ranges whose loss rose by more than that of the other rows, the one that explains most first.
    pub culprits: Option<Vec<Culprit>>,
    /// By how much the mean loss per row grew since the reference, if culprits are looked for.
    pub loss_growth: Option<f64>,
}

/// Says what the rows of a group have in common.
/// The example of [`PerformanceOptions`](crate::performance::PerformanceOptions) has one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum GroupKind {
    /// Nothing: the group has all predictions.
    All,
    /// The model's version.
    Version,
    /// The window of time.
    Window,
    /// The value of this column.
    Segment(String),
}

impl Group {
    /// The value that stands for all values beyond the maximum number.
    pub const OTHER: &'static str = "__other__";

    /// Returns the measures by which the group is worse than the reference, with the share by which its loss exceeds
    /// that of the reference, as defined by [`loss_growth`]. A segment's value is compared with the same value of the
    /// reference, or with the whole reference if that has too few such rows. The group of all other values is compared
    /// with nothing, because the reference's other values differ.
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
