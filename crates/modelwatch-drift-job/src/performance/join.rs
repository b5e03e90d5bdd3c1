//! Joins predictions and their outcomes by id.

use chrono::TimeDelta;

use super::deadline::Deadline;
use super::error::PerformanceError;
use super::progress::Teller;
use super::spool::{Record, Spool};

/// How long before its prediction a label may be known: clocks differ, and some labels have a date but no time of day.
pub(super) const EARLY: TimeDelta = TimeDelta::days(1);

/// Counts the fate of predictions and labels. Every row of either is in one of the counts.
/// The example of [`PerformanceOptions`](crate::performance::PerformanceOptions) has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct JoinCounts {
    /// Predictions with an id, each id once.
    pub predictions: u64,
    /// Rows of predictions whose id came before. They are left out.
    pub repeated_predictions: u64,
    /// Of the repeated predictions, those whose score, class or columns differ from those of the row that counts.
    pub differing_predictions: u64,
    /// Rows of predictions without an id, which can't get a label.
    pub predictions_without_id: u64,
    /// Predictions with a label within the horizon.
    pub matched: u64,
    /// Predictions without a label within the horizon, of whose labels at least one came after it. They do not count as
    /// labelled.
    pub late: u64,
    /// Predictions whose labels were all known more than a day before them, as happens when an id is reused. They do
    /// not count as labelled.
    pub early: u64,
    /// Predictions with labels but without a time, so that it is unknown whether the labels are in time. They do not
    /// count as labelled.
    pub undated: u64,
    /// Predictions without a label whose horizon is over.
    pub without_label: u64,
    /// Predictions without a label whose horizon is not over.
    pub waiting: u64,
    /// Rows of outcomes with an id and a label.
    pub labels: u64,
    /// Rows of outcomes whose id already has one: a repetition or a revision. The last one within the horizon counts.
    pub repeated_labels: u64,
    /// Of the repeated labels, those that differ from the label that counts.
    pub revised_labels: u64,
    /// Of the revised labels, those known at the same time as the label that counts, or without a time: nothing shows
    /// which is right, so the last in the order of their texts counts.
    pub contradicting_labels: u64,
    /// Ids of labels that no prediction has.
    pub unmatched_labels: u64,
    /// Rows of outcomes without an id or a label, or without a time if outcomes have times.
    pub unusable_labels: u64,
}

/// Decides when a label is in time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Horizon {
    /// The length in microseconds after the prediction.
    pub(super) length: i64,
    /// The time until which labels were collected, in microseconds.
    pub(super) now: i64,
    /// Whether outcomes have times of their own.
    pub(super) timed: bool,
}

/// Joins both part by part, and passes every prediction to `take`, with its label if it has one. Predictions keep their
/// rows as they were pushed. Outcomes have a single text, the label.
pub(super) fn join(
    predictions: Spool,
    outcomes: Spool,
    horizon: Horizon,
    deadline: Deadline,
    teller: &Teller,
    counts: &mut JoinCounts,
    mut take: impl FnMut(&Record, Option<&str>) -> Result<(), PerformanceError>,
) -> Result<(), PerformanceError> {
    let of = predictions.parts();
    let parts = predictions.into_parts().zip(outcomes.into_parts());
    for (done, (predictions, outcomes)) in parts.enumerate() {
        deadline.check()?;
        teller.joined(done, of);
        let (predictions, outcomes) = (predictions?, outcomes?);
        let mut outcomes = outcomes.chunk_by(|one, other| one.id == other.id).peekable();
        for same in predictions.chunk_by(|one, other| one.id == other.id) {
            let prediction = &same[0];
            counts.predictions += 1;
            counts.repeated_predictions += same.len() as u64 - 1;
            counts.differing_predictions += same.iter().filter(|other| other.differs(prediction)).count() as u64;
            while let Some(others) = outcomes.next_if(|labels| labels[0].id < prediction.id) {
                counts.add_unmatched(others);
            }
            match outcomes.next_if(|labels| labels[0].id == prediction.id) {
                Some(labels) => {
                    counts.repeated_labels += labels.len() as u64 - 1;
                    take(prediction, counts.label(prediction, labels, horizon))?;
                }
                None => {
                    match horizon.is_over(prediction.time, horizon.now) {
                        true => counts.without_label += 1,
                        false => counts.waiting += 1,
                    }
                    take(prediction, None)?;
                }
            }
        }
        for others in outcomes {
            counts.add_unmatched(others);
        }
    }
    Ok(())
}

/// Says whether a label counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Timely {
    InTime,
    Early,
    Late,
}

impl Horizon {
    fn is_over(&self, predicted: i64, at: i64) -> bool {
        at.saturating_sub(predicted) > self.length
    }

    fn of(&self, predicted: i64, known: i64) -> Timely {
        let early = EARLY.num_microseconds().unwrap_or(i64::MAX);
        match known.saturating_sub(predicted) {
            _ if !self.timed => Timely::InTime,
            after if after > self.length => Timely::Late,
            after if after < -early => Timely::Early,
            _ => Timely::InTime,
        }
    }
}

impl JoinCounts {
    fn add_unmatched(&mut self, labels: &[Record]) {
        self.unmatched_labels += 1;
        self.repeated_labels += labels.len() as u64 - 1;
    }

    /// Returns the last label within the horizon. The labels must be in the order of their times.
    fn label<'a>(&mut self, prediction: &Record, labels: &'a [Record], horizon: Horizon) -> Option<&'a str> {
        if horizon.timed && prediction.time == i64::MIN {
            self.undated += 1;
            return None;
        }
        let timely = |label: &Record| horizon.of(prediction.time, label.time);
        let in_time = |label: &&Record| timely(label) == Timely::InTime;
        let Some(counted) = labels.iter().rev().find(in_time) else {
            match labels.iter().any(|label| timely(label) == Timely::Late) {
                true => self.late += 1,
                false => self.early += 1,
            }
            return None;
        };
        self.matched += 1;
        let revised = || labels.iter().filter(|label| label.texts != counted.texts);
        self.revised_labels += revised().count() as u64;
        self.contradicting_labels += revised().filter(|label| label.time == counted.time).count() as u64;
        counted.texts.first().and_then(Option::as_deref)
    }
}
