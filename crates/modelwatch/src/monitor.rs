//! The monitor: every model of one registry, its limits, and the way out.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::catalog::models::Catalog;
use crate::cells::clock::Instant;
use crate::contract::buckets::{LATENCY_BUCKETS, SCORE_BUCKETS};
#[cfg(feature = "tracing")]
use crate::contract::trace_id::TraceId;
use crate::error::{BucketsError, ConfigError};
use crate::exposition::exposer::Exposer;
use crate::exposition::format::Format;
use crate::exposition::gather::Occasion;
#[cfg(feature = "prometheus-client")]
use crate::exposition::included::Renderer;
use crate::exposition::readings::{Readings, Source};
use crate::exposition::scrape::Scrape;
use crate::exposition::scrape_thread::ScrapeThread;
use crate::exposition::service_build::ServiceBuild;
#[cfg(feature = "prometheus-client")]
use crate::exposition::sink::Sink;
use crate::exposition::value::{Value, ValueError};
use crate::handles::model::Model;
use crate::handles::model_builder::ModelBuilder;
use crate::handles::runtime_delay::RuntimeDelay;
use crate::labels::limits::Limits;
use crate::series::context::Context;
#[cfg(feature = "tracing")]
use crate::series::traces::Tracing;

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
    catalog: Catalog,
    exposer: Exposer,
    scrape_thread: ScrapeThread,
}

impl Monitor {
    /// Creates a monitor with the contract's buckets, the default [`Limits`] and a window of five minutes.
    #[must_use]
    pub fn new() -> Self {
        MonitorBuilder::default().unchecked()
    }

    /// Returns the settings of a monitor with limits, buckets or a window of your own.
    pub fn builder() -> MonitorBuilder {
        MonitorBuilder::default()
    }

