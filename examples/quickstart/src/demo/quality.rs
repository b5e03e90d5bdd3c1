//! The quality plane: every prediction goes to a log, and a job compares windows of it with the training quarter.
//!
//! Time is that of the flights: a day of them passes in some seconds, and what runs every quarter of an hour in a real
//! service runs every day of theirs here. Under a real Prometheus, time is what it is, and the windows are short.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse as _;
use axum::routing::get;
use chrono::{DateTime, Utc};
use flights::error::Failure;
use modelwatch::Monitor;
use modelwatch_log::PredictionLog;

use super::cli::Options;
use super::page::Page;
use super::replay::Replay;
use crate::drift::process::Process;
use crate::drift::protocol::{News, Order, Report, Window, length};
use crate::folder::LOG;

/// After the last request of a day was sent, for its answer and those before it.
const TAIL: Duration = Duration::from_millis(300);
/// How often it is looked whether a day is over.
const LOOK: Duration = Duration::from_millis(50);

/// The prediction log, and the job that reads it.
pub(crate) struct Quality {
    log: PredictionLog,
    process: Mutex<Option<Process>>,
    state: State,
    given_up: AtomicBool,
    /// How long a window of real time is; nothing where windows are days of the flights.
    window: Option<Duration>,
}

/// How far the drift job is.
#[derive(Clone, Debug)]
pub(crate) enum Drift {
    /// It is being compiled, or about to start.
    Compiling,
    /// It makes its baseline.
    Starting,
    /// Nothing has been compared yet.
    Ready,
    /// What the last window says.
    Compared(Report),
    /// It is gone: the line names culprit and fix.
    Failed(String),
}

/// How far the job is, and what it exports.
#[derive(Clone)]
struct State(Arc<Mutex<(Drift, String)>>);

impl State {
    fn now(&self) -> MutexGuard<'_, (Drift, String)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What a scraper of the job gets.
    fn page(&self) -> (StatusCode, String) {
        let (drift, page) = &*self.now();
        match drift {
            Drift::Compiling => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the drift job is being compiled\n".to_owned(),
            ),
            Drift::Starting => (
                StatusCode::SERVICE_UNAVAILABLE,
                "the drift job makes its baseline\n".to_owned(),
            ),
            Drift::Ready | Drift::Compared(_) => (StatusCode::OK, page.clone()),
            Drift::Failed(line) => (StatusCode::SERVICE_UNAVAILABLE, format!("{line}\n")),
        }
    }
}

impl Quality {
    /// Starts the log in this folder, and the job, which makes its baseline there.
    pub(crate) fn start(folder: &Path, monitor: &Monitor, options: &Options) -> Result<Self, Failure> {
        let log = PredictionLog::builder(folder.join(LOG))
            .start(monitor)
            .map_err(|error| Failure::new(format!("{error}; name another folder with --log")))?;
        let order = Order::Start {
            data: options.data.clone(),
            folder: folder.to_owned(),
            window: options.window.unwrap_or(Duration::from_hours(24)),
        };
        let started = Process::start(options.drift_job.as_deref()).and_then(|mut process| {
            process.order(&order)?;
            Ok(process)
        });
        let compiled = options.drift_job.is_none();
        let (process, drift) = match started {
            Ok(process) if compiled => (Some(process), Drift::Starting),
            Ok(process) => (Some(process), Drift::Compiling),
            Err(failure) => (None, Drift::Failed(failure.to_string())),
        };
        let quality = Self {
            log,
            process: Mutex::new(process),
            state: State(Arc::new(Mutex::new((drift, String::new())))),
            given_up: AtomicBool::new(false),
            window: options.window,
        };
        if compiled {
            // It takes a moment, and every day has its line in time.
            quality.wait_until_ready();
        }
        Ok(quality)
    }

    /// Where predictions go.
    pub(crate) fn log(&self) -> &PredictionLog {
        &self.log
    }

