//! How a rehearsal went.

use serde::Serialize;

use crate::incident::{Half, Incident};
use crate::notification::Message;
use crate::rehearsal::Alert;
use crate::scene::Scene;
use modelwatch_stack::alertmanager::receiver;
use modelwatch_stack::rules::Severity;

/// How the rehearsal of an incident went.
///
/// # Example
///
/// ```
/// use std::collections::BTreeMap;
///
/// use modelwatch_drill::incident::builtin;
/// use modelwatch_drill::notification::{Clock, Configuration, messages};
/// use modelwatch_drill::outcome::{Addressee, Change, Heard, Outcome};
/// use modelwatch_drill::rehearsal::{Alert, Evaluation};
/// use modelwatch_drill::scene::Scene;
///
/// fn owned<const N: usize>(pairs: [(&str, &str); N]) -> BTreeMap<String, String> {
///     pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
/// }
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let scene = Scene::new(&config, None)?;
/// let mut incidents = builtin::incidents(&scene).into_iter().flatten();
/// let incident = incidents.find(|incident| incident.name == "canary-errors").unwrap();
///
/// // The onset is an hour after the first scrape, and an alert fires a minute later.
/// let onset = 3600;
/// let alert = Alert::new(
///     owned([("alertname", "MLInferenceHighErrorRate"), ("model_name", "claims-risk"), ("severity", "page")]),
///     owned([("summary", "2026-05-01 fails"), ("changed", "Released: version 2026-05-01.")]),
/// );
/// let evaluations = [3660, 3720].map(|at| Evaluation::new(at, vec![alert.clone()]));
/// let routes = Configuration::parse("route: { receiver: ml-platform-page, group_wait: 30s }")?;
/// let heard = messages(&routes, Clock::new(onset, false), &evaluations);
///
/// let outcome = Outcome::new(&scene, &incident, onset, &heard);
/// let wanted: &Addressee = outcome.expected.as_ref().unwrap();
/// assert_eq!(wanted.receiver, "ml-platform-page");
/// let heard: &Heard = outcome.heard.as_ref().unwrap();
/// assert_eq!((heard.minutes, heard.alerts[0].as_str()), (1.5, "MLInferenceHighErrorRate"));
/// assert_eq!((outcome.change, outcome.wakings), (Change::Right, 1));
/// assert!(outcome.unnamed.is_empty(), "the message names the version");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Outcome {
    /// The incident's name.
    pub incident: String,
    /// What happens in it.
    pub about: String,
    /// Its half of the drill.
    pub half: &'static str,
    /// Who has to hear it; nothing where silence is right.
    pub expected: Option<Addressee>,
    /// The first message to them; nothing: they heard nothing.
    pub heard: Option<Heard>,
    /// What the first message has to name and does not.
    pub unnamed: Vec<String>,
    /// What it says was released.
    pub change: Change,
    /// Messages about the model, or about no model, that wake somebody.
    pub wakings: usize,
    /// Messages about nothing: before the onset, or on a quiet stretch.
    pub false_messages: Vec<Heard>,
    /// First messages to others.
    pub others: Vec<Heard>,
}

/// Who has to hear it, and how urgently.
///
/// The example of [`Outcome`] has one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Addressee {
    /// The receiver.
    pub receiver: String,
    /// Whether it has to wake somebody.
    pub page: bool,
    /// What the message has to name.
    pub culprits: Vec<String>,
    /// What it has to say was released; nothing: that nothing was.
    pub change: Option<String>,
}

/// A message as it was heard.
///
/// The example of [`Outcome`] has one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Heard {
    /// In minutes from the onset.
    pub minutes: f64,
    /// Who got it.
    pub receiver: String,
    /// The names of its alerts.
    pub alerts: Vec<String>,
    /// What it says, an alert a line.
    pub text: Vec<String>,
}

/// What a message says was released.
///
/// The example of [`Outcome`] has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// What was, or that nothing was, as it is.
    Right,
    /// Something else.
    Wrong,
    /// It says nothing of releases.
    Unsaid,
}

/// Texts of an alert that a message shows, in their order.
const SHOWN: [&str; 4] = ["summary", "description", "evidence", "changed"];

