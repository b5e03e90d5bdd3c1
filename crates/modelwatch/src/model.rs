//! One version of one model: the handle a service keeps.

use std::collections::VecDeque;
use std::fmt;
use std::sync::atomic::{AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::RwLock;

use crate::contract;
use crate::error::{BucketsError, RegisterError};
use crate::feature::{
    self, DEFAULTED, Feature, FeatureBook, FeatureCounts, FeatureValue, MISSING, OBSERVED, OUT_OF_RANGE, Schema,
};
use crate::generation::{Generation, Generations, Tokens};
use crate::histogram::Histogram;
use crate::label::{Labels, OTHER, Stage, canonical};
use crate::layout::Layout;
use crate::limits::OpenLabel;
use crate::monitor::{Monitor, Shared, check_name};
use crate::names::Names;
use crate::prediction::{Class, NamedCounters, Prediction, Scores};
use crate::route::Route;
use crate::stage::StageTimer;

/// Records what one version of one model does.
///
/// Get it from [`Monitor::model`] at start-up, or from [`Monitor::resolve`] where requests name the model. Cloning is
/// one atomic addition, and a clone is the same model. Recording never fails, never blocks and never panics.
#[derive(Clone)]
pub struct Model(pub(crate) Arc<Version>);

/// All versions of one model, and what is not split by version.
pub(crate) struct Lineage {
    pub(crate) shared: Arc<Shared>,
    pub(crate) name: Arc<str>,
    pub(crate) labels: Labels,
    versions: RwLock<Versions>,
    other_version: OnceLock<Arc<Version>>,
    pub(crate) book: FeatureBook,
    /// For versions that declared no features.
    undeclared: Schema,
    /// Nothing until a service says how deep its queue is.
    queue_depth: OnceLock<AtomicU64>,
    pipeline: RwLock<Option<Labels>>,
}

#[derive(Default)]
struct Versions {
    /// Exposed: in use, or retired with last values to be scraped.
    live: Vec<Arc<Version>>,
    /// Let go, the last of them last: kept so that a version that comes back goes on counting where it was. As many as may
    /// be live.
    past: VecDeque<Arc<Version>>,
}

pub(crate) struct Version {
    shared: Arc<Shared>,
    lineage: Arc<Lineage>,
    name: Arc<str>,
    pub(crate) labels: Labels,
    state: AtomicU8,
    /// What [`mark`](Version::mark) was before the last scrape read the values.
    scraped_mark: AtomicU64,
    framework: OnceLock<Arc<str>>,
    schema: OnceLock<Schema>,
    scores: OnceLock<Scores>,
    classes: OnceLock<NamedCounters>,
    outcomes: OnceLock<NamedCounters>,
    batch_size: OnceLock<Histogram>,
    stages: [OnceLock<Histogram>; Stage::ALL.len()],
    /// Of generative models only.
    generations: OnceLock<Box<Generations>>,
    routes: Names<Route>,
    /// How many of them have a place within the limit over all versions: none while the version is let go.
    route_places: AtomicUsize,
    other_route: OnceLock<Route>,
}

/// In use.
const LIVE: u8 = 0;
/// Retired, its last values not yet scraped.
const RETIRED: u8 = 1;
/// Retired, and a scrape has had its last values.
const SCRAPED: u8 = 2;
/// Let go: on no page, though somebody may have a handle still.
const GONE: u8 = 3;

impl Lineage {
    pub(crate) fn new(shared: Arc<Shared>, name: Arc<str>) -> Self {
        Self {
            labels: Labels::new([("model_name", &name)]),
            versions: RwLock::default(),
            other_version: OnceLock::new(),
            book: FeatureBook::new(shared.clone(), name.clone()),
            undeclared: Schema::default(),
            queue_depth: OnceLock::new(),
            pipeline: RwLock::default(),
            shared,
            name,
        }
    }

    /// The version with this name, made if there is room for it; else the one for what is folded.
    pub(crate) fn version(self: &Arc<Self>, name: &str) -> Arc<Version> {
        if let Some(version) = self.find(name) {
            return version;
        }
        let Some(name) = canonical(name, self.shared.limits.value_bytes) else {
            return self.other_version(name);
        };
        let mut versions = self.versions.write();
        if let Some(version) = versions.live.iter().find(|version| *version.name == *name) {
            version.revive();
            return version.clone();
        }
        if versions.live.len() >= self.shared.limits.versions_per_model && !self.make_room(&mut versions) {
            drop(versions);
            return self.other_version(&name);
        }
        let past = versions.past.iter().position(|version| *version.name == *name);
        let version = match past.and_then(|position| versions.past.remove(position)) {
            Some(past) => self.bring_back(past),
            None => Some(Arc::new(Version::new(self.clone(), (*name).into()))),
        };
        let Some(version) = version else {
            drop(versions);
            return self.other_version(&name);
        };
        versions.live.push(version.clone());
        version
    }

    /// Gets a place from a retired version: one whose last values a scrape has had or, where nobody scrapes, the one
    /// that was registered first.
    fn make_room(&self, versions: &mut Versions) -> bool {
        let retired = if self.shared.is_scraped() {
            versions.live.iter().position(|version| version.is_gone())
        } else {
            versions.live.iter().position(|version| version.is_retired())
        };
        retired
            .map(|position| versions.live.remove(position))
            .map(|version| self.let_go(versions, version))
            .is_some()
    }

    fn find(&self, name: &str) -> Option<Arc<Version>> {
        let versions = self.versions.read();
        let version = versions.live.iter().find(|version| *version.name == *name)?;
        version.revive();
        Some(version.clone())
    }

    /// The version if it is known, live or let go, left as it is.
    pub(crate) fn look_up(&self, name: &str) -> Option<Arc<Version>> {
        let versions = self.versions.read();
        let mut known = versions.live.iter().chain(&versions.past);
        known.find(|version| *version.name == *name).cloned()
    }

    fn other_version(self: &Arc<Self>, name: &str) -> Arc<Version> {
        self.shared.overflow.count(OpenLabel::ModelVersion, name);
        self.folded()
    }

    /// The version for what is folded.
    pub(crate) fn folded(self: &Arc<Self>) -> Arc<Version> {
        self.other_version
            .get_or_init(|| Arc::new(Version::new(self.clone(), OTHER.into())))
            .clone()
    }

    /// All versions that have something to expose.
    pub(crate) fn exposed(&self) -> Vec<Arc<Version>> {
        let versions = self.versions.read();
        versions.live.iter().chain(self.other_version.get()).cloned().collect()
    }

    /// Lets go of the retired versions whose last values a scrape has had.
    pub(crate) fn sweep(&self) {
        if self.versions.read().live.iter().any(|version| version.is_gone()) {
            let mut versions = self.versions.write();
            for version in versions
                .live
                .extract_if(.., |version| version.is_gone())
                .collect::<Vec<_>>()
            {
                self.let_go(&mut versions, version);
            }
        }
    }

    /// With the versions locked for writing, so that no reader counts the rows of a forgotten one twice or not at all.
    fn let_go(&self, versions: &mut Versions, version: Arc<Version>) {
        version.state.store(GONE, Ordering::Release);
        let places = version.route_places.swap(0, Ordering::Relaxed);
        self.shared.routes.fetch_sub(places, Ordering::Relaxed);
        if versions.past.len() == self.shared.limits.versions_per_model {
            let forgotten = versions.past.pop_front();
            if let Some(schema) = forgotten.as_ref().and_then(|version| version.schema.get()) {
                schema.settle(&self.book);
            }
        }
        versions.past.push_back(version);
    }

    /// The reverse of [`let_go`](Self::let_go), if there is room for its routes.
    fn bring_back(&self, version: Arc<Version>) -> Option<Arc<Version>> {
        let places = version.routes.len();
        self.shared.reserve_routes(places).then(|| {
            version.route_places.store(places, Ordering::Relaxed);
            version.revive();
            version
        })
    }

    /// What was counted of each feature, by index in the book.
    pub(crate) fn features(&self) -> Vec<FeatureCounts> {
        let versions = self.versions.read();
        let mut counts = self.book.counts();
        for schema in versions.schemas() {
            schema.each_observed(|feature, rows| counts[feature][OBSERVED] += rows);
        }
        counts
    }

    /// Keeps a copy of the feature counters for the window, if one is due.
    pub(crate) fn look_after_window(&self, now: Instant) {
        if let Some(mut window) = self.book.window.try_lock()
            && window.is_due(now)
        {
            window.keep(now, |totals| {
                let versions = self.versions.read();
                self.book.add_totals(totals);
                for schema in versions.schemas() {
                    schema.each_observed(|feature, rows| totals[feature][0] += rows);
                }
            });
        }
    }

    pub(crate) fn queue_depth(&self) -> Option<u64> {
        self.queue_depth.get().map(|depth| depth.load(Ordering::Relaxed))
    }

    pub(crate) fn with_pipeline<T>(&self, read: impl FnOnce(&Labels) -> T) -> Option<T> {
        self.pipeline.read().as_ref().map(read)
    }
}

impl Versions {
    /// What is known was declared, by those let go too: a handle of theirs may still record.
    fn schemas(&self) -> impl Iterator<Item = &Schema> {
        self.live
            .iter()
            .chain(&self.past)
            .filter_map(|version| version.schema.get())
    }
}

impl Version {
    fn new(lineage: Arc<Lineage>, name: Arc<str>) -> Self {
        let shared = lineage.shared.clone();
        Self {
            labels: Labels::new([("model_name", &lineage.name), ("model_version", &name)]),
            state: AtomicU8::new(LIVE),
            scraped_mark: AtomicU64::new(0),
            framework: OnceLock::new(),
            schema: OnceLock::new(),
            scores: OnceLock::new(),
            classes: OnceLock::new(),
            outcomes: OnceLock::new(),
            batch_size: OnceLock::new(),
            stages: Default::default(),
            generations: OnceLock::new(),
            routes: Names::new(shared.limits.routes_per_version),
            route_places: AtomicUsize::new(0),
            other_route: OnceLock::new(),
            shared,
            lineage,
            name,
        }
    }

    /// A version that is asked for again is in use again, with its counts.
    fn revive(&self) {
        if self.is_retired() {
            self.state.store(LIVE, Ordering::Release);
        }
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.state.load(Ordering::Acquire) != LIVE
    }

    /// A scrape that had this version's values is done. `mark` is from before they were read, if it was retired then.
    pub(crate) fn scraped(&self, mark: Option<u64>) {
        if let Some(mark) = mark {
            self.scraped_mark.store(mark, Ordering::Relaxed);
            let _ = self
                .state
                .compare_exchange(RETIRED, SCRAPED, Ordering::AcqRel, Ordering::Relaxed);
        }
    }

    /// Retired, with nothing in flight and nothing recorded that a scrape has not had.
    fn is_gone(&self) -> bool {
        self.state.load(Ordering::Acquire) == SCRAPED
            && self.in_flight() == 0
            && self.mark() == self.scraped_mark.load(Ordering::Relaxed)
    }

    /// A number that changes with whatever is recorded.
    pub(crate) fn mark(&self) -> u64 {
        let histograms = self
            .stages
            .iter()
            .chain([&self.batch_size])
            .filter_map(OnceLock::get)
            .map(Histogram::mark);
        let counters = [&self.classes, &self.outcomes]
            .into_iter()
            .filter_map(OnceLock::get)
            .map(NamedCounters::mark);
        let routes = self.routes().into_iter().map(|route| route.0.mark());
        let all = histograms
            .chain(counters)
            .chain(routes)
            .chain(self.scores.get().map(Scores::mark));
        all.chain(self.schema.get().map(Schema::mark))
            .chain(self.generations.get().map(|generations| generations.mark()))
            .fold(0, u64::wrapping_add)
    }

    fn in_flight(&self) -> u64 {
        self.routes().iter().map(|route| route.0.in_flight()).sum()
    }

    pub(crate) fn routes(&self) -> Vec<&Route> {
        self.routes
            .all()
            .map(|named| &named.value)
            .chain(self.other_route.get())
            .collect()
    }

    pub(crate) fn framework(&self) -> Arc<str> {
        self.framework.get().cloned().unwrap_or_else(|| "unknown".into())
    }

    #[inline]
    pub(crate) fn scores(&self) -> &Scores {
        self.scores
            .get_or_init(|| Scores::new(self.shared.score_layout.clone()))
    }

    pub(crate) fn scores_if_any(&self) -> Option<&Scores> {
        self.scores.get()
    }

    #[inline]
    pub(crate) fn classes(&self) -> &NamedCounters {
        self.classes.get_or_init(|| {
            NamedCounters::new(
                self.shared.clone(),
                OpenLabel::Class,
                self.shared.limits.classes_per_version,
            )
        })
    }

    pub(crate) fn classes_if_any(&self) -> Option<&NamedCounters> {
        self.classes.get()
    }

    fn outcomes(&self) -> &NamedCounters {
        self.outcomes.get_or_init(|| {
            NamedCounters::new(
                self.shared.clone(),
                OpenLabel::Outcome,
                self.shared.limits.outcomes_per_version,
            )
        })
    }

    pub(crate) fn outcomes_if_any(&self) -> Option<&NamedCounters> {
        self.outcomes.get()
    }

    pub(crate) fn batch_size_if_any(&self) -> Option<&Histogram> {
        self.batch_size.get()
    }

    pub(crate) fn stages_if_any(&self) -> impl Iterator<Item = (Stage, &Histogram)> {
        Stage::ALL
            .into_iter()
            .filter_map(|stage| Some((stage, self.stages[stage as usize].get()?)))
    }

    pub(crate) fn generations_if_any(&self) -> Option<&Generations> {
        self.generations.get().map(|generations| &**generations)
    }

    fn new_route(&self, name: &Arc<str>) -> Route {
        let labels = Labels::new([
            ("model_name", &self.lineage.name),
            ("model_version", &self.name),
            ("route", name),
        ]);
        Route::new(name.clone(), labels, &self.shared)
    }

    /// Takes a place for one more route. A version let go takes none, as it has none to give back.
    fn reserve_route(&self) -> bool {
        if self.state.load(Ordering::Acquire) == GONE {
            return true;
        }
        let reserved = self.shared.reserve_routes(1);
        if reserved {
            self.route_places.fetch_add(1, Ordering::Relaxed);
        }
        reserved
    }

    #[cold]
    fn add_route(&self, name: &str) -> &Route {
        let added = canonical(name, self.shared.limits.value_bytes).and_then(|name| {
            self.routes
                .get_or_add(&name, |name| self.reserve_route().then(|| self.new_route(name)))
        });
        added.map_or_else(
            || {
                self.shared.overflow.count(OpenLabel::Route, name);
                self.other_route.get_or_init(|| self.new_route(&OTHER.into()))
            },
            |named| &named.value,
        )
    }
}

impl Model {
    /// The value of the `model_name` label.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.lineage.name
    }

    /// The value of the `model_version` label.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.0.name
    }

    /// The features this version declared, in the order of a row; none where it declared none.
    ///
    /// ```
    /// use modelwatch::Feature;
    /// # let monitor = modelwatch::Monitor::new();
    /// let declared = [Feature::numeric("income").range(0.0..=1e6), Feature::categorical("zipcode")];
    /// let model = monitor.model("claims-risk", "2026-04-01").features(declared.clone()).register()?;
    /// assert_eq!(model.features(), declared);
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    #[must_use]
    pub fn features(&self) -> Vec<Feature> {
        self.schema().features().collect()
    }

    /// The handle that records requests of this version on a route. Resolve it once where the route is known; past
    /// the limit of routes it is that of [`OTHER`](crate::OTHER).
    #[must_use]
    #[inline]
    pub fn route(&self, name: &str) -> Route {
        self.0
            .routes
            .get(name)
            .map_or_else(|| self.0.add_route(name), |named| &named.value)
            .clone()
    }

    /// As [`route`](Self::route), where there is such a route already: for names that clients choose and that are to take a place
    /// only when they have proved good.
    #[must_use]
    #[inline]
    pub fn find_route(&self, name: &str) -> Option<Route> {
        self.0.routes.get(name).map(|named| named.value.clone())
    }

    /// Observes a prediction's score in `ml_prediction_score`. A NaN or infinite score is counted in
    /// `ml_prediction_non_finite_total` instead.
    ///
    /// ```
    /// # let monitor = modelwatch::Monitor::new();
    /// let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// model.record_prediction(0.82);
    /// model.record_prediction(0.97f32).class("fraud");
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    #[inline]
    pub fn record_prediction(&self, score: impl Into<f64>) -> Prediction<'_> {
        self.0.scores().record(score.into());
        Prediction(&self.0)
    }

    /// Observes the scores of a batch.
    pub fn record_predictions<S: Copy + Into<f64>>(&self, scores: &[S]) {
        self.0.scores().record_all(scores.iter().map(|score| (*score).into()));
    }

    /// Resolves a class once, for a service that predicts it often.
    #[must_use]
    pub fn class(&self, name: &str) -> Class {
        Class {
            index: self.0.classes().index(name),
            name: name.into(),
            version: self.0.clone(),
        }
    }

    /// Counts what a prediction led to, such as `approved`, `review` or `escalated`, in `ml_business_outcome_total`.
    pub fn record_outcome(&self, outcome: &str) {
        let outcomes = self.0.outcomes();
        outcomes.count(outcomes.index(outcome));
    }

    /// Checks a row of features in the order they were declared, and counts what is missing, defaulted or out of
    /// range. A row that ends early has the rest missing; what comes after the last declared feature is not counted.
    ///
    /// ```
    /// use modelwatch::{Feature, FeatureValue, Monitor};
    ///
    /// # let monitor = Monitor::new();
    /// let model = monitor
    ///     .model("claims-risk", "2026-04-01")
    ///     .features([Feature::numeric("income").range(0.0..=1e6), Feature::categorical("zipcode")])
    ///     .register()?;
    /// model.record_features([Some(52_000.0), None]);
    /// model.record_features([FeatureValue::Number(48_000.0), "10001".into()]);
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    #[inline]
    pub fn record_features<'a, R>(&self, row: R)
    where
        R: IntoIterator,
        R::Item: Into<FeatureValue<'a>>,
    {
        if self.schema().record(&self.0.lineage.book, row) {
            self.0.lineage.look_after_window(Instant::now());
        }
    }

    /// As [`record_features`](Self::record_features), by name: a declared feature that the row does not name is
    /// missing, and one that nobody declared is counted without a range, within the limit of names.
    pub fn record_named_features<'a, R, N, V>(&self, row: R)
    where
        R: IntoIterator<Item = (N, V)>,
        N: AsRef<str>,
        V: Into<FeatureValue<'a>>,
    {
        if self.schema().record_named(&self.0.lineage.book, row) {
            self.0.lineage.look_after_window(Instant::now());
        }
    }

    /// Counts one value of one feature, and says nothing of the others.
    pub fn record_feature<'a>(&self, name: &str, value: impl Into<FeatureValue<'a>>) {
        self.schema().record_one(&self.0.lineage.book, name, value.into());
    }

    /// Observes how many rows one call of the model takes.
    pub fn record_batch_size(&self, rows: usize) {
        let layout = || Histogram::new(self.0.shared.batch_size_layout.clone());
        self.0.batch_size.get_or_init(layout).observe(rows as f64);
    }

    /// Says how many requests wait for this model now, over all its versions.
    pub fn set_queue_depth(&self, requests: usize) {
        self.0
            .lineage
            .queue_depth
            .get_or_init(AtomicU64::default)
            .store(requests as u64, Ordering::Relaxed);
    }

    /// Times a stage until the guard is dropped.
    ///
    /// ```
    /// use modelwatch::Stage;
    /// # let monitor = modelwatch::Monitor::new();
    /// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// let score: f64 = {
    ///     let _compute = model.start_stage(Stage::Compute);
    ///     0.82
    /// };
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    #[must_use = "the stage ends when the guard is dropped"]
    pub fn start_stage(&self, stage: Stage) -> StageTimer<'_> {
        StageTimer::new(self, stage)
    }

    /// Observes the duration of a stage, for a caller with a stopwatch of its own.
    pub fn record_stage(&self, stage: Stage, duration: Duration) {
        let histogram =
            self.0.stages[stage as usize].get_or_init(|| Histogram::new(self.0.shared.stage_layout.clone()));
        histogram.observe(duration.as_nanos() as f64);
    }

    /// A generative model begins an answer: see [`Generation`].
    pub fn start_generation(&self) -> Generation {
        Generation::new(self.clone())
    }

    /// Observes the tokens of one request, for a caller with no use for a [`Generation`].
    pub fn record_tokens(&self, tokens: Tokens) {
        self.generations().record(tokens);
    }

    pub(crate) fn generations(&self) -> &Generations {
        self.0.generations.get_or_init(Box::default)
    }

    /// Says which release of the feature pipeline feeds this model, in the place of the one said before.
    pub fn set_pipeline_version(&self, version: &str) {
        let lineage = &self.0.lineage;
        let value = canonical(version, self.0.shared.limits.value_bytes).unwrap_or_else(|| OTHER.into());
        let labels = Labels::new([("model_name", &lineage.name), ("pipeline_version", &(*value).into())]);
        *lineage.pipeline.write() = Some(labels);
    }

    /// This version serves no more. It stays exposed until nothing of it is in flight and a scrape has had its last
    /// values; then its series end and its places are free. Where nobody has scraped for five minutes, it goes when
    /// its place is needed.
    ///
    /// Registering or resolving the version again takes the retirement back, and its counters go on where they were:
    /// as many past versions are remembered as may be live.
    pub fn retire(&self) {
        let _ = self
            .0
            .state
            .compare_exchange(LIVE, RETIRED, Ordering::AcqRel, Ordering::Relaxed);
    }

    pub(crate) fn is_live(&self) -> bool {
        !self.0.is_retired()
    }

    #[inline]
    fn schema(&self) -> &Schema {
        self.0.schema.get().unwrap_or(&self.0.lineage.undeclared)
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Model").field(&self.0.labels.text()).finish()
    }
}

