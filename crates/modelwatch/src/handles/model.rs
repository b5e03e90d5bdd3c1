//! One version of one model: the handle a service keeps.

use std::fmt;
use std::time::Duration;

use crate::cells::striped_arc::StripedArc;
use crate::contract::as_feature_value::AsFeatureValue;
use crate::contract::feature::Feature;
use crate::contract::stage::Stage;
use crate::contract::tokens::Tokens;
use crate::handles::class::Class;
use crate::handles::generation::Generation;
use crate::handles::prediction::Prediction;
use crate::handles::route::Route;
use crate::handles::stage_timer::StageTimer;
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

    /// As [`route`](Self::route), where there is such a route already: for names that clients choose and that are to take a place
    /// only when they have proved good.
    #[must_use]
    #[inline]
    pub fn find_route(&self, name: &str) -> Option<Route> {
        self.0.find_route(name).cloned().map(Route)
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
        StageTimer::new(&self.0, stage)
    }

    /// Observes the duration of a stage, for a caller with a stopwatch of its own.
    pub fn record_stage(&self, stage: Stage, duration: Duration) {
        self.0.record_stage(stage, duration);
    }

    /// A generative model begins an answer: see [`Generation`].
    pub fn start_generation(&self) -> Generation {
        Generation::new(self.0.clone())
    }

    /// Observes the tokens of one request, for a caller with no use for a [`Generation`].
    pub fn record_tokens(&self, tokens: Tokens) {
        self.0.generations().record(tokens);
    }

    /// Says which release of the feature pipeline feeds this model, in the place of the one said before.
    pub fn set_pipeline_version(&self, version: &str) {
        self.0.model.set_pipeline(version);
    }

    /// This version serves no more. It stays exposed until nothing of it is in flight and a scrape has had its last
    /// values; then its series end and its places are free. Where nobody has scraped for five minutes, it goes when
    /// its place is needed.
    ///
    /// Registering or resolving the version again takes the retirement back, and its counters go on where they were:
    /// as many past versions are remembered as may be live.
    pub fn retire(&self) {
        self.0.retire();
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Model").field(&self.0.labels.text()).finish()
    }
}
