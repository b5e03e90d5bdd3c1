//! One version of one model: everything that is split by version.

use std::num::NonZeroU64;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use parking_lot::Mutex;

use crate::cells::created::Created;
use crate::cells::histogram::Histogram;
use crate::cells::layout::Layout;
use crate::cells::striped_arc::StripedArc;
use crate::cells::stripes::{Lanes, Stripes};
use crate::contract::as_feature_value::AsFeatureValue;
use crate::contract::feature::Feature;
use crate::contract::feature_value::FeatureValue;
use crate::contract::reserved::OTHER;
use crate::contract::stage::StageRef;
use crate::labels::budget::Budget;
use crate::labels::label_set::Labels;
use crate::labels::limits::Limits;
use crate::labels::names::Names;
use crate::labels::open_label::OpenLabel;
use crate::labels::value::canonical;
use crate::series::context::Context;
use crate::series::counters::NamedCounters;
use crate::series::feature_cells::FeatureCounts;
use crate::series::features::Features;
use crate::series::generation::GenerationSeries;
use crate::series::model::ModelSeries;
use crate::series::prediction_sink::PredictionSink;
use crate::series::route::RouteSeries;
use crate::series::schema::Schema;
use crate::series::scores::Scores;
use crate::series::stages::{StageIndex, Stages};

pub(crate) struct VersionSeries {
    context: Arc<Context>,
    pub(crate) model: Arc<ModelSeries>,
    pub(crate) name: Arc<str>,
    pub(crate) labels: Labels,
    /// When, in microseconds since the epoch.
    registered: Option<NonZeroU64>,
    lanes: Lanes,
    declared: AtomicBool,
    state: AtomicU8,
    /// What [`mark`](VersionSeries::mark) was before the first scrape that had the last values.
    scraped_mark: AtomicU64,
    /// When that scrape was, in milliseconds of the context.
    scraped_at: AtomicU64,
    framework: OnceLock<Labels>,
    features: Features,
    scores: OnceLock<Scores>,
    /// One cell. Of models whose predictions have no score only.
    unscored: OnceLock<Stripes>,
    sink: OnceLock<Arc<dyn PredictionSink>>,
    classes: OnceLock<NamedCounters>,
    outcomes: OnceLock<NamedCounters>,
    batch_size: OnceLock<Histogram>,
    stages: Stages,
    latency_layout: OnceLock<Arc<Layout>>,
    /// Of generative models only.
    generations: OnceLock<Box<GenerationSeries>>,
    routes: Names<StripedArc<RouteSeries>>,
    /// How many of them have a place within the limit over all versions, by [`Budget`]: none once the version is evicted.
    route_places: [AtomicUsize; 2],
    other_route: OnceLock<StripedArc<RouteSeries>>,
    /// One declaration of a route at a time.
    declaring: Mutex<()>,
}

/// In use.
const LIVE: u8 = 0;
/// Retired, its last values not yet scraped.
const RETIRED: u8 = 1;
/// Retired, and a scrape has had its last values.
const SCRAPED: u8 = 2;
/// On no page, though somebody may have a handle still.
const EVICTED: u8 = 3;

impl VersionSeries {
    pub(crate) fn new(model: Arc<ModelSeries>, name: Arc<str>, budget: Budget) -> Self {
        let context = model.context.clone();
        let lanes = match budget {
            Budget::Declared => Lanes::PerThread,
            Budget::Requested => Lanes::One,
        };
        Self {
            lanes,
            labels: Labels::new([("model_name", &model.name), ("model_version", &name)]),
            registered: if *name == *OTHER {
                None
            } else {
                microseconds_since_epoch()
            },
            declared: AtomicBool::new(budget == Budget::Declared),
            state: AtomicU8::new(LIVE),
            scraped_mark: AtomicU64::new(0),
            scraped_at: AtomicU64::new(0),
            framework: OnceLock::new(),
            features: Features::new(lanes),
            scores: OnceLock::new(),
            unscored: OnceLock::new(),
            sink: OnceLock::new(),
            classes: OnceLock::new(),
            outcomes: OnceLock::new(),
            batch_size: OnceLock::new(),
            stages: Stages::new(lanes),
            latency_layout: OnceLock::new(),
            generations: OnceLock::new(),
            routes: Names::new(context.limits.routes_per_version),
            route_places: Default::default(),
            other_route: OnceLock::new(),
            declaring: Mutex::new(()),
            context,
            model,
            name,
        }
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.context.limits
    }

    pub(crate) fn retire(&self) {
        let _ = self
            .state
            .compare_exchange(LIVE, RETIRED, Ordering::AcqRel, Ordering::Relaxed);
    }