/// Declares a version before it is registered. From [`Monitor::model`].
#[derive(Clone, Debug)]
#[must_use = "nothing is registered until `register` is called"]
pub struct ModelBuilder<'a> {
    monitor: &'a Monitor,
    name: String,
    version: String,
    framework: Option<String>,
    features: Option<Vec<Feature>>,
    classes: Vec<String>,
    score_buckets: Option<Vec<f64>>,
    pipeline_version: Option<String>,
}

impl<'a> ModelBuilder<'a> {
    pub(crate) fn new(monitor: &'a Monitor, name: String, version: String) -> Self {
        Self {
            monitor,
            name,
            version,
            framework: None,
            features: None,
            classes: Vec::new(),
            score_buckets: None,
            pipeline_version: None,
        }
    }

    /// What the model runs on, such as `xgboost`: the `framework` label of `ml_model_info`.
    pub fn framework(mut self, framework: impl Into<String>) -> Self {
        self.framework = Some(framework.into());
        self
    }

    /// The features of a row, in the order [`Model::record_features`] gets them.
    pub fn features(mut self, features: impl IntoIterator<Item = Feature>) -> Self {
        self.features = Some(features.into_iter().collect());
        self
    }

    /// Classes the model may predict: each is exposed from the start, at 0.
    pub fn classes<C: Into<String>>(mut self, classes: impl IntoIterator<Item = C>) -> Self {
        self.classes = classes.into_iter().map(Into::into).collect();
        self
    }

