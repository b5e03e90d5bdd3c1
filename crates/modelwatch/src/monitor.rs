//! The monitor: every model of one registry, its limits, and the way out.

use std::cell::RefCell;
use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::{Mutex, MutexGuard, RwLock};
use rustc_hash::FxBuildHasher;

use crate::contract;
use crate::error::{BucketsError, ConfigError, RegisterError};
use crate::exposition::{self, Format, Scrape, SpareBuffer};
use crate::interop::Included;
use crate::label::{OTHER, canonical};
use crate::layout::Layout;
use crate::limits::{Limits, OpenLabel, Overflow};
use crate::model::{Lineage, Model, ModelBuilder, Version};
use crate::readings::Source;
use crate::scrape_thread::ScrapeThread;
#[cfg(feature = "tracing")]
use crate::trace::{TraceId, Tracing};

/// Holds the models of a process and exposes what they recorded.
///
/// Cloning is one atomic addition, and a clone is the same monitor. Monitors share nothing, so each test can have
/// its own; [`global`](crate::global) is one for a whole process.
///
/// ```
/// use modelwatch::{Format, Monitor};
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").framework("xgboost").register()?;
/// model.record_prediction(0.82);
/// let page = String::from_utf8(monitor.encode(Format::OpenMetricsText))?;
/// assert!(page.contains("ml_prediction_score_count{model_name=\"claims-risk\",model_version=\"2026-04-01\"} 1\n"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Monitor(Arc<Inner>);

struct Inner {
    /// Tells monitors apart in a thread's memory of what it resolved last.
    id: u64,
    shared: Arc<Shared>,
    lineages: RwLock<Lineages>,
    other: OnceLock<Arc<Lineage>>,
    registering: Mutex<()>,
    included: RwLock<Vec<Included>>,
    sources: RwLock<Vec<Source>>,
    scrape_thread: ScrapeThread,
}

#[derive(Default)]
struct Lineages {
    by_name: HashMap<Arc<str>, Arc<Lineage>, FxBuildHasher>,
    in_order: Vec<Arc<Lineage>>,
}

/// What every model of a monitor needs of it.
pub(crate) struct Shared {
    pub(crate) limits: Limits,
    pub(crate) window: Duration,
    pub(crate) latency_layout: Arc<Layout>,
    pub(crate) stage_layout: Arc<Layout>,
    pub(crate) score_layout: Arc<Layout>,
    pub(crate) batch_size_layout: Arc<Layout>,
    pub(crate) process_metrics: bool,
    #[cfg(feature = "tracing")]
    pub(crate) tracing: Arc<Tracing>,
    pub(crate) overflow: Overflow,
    /// Routes there are, over all versions.
    pub(crate) routes: AtomicUsize,
    /// Length of the page that was written last.
    pub(crate) page_bytes: AtomicUsize,
    pub(crate) spare_buffer: SpareBuffer,
    last_scrape: Mutex<Option<Instant>>,
}

/// How long after a scrape the next one is still waited for.
const SCRAPES_EXPECTED: Duration = Duration::from_secs(300);

impl Shared {
    pub(crate) fn scrape_begins(&self) {
        *self.last_scrape.lock() = Some(Instant::now());
    }

    /// Whether somebody scrapes, so that it is worth while to wait for the next time.
    pub(crate) fn is_scraped(&self) -> bool {
        self.last_scrape
            .lock()
            .is_some_and(|last| last.elapsed() < SCRAPES_EXPECTED)
    }

    /// Takes room for routes, all or nothing.
    pub(crate) fn reserve_routes(&self, wanted: usize) -> bool {
        let room = |routes| Some(routes + wanted).filter(|routes| *routes <= self.limits.routes);
        self.routes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, room)
            .is_ok()
    }
}

impl Monitor {
    /// A monitor with the contract's buckets, the default [`Limits`] and a window of five minutes.
    #[must_use]
    pub fn new() -> Self {
        Self::from_shared(MonitorBuilder::default().unchecked())
    }

    /// A monitor with limits, buckets or a window of your own.
    pub fn builder() -> MonitorBuilder {
        MonitorBuilder::default()
    }

    fn from_shared(shared: Shared) -> Self {
        static IDS: AtomicU64 = AtomicU64::new(0);
        Self(Arc::new(Inner {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            shared: Arc::new(shared),
            lineages: RwLock::default(),
            other: OnceLock::new(),
            registering: Mutex::new(()),
            included: RwLock::default(),
            sources: RwLock::default(),
            scrape_thread: ScrapeThread::default(),
        }))
    }

