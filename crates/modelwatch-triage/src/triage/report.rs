//! The report.

use serde::Serialize;

use super::subject::Subject;
use crate::localization::{Candidate, Slice};
use crate::log::Logged;
use crate::onset::Onset;
use crate::release::{Judged, Kind};
use crate::series::Series;
use crate::symptom::{Side, Symptom};

/// The findings about a model's trouble: where, since when, what changed, and who acts. It says what is unknown.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The subject of the triage.
    pub subject: Subject,
    /// The trouble. Absent when no metric shows any.
    pub trouble: Option<Trouble>,
    /// Why you can't conclude that there is no trouble. Absent when you can, and when there is trouble.
    pub blind: Option<String>,
    /// The answers to the five questions, in order.
    pub answers: Vec<Answer>,
    /// Other changes: first those that the logged rows and the drift job report, then the rest, the largest first.
    pub findings: Vec<Finding>,
    /// The answer of the prediction log. Absent without a log, or when it could not be read: see [`Report::unknown`].
    pub logged: Option<Logged>,
    /// Releases around the time of the trouble, suspects first.
    pub releases: Vec<Judged>,
    /// Whether something was released.
    pub released: Released,
    /// The team that acts.
    pub who: Option<Who>,
    /// Questions that could not be asked, and data that is missing, one sentence each.
    pub unknown: Vec<String>,
}

/// The trouble.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Trouble {
    /// Its symptom.
    pub symptom: Symptom,
    /// Since when.
    pub onset: Onset,
    /// The ratio before. Absent when unknown.
    pub before: Option<f64>,
    /// The ratio since.
    pub since: Option<f64>,
    /// Where it is.
    pub place: Place,
    /// The counts of each version, the largest excess first.
    pub versions: Vec<Slice>,
    /// The counts of each route.
    pub routes: Vec<Slice>,
    /// The counts over time.
    pub series: Series,
    /// A PromQL query that shows it.
    pub query: String,
}

/// Where the trouble is.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// In some combinations of labels, best first.
    In(Vec<Candidate>),
    /// Everywhere alike.
    Everywhere,
    /// The counts do not show it.
    Unknown,
}

/// One of the five questions, and its answer.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Answer {
    /// The question.
    pub question: &'static str,
    /// Whether there is an answer.
    pub known: bool,
    /// The answer in one sentence, or why there is none.
    pub answer: String,
}

/// A ratio that changed.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The half of the system it belongs to.
    pub side: Side,
    /// The change, in one sentence.
    pub what: String,
    /// Since when, in seconds since the epoch. Absent when unknown.
    pub since: Option<i64>,
}

/// The releases in the hour before the trouble.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Released {
    /// There were releases that are suspect or can't be acquitted: see [`Report::releases`].
    Something,
    /// No release of these kinds. No metric reports the other kinds.
    Nothing {
        /// The kinds that metrics report.
        reported: Vec<Kind>,
    },
    /// Unknown, for this reason.
    Unknown(String),
}

/// The team that acts, and its first steps.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Who {
    /// The team.
    pub team: String,
    /// Its role: `serving`, `model` or `data`.
    pub role: &'static str,
    /// The first steps, the quickest first.
    pub mitigation: Vec<String>,
    /// Links to look at: a word and a URL.
    pub links: Vec<(String, String)>,
}

impl Report {
    /// Returns the releases to blame, the likeliest first.
    pub fn suspects(&self) -> impl Iterator<Item = &Judged> {
        self.releases.iter().filter(|judged| judged.verdict.is_suspect())
    }
}