    /// Upper bounds of this version's score buckets, in the score's unit, for a model whose scores are no
    /// probabilities.
    pub fn score_buckets(mut self, bounds: impl Into<Vec<f64>>) -> Self {
        self.score_buckets = Some(bounds.into());
        self
    }

    /// The release of the feature pipeline; see [`Model::set_pipeline_version`].
    pub fn pipeline_version(mut self, version: impl Into<String>) -> Self {
        self.pipeline_version = Some(version.into());
        self
    }

    /// Registers the version. Registering the same again is the same model.
    ///
    /// Past the limit of models or versions the handle is that of [`OTHER`](crate::OTHER), as for
    /// [`Monitor::resolve`].
    ///
    /// # Errors
    ///
    /// When a name can't be a label value, when the declaration contradicts itself, or when this version is
    /// registered with another framework, other features or other score buckets. Nothing is changed then.
    pub fn register(self) -> Result<Model, RegisterError> {
        let limits = &self.monitor.shared().limits;
        check_name("model_name", &self.name, limits)?;
        check_name("model_version", &self.version, limits)?;
        if let Some(framework) = &self.framework {
            check_name("framework", framework, limits)?;
        }
        if let Some(pipeline) = &self.pipeline_version {
            check_name("pipeline_version", pipeline, limits)?;
        }
        self.check_classes()?;
        feature::check(&self.name, self.features.as_deref().unwrap_or_default(), limits)?;
        if let Some(bounds) = &self.score_buckets {
            BucketsError::check(bounds).map_err(|error| RegisterError::Buckets {
                model: self.name.clone(),
                error,
            })?;
        }
        let _registering = self.monitor.registering();
        // Before it is asked for, which takes a retirement back.
        if let Some(known) = self.monitor.look_up(&self.name, &self.version) {
            self.check_conflicts(&known)?;
        }
        let model = self.monitor.find_or_add(&self.name, &self.version);
        if model.version() != OTHER {
            // Again, because requests may have recorded scores meanwhile.
            self.check_conflicts(&model.0)?;
            self.declare(&model);
        }
        Ok(model)
    }

