//! Reports what is known about one model after one window.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use modelwatch_drift::baseline::{Baseline, Counts, Profile};
use modelwatch_drift::change::Explanation;
use modelwatch_drift::decision::{Measurement, Rule};

use crate::engine::{LeftOut, Looked};
use crate::joint_report::JointReport;
use crate::subject::Subject;
use crate::time_window::TimeWindow;
use crate::warning::Warning;

/// Reports one subject's window against its baseline.
/// The example of [`Comparison`](crate::Comparison) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SubjectReport {
    /// The subject.
    pub subject: Subject,
    /// The rule: how the distance is measured and when it counts as drift.
    pub rule: Rule,
    /// The distance, or why there is none.
    pub measurement: Result<Measurement, String>,
    /// Whether drift is detected.
    pub detected: bool,
    /// How many windows in a row, up to this one, were above the threshold and significant.
    pub in_a_row: u32,
    /// When the first of them began, as far as earlier windows were compared.
    pub since: Option<DateTime<Utc>>,
    /// The baseline's bins and counts.
    pub profile: Profile,
    /// The window's counts on those bins. Values of a different type count as missing.
    pub counts: Counts,
    /// How many of the missing rows have a value of a type other than the baseline's, such as a text where numbers
    /// belong.
    pub other_type: u64,
    /// The type of the first of those values, in a word.
    pub found_type: Option<String>,
    /// What was done to the subject, if the window is above the threshold and significant.
    pub explanation: Option<Explanation>,
    /// The results of the windows before this one, earliest first, as far as they were compared.
    pub history: Vec<Past>,
}

impl SubjectReport {
    /// Returns whether the window's values have a different type from the baseline's: more of them than have the right
    /// one. That counts as drift, whatever the statistic says about the rest.
    #[must_use]
    pub fn is_of_another_type(&self) -> bool {
        let missing = match &self.counts {
            Counts::Numeric(counts) => counts.missing,
            Counts::Categorical(counts) => counts.missing,
        };
        self.other_type > self.counts.rows() - missing
    }

    /// Returns the baseline's type: `numbers` or `categories`.
    #[must_use]
    pub fn expected_type(&self) -> &'static str {
        match self.profile {
            Profile::Numeric(_) => "numbers",
            Profile::Categorical(_) => "categories",
        }
    }
}

/// Returns whether a window is above the threshold and significant, or has a different type; `None` if it could not be
/// measured.
pub(crate) fn above(report: &SubjectReport) -> Option<bool> {
    match &report.measurement {
        _ if report.is_of_another_type() => Some(true),
        Ok(measurement) => Some(measurement.drifts(&report.rule)),
        Err(_) => None,
    }
}

/// Holds an earlier window's result for a subject.
/// The example of [`DriftJob`](crate::DriftJob) has one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Past {
    /// The window.
    pub window: TimeWindow,
    /// The distance, if there is one.
    pub score: Option<f64>,
    /// Whether the window was above the threshold and significant.
    pub above: bool,
}

/// Holds the result of a window.
/// The example of [`Comparison`](crate::Comparison) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// A report on every subject, in the order of the baseline: features, score, classes.
    Scored(Vec<SubjectReport>),
    /// No scores: with too few rows, a distance is mostly chance.
    TooFewRows {
        /// The minimum number of rows for a score.
        minimum: u64,
    },
    /// No scores: there are no rows.
    NoRows,
}

impl Verdict {
    /// Returns the subjects; empty if there were too few rows.
    #[must_use]
    pub fn subjects(&self) -> &[SubjectReport] {
        match self {
            Self::Scored(subjects) => subjects,
            Self::TooFewRows { .. } | Self::NoRows => &[],
        }
    }
}

/// Reports on one version of the model.
/// The example of [`DriftJob`](crate::DriftJob) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VersionReport {
    /// The version; `None` for all others together, if there are more versions than are counted separately.
    pub version: Option<String>,
    /// The number of its rows in the window.
    pub rows: u64,
    /// The result for these rows.
    pub verdict: Verdict,
}

