//! From a sample to the trace it came from: exemplars, and an event for each request that failed.
//!
//! The monitor asks for the current trace id when it has a use for it, which is once a scrape for each bucket of a
//! latency and each unhappy status, and for each event. All other requests pay one load.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, SystemTime};

use once_cell::race::OnceBox;
use parking_lot::Mutex;

use crate::cells::exemplar::Exemplar;
use crate::cells::layout::Layout;
use crate::contract::status::Status;
use crate::contract::trace_id::TraceId;
use crate::labels::label_set::Labels;

type CurrentTraceId = dyn Fn() -> Option<TraceId> + Send + Sync;

/// How a monitor traces.
#[derive(Clone)]
pub(crate) struct Tracing {
    pub(crate) current: Option<Arc<CurrentTraceId>>,
    /// Of all failed requests, 0 to 1.
    pub(crate) event_ratio: f64,
}

impl Default for Tracing {
    fn default() -> Self {
        Self {
            current: None,
            event_ratio: 1.0,
        }
    }
}

impl fmt::Debug for Tracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracing")
            .field("event_ratio", &self.event_ratio)
            .finish_non_exhaustive()
    }
}

/// The latest exemplars of one route.
pub(crate) struct Traces {
    tracing: Arc<Tracing>,
    /// A bit for each sample that waits for an exemplar: the classic buckets from the lowest bit up, the statuses from
    /// the highest down.
    wanted: AtomicU32,
    /// Nothing until there is one: most series have none, and it is large.
    latest: OnceBox<Mutex<Latest>>,
    failures: AtomicU32,
}

/// By bucket, and by status.
#[derive(Clone, Default)]
pub(crate) struct Latest {
    pub(crate) buckets: Vec<Option<Exemplar>>,
    pub(crate) statuses: [Option<Exemplar>; Status::ALL.len()],
}

/// Buckets past this share its bit.
const LAST_BUCKET_BIT: usize = 31 - Status::ALL.len();

fn bucket_bit(bucket: usize) -> u32 {
    1 << bucket.min(LAST_BUCKET_BIT)
}

/// A request that went well has its exemplar in its bucket.
fn status_bit(status: Status) -> u32 {
    if status == Status::Success {
        0
    } else {
        1 << (31 - status as usize)
    }
}

impl Traces {
    pub(crate) fn new(tracing: Arc<Tracing>) -> Self {
        Self {
            wanted: AtomicU32::new(if tracing.current.is_some() { u32::MAX } else { 0 }),
            tracing,
            latest: OnceBox::new(),
            failures: AtomicU32::new(0),
        }
    }

    /// A request ended.
    #[inline]
    pub(crate) fn ended(&self, labels: &Labels, layout: &Layout, status: Status, nanoseconds: u64, cell: usize) {
        let wanted = self.wanted.load(Ordering::Relaxed);
        if wanted != 0 || status == Status::Error {
            self.look(wanted, labels, layout, status, Duration::from_nanos(nanoseconds), cell);
        }
    }

    fn look(&self, wanted: u32, labels: &Labels, layout: &Layout, status: Status, latency: Duration, cell: usize) {
        let bucket = layout.classic(cell);
        let wanted = wanted & (bucket_bit(bucket) | status_bit(status));
        let event = status == Status::Error && self.next_failure_has_event();
        if wanted == 0 && !event {
            return;
        }
        let trace_id = self
            .tracing
            .current
            .as_ref()
            .and_then(|current| unharmed(|| current()).flatten());
        if event {
            unharmed(|| emit(labels, status, latency, trace_id));
        }
        let Some(trace_id) = trace_id.filter(|_| wanted != 0) else {
            return;
        };
        // Somebody else keeps one this moment: theirs is as good.
        if let Some(mut latest) = self.latest.get_or_init(Box::default).try_lock() {
            self.wanted.fetch_and(!wanted, Ordering::Relaxed);
            let since_epoch = SystemTime::now()
                .duration_since(SystemTime::UNIX_EPOCH)
                .unwrap_or_default();
            let exemplar = |value| Exemplar {
                trace_id,
                value,
                since_epoch,
            };
            if wanted & bucket_bit(bucket) != 0 {
                if latest.buckets.len() <= bucket {
                    latest.buckets.resize(bucket + 1, None);
                }
                latest.buckets[bucket] = Some(exemplar(latency.as_secs_f64()));
            }
            if wanted & status_bit(status) != 0 {
                latest.statuses[status as usize] = Some(exemplar(1.0));
            }
        }
    }

    /// Spreads the events evenly over the failures: the first has one.
    fn next_failure_has_event(&self) -> bool {
        let ratio = self.tracing.event_ratio;
        let before = f64::from(self.failures.fetch_add(1, Ordering::Relaxed));
        ratio > 0.0 && (before * ratio).ceil() < ((before + 1.0) * ratio).ceil()
    }

    /// What there is, for a scrape, after which every sample may have a new one.
    pub(crate) fn read(&self) -> Latest {
        let latest = self
            .latest
            .get()
            .map_or_else(Latest::default, |latest| latest.lock().clone());
        if self.tracing.current.is_some() {
            self.wanted.store(u32::MAX, Ordering::Relaxed);
        }
        latest
    }
}

/// Runs code of the service where a request ends. A panic of it, which the panic hook tells of, must neither keep the request in flight nor, where
/// the request ends because its handler panicked, abort the process.
fn unharmed<T>(run: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(run)).ok()
}

/// The same labels as the metric has, by the same names.
#[cold]
fn emit(labels: &Labels, status: Status, latency: Duration, trace_id: Option<TraceId>) {
    let value = |wanted: &str| {
        let mut pairs = labels.pairs().iter();
        pairs.find(|(name, _)| *name == wanted).map_or("", |(_, value)| value)
    };
    tracing::error!(
        target: "modelwatch::failures",
        model_name = value("model_name"),
        model_version = value("model_version"),
        route = value("route"),
        status = status.as_str(),
        latency_seconds = latency.as_secs_f64(),
        trace_id = trace_id.as_ref().map(TraceId::as_str),
        "inference request failed"
    );
}