    /// Declares a version of a model; [`register`](ModelBuilder::register) gives its handle.
    pub fn model(&self, name: impl Into<String>, version: impl Into<String>) -> ModelBuilder<'_> {
        ModelBuilder::new(self, name.into(), version.into())
    }

    /// The version of a model that a request names: made when it is new, that of [`OTHER`] past the limits, never an
    /// error. Takes no lock and allocates nothing for what this thread resolved among its last few.
    #[must_use]
    pub fn resolve(&self, name: &str, version: &str) -> Model {
        recall(self.0.id, name, version).unwrap_or_else(|| {
            let model = self.find_or_add(name, version);
            if model.name() == name && model.version() == version {
                remember(self.0.id, &model);
            }
            model
        })
    }

    pub(crate) fn find_or_add(&self, name: &str, version: &str) -> Model {
        let known = self.0.lineages.read().by_name.get(name).cloned();
        if let Some(lineage) = known {
            return Model(lineage.version(version));
        }
        let limits = &self.0.shared.limits;
        if let Some(name) = canonical(name, limits.value_bytes) {
            let mut lineages = self.0.lineages.write();
            if let Some(lineage) = lineages.by_name.get(&*name).cloned() {
                drop(lineages);
                return Model(lineage.version(version));
            }
            if lineages.in_order.len() < limits.models {
                let name: Arc<str> = (*name).into();
                let lineage = Arc::new(Lineage::new(self.0.shared.clone(), name.clone()));
                lineages.by_name.insert(name, lineage.clone());
                lineages.in_order.push(lineage.clone());
                drop(lineages);
                return Model(lineage.version(version));
            }
        }
        self.0.shared.overflow.count(OpenLabel::ModelName, name);
        let other = self
            .0
            .other
            .get_or_init(|| Arc::new(Lineage::new(self.0.shared.clone(), OTHER.into())));
        Model(other.folded())
    }

    /// The version if it is known, live or let go, left as it is.
    pub(crate) fn look_up(&self, name: &str, version: &str) -> Option<Arc<Version>> {
        let lineage = self.0.lineages.read().by_name.get(name).cloned();
        lineage?.look_up(version)
    }

    /// The exposition in one format, with no lock held while it is written.
    #[must_use]
    pub fn encode(&self, format: Format) -> Vec<u8> {
        exposition::encode(self, format)
    }

    /// Answers a scrape: the format the `Accept` header asks for, gzip where `Accept-Encoding` allows it.
    ///
    /// ```
    /// let monitor = modelwatch::Monitor::new();
    /// let scrape = monitor.scrape(Some("application/openmetrics-text;version=1.0.0"), None);
    /// assert_eq!(scrape.content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    /// ```
    #[must_use]
    pub fn scrape(&self, accept: Option<&str>, accept_encoding: Option<&str>) -> Scrape {
        exposition::scrape(self, accept, accept_encoding)
    }

    /// Runs a job, such as a [`scrape`](Self::scrape), on a thread of this monitor's own: for adapters whose runtime has none to
    /// spare while inference fills its pools. Jobs run one after the other; where no thread can be started, one runs here and now.
    pub fn on_scrape_thread(&self, job: impl FnOnce() + Send + 'static) {
        self.0.scrape_thread.run(Box::new(job));
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.0.shared
    }

    pub(crate) fn registering(&self) -> MutexGuard<'_, ()> {
        self.0.registering.lock()
    }

    /// Every model, in the order they came, what is folded last.
    pub(crate) fn lineages(&self) -> Vec<Arc<Lineage>> {
        self.0
            .lineages
            .read()
            .in_order
            .iter()
            .chain(self.0.other.get())
            .cloned()
            .collect()
    }

    pub(crate) fn include_source(&self, source: Included) {
        self.0.included.write().push(source);
    }

    pub(crate) fn push_source(&self, source: Source) {
        self.0.sources.write().push(source);
    }

    pub(crate) fn sources(&self) -> Vec<Source> {
        self.0.sources.read().clone()
    }

    pub(crate) fn included(&self) -> Vec<Included> {
        self.0.included.read().clone()
    }
}

impl Default for Monitor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models = self
            .lineages()
            .iter()
            .map(|lineage| lineage.name.clone())
            .collect::<Vec<_>>();
        f.debug_struct("Monitor")
            .field("models", &models)
            .finish_non_exhaustive()
    }
}

/// Settings of a monitor. From [`Monitor::builder`].
#[derive(Clone, Debug)]
#[must_use = "call `build`"]
pub struct MonitorBuilder {
    limits: Limits,
    window: Duration,
    latency_buckets: Vec<f64>,
    score_buckets: Vec<f64>,
    process_metrics: bool,
    #[cfg(feature = "tracing")]
    tracing: Tracing,
}

impl Default for MonitorBuilder {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            window: Duration::from_secs(300),
            latency_buckets: contract::LATENCY_BUCKETS.into(),
            score_buckets: contract::SCORE_BUCKETS.into(),
            process_metrics: true,
            #[cfg(feature = "tracing")]
            tracing: Tracing::default(),
        }
    }
}