    fn check_classes(&self) -> Result<(), RegisterError> {
        let limits = &self.monitor.shared().limits;
        if self.classes.len() > limits.classes_per_version {
            return Err(RegisterError::Limit {
                model: self.name.clone(),
                limit: "classes_per_version",
                most: limits.classes_per_version,
                declared: self.classes.len(),
            });
        }
        for (position, class) in self.classes.iter().enumerate() {
            check_name("class", class, limits)?;
            if self.classes[..position].contains(class) {
                return Err(RegisterError::Duplicate {
                    model: self.name.clone(),
                    label: "class",
                    name: class.clone(),
                });
            }
        }
        Ok(())
    }

    /// Whether the version is registered already with something else.
    fn check_conflicts(&self, version: &Version) -> Result<(), RegisterError> {
        if let (Some(requested), Some(registered)) = (&self.framework, version.framework.get())
            && **registered != **requested
        {
            return Err(self.conflict("framework", registered.to_string(), requested.clone()));
        }
        if let (Some(requested), Some(registered)) = (&self.features, version.schema.get())
            && !registered.is(requested)
        {
            let registered: Vec<_> = registered.names().collect();
            let requested: Vec<_> = requested.iter().map(|feature| &feature.name).collect();
            return Err(self.conflict(
                "features (names, order and ranges)",
                format!("{registered:?}"),
                format!("{requested:?}"),
            ));
        }
        if let (Some(requested), Some(scores)) = (&self.score_buckets, version.scores.get())
            && scores.layout().bounds() != requested
        {
            let registered = scores.layout().bounds();
            return Err(self.conflict("score buckets", format!("{registered:?}"), format!("{requested:?}")));
        }
        Ok(())
    }