impl VersionReport {
    /// Returns the version as it appears in labels.
    #[must_use]
    pub fn name(&self) -> &str {
        self.version.as_deref().unwrap_or(OTHER)
    }
}

/// Reports on the rows with one value of a feature.
/// The example of [`Comparison`](crate::Comparison) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SegmentReport {
    /// The feature whose values split the rows.
    pub segment: String,
    /// The value, empty if missing; `None` for all others together, if there are more values than are counted
    /// separately.
    pub value: Option<String>,
    /// The number of its rows in the window.
    pub rows: u64,
    /// The result for these rows.
    pub verdict: Verdict,
}

impl SegmentReport {
    /// Returns the value as it appears in labels.
    #[must_use]
    pub fn name(&self) -> &str {
        self.value.as_deref().unwrap_or(OTHER)
    }
}

/// The label value that stands for all values without their own series.
pub(crate) const OTHER: &str = "__other__";

/// Reports on one window of one model. Displays as a table for people.
/// The example of [`Comparison`](crate::Comparison) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WindowReport {
    /// The model's name.
    pub model: String,
    /// What the window is compared with.
    pub baseline: Arc<Baseline>,
    /// The window; `None` for all rows.
    pub window: Option<TimeWindow>,
    /// The number of rows.
    pub rows: u64,
    /// The number of files read.
    pub files: usize,
    /// The files and rows that were left out, and why.
    pub left_out: LeftOut,
    /// Columns that some files lack, with the rows of those files. Every value there counts as missing.
    pub absent: BTreeMap<String, u64>,
    /// The places where rows were looked for.
    pub looked: Looked,
    /// The result for all versions together.
    pub verdict: Verdict,
    /// How the numbers of all versions go together; `None` if the baseline does not know it for training, the engine
    /// returns no rows, or there are too few.
    pub joint: Option<JointReport>,
    /// The result for each version, if requested.
    pub versions: Vec<VersionReport>,
    /// The result for each value of each segment, if requested.
    pub segments: Vec<SegmentReport>,
    /// When the run ended, by the job's clock.
    pub finished: DateTime<Utc>,
    /// How long the run took.
    pub took: Duration,
}

impl WindowReport {
    /// Returns the subjects that drift, for all versions together.
    pub fn detected(&self) -> impl Iterator<Item = &SubjectReport> {
        self.verdict.subjects().iter().filter(|subject| subject.detected)
    }

    /// Returns how numbers go together, if that drifts.
    #[must_use]
    pub fn joint_drift(&self) -> Option<&JointReport> {
        self.joint.as_ref().filter(|joint| joint.detected)
    }

    /// Returns whether anything drifts: a subject over all rows, how numbers go together, or a segment.
    #[must_use]
    pub fn drifts(&self) -> bool {
        let of_segments = self.segments.iter().flat_map(|segment| segment.verdict.subjects());
        self.detected()
            .chain(of_segments.filter(|subject| subject.detected))
            .next()
            .is_some()
            || self.joint_drift().is_some()
    }

    /// Returns one subject, for all versions together.
    #[must_use]
    pub fn subject(&self, subject: &Subject) -> Option<&SubjectReport> {
        self.verdict.subjects().iter().find(|report| report.subject == *subject)
    }

    /// Returns warnings about the window's rows and files.
    pub fn warnings(&self) -> impl Iterator<Item = Warning<'_>> {
        let nothing = matches!(self.verdict, Verdict::NoRows).then_some(Warning::NoRows(&self.looked));
        let files = self.left_out.files.iter().map(Warning::File);
        let without_time = self.left_out.rows_without_time;
        let without_time = (without_time > 0).then_some(Warning::RowsWithoutTime(without_time));
        let absent = (self.absent.iter()).map(|(column, rows)| Warning::Absent { column, rows: *rows });
        let other_type = self.verdict.subjects().iter().filter(|subject| subject.other_type > 0);
        let other_type = other_type.map(|subject| Warning::OtherType {
            subject: &subject.subject,
            rows: subject.other_type,
        });
        nothing
            .into_iter()
            .chain(files)
            .chain(without_time)
            .chain(absent)
            .chain(other_type)
    }
}
