//! What the team is told: the answer that `modelwatch triage serve` posts to its channel after an alert.

use std::time::{Duration, SystemTime};

use flights::error::Failure;
use modelwatch_config::Config;
use modelwatch_triage::onset::Onset;
use modelwatch_triage::text::text;
use modelwatch_triage::triage::{Subject, Trouble, triage};

use crate::history::History;
use crate::model::MODEL;
use crate::page::Page;
use crate::table::Wrong;
use crate::terminal::Told;

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
        let mut config = Config::parse("examples/modelwatch.toml", include_str!("../../modelwatch.toml"))
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

    /// Takes a page, and what is wrong on it. Returns whether there is news for the team.
    pub(crate) fn look(&mut self, page: &Page, wrong: Option<&Wrong>) -> bool {
        let now = SystemTime::now()
            .duration_since(SystemTime::UNIX_EPOCH)
            .unwrap_or_default();
        self.history.push(now.as_secs_f64(), page);
        let Some(wrong) = wrong else {
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
        // The history answers whatever it is asked.
        let Ok(report) = triage(&self.history, None, &self.config, &subject) else {
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
