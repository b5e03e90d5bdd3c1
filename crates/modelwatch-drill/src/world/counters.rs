//! What a process counts for one version of a model.

use modelwatch::contract::{
    BUSINESS_OUTCOME, FEATURE_DEFAULTED, FEATURE_MISSING, FEATURE_OBSERVATIONS, FEATURE_OUT_OF_RANGE,
    INFERENCE_LATENCY, INFERENCE_REQUESTS, INFERENCE_STAGE, Metric, PREDICTION_CLASS, PREDICTION_NON_FINITE,
    PREDICTION_SCORE, SCORE_BUCKETS,
};

use super::series::{Labels, Recorder, with};
use crate::scene::Actor;

/// The first of the statuses.
pub(crate) const SUCCESS: usize = 0;
/// How requests end, in the order of [`Counters::requests`].
pub(crate) const STATUSES: [&str; 4] = ["success", "error", "client_error", "cancelled"];
/// Classes by score.
pub(crate) const CLASSES: [&str; 2] = ["low", "high"];
/// What becomes of a prediction.
pub(crate) const OUTCOMES: [&str; 3] = ["approved", "review", "escalated"];
/// Stages that a world tells apart.
pub(crate) const STAGES: [&str; 2] = ["feature_fetch", "compute"];

/// A classic histogram.
#[derive(Clone)]
pub(crate) struct Histogram {
    edges: Vec<f64>,
    /// For each edge what is at most that; then everything.
    counts: Vec<f64>,
    sum: f64,
}

impl Histogram {
    pub(crate) fn new(edges: &[f64]) -> Self {
        Self {
            edges: edges.to_vec(),
            counts: vec![0.0; edges.len() + 1],
            sum: 0.0,
        }
    }

    pub(crate) fn observe(&mut self, value: f64) {
        let first = self.edges.partition_point(|edge| *edge < value);
        self.counts[first..].iter_mut().for_each(|count| *count += 1.0);
        self.sum += value;
    }

    pub(crate) fn record(&self, recorder: &mut Recorder, metric: &Metric, labels: &dyn Fn() -> Labels, here: bool) {
        let value = |value: f64| here.then_some(value);
        let with = |part: &str| (format!("{}_{part}", metric.name), labels());
        for (index, count) in self.counts.iter().enumerate() {
            let bucket = || {
                let (name, mut labels) = with("bucket");
                let edge = self
                    .edges
                    .get(index)
                    .map_or("+Inf".to_owned(), |edge| edge_label(*edge));
                labels.insert("le".to_owned(), edge);
                (name, labels)
            };
            recorder.take(bucket, value(*count));
        }
        recorder.take(|| with("count"), value(self.counts.last().copied().unwrap_or_default()));
        // Microseconds are enough, and shorter to write.
        recorder.take(|| with("sum"), value((self.sum * 1e6).round() / 1e6));
    }
}

/// An edge as both text formats write it: with a decimal point.
fn edge_label(edge: f64) -> String {
    let text = edge.to_string();
    if text.contains('.') { text } else { text + ".0" }
}

/// The counters of one version in one process.
#[derive(Clone)]
pub(crate) struct Counters {
    /// By route, then by status.
    pub(crate) requests: Vec<[f64; STATUSES.len()]>,
    /// By route.
    pub(crate) latency: Vec<Histogram>,
    pub(crate) score: Histogram,
    pub(crate) non_finite: f64,
    pub(crate) classes: [f64; CLASSES.len()],
    pub(crate) outcomes: [f64; OUTCOMES.len()],
    pub(crate) features: Vec<FeatureCounters>,
    pub(crate) stages: Vec<Histogram>,
}

/// The counters of one feature.
#[derive(Clone, Default)]
pub(crate) struct FeatureCounters {
    pub(crate) observations: f64,
    pub(crate) missing: f64,
    pub(crate) defaulted: f64,
    pub(crate) out_of_range: f64,
}

impl Counters {
    pub(crate) fn new(actor: &Actor) -> Self {
        Self {
            requests: vec![[0.0; STATUSES.len()]; actor.routes.len()],
            latency: vec![Histogram::new(&actor.latency_buckets); actor.routes.len()],
            score: Histogram::new(SCORE_BUCKETS),
            non_finite: 0.0,
            classes: [0.0; CLASSES.len()],
            outcomes: [0.0; OUTCOMES.len()],
            features: vec![FeatureCounters::default(); actor.features.len()],
            stages: vec![Histogram::new(&actor.latency_buckets); STAGES.len()],
        }
    }

    /// Writes every series, those that were not seen yet too: what code declares has its series.
    pub(crate) fn record(&self, recorder: &mut Recorder, actor: &Actor, labels: &dyn Fn() -> Labels, here: bool) {
        let value = |value: f64| here.then_some(value);
        let plus = |metric: &Metric, more: &[(&str, &str)]| (metric.name.to_owned(), with(labels(), more));
        for (route, name) in actor.routes.iter().enumerate() {
            for (status, count) in STATUSES.iter().zip(self.requests[route]) {
                let series = || plus(&INFERENCE_REQUESTS, &[("route", name), ("status", status)]);
                recorder.take(series, value(count));
            }
            let labels = || plus(&INFERENCE_LATENCY, &[("route", name)]).1;
            self.latency[route].record(recorder, &INFERENCE_LATENCY, &labels, here);
        }
        self.score.record(recorder, &PREDICTION_SCORE, labels, here);
        recorder.take(|| plus(&PREDICTION_NON_FINITE, &[]), value(self.non_finite));
        for (class, count) in CLASSES.iter().zip(self.classes) {
            recorder.take(|| plus(&PREDICTION_CLASS, &[("class", class)]), value(count));
        }
        for (outcome, count) in OUTCOMES.iter().zip(self.outcomes) {
            recorder.take(|| plus(&BUSINESS_OUTCOME, &[("outcome", outcome)]), value(count));
        }
        for (feature, counters) in actor.features.iter().zip(&self.features) {
            for (metric, count) in [
                (&FEATURE_OBSERVATIONS, counters.observations),
                (&FEATURE_MISSING, counters.missing),
                (&FEATURE_DEFAULTED, counters.defaulted),
                (&FEATURE_OUT_OF_RANGE, counters.out_of_range),
            ] {
                recorder.take(|| plus(metric, &[("feature_name", feature)]), value(count));
            }
        }
        for (stage, histogram) in STAGES.iter().zip(&self.stages) {
            let labels = || plus(&INFERENCE_STAGE, &[("stage", stage)]).1;
            histogram.record(recorder, &INFERENCE_STAGE, &labels, here);
        }
    }
}
