//! Holds the latest performance of each model, until it is too old.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use modelwatch::contract;
use modelwatch::{Monitor, Readings};
use parking_lot::Mutex;

use super::metrics::Reading;
use crate::clock::Clock;

/// The number of intervals after which figures are withdrawn: repeated forever, they would look current.
const INTERVALS_KEPT: i32 = 3;

/// Says how a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Ended {
    Success,
    /// Succeeded without labels, because outcomes could not be read.
    Outcomes,
    Predictions,
    Reference,
    Columns,
    Timeout,
    Failure,
}

impl Ended {
    const ALL: [Self; 7] = [
        Self::Success,
        Self::Outcomes,
        Self::Predictions,
        Self::Reference,
        Self::Columns,
        Self::Timeout,
        Self::Failure,
    ];

    fn name(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Outcomes => "outcomes",
            Self::Predictions => "predictions",
            Self::Reference => "reference",
            Self::Columns => "columns",
            Self::Timeout => "timeout",
            Self::Failure => "failure",
        }
    }
}

/// Holds the published performance of every model. Clones share the board.
///
/// Figures stay until the next run, or for three intervals if there is none or all fail. The number of runs, by how
/// they ended, and the time of the last successful one stay for longer.
/// The example of [`PerformanceJob`](crate::performance::PerformanceJob) has one.
#[derive(Clone, Debug)]
pub struct PerformanceBoard {
    models: Arc<Mutex<BTreeMap<String, Entry>>>,
    clock: Clock,
}

#[derive(Debug, Default)]
struct Entry {
    last_success: Option<DateTime<Utc>>,
    took: Option<Duration>,
    runs: BTreeMap<Ended, u64>,
    figures: Option<(DateTime<Utc>, Vec<Reading>)>,
}

impl PerformanceBoard {
    pub(super) fn new(clock: Clock) -> Self {
        Self {
            models: Arc::default(),
            clock,
        }
    }

    /// Adds the board to the page of a monitor.
    pub fn expose(&self, monitor: &Monitor) {
        let board = self.clone();
        monitor.add_source(move |readings| board.read(readings));
    }

    /// Removes the models that are not in `models`.
    pub(super) fn keep<'a>(&self, models: impl Iterator<Item = &'a str>) {
        let mut board = self.models.lock();
        let mut former = std::mem::take(&mut *board);
        for model in models {
            board.insert(model.to_owned(), former.remove(model).unwrap_or_default());
        }
    }

    /// Records a run, unless the model has left the board since.
    pub(super) fn ran(
        &self,
        model: &str,
        ended: Ended,
        took: Duration,
        figures: Option<Vec<Reading>>,
        interval: TimeDelta,
    ) {
        let now = self.clock.now();
        let mut models = self.models.lock();
        let Some(entry) = models.get_mut(model) else { return };
        *entry.runs.entry(ended).or_default() += 1;
        entry.took = Some(took);
        if let Some(figures) = figures {
            if ended == Ended::Success {
                entry.last_success = Some(now);
            }
            let until = interval
                .checked_mul(INTERVALS_KEPT)
                .and_then(|kept| now.checked_add_signed(kept));
            entry.figures = Some((until.unwrap_or(DateTime::<Utc>::MAX_UTC), figures));
        }
    }

    fn read(&self, readings: &mut Readings) {
        let now = self.clock.now();
        for (model, entry) in &*self.models.lock() {
            let model = model.as_str();
            if let Some(last) = entry.last_success {
                let seconds = last.timestamp_micros() as f64 / 1e6;
                readings.push(&contract::PERFORMANCE_LAST_SUCCESS_TIMESTAMP, &[model], seconds);
            }
            if let Some(took) = entry.took {
                readings.push(&contract::PERFORMANCE_RUN_DURATION, &[model], took.as_secs_f64());
            }
            for ended in Ended::ALL {
                let runs = entry.runs.get(&ended).copied().unwrap_or_default();
                readings.push(&contract::PERFORMANCE_RUNS, &[model, ended.name()], runs as f64);
            }
            let figures = entry.figures.iter().filter(|(until, _)| now < *until);
            for (metric, labels, value) in figures.flat_map(|(_, figures)| figures) {
                let labels: Vec<_> = labels.iter().map(String::as_str).collect();
                readings.push(metric, &labels, *value);
            }
        }
    }
}
