//! What is known of one model after one window.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use modelwatch_drift::baseline::{Baseline, Counts, Profile};
use modelwatch_drift::change::Explanation;
use modelwatch_drift::decision::{Measurement, Rule};
use modelwatch_log_format::columns::feature_name;

use crate::engine::{LeftOut, Looked};
use crate::joint_report::JointReport;
use crate::time_window::TimeWindow;

/// What is compared.
/// The example of [`Comparison`] has one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Subject {
    /// A feature, by its name.
    Feature(String),
    /// The prediction score.
    Score,
    /// The balance of the predicted classes.
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

/// One subject's window against its baseline.
/// The example of [`Comparison`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SubjectReport {
    /// What is compared.
    pub subject: Subject,
    /// How it is measured and when it counts as drift.
    pub rule: Rule,
    /// The distance, or why there is none.
    pub measurement: Result<Measurement, String>,
    /// Whether drift is detected.
    pub detected: bool,
    /// How many windows in a row, up to this one, were above the threshold and significant.
    pub in_a_row: u32,
    /// When the first of them began, as far as windows were looked at.
    pub since: Option<DateTime<Utc>>,
    /// The baseline's bins and counts.
    pub profile: Profile,
    /// The window's counts on those bins. Values of another type are counted as missing.
    pub counts: Counts,
    /// How many of the missing rows have a value of another type than the baseline's, such as a text where numbers belong.
    pub other_type: u64,
    /// The type that the first of those values has, in a word.
    pub found_type: Option<String>,
    /// What was done to the subject, where the window is above the threshold and significant.
    pub explanation: Option<Explanation>,
    /// What the windows before this one said, the earliest first, as far as they were looked at.
    pub history: Vec<Past>,
}

impl SubjectReport {
    /// Whether the window's values are of another type than the baseline's: more of them than are of its own. That is drift,
    /// whatever the statistic says of the rest.
    #[must_use]
    pub fn is_of_another_type(&self) -> bool {
        let missing = match &self.counts {
            Counts::Numeric(counts) => counts.missing,
            Counts::Categorical(counts) => counts.missing,
        };
        self.other_type > self.counts.rows() - missing
    }

    /// Returns what the baseline has: `numbers` or `categories`.
    #[must_use]
    pub fn expected_type(&self) -> &'static str {
        match self.profile {
            Profile::Numeric(_) => "numbers",
            Profile::Categorical(_) => "categories",
        }
    }
}

/// Whether a window is above the threshold and significant, or of another type; nothing where it could not be measured.
pub(crate) fn above(report: &SubjectReport) -> Option<bool> {
    match &report.measurement {
        _ if report.is_of_another_type() => Some(true),
        Ok(measurement) => Some(measurement.drifts(&report.rule)),
        Err(_) => None,
    }
}

/// What an earlier window said of a subject.
/// The example of [`DriftJob`] has one.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Past {
    /// The window.
    pub window: TimeWindow,
    /// The distance, where there was one.
    pub score: Option<f64>,
    /// Whether the window was above the threshold and significant.
    pub above: bool,
}

/// What a window says.
/// The example of [`Comparison`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Verdict {
    /// Every subject, in the order of the baseline: features, score, classes.
    Scored(Vec<SubjectReport>),
    /// Nothing: a distance of so few rows is mostly chance.
    TooFewRows {
        /// The fewest that get a score.
        minimum: u64,
    },
    /// Nothing: not a single row was found.
    NoRows,
}

impl Verdict {
    /// Returns the subjects; none where there were too few rows.
    #[must_use]
    pub fn subjects(&self) -> &[SubjectReport] {
        match self {
            Self::Scored(subjects) => subjects,
            Self::TooFewRows { .. } | Self::NoRows => &[],
        }
    }
}

/// A version of the model on its own.
/// The example of [`DriftJob`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct VersionReport {
    /// The version; nothing for all others together, where there are more than are counted apart.
    pub version: Option<String>,
    /// Its rows in the window.
    pub rows: u64,
    /// What they say.
    pub verdict: Verdict,
}

impl VersionReport {
    /// Returns the version as a label has it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.version.as_deref().unwrap_or(OTHER)
    }
}