    /// Declares a version of a model; [`register`](ModelBuilder::register) returns its handle.
    pub fn model(&self, name: impl Into<String>, version: impl Into<String>) -> ModelBuilder<'_> {
        ModelBuilder::new(&self.0.catalog, name.into(), version.into())
    }

    /// Returns the version of a model that a request names. Creates it if it is new; past the limits, returns that of
    /// [`OTHER`](crate::OTHER). Takes no lock and allocates nothing for the last few names that this thread resolved.
    #[must_use]
    pub fn resolve(&self, name: &str, version: &str) -> Model {
        Model(self.0.catalog.resolve(name, version))
    }

    /// Returns the version of a model if it was registered or resolved before. Unlike [`resolve`](Self::resolve), this never creates
    /// one; use it for names that clients choose. It also finds retired versions that are still remembered; what you record on
    /// them does not cancel the retirement. Takes no lock for the last few names that this thread found.
    ///
    /// ```
    /// let monitor = modelwatch::Monitor::new();
    /// monitor.model("claims-risk", "2026-04-01").register()?;
    /// assert!(monitor.find("claims-risk", "2026-04-01").is_some());
    /// assert!(monitor.find("claims-risk", "whatever a client sends").is_none());
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    #[must_use]
    pub fn find(&self, name: &str, version: &str) -> Option<Model> {
        self.0.catalog.find(name, version).map(Model)
    }

    /// Returns the page in one format. Holds no lock while it writes.
    #[must_use]
    pub fn encode(&self, format: Format) -> Vec<u8> {
        self.0.exposer.encode(&self.0.catalog, format)
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
        self.0.exposer.scrape(&self.0.catalog, accept, accept_encoding)
    }

    /// Returns the handle that records how late the service's runtime is. From then on `ml_runtime_delay_seconds` is exposed.
    #[must_use]
    pub fn runtime_delay(&self) -> RuntimeDelay {
        RuntimeDelay::new(self.0.catalog.context.runtime_delay())
    }

    /// Runs a job, such as a [`scrape`](Self::scrape), on a thread of this monitor's own, for adapters whose runtime has no thread to
    /// spare while inference fills its pools. Jobs run one after the other. If the system starts no thread, the job runs here.
    pub fn on_scrape_thread(&self, job: impl FnOnce() + Send + 'static) {
        self.0.scrape_thread.run(Box::new(job));
    }

    /// Returns the sum of the samples that have this name and these labels, 0 where there are none: for a service's own
    /// tests, which need not read a page.
    ///
    /// Names are those of the text format, with `_count`, `_sum` and `_bucket` of a histogram; `_bucket` takes a bound as
    /// the label `le`. Labels that are not given may have any value. Looking changes nothing: it is no scrape.
    ///
    /// # Errors
    ///
    /// When there is no such metric, label or bucket; the error says what there is.
    ///
    /// # Example: what a request counted
    ///
    /// ```
    /// use std::time::Duration;
    /// use modelwatch::{Monitor, Status};
    ///
    /// let monitor = Monitor::new();
    /// let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// model.route("predict").record(Status::Success, Duration::from_millis(20));
    /// assert_eq!(monitor.value("ml_inference_requests_total", &[("status", "success")])?, 1.0);
    /// assert_eq!(monitor.value("ml_inference_latency_seconds_sum", &[])?, 0.02);
    /// assert_eq!(monitor.value("ml_inference_latency_seconds_bucket", &[("le", "0.01")])?, 0.0);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn value(&self, name: &str, labels: &[(&str, &str)]) -> Result<f64, ValueError> {
        let mut value = Value::new(name, labels)?;
        self.0.exposer.gather(&self.0.catalog, Occasion::Look, &mut value);
        value.finish()
    }

    /// Exposes rows of the contract from beside the serving path, such as those of the prediction log and the drift job.
    ///
    /// Every scrape calls the source. It must not hold a handle of this monitor, because the two would then never be freed.
    ///
    /// ```
    /// use modelwatch::{Format, Monitor, contract};
    ///
    /// let monitor = Monitor::new();
    /// monitor.add_source(|readings| {
    ///     readings.push(&contract::DATA_DRIFT_SCORE, &["claims-risk", "income"], 0.19);
    /// });
    /// let page = String::from_utf8(monitor.encode(Format::PrometheusText))?;
    /// assert!(page.contains("ml_data_drift_score{model_name=\"claims-risk\",feature_name=\"income\"} 0.19\n"));
    /// # Ok::<(), std::string::FromUtf8Error>(())
    /// ```
    pub fn add_source(&self, source: impl Fn(&mut Readings) + Send + Sync + 'static) {
        self.0.exposer.add_source(Source(Arc::new(source)));
    }

    #[cfg(feature = "prometheus-client")]
    pub(crate) fn add_renderer(&self, renderer: Renderer) {
        self.0.exposer.include(renderer);
    }

    #[cfg(feature = "prometheus-client")]
    pub(crate) fn gather(&self, sink: &mut impl Sink) {
        self.0.exposer.gather(&self.0.catalog, Occasion::Scrape, sink);
    }
}

impl Default for Monitor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Monitor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let models = self.0.catalog.models();
        let models: Vec<_> = models.iter().map(|model| &*model.series.name).collect();
        f.debug_struct("Monitor")
            .field("models", &models)
            .finish_non_exhaustive()
    }
}

/// Settings of a monitor. From [`Monitor::builder`].
///
/// ```
/// use std::time::Duration;
/// use modelwatch::{Limits, Monitor};
///
/// let monitor = Monitor::builder()
///     .limits(Limits::new().models(1_000))
///     .window(Duration::from_secs(600))
///     .latency_buckets([0.1, 0.5, 1.0])
///     .build()?;
/// let model = monitor.model("claims-risk", "2026-04-01").routes(["/predict"]).register().expect("there is room");
/// assert_eq!(monitor.value("ml_inference_latency_seconds_bucket", &[("le", "0.5")]), Ok(0.0));
/// # Ok::<(), modelwatch::ConfigError>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "call `build`"]
pub struct MonitorBuilder {
    limits: Limits,
    window: Duration,
    keep_retired: Duration,
    latency_buckets: Vec<f64>,
    score_buckets: Vec<f64>,
    process_metrics: bool,
    native_histograms: bool,
    service: ServiceBuild,
    #[cfg(feature = "tracing")]
    tracing: Tracing,
}

impl Default for MonitorBuilder {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            window: Duration::from_secs(300),
            keep_retired: Duration::from_secs(300),
            latency_buckets: LATENCY_BUCKETS.into(),
            score_buckets: SCORE_BUCKETS.into(),
            process_metrics: true,
            native_histograms: true,
            service: ServiceBuild::default(),
            #[cfg(feature = "tracing")]
            tracing: Tracing::default(),
        }
    }
}