    fn declare(&self, model: &Model) {
        let version = &*model.0;
        if let Some(framework) = &self.framework {
            version.framework.get_or_init(|| framework.as_str().into());
        }
        if let Some(features) = &self.features {
            version
                .schema
                .get_or_init(|| Schema::new(features, &version.lineage.book));
        }
        if let Some(bounds) = &self.score_buckets {
            version
                .scores
                .get_or_init(|| Scores::new(Arc::new(Layout::values(bounds))));
        }
        for class in &self.classes {
            version.classes().index(class);
        }
        if let Some(pipeline) = &self.pipeline_version {
            model.set_pipeline_version(pipeline);
        }
    }

    fn conflict(&self, what: &'static str, registered: String, requested: String) -> RegisterError {
        RegisterError::Conflict {
            model: self.name.clone(),
            version: self.version.clone(),
            what,
            registered,
            requested,
        }
    }
}

/// What the exposition says of one feature.
pub(crate) fn missing_ratio(counts: &FeatureCounts, base: crate::window::Totals) -> Option<f64> {
    let observed = counts[OBSERVED].saturating_sub(base[0]);
    let missing = counts[MISSING].saturating_sub(base[1]);
    // The copy and the counts are not of one moment.
    (observed > 0).then(|| (missing as f64 / observed as f64).min(1.0))
}

/// The counters of a feature, in the order they are exposed.
pub(crate) const FEATURE_COUNTERS: [(&contract::Metric, usize); 4] = [
    (&contract::FEATURE_OBSERVATIONS, OBSERVED),
    (&contract::FEATURE_MISSING, MISSING),
    (&contract::FEATURE_DEFAULTED, DEFAULTED),
    (&contract::FEATURE_OUT_OF_RANGE, OUT_OF_RANGE),
];