    /// `GET /drift/metrics`: what the job has to say, for a scraper.
    pub(crate) fn route(&self) -> Router {
        let state = self.state.clone();
        let page = async move || {
            let (status, text) = state.page();
            let format = modelwatch::Format::PrometheusText.content_type();
            (status, [(header::CONTENT_TYPE, format)], text).into_response()
        };
        Router::new().route("/drift/metrics", get(page))
    }

    /// What the job exports; nothing before its baseline is made.
    pub(crate) fn page(&self) -> Page {
        Page::parse(&self.state.now().1)
    }

    /// How far the job is.
    pub(crate) fn drift(&self) -> Drift {
        self.state.now().0.clone()
    }

    /// Whether the job can be asked.
    pub(crate) fn is_ready(&self) -> bool {
        matches!(self.state.now().0, Drift::Ready | Drift::Compared(_))
    }

    /// Why the job is gone, if it is.
    pub(crate) fn failure(&self) -> Option<Failure> {
        match &self.state.now().0 {
            Drift::Failed(line) => Some(Failure::new(line.clone())),
            _ => None,
        }
    }

    /// Nobody waits for the job any more.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    /// Looks at each window when it is over, until the traffic ends.
    pub(crate) fn follow(&self, replay: &Replay) {
        self.wait_until_ready();
        match self.window {
            Some(window) => self.follow_time(window, replay),
            None => self.follow_days(replay),
        }
    }

    fn follow_time(&self, window: Duration, replay: &Replay) {
        let mut due = Instant::now() + window;
        while self.is_ready() {
            while Instant::now() < due {
                if !replay.goes_on() {
                    return;
                }
                thread::sleep(LOOK);
            }
            due += window;
            let end = DateTime::<Utc>::from(SystemTime::now()) - length(TAIL);
            let start = end - length(window);
            self.look(Window { start, end });
        }
    }

    /// Looks at each day when it is over, until the traffic ends; at those that went by meanwhile, too, unless the traffic was stopped.
    fn follow_days(&self, replay: &Replay) {
        for (number, week) in replay.weeks.iter().enumerate() {
            for day in week.days() {
                while !replay.has_passed(number, day.end) {
                    if !replay.goes_on() {
                        return;
                    }
                    thread::sleep(LOOK);
                }
                if replay.is_stopped() || !self.is_ready() {
                    return;
                }
                if replay.goes_on() {
                    thread::sleep(TAIL);
                }
                self.look(day);
            }
        }
    }

    /// Compares one window with the training quarter, and keeps what that says.
    fn look(&self, window: Window) {
        if let Some(report) = self.compare(window) {
            self.state.now().0 = Drift::Compared(report);
        }
    }

    /// Compares one window with the training quarter; nothing where the job is gone, or somebody gave up.
    pub(crate) fn compare(&self, window: Window) -> Option<Report> {
        let flushed = self.log.flush();
        let flushed = flushed.map_err(|error| Failure::new(format!("{error}; name another folder with --log")));
        match self.ask(|process| flushed.and_then(|()| process.order(&Order::Compare(window))))? {
            News::Compared { report, page } => {
                self.state.now().1 = page;
                Some(report)
            }
            _ => None,
        }
    }

    /// Until the job is there, or there is no hope of it.
    fn wait_until_ready(&self) {
        while matches!(self.drift(), Drift::Compiling | Drift::Starting) {
            match self.ask(|_| Ok(())) {
                Some(News::Started) => self.state.now().0 = Drift::Starting,
                Some(News::Ready { page }) => *self.state.now() = (Drift::Ready, page),
                Some(_) => {}
                None => return,
            }
        }
    }

    /// Does something with the job, and waits for its news; there are none where the job is gone, or somebody gave up.
    fn ask(&self, order: impl FnOnce(&mut Process) -> Result<(), Failure>) -> Option<News> {
        let mut process = self.process.lock().unwrap_or_else(PoisonError::into_inner);
        let running = process.as_mut()?;
        match order(running).and_then(|()| running.news(&self.given_up)) {
            Ok(news) => news,
            Err(failure) => {
                self.state.now().0 = Drift::Failed(failure.to_string());
                *process = None;
                None
            }
        }
    }
}