impl MonitorBuilder {
    /// Sets the maximum of distinct values for each label.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets the window of `ml_feature_missing_ratio`. Defaults to 5 minutes.
    pub fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }

    /// Sets how long a retired version's last values stay on the page after the first scrape that had them, so that every
    /// scraper of a pair has them. Defaults to 5 minutes; zero is for one scraper alone.
    ///
    /// As many retired versions as may be in use stay; past that, those that were scraped go first.
    pub fn keep_retired(mut self, time: Duration) -> Self {
        self.keep_retired = time;
        self
    }

    /// Sets the upper bounds of the latency buckets in seconds, without infinity. A latency objective should be one of them.
    pub fn latency_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.latency_buckets = bounds.into();
        self
    }

    /// Sets the upper bounds of the score buckets, without infinity, for models that don't set their own.
    pub fn score_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.score_buckets = bounds.into();
        self
    }

    /// Sets whether histograms carry native buckets for scrapers that ask for protobuf. Defaults to yes; the classic
    /// buckets are always there. Without native ones, each thread that writes a latency series takes 192 bytes in place of
    /// 1,728.
    pub fn native_histograms(mut self, exposed: bool) -> Self {
        self.native_histograms = exposed;
        self
    }

    /// Sets whether the page has the `process_*` metrics. Defaults to yes. Switch them off if another library puts them on the same
    /// page. They exist on Linux.
    pub fn process_metrics(mut self, exposed: bool) -> Self {
        self.process_metrics = exposed;
        self
    }

    /// Sets the version of the service's build: the `service_version` label of `ml_service_info`. Defaults to the
    /// environment variable `MODELWATCH_SERVICE_VERSION`.
    ///
    /// ```
    /// use modelwatch::Monitor;
    ///
    /// let monitor = Monitor::builder().service_version(env!("CARGO_PKG_VERSION")).revision("8cacfd4").build()?;
    /// # Ok::<(), modelwatch::ConfigError>(())
    /// ```
    ///
    /// Without version and revision, there is no `ml_service_info`; if one of them is missing, its label is
    /// [`UNKNOWN`](crate::UNKNOWN).
    pub fn service_version(mut self, version: impl Into<String>) -> Self {
        self.service.version = Some(version.into());
        self
    }

    /// Sets the source revision of the service's build: the `revision` label of `ml_service_info`. Defaults to the
    /// environment variable `MODELWATCH_REVISION`.
    pub fn revision(mut self, revision: impl Into<String>) -> Self {
        self.service.revision = Some(revision.into());
        self
    }

    /// Sets how to get the trace id of the current request, for exemplars and for the events of failed requests. It is called at the
    /// request's end, in the span that is current there, and only when needed: once a scrape for each latency bucket and each
    /// status but success, and for each event.
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

    /// Sets the share of failed requests, 0 to 1, that emit an event at level ERROR with the target `modelwatch::failures`. Defaults
    /// to all. The event has the metric's labels, the latency and the trace id as fields.
    #[cfg(feature = "tracing")]
    pub fn failure_events(mut self, ratio: f64) -> Self {
        self.tracing.event_ratio = ratio;
        self
    }

    /// Builds the monitor.
    ///
    /// # Errors
    ///
    /// If a limit or the window is zero, the service's version or revision can't be a label value, or bucket bounds are not finite
    /// and increasing.
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
        self.service.check(&self.limits)?;
        BucketsError::check_durations(&self.latency_buckets)?;
        BucketsError::check(&self.score_buckets)?;
        Ok(self.unchecked())
    }

    fn unchecked(self) -> Monitor {
        Instant::prepare();
        let context = Context::new(
            self.limits,
            self.window,
            self.keep_retired,
            self.native_histograms,
            &self.latency_buckets,
            &self.score_buckets,
            #[cfg(feature = "tracing")]
            self.tracing,
        );
        Monitor(Arc::new(Inner {
            catalog: Catalog::new(context),
            exposer: Exposer::new(
                self.process_metrics,
                self.native_histograms,
                self.service.labels(&self.limits),
            ),
            scrape_thread: ScrapeThread::default(),
        }))
    }
}
