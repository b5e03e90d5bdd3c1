//! The prediction log as triage asks it: some rows, within a moment, whatever the log does meanwhile.
//!
//! Whoever is paged waits for the answer, and a folder may hang. So the log is opened and read in a task of its own, a deadline ends
//! the wait, and one question is read at a time: behind one that hangs, others give up, and nothing piles up.

use std::sync::Arc;
use std::time::Duration;

use chrono::DateTime;
use modelwatch_config::{Config, DriftRows};
use modelwatch_drift_job::{Contrast, ModelSettings, PredictionLog, Subject, TimeWindow};
use modelwatch_triage::log::{Column, Log, LogError, LogQuestion, Logged, Moved};
use modelwatch_triage::words::name;
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use crate::drift::settings;

/// Rows of a window that are counted, about: enough for a distance, few enough for the time there is.
const ROWS: u64 = 100_000;
/// Models of a log that a message lists, and files that were left out.
const LISTED: usize = 3;

/// Where the logs are, and how long they may take.
#[derive(Clone)]
pub(super) struct Logs {
    /// In place of the one of `[models.drift]`.
    address: Option<String>,
    patience: Duration,
    runtime: Handle,
    /// The place of the one question that is read at a time, until it has come to its end.
    place: Arc<Semaphore>,
}

impl Logs {
    pub(super) fn new(address: Option<String>, patience: Duration, runtime: Handle) -> Self {
        Self {
            address,
            patience,
            runtime,
            place: Arc::new(Semaphore::new(1)),
        }
    }

    /// The log of a model; nothing where it has none and none is named.
    pub(super) fn of<'l>(&'l self, config: &'l Config, model: &str) -> Option<ModelLog<'l>> {
        let drift = config.model(model).and_then(|model| model.drift.as_ref());
        match (&self.address, drift) {
            (None, None) => None,
            (_, Some(drift)) if self.address.is_none() && !is_log(drift) => None,
            _ => Some(ModelLog { logs: self, config }),
        }
    }
}

/// Whether its rows are in a prediction log, rather than in tables or a database.
fn is_log(drift: &modelwatch_config::Drift) -> bool {
    matches!(drift.rows, DriftRows::Files(_)) && drift.columns.is_none()
}

/// The log of one model.
pub(super) struct ModelLog<'l> {
    logs: &'l Logs,
    config: &'l Config,
}

impl Log for ModelLog<'_> {
    fn compare(&self, question: &LogQuestion<'_>) -> Result<Logged, LogError> {
        let settings = self.settings(question.model)?;
        let window = window(question.since, question.until).ok_or_else(|| LogError("there is no such time".into()))?;
        let before = question.before.and_then(|(from, until)| self::window(from, until));
        let asked = Asked {
            settings,
            window,
            before,
        };
        let address = name(&asked.settings.log);
        let place = Arc::clone(&self.logs.place);
        let answer = async {
            let place = place.acquire_owned().await;
            // In a task of its own: it keeps its place until it is done, whether or not somebody still waits.
            let working = tokio::spawn(async move {
                let contrast = asked.contrast().await;
                drop(place);
                contrast
            });
            working
                .await
                .unwrap_or_else(|_| Err(LogError("reading it failed".into())))
        };
        let patience = self.logs.patience;
        let answered = self.logs.runtime.block_on(async { timeout(patience, answer).await });
        let contrast = answered.unwrap_or_else(|_| {
            let seconds = patience.as_secs_f64();
            Err(LogError(format!(
                "{address} has not answered within {seconds}s; give it more with --log-timeout"
            )))
        })?;
        logged(question, contrast, &address)
    }
}

/// A question of the log, with all it takes.
struct Asked {
    settings: ModelSettings,
    window: TimeWindow,
    before: Option<TimeWindow>,
}

impl Asked {
    async fn contrast(self) -> Result<Contrast, LogError> {
        let address = self.settings.log.clone();
        // The folder may be on a server that does not answer.
        let opened = tokio::task::spawn_blocking(move || PredictionLog::open(&address)).await;
        let log = opened
            .map_err(|_| LogError("opening it failed".into()))?
            .map_err(|error| LogError(error.to_string()))?;
        let contrast = Contrast::of(&self.settings, &log.at_most(ROWS), self.window, self.before).await;
        contrast.map_err(|error| LogError(error.to_string()))
    }
}

impl ModelLog<'_> {
    fn settings(&self, model: &str) -> Result<ModelSettings, LogError> {
        let known = self.config.model(model);
        let Some((known, drift)) = known.and_then(|known| Some((known, known.drift.as_ref()?))) else {
            return Err(LogError(format!(
                "{} has no [models.drift] with a baseline to compare its rows with",
                name(model)
            )));
        };
        let settings = settings::of_files(known, drift, self.logs.address.as_deref());
        settings.map_err(|failure| LogError(failure.to_string()))
    }
}

fn window(from: i64, until: i64) -> Option<TimeWindow> {
    TimeWindow::new(DateTime::from_timestamp(from, 0)?, DateTime::from_timestamp(until, 0)?)
}

/// What the rows say, as triage says it.
fn logged(question: &LogQuestion<'_>, contrast: Contrast, address: &str) -> Result<Logged, LogError> {
    if contrast.rows < contrast.minimum {
        return Err(LogError(few(&contrast, address)));
    }
    let mut logged = Logged::rows(question, contrast.rows);
    logged.before = contrast.rows_before;
    if question.before.is_some() && logged.before.is_none() {
        let least = contrast.minimum;
        logged.left_out.push(format!(
            "fewer than {least} rows of before: what moved may have been so for long"
        ));
    }
    logged.moved = contrast.moved.iter().map(moved).collect();
    let files = &contrast.left_out.files;
    logged
        .left_out
        .extend(files.iter().take(LISTED).map(|file| format!("left out: {file}")));
    if files.len() > LISTED {
        logged
            .left_out
            .push(format!("left out: {} more files", files.len() - LISTED));
    }
    Ok(logged)
}

/// Why there is nothing to compare.
fn few(contrast: &Contrast, address: &str) -> String {
    if let Some(others) = &contrast.looked.other_models {
        let names: Vec<_> = others.iter().take(LISTED).map(|other| name(other)).collect();
        let more = others.len().saturating_sub(LISTED);
        return match (names.is_empty(), more) {
            (true, _) => format!("{address} has no rows of any model"),
            (false, 0) => format!("{address} has no rows of this model, but of {}", names.join(", ")),
            (false, more) => format!(
                "{address} has no rows of this model, but of {} and {more} others",
                names.join(", ")
            ),
        };
    }
    let left_out = match contrast.left_out.files.first() {
        Some(file) => format!("; left out: {file}"),
        None => String::new(),
    };
    match contrast.rows {
        0 => format!("{address} has no row of that time{left_out}"),
        rows => format!(
            "{address} has {rows} rows of that time, and {} are needed{left_out}",
            contrast.minimum
        ),
    }
}

fn moved(moved: &modelwatch_drift_job::Moved) -> Moved {
    let column = match &moved.subject {
        Subject::Feature(name) => Column::Feature(name.clone()),
        Subject::Score => Column::Score,
        Subject::Classes => Column::Classes,
    };
    let mut told = Moved::new(column, moved.to_string());
    told.only = moved.only.clone();
    told
}