    /// A version that is asked for again is in use again, with its counts.
    pub(crate) fn revive(&self) {
        if self.is_retired() {
            self.state.store(LIVE, Ordering::Release);
        }
    }

    pub(crate) fn is_retired(&self) -> bool {
        self.state.load(Ordering::Acquire) != LIVE
    }

    pub(crate) fn is_declared(&self) -> bool {
        self.declared.load(Ordering::Acquire)
    }

    pub(crate) fn declare(&self) {
        self.declared.store(true, Ordering::Release);
    }

    /// A scrape that had this version's values is done. `mark` is from before they were read, if it was retired then.
    pub(crate) fn scraped(&self, mark: Option<u64>) {
        let Some(mark) = mark else { return };
        let first = self
            .state
            .compare_exchange(RETIRED, SCRAPED, Ordering::AcqRel, Ordering::Relaxed)
            .is_ok();
        let before = self.scraped_mark.swap(mark, Ordering::Relaxed);
        if first || before != mark {
            self.scraped_at.store(self.context.milliseconds(), Ordering::Relaxed);
        }
    }

    /// Retired, with nothing in flight and nothing recorded that a scrape has not had.
    pub(crate) fn is_done(&self) -> bool {
        self.state.load(Ordering::Acquire) == SCRAPED
            && self.in_flight() == 0
            && self.mark() == self.scraped_mark.load(Ordering::Relaxed)
    }

    /// Done for so long that every scraper has had the last values.
    pub(crate) fn is_over(&self) -> bool {
        let scraped_at = self.scraped_at.load(Ordering::Relaxed);
        self.is_done()
            && u128::from(self.context.milliseconds().saturating_sub(scraped_at))
                >= self.context.keep_retired.as_millis()
    }

    /// Evicted, and something was recorded since that no scrape has had.
    pub(crate) fn is_late(&self) -> bool {
        self.mark() != self.scraped_mark.load(Ordering::Relaxed)
    }

    /// Takes the version off the page and gives the places of its routes back.
    pub(crate) fn evict(&self) {
        self.state.store(EVICTED, Ordering::Release);
        for budget in Budget::ALL {
            let places = self.route_places[budget as usize].swap(0, Ordering::Relaxed);
            self.context.release_routes(budget, places);
        }
    }

    /// Puts an evicted version back on the page, retired as it is, if there is room for its routes.
    pub(crate) fn bring_back(&self) -> bool {
        let declared = self.routes.declared();
        let places = [declared, self.routes.len() - declared];
        let [first, second] = Budget::ALL;
        if !self.context.reserve_routes(first, places[0]) {
            return false;
        }
        if !self.context.reserve_routes(second, places[1]) {
            self.context.release_routes(first, places[0]);
            return false;
        }
        for (reserved, places) in self.route_places.iter().zip(places) {
            reserved.store(places, Ordering::Relaxed);
        }
        self.state.store(RETIRED, Ordering::Release);
        true
    }

    /// Keeps what this version counted for its model, and nothing else of it.
    pub(crate) fn forget(&self) {
        self.features.forget(&self.model.features);
    }

    /// A number that changes with whatever is recorded.
    pub(crate) fn mark(&self) -> u64 {
        let histograms = self
            .batch_size
            .get()
            .map(Histogram::mark)
            .into_iter()
            .chain([self.stages.mark()]);
        let counters = [&self.classes, &self.outcomes]
            .into_iter()
            .filter_map(OnceLock::get)
            .map(NamedCounters::mark);
        let routes = self.routes().into_iter().map(|route| route.mark());
        let all = histograms
            .chain(counters)
            .chain(routes)
            .chain(self.scores.get().map(Scores::mark));
        all.chain(self.unscored.get().map(Stripes::mark))
            .chain([self.features.mark()])
            .chain(self.generations.get().map(|generations| generations.mark()))
            .fold(0, u64::wrapping_add)
    }

    fn in_flight(&self) -> u64 {
        self.routes().iter().map(|route| route.in_flight()).sum()
    }

    fn routes(&self) -> Vec<&RouteSeries> {
        let named = self.routes.all().map(|named| &*named.value);
        named.chain(self.other_route.get().map(|other| &**other)).collect()
    }