impl Outcome {
    /// Judges the messages of an incident whose onset is so many seconds after the first scrape.
    #[must_use]
    pub fn new(scene: &Scene, incident: &Incident, onset: u32, messages: &[Message]) -> Self {
        let page = Severity::Page.label(&scene.config);
        let heard = |message: &Message| Heard::new(message, onset);
        let is_news = |message: &&Message| message.new > 0;
        let early = messages
            .iter()
            .filter(|message| message.at < onset || incident.expected.is_none());
        let false_messages: Vec<_> = early.filter(is_news).map(heard).collect();
        let later: Vec<_> = messages
            .iter()
            .filter(|message| message.at >= onset && incident.expected.is_some())
            .filter(is_news)
            .collect();
        let subject = &scene.hero.model.name;
        let is_about = |alert: &Alert| matches!(alert.label("model_name"), "") || alert.label("model_name") == *subject;
        // That each model in trouble has a message of its own is no waking too many.
        let wakes = |message: &&Message| {
            let pages = |alert: &Alert| alert.label("severity") == page && is_about(alert);
            (message.new > 0 || message.repeated) && message.firing.iter().any(pages)
        };
        let expected = incident.expected.as_ref();
        let addressee = expected.map(|expected| Addressee {
            receiver: receiver(&expected.team, expected.severity),
            page: expected.severity == Severity::Page,
            culprits: expected
                .culprits
                .iter()
                .map(|(label, value)| format!("{label} {value}"))
                .collect(),
            change: expected.change.clone(),
        });
        let is_first = |message: &Message| {
            addressee
                .as_ref()
                .is_some_and(|wanted| wanted.receiver == message.receiver)
                && message.firing.iter().any(is_about)
        };
        let first = later.iter().find(|message| is_first(message));
        let text = first
            .map(|message| Heard::new(message, onset).text.join("\n"))
            .unwrap_or_default();
        let unnamed = expected.into_iter().flat_map(|expected| &expected.culprits);
        let unnamed = unnamed.filter(|(_, value)| !names(&text, value));
        let mut others: Vec<Heard> = Vec::new();
        for message in &later {
            let wanted = addressee.as_ref().map(|wanted| &wanted.receiver);
            if Some(&message.receiver) != wanted && !others.iter().any(|other| other.receiver == message.receiver) {
                others.push(heard(message));
            }
        }
        Self {
            incident: incident.name.clone(),
            about: incident.about.clone(),
            half: incident.half.name(),
            heard: first.map(|message| heard(message)),
            unnamed: unnamed.map(|(label, value)| format!("{label} {value}")).collect(),
            change: first.map_or(Change::Unsaid, |message| {
                let changed = message.firing.iter().map(|alert| alert.annotation("changed"));
                let wanted = expected.and_then(|expected| expected.change.as_deref());
                change(&changed.collect::<Vec<_>>().join("\n"), wanted, incident)
            }),
            wakings: messages.iter().filter(wakes).count(),
            false_messages,
            others,
            expected: addressee,
        }
    }

    /// Whether the right team heard it with the right urgency.
    #[must_use]
    pub fn is_found(&self) -> bool {
        self.heard.is_some()
    }
}

impl Heard {
    fn new(message: &Message, onset: u32) -> Self {
        let mut alerts: Vec<_> = message
            .firing
            .iter()
            .map(|alert| alert.label("alertname").to_owned())
            .collect();
        alerts.dedup();
        Self {
            minutes: (f64::from(message.at) - f64::from(onset)) / 60.0,
            receiver: message.receiver.clone(),
            alerts,
            text: message.firing.iter().map(said).collect(),
        }
    }
}

/// What a message shows of an alert.
fn said(alert: &Alert) -> String {
    let texts = SHOWN
        .iter()
        .map(|name| alert.annotation(name))
        .filter(|text| !text.is_empty());
    texts.collect::<Vec<_>>().join(" | ")
}

/// Whether a text has a name as a word of its own.
fn names(text: &str, name: &str) -> bool {
    let is_part = |character: Option<char>| character.is_some_and(|character| character.is_alphanumeric());
    text.match_indices(name).any(|(index, found)| {
        !is_part(text[..index].chars().next_back()) && !is_part(text[index + found.len()..].chars().next())
    })
}

/// Words that say that nothing was released.
const NOTHING: &str = "nothing was released";
/// What stands before releases that may be to blame, where a text tells them from others.
const SUSPECT: &str = "suspect";

/// What the text about releases says, given what was released.
fn change(text: &str, wanted: Option<&str>, incident: &Incident) -> Change {
    let lower = text.to_lowercase();
    if lower.trim().is_empty() {
        return Change::Unsaid;
    }
    // Up to the end of its sentence.
    let suspects = lower.find(SUSPECT).and_then(|at| text.get(at..));
    let suspects = suspects.map(|rest| rest.split(". ").next().unwrap_or(rest));
    let is_right = match wanted {
        Some(wanted) => names(suspects.unwrap_or(text), wanted),
        None => lower.contains(NOTHING),
    };
    let accuses_another = incident.releases.iter().any(|release| {
        wanted != Some(release.name.as_str()) && suspects.is_some_and(|suspects| names(suspects, &release.name))
    });
    if is_right && !accuses_another {
        Change::Right
    } else {
        Change::Wrong
    }
}

