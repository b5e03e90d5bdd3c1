//! One version of one model: the handle a service keeps.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::time::Duration;

use crate::cells::striped_arc::StripedArc;
use crate::contract::as_feature_value::AsFeatureValue;
use crate::contract::feature::Feature;
use crate::contract::finish_reason::FinishReason;
use crate::contract::score::IntoScore;
use crate::contract::stage::AsStage;
use crate::contract::tokens::Tokens;
use crate::error::RegisterError;
use crate::handles::class::Class;
use crate::handles::generation::Generation;
use crate::handles::prediction::Prediction;
use crate::handles::recorded::Recorded;
use crate::handles::route::Route;
use crate::handles::stage_timer::StageTimer;
use crate::labels::value::check_name;
use crate::series::prediction_sink::{PendingPrediction, PredictionSink};
use crate::series::version::VersionSeries;

/// Records what one version of one model does.
///
/// Get it from [`Monitor::model`](crate::Monitor::model) at start-up, or from
/// [`Monitor::resolve`](crate::Monitor::resolve) where requests name the model. Cloning is one atomic addition
/// to a count that this thread alone writes, and a clone is the same model. Recording never fails, never blocks and never panics.
#[derive(Clone)]
pub struct Model(pub(crate) StripedArc<VersionSeries>);

