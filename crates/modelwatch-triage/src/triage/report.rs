//! The answer.

use serde::Serialize;

use super::subject::Subject;
use crate::localization::{Candidate, Slice};
use crate::log::Logged;
use crate::onset::Onset;
use crate::release::{Judged, Kind};
use crate::series::Series;
use crate::symptom::{Side, Symptom};

/// What is known of a model's trouble: where, since when, what changed, who acts. What is unknown says so.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// What was asked.
    pub subject: Subject,
    /// What is wrong; nothing when no metric shows it.
    pub trouble: Option<Trouble>,
    /// Why that no metric shows trouble does not mean that there is none; nothing where it does, and where there is trouble.
    pub blind: Option<String>,
    /// The five questions, in their order.
    pub answers: Vec<Answer>,
    /// What else left its usual ratio: what the logged rows and the drift job say in words, then the rest, the largest change first.
    pub findings: Vec<Finding>,
    /// What the prediction log says; nothing where there is none, or where it could not be read: see [`Report::unknown`].
    pub logged: Option<Logged>,
    /// Releases about the time of the trouble, suspects first.
    pub releases: Vec<Judged>,
    /// What was released.
    pub released: Released,
    /// Who acts.
    pub who: Option<Who>,
    /// What could not be asked or is not there, one sentence each.
    pub unknown: Vec<String>,
}

/// What is wrong.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Trouble {
    /// Its kind.
    pub symptom: Symptom,
    /// Since when.
    pub onset: Onset,
    /// The ratio before; nothing where it is unknown.
    pub before: Option<f64>,
    /// The ratio since.
    pub since: Option<f64>,
    /// Where it sits.
    pub place: Place,
    /// How each version fares, the largest excess first.
    pub versions: Vec<Slice>,
    /// How each route fares.
    pub routes: Vec<Slice>,
    /// The same over time.
    pub series: Series,
    /// A query that shows it.
    pub query: String,
}

/// Where the trouble sits.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Place {
    /// In some combinations of labels, the best first.
    In(Vec<Candidate>),
    /// Everywhere alike.
    Everywhere,
    /// The counts do not tell.
    Unknown,
}

/// One of the five questions.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Answer {
    /// The question.
    pub question: &'static str,
    /// Whether there is an answer.
    pub known: bool,
    /// The answer in a sentence, or why there is none.
    pub answer: String,
}

/// Something that left its usual ratio.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// Which half of the system.
    pub side: Side,
    /// What, in a sentence.
    pub what: String,
    /// Since when, in seconds since the epoch; nothing where it is unknown.
    pub since: Option<i64>,
}

/// What was released in the hour before the trouble.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Released {
    /// These are suspect or can't be acquitted: see [`Report::releases`].
    Something,
    /// Nothing, as far as these kinds tell; the others are not reported by any metric.
    Nothing {
        /// The kinds that metrics report.
        reported: Vec<Kind>,
    },
    /// It can't be told, for this reason.
    Unknown(String),
}

/// Who acts, and how they begin.
///
/// [`triage`](super::triage()) has an example.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Who {
    /// The team.
    pub team: String,
    /// What it answers for: `serving`, `model` or `data`.
    pub role: &'static str,
    /// What to do first, the quickest first.
    pub mitigation: Vec<String>,
    /// Where to look: a word and a URL.
    pub links: Vec<(String, String)>,
}

impl Report {
    /// The releases that are to blame, the likeliest first.
    pub fn suspects(&self) -> impl Iterator<Item = &Judged> {
        self.releases.iter().filter(|judged| judged.verdict.is_suspect())
    }
}
