//! What the team is told: the answer that `modelwatch triage serve` posts to its channel after an alert.

use std::time::{Duration, SystemTime};

use flights::error::Failure;
use modelwatch_config::Config;
use modelwatch_triage::onset::Onset;
use modelwatch_triage::source::{Question, Row, Source, SourceError};
use modelwatch_triage::text::text;
use modelwatch_triage::triage::{Subject, Trouble, triage};

use super::history::History;
use super::page::Page;
use super::quality::Drift;
use super::table::Wrong;
use super::terminal::Told;
use crate::drift::protocol::Subject as Compared;
use crate::model::MODEL;

/// Looks that have to agree before somebody is told, and before it is over.
const AGREED: u32 = 3;
/// Looks after which the team is told whatever is known.
const PATIENCE: u32 = 20;
/// Looks between two answers about the same trouble: the later one has seen more of it.
const AGAIN: u32 = 10;

/// Who watches the figures, and whom they tell.
pub(crate) struct Team {
    config: Config,
    history: History,
    /// Looks in a row that something was wrong, or that nothing was.
    wrong: u32,
    right: u32,
    told: Option<Told>,
}

impl Team {
    /// As the example's configuration has it, but for a page a second.
    pub(crate) fn new(instance: String, every: Duration) -> Result<Self, Failure> {
        let mut config = Config::parse("examples/modelwatch.toml", include_str!("../../../modelwatch.toml"))
            .map_err(|mistakes| Failure::new(mistakes.to_string()))?;
        config.prometheus.scrape_interval = every;
        let job = config.model(MODEL).map_or("", |model| &model.job).to_owned();
        Ok(Self {
            history: History::new(&job, instance),
            config,
            wrong: 0,
            right: 0,
            told: None,
        })
    }

    /// Takes the pages of the service and its drift job, what is wrong on the one and how far the other is. Returns whether there is news
    /// for the team.
    pub(crate) fn look(&mut self, pages: &[&Page], wrong: &[Wrong], drift: &Drift) -> bool {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        self.history.push(now.as_secs_f64(), pages);
        let critical = self
            .config
            .model(MODEL)
            .map_or(&[][..], |model| &model.critical_features);
        let ticket = ticket(drift, critical);
        let features = wrong.iter().chain(&ticket).filter_map(|wrong| wrong.feature.as_deref());
        let features = features.collect();
        let Some(wrong) = wrong.first().or(ticket.as_ref()) else {
            (self.wrong, self.right) = (0, self.right + 1);
            if self.right == AGREED
                && let Some(told) = &mut self.told
            {
                told.over = true;
            }
            return false;
        };
        (self.wrong, self.right) = (self.wrong + 1, 0);
        let first = self.told.as_ref().is_none_or(|told| told.over);
        let due = first || self.wrong.saturating_sub(AGREED).is_multiple_of(AGAIN);
        if self.wrong < AGREED || !due {
            return false;
        }
        let mut subject = Subject::model(MODEL, i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        subject.alert = Some(wrong.alert.to_owned());
        let feature = wrong.feature.iter();
        subject.labels = feature.map(|name| ("feature_name".to_owned(), name.clone())).collect();
        let marked = Marked {
            history: &self.history,
            features,
        };
        // The history answers whatever it is asked.
        let Ok(report) = triage(&marked, None, &self.config, &subject) else {
            return false;
        };
        // Before there are samples enough to say since when, there is nothing to tell but the alert.
        let known = |trouble: &Trouble| matches!(trouble.onset, Onset::Since(_));
        if self.wrong < PATIENCE && !report.trouble.as_ref().is_some_and(known) {
            return false;
        }
        let team = report.who.as_ref().and_then(|who| self.config.teams.get(&who.team));
        let slack = team.and_then(|team| team.slack.as_ref());
        self.told = Some(Told {
            channel: slack.map_or_else(|| "the team".to_owned(), |slack| slack.channel.clone()),
            text: text(&report),
            over: false,
        });
        first
    }

    /// What it has been told last.
    pub(crate) fn told(&self) -> Option<&Told> {
        self.told.as_ref()
    }
}

/// The ticket for the critical feature that is furthest from training, of those that are detected: no page.
fn ticket(drift: &Drift, critical: &[String]) -> Option<Wrong> {
    let Drift::Compared(report) = drift else {
        return None;
    };
    let subjects = report.subjects.iter().filter(|subject| subject.detected);
    let critical = subjects.filter(|subject| critical.contains(&subject.name));
    let distance = |subject: &Compared| subject.distance.clone().unwrap_or_default();
    let furthest = critical.max_by(|a, b| distance(a).total_cmp(&distance(b)))?;
    Some(Wrong {
        line: format!("{} is no longer as in training", furthest.name),
        alert: "MLDriftCriticalFeatureDetected",
        feature: Some(furthest.name.clone()),
    })
}

/// What the history says, without what is missing or drifts as it does in training.
///
/// A day of flights passes in seconds. What the weather stations lack for some hours of it looks as if it had begun just now, to
/// somebody who knows the past of a minute and no more.
struct Marked<'a> {
    history: &'a History,
    /// The features that the screen marks.
    features: Vec<&'a str>,
}

/// What is only told of a feature that is marked.
const OF_MARKED: [&str; 4] = [
    "ml_feature_missing_total",
    "ml_data_drift_detected",
    "ml_data_drift_score",
    "ml_drift_change",
];

impl Source for Marked<'_> {
    fn ask(&self, question: &Question) -> Result<Vec<Row>, SourceError> {
        let mut rows = self.history.ask(question)?;
        if OF_MARKED.contains(&question.metric.as_str()) {
            rows.retain(|row| {
                let feature = row.label("feature_name");
                feature.is_empty() || self.features.contains(&feature)
            });
        }
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;
    use crate::drift::protocol::{Report, Window};

    #[test]
    fn a_critical_feature_that_drifts_has_a_ticket() {
        let critical = ["hour", "distance"].map(str::to_owned);
        let of = |drift: &Drift| ticket(drift, &critical);
        let subject = |name: &str, distance, detected| Compared {
            name: name.into(),
            distance: Ok(distance),
            drifts: true,
            detected,
        };
        let report = |subjects: Vec<Compared>| {
            let day = DateTime::UNIX_EPOCH;
            Drift::Compared(Report {
                window: Window { start: day, end: day },
                rows: 900,
                usual: false,
                subjects,
            })
        };
        let weather = report(vec![subject("temp", 19.1, true), subject("distance", 0.3, false)]);
        assert!(of(&weather).is_none());
        let unit = report(vec![
            subject("temp", 19.1, true),
            subject("hour", 0.3, true),
            subject("distance", 0.4, true),
        ]);
        let ticket = of(&unit).expect("a ticket");
        assert_eq!(ticket.feature.as_deref(), Some("distance"));
        assert_eq!(ticket.alert, "MLDriftCriticalFeatureDetected");
        assert!(of(&Drift::Ready).is_none());
    }
}