/// The numbers under a table.
///
/// # Example
///
/// ```
/// use modelwatch_drill::incident::{builtin, quiet};
/// use modelwatch_drill::outcome::{Outcome, Summary};
/// use modelwatch_drill::scene::Scene;
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/drill.toml"));
/// # let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let scene = Scene::new(&config, None)?;
/// let casts = builtin::incidents(&scene).into_iter().chain(quiet::stretches(&scene));
/// // Nobody hears anything: nothing is found, and nothing is false.
/// let outcomes: Vec<_> = casts.flatten().map(|incident| Outcome::new(&scene, &incident, 3600, &[])).collect();
/// let summary = Summary::new("all", &outcomes);
/// assert_eq!((summary.found, summary.median, summary.false_messages), (0, None, 0));
/// assert_eq!(summary.incidents + summary.quiet, outcomes.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// Which incidents: `all`, or the name of a half.
    pub of: String,
    /// How many incidents.
    pub incidents: usize,
    /// In how many the right team heard it with the right urgency.
    pub found: usize,
    /// Minutes to the first message at the median of those found.
    pub median: Option<f64>,
    /// The same of pages.
    pub median_pages: Option<f64>,
    /// The same of tickets.
    pub median_tickets: Option<f64>,
    /// In how many the first message names every culprit.
    pub named: usize,
    /// In how many it says what was released, or that nothing was.
    pub changes: usize,
    /// In how many it says something else.
    pub wrong_changes: usize,
    /// The most wakings of one.
    pub wakings: usize,
    /// Quiet stretches.
    pub quiet: usize,
    /// Messages about nothing, on quiet stretches and before onsets.
    pub false_messages: usize,
}

impl Summary {
    /// Sums up outcomes.
    #[must_use]
    pub fn new<'a>(of: &str, outcomes: impl IntoIterator<Item = &'a Outcome>) -> Self {
        let outcomes: Vec<_> = outcomes.into_iter().collect();
        let incidents: Vec<_> = outcomes.iter().filter(|outcome| outcome.expected.is_some()).collect();
        let minutes = |page: Option<bool>| {
            let those = incidents
                .iter()
                .filter(|outcome| page.is_none() || outcome.expected.as_ref().map(|expected| expected.page) == page);
            median(
                those
                    .filter_map(|outcome| Some(outcome.heard.as_ref()?.minutes))
                    .collect(),
            )
        };
        let count = |of: &dyn Fn(&Outcome) -> bool| incidents.iter().filter(|outcome| of(outcome)).count();
        Self {
            of: of.to_owned(),
            incidents: incidents.len(),
            found: count(&Outcome::is_found),
            median: minutes(None),
            median_pages: minutes(Some(true)),
            median_tickets: minutes(Some(false)),
            named: count(&|outcome| outcome.is_found() && outcome.unnamed.is_empty()),
            changes: count(&|outcome| outcome.change == Change::Right),
            wrong_changes: count(&|outcome| outcome.change == Change::Wrong),
            wakings: incidents.iter().map(|outcome| outcome.wakings).max().unwrap_or(0),
            quiet: outcomes.len() - incidents.len(),
            false_messages: outcomes.iter().map(|outcome| outcome.false_messages.len()).sum(),
        }
    }

    /// Summaries of all outcomes and of each half there is.
    #[must_use]
    pub fn of_halves(outcomes: &[Outcome]) -> Vec<Self> {
        let halves = [Half::Tuning, Half::HeldOut, Half::Own].map(Half::name);
        let those = halves.map(|half| {
            let own: Vec<_> = outcomes.iter().filter(|outcome| outcome.half == half).collect();
            (half, own)
        });
        let there: Vec<_> = those.into_iter().filter(|(_, own)| !own.is_empty()).collect();
        let mut summaries = vec![Self::new("all", outcomes)];
        if there.len() > 1 {
            summaries.extend(there.into_iter().map(|(half, own)| Self::new(half, own)));
        }
        summaries
    }
}

fn median(mut minutes: Vec<f64>) -> Option<f64> {
    minutes.sort_by(f64::total_cmp);
    let middle = minutes.len() / 2;
    match minutes.len() % 2 {
        1 => minutes.get(middle).copied(),
        _ => Some((minutes.get(middle.checked_sub(1)?)? + minutes.get(middle)?) / 2.0),
    }
}
