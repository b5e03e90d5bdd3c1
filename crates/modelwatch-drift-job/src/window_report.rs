//! What is known of one model after one window.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use modelwatch_drift::baseline::{Baseline, Counts, Profile};
use modelwatch_drift::decision::{Measurement, Rule};

use crate::engine::Skipped;
use crate::time_window::TimeWindow;

/// What is compared.
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
#[derive(Clone, Debug)]
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
    /// The baseline's bins and counts.
    pub profile: Profile,
    /// The window's counts on those bins.
    pub counts: Counts,
}

/// What a window says.
#[derive(Clone, Debug)]
pub enum Verdict {
    /// Every subject, in the order of the baseline: features, score, classes.
    Scored(Vec<SubjectReport>),
    /// Nothing: a distance of so few rows is mostly chance.
    TooFewRows {
        /// The fewest that get a score.
        least: u64,
    },
}

impl Verdict {
    /// The subjects; none where there were too few rows.
    #[must_use]
    pub fn subjects(&self) -> &[SubjectReport] {
        match self {
            Self::Scored(subjects) => subjects,
            Self::TooFewRows { .. } => &[],
        }
    }
}

/// A version of the model on its own.
#[derive(Clone, Debug)]
pub struct VersionReport {
    /// The version.
    pub version: String,
    /// Its rows in the window.
    pub rows: u64,
    /// What they say.
    pub verdict: Verdict,
}

/// One window of one model. As text it is a table for a person.
#[derive(Clone, Debug)]
pub struct WindowReport {
    /// The model's name.
    pub model: String,
    /// What the window is compared with.
    pub baseline: Arc<Baseline>,
    /// Which rows.
    pub window: TimeWindow,
    /// How many there were.
    pub rows: u64,
    /// Files that were read.
    pub files: usize,
    /// Files that were left out, and why.
    pub skipped: Vec<Skipped>,
    /// Columns that files lack, with the rows of those files: there every value counts as missing.
    pub absent: BTreeMap<String, u64>,
    /// All versions together.
    pub verdict: Verdict,
    /// Each version, where that is asked for.
    pub versions: Vec<VersionReport>,
    /// When the run ended, by the job's clock.
    pub finished: DateTime<Utc>,
    /// How long it took.
    pub took: Duration,
}

impl WindowReport {
    /// What drifts, of all versions together.
    pub fn detected(&self) -> impl Iterator<Item = &SubjectReport> {
        self.verdict.subjects().iter().filter(|subject| subject.detected)
    }

    /// One subject, of all versions together.
    #[must_use]
    pub fn subject(&self, subject: &Subject) -> Option<&SubjectReport> {
        self.verdict.subjects().iter().find(|report| report.subject == *subject)
    }

    /// What is odd about the window's files, a sentence each.
    pub fn warnings(&self) -> impl Iterator<Item = String> {
        let skipped = self.skipped.iter().map(|skipped| format!("left out: {skipped}"));
        let absent = self.absent.iter().map(|(column, rows)| {
            format!("the column {column:?} is not in files of {rows} rows, which count as missing; is the baseline of another release?")
        });
        skipped.chain(absent)
    }
}