    /// Appends the series of all routes, that of the overflow last.
    pub(crate) fn find_routes<'a>(&'a self, into: &mut Vec<&'a RouteSeries>) {
        self.routes.each(|named| into.push(&*named.value));
        into.extend(self.other_route.get().map(|other| &**other));
    }

    /// The series of a route, if there is one.
    #[inline]
    pub(crate) fn find_route(&self, name: &str) -> Option<&StripedArc<RouteSeries>> {
        self.routes.get(name).map(|named| &named.value)
    }

    /// The series of a route, made when it is new; past the limits that of the overflow.
    #[inline]
    pub(crate) fn route(&self, name: &str) -> &StripedArc<RouteSeries> {
        self.find_route(name).unwrap_or_else(|| self.add_route(name))
    }

    #[cold]
    fn add_route(&self, name: &str) -> &StripedArc<RouteSeries> {
        let added = canonical(name, self.context.limits.value_bytes).and_then(|name| {
            self.routes.get_or_add(&name, Budget::Requested, |name| {
                self.reserve_route(Budget::Requested).then(|| self.new_route(name))
            })
        });
        added.map_or_else(
            || {
                self.context.overflow.count(OpenLabel::Route, name);
                self.other_route.get_or_init(|| self.new_route(&OTHER.into()))
            },
            |named| &named.value,
        )
    }

    /// The series of a route that code declares, whatever requests brought; else the field of [`Limits`] that has no
    /// room.
    pub(crate) fn declare_route(&self, name: &str) -> Result<&StripedArc<RouteSeries>, &'static str> {
        let _declaring = self.declaring.lock();
        let known = self.routes.get(name);
        if self.routes.undeclared([name]) > 0 {
            if self.routes.room() == 0 {
                return Err("routes_per_version");
            }
            if !self.reserve_route(Budget::Declared) {
                return Err("routes");
            }
            if known.is_some() {
                self.release_route(Budget::Requested);
            }
        }
        let declared = self
            .routes
            .get_or_add(name, Budget::Declared, |name| Some(self.new_route(name)));
        declared.map(|named| &named.value).ok_or("routes_per_version")
    }

    /// How many of these routes are not declared yet, and how many more may be.
    pub(crate) fn room_for_routes(&self, names: &[String]) -> (usize, usize) {
        (
            self.routes.undeclared(names.iter().map(String::as_str)),
            self.routes.room(),
        )
    }

    fn new_route(&self, name: &Arc<str>) -> StripedArc<RouteSeries> {
        let labels = Labels::new([
            ("model_name", &self.model.name),
            ("model_version", &self.name),
            ("route", name),
        ]);
        StripedArc::new(RouteSeries::new(
            name.clone(),
            labels,
            self.latency_layout().clone(),
            self.lanes,
            #[cfg(feature = "tracing")]
            self.context.tracing.clone(),
        ))
    }

    /// Takes a place for one more route. An evicted version takes none, as it has none to give back.
    fn reserve_route(&self, budget: Budget) -> bool {
        if self.state.load(Ordering::Acquire) == EVICTED {
            return true;
        }
        let reserved = self.context.reserve_routes(budget, 1);
        if reserved {
            self.route_places[budget as usize].fetch_add(1, Ordering::Relaxed);
        }
        reserved
    }

    fn release_route(&self, budget: Budget) {
        if self.state.load(Ordering::Acquire) != EVICTED {
            self.route_places[budget as usize].fetch_sub(1, Ordering::Relaxed);
            self.context.release_routes(budget, 1);
        }
    }

    /// When the version was first registered or resolved, in microseconds since the epoch; nothing for the overflow, which is no
    /// version.
    pub(crate) fn registered(&self) -> Option<u64> {
        self.registered.map(NonZeroU64::get)
    }

    /// Where the latencies of this version's routes are counted.
    fn latency_layout(&self) -> &Arc<Layout> {
        self.latency_layout.get_or_init(|| self.context.latency_layout.clone())
    }

    /// The bounds of the latency buckets, if they were declared or a route has them already.
    pub(crate) fn latency_bounds_if_any(&self) -> Option<&[f64]> {
        self.latency_layout.get().map(|layout| layout.bounds())
    }

    pub(crate) fn declare_latency_buckets(&self, bounds: &[f64]) {
        self.latency_layout
            .get_or_init(|| Arc::new(Layout::durations(bounds, self.context.native)));
    }

    pub(crate) fn framework(&self) -> Option<&str> {
        self.framework.get()?.pairs().first().map(|(_, framework)| &**framework)
    }

    /// The `framework` label, if the version said what it runs on.
    pub(crate) fn framework_labels(&self) -> Option<&Labels> {
        self.framework.get()
    }

    pub(crate) fn declare_framework(&self, framework: &str) {
        self.framework
            .get_or_init(|| Labels::new([("framework", &framework.into())]));
    }

    pub(crate) fn declare_features(&self, features: &[Feature]) {
        self.features.declare(features, &self.model.features);
    }

    pub(crate) fn schema_if_any(&self) -> Option<&Schema> {
        self.features.schema()
    }

    /// Counts a row of features in the order they were declared.
    #[inline]
    pub(crate) fn record_features(&self, row: impl IntoIterator<Item = impl AsFeatureValue>) {
        if self.features.record(&self.model.name, row) {
            self.look_after_window();
        }
    }

    /// Counts a row of features by name.
    pub(crate) fn record_named_features<N: AsRef<str>, V: AsFeatureValue>(
        &self,
        row: impl IntoIterator<Item = (N, V)>,
    ) {
        if self.features.record_named(&self.model.features, row) {
            self.look_after_window();
        }
    }

    pub(crate) fn record_feature(&self, name: &str, value: FeatureValue<'_>) {
        self.features.record_one(&self.model.features, name, value);
    }

    /// See [`Features::created`].
    pub(crate) fn features_created(&self) -> Option<Created> {
        self.features.created()
    }

    /// See [`Features::read`].
    pub(crate) fn feature_counts(&self) -> Vec<Option<FeatureCounts>> {
        self.features.read(&self.model.features)
    }

    #[inline]
    pub(crate) fn scores(&self) -> &Scores {
        self.scores
            .get_or_init(|| Scores::new(self.context.score_layout.clone(), self.lanes))
    }

    /// Counts a prediction's score, or that it has none.
    #[inline]
    pub(crate) fn record_score(&self, score: Option<f64>) {
        match score {
            Some(score) => self.scores().record(score),
            None => self.record_unscored(),
        }
    }

    fn record_unscored(&self) {
        self.unscored
            .get_or_init(|| Stripes::new(1, self.lanes))
            .lane()
            .add(0, 1);
    }

    /// How many predictions had no score, if any of them had none.
    pub(crate) fn unscored(&self) -> Option<(u64, Created)> {
        self.unscored
            .get()
            .map(|unscored| (unscored.sum(0), unscored.created()))
    }

    /// Who takes whole predictions, if anybody.
    #[inline]
    pub(crate) fn sink(&self) -> Option<&dyn PredictionSink> {
        self.sink.get().map(|sink| &**sink)
    }

    /// Gives the predictions to somebody, unless somebody has them.
    pub(crate) fn attach(&self, sink: Arc<dyn PredictionSink>) -> bool {
        self.sink.set(sink).is_ok()
    }

    pub(crate) fn scores_if_any(&self) -> Option<&Scores> {
        self.scores.get()
    }

    pub(crate) fn declare_score_buckets(&self, bounds: &[f64]) {
        self.scores
            .get_or_init(|| Scores::new(Arc::new(Layout::values(bounds, self.context.native)), self.lanes));
    }

    #[inline]
    pub(crate) fn classes(&self) -> &NamedCounters {
        self.classes.get_or_init(|| {
            NamedCounters::new(
                self.context.clone(),
                OpenLabel::Class,
                self.context.limits.classes_per_version,
                self.lanes,
            )
        })
    }

    pub(crate) fn classes_if_any(&self) -> Option<&NamedCounters> {
        self.classes.get()
    }

    pub(crate) fn outcomes(&self) -> &NamedCounters {
        self.outcomes.get_or_init(|| {
            NamedCounters::new(
                self.context.clone(),
                OpenLabel::Outcome,
                self.context.limits.outcomes_per_version,
                self.lanes,
            )
        })
    }

    pub(crate) fn outcomes_if_any(&self) -> Option<&NamedCounters> {
        self.outcomes.get()
    }

    pub(crate) fn record_batch_size(&self, rows: usize) {
        let histogram = || Histogram::new(self.context.batch_size_layout.clone(), self.lanes);
        self.batch_size.get_or_init(histogram).observe(rows as f64);
    }

    pub(crate) fn batch_size_if_any(&self) -> Option<&Histogram> {
        self.batch_size.get()
    }

    /// See [`Stages::index`].
    #[inline]
    pub(crate) fn stage(&self, stage: StageRef<'_>) -> StageIndex {
        self.stages.index(stage, &self.context)
    }

    pub(crate) fn record_stage(&self, stage: StageIndex, duration: Duration) {
        self.stages.record(stage, duration, &self.context);
    }

    pub(crate) fn stages(&self) -> &Stages {
        &self.stages
    }

    pub(crate) fn generations(&self) -> &GenerationSeries {
        self.generations.get_or_init(|| {
            Box::new(GenerationSeries::new(
                self.context.generation_layouts().clone(),
                self.lanes,
            ))
        })
    }

    pub(crate) fn generations_if_any(&self) -> Option<&GenerationSeries> {
        self.generations.get().map(|generations| &**generations)
    }

    /// See [`FeatureBook::look_after_window`](crate::series::feature_book::FeatureBook::look_after_window).
    #[cold]
    fn look_after_window(&self) {
        self.model.features.look_after_window(Instant::now());
    }
}

fn microseconds_since_epoch() -> Option<NonZeroU64> {
    let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).ok()?;
    NonZeroU64::new(u64::try_from(since_epoch.as_micros()).ok()?)
}