/// The rows of one value of a feature on their own.
/// The example of [`Comparison`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct SegmentReport {
    /// The feature by whose values rows are told apart.
    pub segment: String,
    /// The value, empty where it is missing; nothing for all others together, where there are more than are counted apart.
    pub value: Option<String>,
    /// Its rows in the window.
    pub rows: u64,
    /// What they say.
    pub verdict: Verdict,
}

impl SegmentReport {
    /// Returns the value as a label has it.
    #[must_use]
    pub fn name(&self) -> &str {
        self.value.as_deref().unwrap_or(OTHER)
    }
}

/// What stands for all values of a label that have none of their own.
pub(crate) const OTHER: &str = "__other__";

/// One window of one model. As text it is a table for people.
/// The example of [`Comparison`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct WindowReport {
    /// The model's name.
    pub model: String,
    /// What the window is compared with.
    pub baseline: Arc<Baseline>,
    /// Which rows; nothing for all of them.
    pub window: Option<TimeWindow>,
    /// How many there were.
    pub rows: u64,
    /// Files that were read.
    pub files: usize,
    /// Files and rows that were left out, and why.
    pub left_out: LeftOut,
    /// Columns that files lack, with the rows of those files: there every value counts as missing.
    pub absent: BTreeMap<String, u64>,
    /// Where rows were looked for.
    pub looked: Looked,
    /// All versions together.
    pub verdict: Verdict,
    /// How the numbers of all versions go together; nothing where the baseline does not know how they did, the engine gives no rows,
    /// or there are too few.
    pub joint: Option<JointReport>,
    /// Each version, where that is asked for.
    pub versions: Vec<VersionReport>,
    /// Each value of each segment, where that is asked for.
    pub segments: Vec<SegmentReport>,
    /// When the run ended, by the job's clock.
    pub finished: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
}

impl WindowReport {
    /// Returns what drifts, of all versions together.
    pub fn detected(&self) -> impl Iterator<Item = &SubjectReport> {
        self.verdict.subjects().iter().filter(|subject| subject.detected)
    }

    /// Returns how numbers go together, where that drifts.
    #[must_use]
    pub fn joint_drift(&self) -> Option<&JointReport> {
        self.joint.as_ref().filter(|joint| joint.detected)
    }

    /// Whether anything drifts: all rows, each for itself or together, or those of a segment.
    #[must_use]
    pub fn drifts(&self) -> bool {
        let of_segments = self.segments.iter().flat_map(|segment| segment.verdict.subjects());
        self.detected()
            .chain(of_segments.filter(|subject| subject.detected))
            .next()
            .is_some()
            || self.joint_drift().is_some()
    }

    /// Returns one subject, of all versions together.
    #[must_use]
    pub fn subject(&self, subject: &Subject) -> Option<&SubjectReport> {
        self.verdict.subjects().iter().find(|report| report.subject == *subject)
    }

    /// Says what is odd about the window's rows and files, a sentence each.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let nothing = matches!(self.verdict, Verdict::NoRows).then(|| format!("no rows: {}", self.looked));
        let files = self.left_out.files.iter().map(|file| format!("left out: {file}"));
        let without_time = self.left_out.rows_without_time;
        let without_time = match without_time {
            0 => None,
            1 => Some("left out: 1 row without a time".to_owned()),
            rows => Some(format!("left out: {rows} rows without a time")),
        };
        let absent = self.absent.iter().map(|(column, rows)| {
            let column = feature_name(column).unwrap_or(column);
            let rows = in_rows(*rows);
            format!("the column {column:?} is not there in {rows} missing; is the baseline of another release?")
        });
        let other_type = self.verdict.subjects().iter().filter(|subject| subject.other_type > 0);
        let other_type = other_type.map(|subject| {
            format!(
                "{} has values of another type than the baseline's in {} missing; does the service log it as it was in training?",
                subject.subject,
                in_rows(subject.other_type)
            )
        });
        nothing
            .into_iter()
            .chain(files)
            .chain(without_time)
            .chain(absent)
            .chain(other_type)
    }
}

/// So many rows, and that they count as something.
fn in_rows(rows: u64) -> String {
    match rows {
        1 => "1 row, which counts as".to_owned(),
        _ => format!("{rows} rows, which count as"),
    }
}
