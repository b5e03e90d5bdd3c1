//! Configures a measurement of performance.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::outcome_source::Outcomes;

/// Names files of predictions and labels, and their columns.
/// # Example: how right a model was in April, beside the first quarter
///
/// ```
/// use modelwatch_drift_job::performance::{
///     Files, Group, GroupKind, JoinCounts, PerformanceError, PerformanceOptions, PerformanceProgress, PerformanceReport,
///     Task,
/// };
/// use modelwatch_performance::Measure;
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// let write = |name: &str, text: String| {
///     let file = folder.path().join(name);
///     std::fs::write(&file, text).map(|()| file.display().to_string())
/// };
/// let scored = |row: u32| format!("{row},0.{},{}\n", row % 10, u8::from(row % 10 > 4));
/// let rows = (0..500).map(scored).collect::<String>();
/// let reference = write("scored-q1.csv", format!("id,probability,late\n{rows}"))?;
/// let current = write("scored-april.csv", "id,probability\n1,0.9\n2,0.8\n3,0.1\n".to_owned())?;
///
/// let mut options = PerformanceOptions::new("late", [reference], [current]);
/// options.score = Some("probability".to_owned());
/// options.positive = Some("1".to_owned());
/// options.outcomes = vec![write("known.csv", "id,late\n1,1\n2,0\n".to_owned())?];
/// let mut rows_read = 0;
/// let tell = |progress: &PerformanceProgress| {
///     if let PerformanceProgress::Reading { rows, .. } = progress {
///         rows_read = *rows;
///     }
/// };
/// let report: PerformanceReport = options.run(tell).await?;
/// assert_eq!(rows_read, 1_005); // the reference twice, 3 predictions, 2 labels
/// assert!(matches!(report.task, Task::Binary { .. }));
/// let all: &Group = &report.groups[0];
/// assert_eq!((&all.kind, all.rows, all.labels), (&GroupKind::All, 3, 2));
/// assert_eq!(all.realised.get(Measure::Accuracy)?.value, 0.5);
/// assert!(matches!(report.joined, Some(JoinCounts { matched: 2, .. })));
///
/// options.current = vec![folder.path().join("may.csv").display().to_string()];
/// assert!(matches!(options.run(|_| {}).await, Err(PerformanceError::Files { of: Files::Predictions, .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct PerformanceOptions {
    /// Files of labelled predictions to learn from. The model must not have been trained on them.
    pub reference: Vec<String>,
    /// Files of predictions: plain ones, or a model's folder of the prediction log.
    pub current: Vec<String>,
    /// Files of labels by id. If empty, the predictions have their labels beside them, or none.
    pub outcomes: Vec<String>,
    /// A table of labels by id, instead of those files.
    pub outcome_table: Option<Outcomes>,
    /// The column of labels.
    pub label: String,
    /// The column of scores: of the positive class, or of the predicted number.
    pub score: Option<String>,
    /// The column of predicted classes.
    pub class: Option<String>,
    /// The columns of the probabilities of several classes, by class.
    pub probabilities: BTreeMap<String, String>,
    /// The positive class, as it appears in labels.
    pub positive: Option<String>,
    /// The score at or above which a row without a predicted class counts as predicted positive. Defaults to 0.5.
    pub threshold: f64,
    /// Whether labels are amounts, even if there are only a few distinct ones.
    pub regression: bool,
    /// The features from which to learn the errors of predicted numbers.
    pub features: Vec<String>,
    /// The column of the predictions' ids. Defaults to `id`.
    pub id: String,
    /// The column of the outcomes' ids, if its name differs.
    pub outcome_id: Option<String>,
    /// The column of labels in the files of outcomes, if its name differs.
    pub outcome_label: Option<String>,
    /// The column of the predictions' times.
    pub time: Option<String>,
    /// The column of the times at which outcomes were known. Without it, every outcome is in time.
    pub outcome_time: Option<String>,
    /// How long after its prediction a label counts. Defaults to 30 days.
    pub horizon: TimeDelta,
    /// The time until which labels were collected. Predictions whose horizon ends later are still waiting for theirs.
    /// Defaults to the current time.
    pub now: DateTime<Utc>,
    /// The time from which to look at predictions. Needs `time`, or a prediction log, whose folders of earlier dates
    /// are skipped.
    pub since: Option<DateTime<Utc>>,
    /// The maximum duration of a run; `None` for no limit.
    pub timeout: Option<Duration>,
    /// The column of the model's version.
    pub version: Option<String>,
    /// Columns by whose values to measure performance, too.
    pub segments: Vec<String>,
    /// The length of windows to measure performance by, too. Needs `time`.
    pub window: Option<TimeDelta>,
    /// Columns in which to look for what made the model worse: categories by value, numbers by tenths of the reference.
    pub explain: Vec<String>,
}

impl PerformanceOptions {
    /// Creates options with defaults for everything else: ids in `id`, a threshold of 0.5, a horizon of 30 days, now.
    pub fn new(
        label: impl Into<String>,
        reference: impl IntoIterator<Item = impl Into<String>>,
        current: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            reference: reference.into_iter().map(Into::into).collect(),
            current: current.into_iter().map(Into::into).collect(),
            outcomes: Vec::new(),
            outcome_table: None,
            label: label.into(),
            score: None,
            class: None,
            probabilities: BTreeMap::new(),
            positive: None,
            threshold: 0.5,
            regression: false,
            features: Vec::new(),
            id: "id".into(),
            outcome_id: None,
            outcome_label: None,
            time: None,
            outcome_time: None,
            horizon: TimeDelta::days(30),
            now: Utc::now(),
            since: None,
            timeout: None,
            version: None,
            segments: Vec::new(),
            window: None,
            explain: Vec::new(),
        }
    }
}