impl Model {
    /// The value of the `model_name` label.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0.model.name
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
        self.0
            .schema_if_any()
            .map_or_else(Vec::new, |schema| schema.features().collect())
    }

    /// The handle that records requests of this version on a route. Resolve it once where the route is known; past
    /// the limit of routes it is that of [`OTHER`](crate::OTHER).
    #[must_use]
    #[inline]
    pub fn route(&self, name: &str) -> Route {
        Route(self.0.route(name).clone())
    }

    /// Returns the handle of a route that code names, with a series of its own whatever routes requests brought.
    ///
    /// # Errors
    ///
    /// When the name can't be a label value, or so many routes are declared that there is no room.
    ///
    /// ```
    /// # let monitor = modelwatch::Monitor::new();
    /// let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// let route = model.declare_route("predict")?;
    /// assert_eq!(route.name(), "predict");
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    pub fn declare_route(&self, name: &str) -> Result<Route, RegisterError> {
        let limits = self.0.limits();
        check_name("route", name, limits)?;
        let full = |limit| {
            let most = if limit == "routes" {
                limits.routes
            } else {
                limits.routes_per_version
            };
            RegisterError::Limit {
                model: self.name().into(),
                limit,
                most,
                declared: most + 1,
            }
        };
        self.0.declare_route(name).cloned().map(Route).map_err(full)
    }

    /// As [`route`](Self::route), where there is such a route already: for names that clients choose and that are to take a place
    /// only when they have proved good.
    #[must_use]
    #[inline]
    pub fn find_route(&self, name: &str) -> Option<Route> {
        self.0.find_route(name).cloned().map(Route)
    }

    /// A request in flight on a route of another version goes on here, on the route of that name.
    #[inline]
    pub(crate) fn take_over(&self, route: &mut Route) {
        let own = self.0.route(route.name());
        route.pass_to(own);
    }

    /// As [`take_over`](Self::take_over), by value: a request whose address nobody needs is kept in registers.
    #[inline]
    pub(crate) fn taken_over(&self, mut route: Route) -> Route {
        self.take_over(&mut route);
        route
    }

    /// Observes a prediction's score in `ml_prediction_score`. A NaN or infinite score is counted in
    /// `ml_prediction_non_finite_total` instead, one that is not there in `ml_prediction_unscored_total`.
    ///
    /// ```
    /// # let monitor = modelwatch::Monitor::new();
    /// let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// model.record_prediction(0.82);
    /// model.record_prediction(0.97f32).class("fraud");
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    #[inline]
    pub fn record_prediction(&self, score: impl IntoScore) -> Prediction<'_> {
        self.0.record_score(score.into_score());
        Prediction(&self.0)
    }

    /// Records a prediction as a whole: its row as [`record_features`](Self::record_features) does, its score as
    /// [`record_prediction`](Self::record_prediction) does, and both to what is [attached](Self::attach), such as the
    /// prediction log.
    ///
    /// ```
    /// use modelwatch::{Feature, NoScore, row};
    ///
    /// # let monitor = modelwatch::Monitor::new();
    /// let features = [Feature::numeric("income"), Feature::categorical("zipcode")];
    /// let model = monitor.model("claims-risk", "2026-04-01").features(features).register()?;
    /// model.record(row![52_000.0, "10001"], 0.82).class("fraud");
    /// model.record(row![None, "10001"], NoScore).class(None::<&str>);
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    pub fn record<R>(&self, row: R, score: impl IntoScore) -> Recorded<'_>
    where
        R: IntoIterator,
        R::Item: AsFeatureValue,
    {
        let score = score.into_score();
        let mut pending = self.begin(score);
        match &mut pending {
            Some((sink, record)) => {
                let mut position = 0;
                self.record_features(row.into_iter().inspect(|value| {
                    sink.feature(record, position, value.as_feature_value());
                    position += 1;
                }));
            }
            None => self.record_features(row),
        }
        self.0.record_score(score);
        Recorded::new(&self.0, pending)
    }

    /// As [`record`](Self::record), with a row by name, as [`record_named_features`](Self::record_named_features) has it.
    pub fn record_named<R, N, V>(&self, row: R, score: impl IntoScore) -> Recorded<'_>
    where
        R: IntoIterator<Item = (N, V)>,
        N: AsRef<str>,
        V: AsFeatureValue,
    {
        let score = score.into_score();
        let mut pending = self.begin(score);
        match (&mut pending, self.0.schema_if_any()) {
            (Some((sink, record)), Some(schema)) => {
                self.record_named_features(row.into_iter().inspect(|(name, value)| {
                    if let Some(position) = schema.position(name.as_ref()) {
                        sink.feature(record, position, value.as_feature_value());
                    }
                }))
            }
            _ => self.record_named_features(row),
        }
        self.0.record_score(score);
        Recorded::new(&self.0, pending)
    }

    fn begin(&self, score: Option<f64>) -> Option<(&dyn PredictionSink, PendingPrediction)> {
        let sink = self.0.sink()?;
        Some((sink, sink.begin(score)?))
    }

    /// Gives the predictions that [`record`](Self::record) records to a sink as well, from now on, on whichever handle of
    /// this version. Returns whether it is attached: a version has one sink, the first.
    pub fn attach(&self, sink: Arc<dyn PredictionSink>) -> bool {
        self.0.attach(sink)
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
    /// use modelwatch::{Feature, Monitor, row};
    ///
    /// # let monitor = Monitor::new();
    /// let model = monitor
    ///     .model("claims-risk", "2026-04-01")
    ///     .features([Feature::numeric("income").range(0.0..=1e6), Feature::categorical("zipcode")])
    ///     .register()?;
    /// model.record_features([Some(52_000.0), None]);
    /// model.record_features(row![48_000.0, "10001"]);
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    #[inline]
    pub fn record_features<R>(&self, row: R)
    where
        R: IntoIterator,
        R::Item: AsFeatureValue,
    {
        self.0.record_features(row);
    }

    /// As [`record_features`](Self::record_features), by name: a declared feature that the row does not name is
    /// missing, and one that nobody declared is counted without a range, within the limit of names.
    pub fn record_named_features<R, N, V>(&self, row: R)
    where
        R: IntoIterator<Item = (N, V)>,
        N: AsRef<str>,
        V: AsFeatureValue,
    {
        self.0.record_named_features(row);
    }

    /// Counts one value of one feature, and says nothing of the others.
    pub fn record_feature(&self, name: &str, value: impl AsFeatureValue) {
        self.0.record_feature(name, value.as_feature_value());
    }

    /// Observes how many rows one call of the model takes.
    pub fn record_batch_size(&self, rows: usize) {
        self.0.record_batch_size(rows);
    }

    /// Says how many requests wait for this model now, over all its versions.
    pub fn set_queue_depth(&self, requests: usize) {
        self.0.model.set_queue_depth(requests as u64);
    }

    /// Times a stage until the guard is dropped, on whichever thread: in `ml_inference_stage_seconds`.
    ///
    /// # Example: from the arrival of a job to the worker that takes it
    ///
    /// ```
    /// use modelwatch::Stage;
    /// # let monitor = modelwatch::Monitor::new();
    /// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// let queued = model.start_stage(Stage::Queue);
    /// let worker = std::thread::spawn(move || {
    ///     drop(queued);
    ///     // … work …
    /// });
    /// # worker.join().unwrap();
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    #[must_use = "the stage ends when the guard is dropped"]
    pub fn start_stage(&self, stage: impl AsStage) -> StageTimer {
        StageTimer::new(self.0.clone(), stage.as_stage())
    }

    /// Times a stage that is a call, and returns what it returns. A panic ends the stage, too.
    ///
    /// ```
    /// use modelwatch::Stage;
    /// # let monitor = modelwatch::Monitor::new();
    /// # let model = monitor.model("claims-risk", "2026-04-01").register()?;
    /// let score = model.stage(Stage::Compute, || 0.82);
    /// let ranked = model.stage("rerank", || [score]); // a stage of the service's own
    /// # assert_eq!(ranked, [0.82]);
    /// # Ok::<(), modelwatch::RegisterError>(())
    /// ```
    pub fn stage<T>(&self, stage: impl AsStage, work: impl FnOnce() -> T) -> T {
        let _timer = self.start_stage(stage);
        work()
    }

    /// Times a stage that is a future, from its first poll to its end: the time it waits is in. Dropped before its end,
    /// the time until then counts.
    ///
    /// ```
    /// use modelwatch::Stage;
    /// # async fn fetch() -> [Option<f64>; 1] { [None] }
    /// # async fn predict(model: modelwatch::Model) {
    /// let row = model.stage_async(Stage::FeatureFetch, fetch()).await;
    /// # model.record_features(row);
    /// # }
    /// ```
    pub async fn stage_async<F: Future>(&self, stage: impl AsStage, work: F) -> F::Output {
        let _timer = self.start_stage(stage);
        work.await
    }

    /// Observes the duration of a stage, for a caller with a stopwatch of its own.
    pub fn record_stage(&self, stage: impl AsStage, duration: Duration) {
        self.0.record_stage(self.0.stage(stage.as_stage()), duration);
    }

    /// Begins an answer of a generative model: see [`Generation`].
    pub fn start_generation(&self) -> Generation {
        Generation::new(self.0.clone())
    }

    /// Counts an answer of a generative model and its tokens, for a caller with no use for a [`Generation`].
    pub fn record_generation(&self, reason: FinishReason, tokens: Tokens) {
        self.0.generations().record(reason, tokens);
    }

    /// Says how many sequences the engine works on now, and how many wait for it: `ml_generation_sequences_running` and
    /// `_waiting`.
    pub fn set_sequences(&self, running: usize, waiting: usize) {
        self.0.generations().set_sequences(running as u64, waiting as u64);
    }

    /// Says which share of the engine's KV cache is in use now, 0 to 1: `ml_generation_kv_cache_usage_ratio`. A NaN or
    /// infinite share is not recorded.
    pub fn set_kv_cache_usage(&self, share: f64) {
        self.0.generations().set_kv_cache_usage(share);
    }

    /// Says which release of the feature pipeline feeds this model, in the place of the one said before.
    pub fn set_pipeline_version(&self, version: &str) {
        self.0.model.set_pipeline(version);
    }

    /// Retires this version: it serves no more. It stays exposed until nothing of it is in flight and a scrape has had its
    /// last values, and for [`MonitorBuilder::keep_retired`](crate::MonitorBuilder::keep_retired) after that; then its
    /// series end and its places are free.
    ///
    /// Only registering the version again takes the retirement back, and its counters go on where they were: as many past
    /// versions are remembered as may be in use. A late request that resolves it is counted for it, and changes nothing else.
    pub fn retire(&self) {
        self.0.retire();
    }
}

/// Two handles are equal when they record the same version of the same monitor.
impl PartialEq for Model {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::eq(&*self.0, &*other.0)
    }
}

impl Eq for Model {}

impl Hash for Model {
    fn hash<H: Hasher>(&self, state: &mut H) {
        std::ptr::hash(&*self.0, state);
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Model").field(&self.0.labels.text()).finish()
    }
}