impl MonitorBuilder {
    /// The most distinct values of each label.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The evaluation window of `ml_feature_missing_ratio`; five minutes unless said otherwise.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Upper bounds of the latency buckets in seconds, without infinity. A latency objective should be one of them.
    pub fn latency_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.latency_buckets = bounds.into();
        self
    }

    /// Upper bounds of the score buckets, without infinity, for models that don't set their own.
    pub fn score_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.score_buckets = bounds.into();
        self
    }

    /// Whether the `process_*` metrics are exposed, as they are unless said otherwise: for a process that exposes
    /// them elsewhere on the same page. They exist on Linux.
    pub fn process_metrics(mut self, exposed: bool) -> Self {
        self.process_metrics = exposed;
        self
    }

    /// Where the trace id of the request at hand is to be had, for exemplars and for the events of failed requests. It is asked
    /// where the request ends, in whatever span is current there, and only when its answer has a use: once a scrape for
    /// each latency bucket and each status but success, and for each event.
    ///
    /// With `tracing-opentelemetry`, and this layer under one that opens a span for each request:
    ///
    /// ```ignore
    /// Monitor::builder().trace_id(|| {
    ///     let context = tracing::Span::current().context();
    ///     let id = context.span().span_context().trace_id();
    ///     TraceId::try_from(u128::from_be_bytes(id.to_bytes())).ok()
    /// })
    /// ```
    #[cfg(feature = "tracing")]
    pub fn trace_id(mut self, current: impl Fn() -> Option<TraceId> + Send + Sync + 'static) -> Self {
        self.tracing.current = Some(Arc::new(current));
        self
    }

    /// The share of failed requests, 0 to 1, for which an event at level ERROR is emitted, target `modelwatch::failures`:
    /// every one unless said otherwise. The event has the metric's labels, the latency and the trace id as fields.
    #[cfg(feature = "tracing")]
    pub fn failure_events(mut self, ratio: f64) -> Self {
        self.tracing.event_ratio = ratio;
        self
    }

    /// The monitor.
    ///
    /// # Errors
    ///
    /// When a limit or the window is zero, or bucket bounds are not finite and increasing.
    pub fn build(self) -> Result<Monitor, ConfigError> {
        self.limits.check()?;
        if self.window.is_zero() {
            return Err(ConfigError::ZeroWindow);
        }
        #[cfg(feature = "tracing")]
        if !(0.0..=1.0).contains(&self.tracing.event_ratio) {
            return Err(ConfigError::EventRatio {
                requested: self.tracing.event_ratio,
            });
        }
        BucketsError::check_durations(&self.latency_buckets)?;
        BucketsError::check(&self.score_buckets)?;
        Ok(Monitor::from_shared(self.unchecked()))
    }

    fn unchecked(&self) -> Shared {
        Shared {
            limits: self.limits,
            window: self.window,
            latency_layout: Arc::new(Layout::durations(&self.latency_buckets)),
            stage_layout: Arc::new(Layout::durations(contract::STAGE_BUCKETS)),
            score_layout: Arc::new(Layout::values(&self.score_buckets)),
            batch_size_layout: Arc::new(Layout::counts(contract::BATCH_SIZE_BUCKETS)),
            process_metrics: self.process_metrics,
            #[cfg(feature = "tracing")]
            tracing: Arc::new(self.tracing.clone()),
            overflow: Overflow::default(),
            routes: AtomicUsize::new(0),
            page_bytes: AtomicUsize::new(0),
            spare_buffer: SpareBuffer::default(),
            last_scrape: Mutex::new(None),
        }
    }
}

/// Whether a name given at set-up can be a label value as it is.
pub(crate) fn check_name(label: &'static str, name: &str, limits: &Limits) -> Result<(), RegisterError> {
    let problem = match canonical(name, limits.value_bytes) {
        _ if name.is_empty() => "is empty, which Prometheus takes for no label at all; give it a name",
        _ if name == OTHER => "is reserved for what is folded past a limit; choose another",
        None => "is longer than Limits::value_bytes; shorten it or raise the limit",
        Some(canonical) if *canonical != *name => "has control characters, on which scrapes break; leave them out",
        Some(_) => return Ok(()),
    };
    Err(RegisterError::Name {
        label,
        name: name[..name.floor_char_boundary(100)].into(),
        problem,
    })
}

/// Versions a thread remembers: enough for a stable one, a canary and a few models.
const REMEMBERED: usize = 4;

thread_local! {
    static RECENT: RefCell<Recent> = const { RefCell::new(Recent { models: [const { None }; REMEMBERED], next: 0 }) };
}

struct Recent {
    models: [Option<(u64, Model)>; REMEMBERED],
    next: usize,
}

fn recall(monitor: u64, name: &str, version: &str) -> Option<Model> {
    let find = |recent: &RefCell<Recent>| {
        let recent = recent.try_borrow().ok()?;
        let is = |(id, model): &&(u64, Model)| *id == monitor && model.version() == version && model.name() == name;
        let (_, model) = recent.models.iter().flatten().find(is)?;
        model.is_live().then(|| model.clone())
    };
    RECENT.try_with(find).ok().flatten()
}

fn remember(monitor: u64, model: &Model) {
    // A thread that is ending remembers nothing; it finds the model all the same.
    let _ = RECENT.try_with(|recent| {
        if let Ok(mut recent) = recent.try_borrow_mut() {
            let next = recent.next;
            recent.models[next] = Some((monitor, model.clone()));
            recent.next = (next + 1) % REMEMBERED;
        }
    });
}
