//! What every request to the server shares, and how much of it there may be.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use modelwatch_config::Config;
use modelwatch_triage::prometheus::Prometheus;
use modelwatch_triage::triage::{Report, Subject};
use tokio::sync::{Semaphore, mpsc};
use url::{Url, form_urlencoded};

use super::answer::{Logs, answer};
use super::notification::Alert;
use super::subject::settle;
use crate::failure::Failure;
use crate::prometheus::Client;

/// Answers that are worked out at the same time.
const AT_ONCE: usize = 2;
/// Readers that wait for one of those.
const WAITING: usize = 16;
/// Alerts that wait for their follow-up.
pub(super) const QUEUED: usize = 100;
/// Pages that are kept, and for how long.
const KEPT: usize = 64;
const FRESH: Duration = Duration::from_secs(30);
/// Labels of an alert that narrow what is looked at.
pub(super) const NARROWING: [&str; 4] = ["class", "feature_name", "model_version", "outcome"];

/// What every request shares.
pub(super) struct Shared {
    pub(super) config: Config,
    pub(super) client: Client,
    logs: Logs,
    pub(super) url: Option<Url>,
    slots: Semaphore,
    waiting: Semaphore,
    kept: Mutex<VecDeque<(Instant, Asked, Arc<String>)>>,
    queue: mpsc::Sender<Alert>,
}

/// What a page is of.
pub(super) type Asked = BTreeMap<String, String>;

impl Shared {
    /// Starts with nothing kept; alerts that are queued come out of the receiver.
    pub(super) fn new(
        config: Config,
        client: Client,
        logs: Logs,
        url: Option<Url>,
    ) -> (Arc<Self>, mpsc::Receiver<Alert>) {
        let (queue, alerts) = mpsc::channel(QUEUED);
        let shared = Self {
            config,
            client,
            logs,
            url,
            slots: Semaphore::new(AT_ONCE),
            waiting: Semaphore::new(WAITING),
            kept: Mutex::new(VecDeque::new()),
            queue,
        };
        (Arc::new(shared), alerts)
    }

    /// Works out something that blocks, when it is its turn; nothing when too many wait already.
    pub(super) async fn work<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Shared) -> T + Send + 'static,
    ) -> Option<T> {
        let waiting = self.waiting.try_acquire().ok()?;
        let slot = self.slots.acquire().await.ok()?;
        drop(waiting);
        let shared = Arc::clone(self);
        let done = tokio::task::spawn_blocking(move || work(&shared)).await;
        drop(slot);
        done.ok()
    }

    /// Works out something that blocks, beside what readers ask for: however many they are, they are not in its way. Its caller
    /// wants one thing at a time.
    pub(super) async fn work_beside<T: Send + 'static>(
        self: &Arc<Self>,
        work: impl FnOnce(&Shared) -> T + Send + 'static,
    ) -> Option<T> {
        let shared = Arc::clone(self);
        tokio::task::spawn_blocking(move || work(&shared)).await.ok()
    }

    /// The report of a subject.
    pub(super) fn report(&self, mut subject: Subject) -> Result<Report, Failure> {
        let source = Prometheus::new(self.client.asking());
        settle(&source, &self.config, &mut subject)?;
        answer(&source, &self.logs, &self.config, &subject).map_err(Failure::new)
    }

    /// The address of a subject's page below the server's own.
    pub(super) fn path(subject: &Subject) -> String {
        let mut pairs: Vec<(&str, String)> = vec![("model", subject.model.clone())];
        pairs.extend(subject.alert.clone().map(|alert| ("alert", alert)));
        let narrowing = subject
            .labels
            .iter()
            .filter(|(label, _)| NARROWING.contains(&label.as_str()));
        pairs.extend(
            subject
                .only
                .iter()
                .chain(narrowing)
                .map(|(label, value)| (label.as_str(), value.clone())),
        );
        let pairs = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        format!("/triage?{pairs}")
    }

    /// A page made a moment ago.
    pub(super) fn fresh(&self, asked: &Asked) -> Option<Arc<String>> {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(made, _, _)| made.elapsed() < FRESH);
        kept.iter()
            .find(|(_, of, _)| of == asked)
            .map(|(_, _, page)| Arc::clone(page))
    }

    pub(super) fn keep(&self, asked: Asked, page: Arc<String>) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.push_back((Instant::now(), asked, page));
        while kept.len() > KEPT {
            kept.pop_front();
        }
    }

    /// Puts an alert in the queue of follow-ups; whether there was room.
    pub(super) fn queue(&self, alert: Alert) -> bool {
        self.queue.try_send(alert).is_ok()
    }
}
