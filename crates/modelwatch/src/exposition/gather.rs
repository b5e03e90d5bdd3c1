//! From models to families of samples, in the order of the contract.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use crate::catalog::models::Catalog;
use crate::catalog::versions::ModelVersions;
use crate::cells::window::Totals;
use crate::contract::metrics;
use crate::contract::stage::Stage;
use crate::contract::status::Status;
use crate::exposition::process;
use crate::exposition::readings::Readings;
use crate::exposition::sink::{Number, Sink};
use crate::labels::label_set::Labels;
use crate::labels::open_label::OpenLabel;
use crate::series::feature_book::{FEATURE_COUNTERS, FeatureCounts, missing_ratio};
use crate::series::route::RouteReading;
use crate::series::version::VersionSeries;

static STATUS: LazyLock<[Labels; Status::ALL.len()]> =
    LazyLock::new(|| Status::ALL.map(|status| Labels::new([("status", &status.as_str().into())])));
static STAGE: LazyLock<[Labels; Stage::ALL.len()]> =
    LazyLock::new(|| Stage::ALL.map(|stage| Labels::new([("stage", &stage.as_str().into())])));

/// A model as it is at the scrape.
struct ScrapedModel {
    of: Arc<ModelVersions>,
    versions: Vec<ScrapedVersion>,
    features: Vec<FeatureCounts>,
}

struct ScrapedVersion {
    version: Arc<VersionSeries>,
    /// If it was retired before its values were read, its mark then: after this scrape it may go.
    retired: Option<u64>,
}

/// What the monitor itself recorded; not what it includes, which may be a registry that collects this very monitor.
pub(crate) fn gather(catalog: &Catalog, readings: &Readings, process_metrics: bool, sink: &mut impl Sink) {
    catalog.context.scrape_begins();
    let models: Vec<ScrapedModel> = catalog.models().into_iter().map(ScrapedModel::open).collect();
    let versions = || {
        models
            .iter()
            .flat_map(|model| &model.versions)
            .map(|scraped| &*scraped.version)
    };

    // Each route is read once, its latencies into one buffer: a copy of them all would be large.
    let mut buffer = Vec::new();
    let mut route_readings: Vec<(&VersionSeries, Vec<RouteReading<'_>>)> = Vec::new();
    sink.family((&metrics::INFERENCE_LATENCY).into());
    for version in versions() {
        let mut routes = Vec::new();
        for route in version.routes() {
            let (reading, latency) = route.read(buffer);
            sink.histogram(&[reading.labels], &latency);
            routes.push(reading);
            buffer = latency.values;
        }
        route_readings.push((version, routes));
    }
    sink.family((&metrics::INFERENCE_REQUESTS).into());
    for route in route_readings.iter().flat_map(|(_, routes)| routes) {
        for ((labels, count), exemplar) in STATUS.iter().zip(route.statuses).zip(&route.exemplars) {
            match exemplar {
                Some(exemplar) => sink.exemplified(&[route.labels, labels], Number::Integer(count), exemplar),
                None => sink.number(&[route.labels, labels], Number::Integer(count)),
            }
        }
    }
    sink.family((&metrics::INFERENCE_IN_FLIGHT).into());
    for (version, routes) in &route_readings {
        let in_flight = routes.iter().map(|route| route.in_flight).sum();
        sink.number(&[&version.labels], Number::Integer(in_flight));
    }
    sink.family((&metrics::INFERENCE_QUEUE_DEPTH).into());
    for model in &models {
        if let Some(depth) = model.of.series.queue_depth() {
            sink.number(&[&model.of.series.labels], Number::Integer(depth));
        }
    }
    sink.family((&metrics::INFERENCE_BATCH_SIZE).into());
    for version in versions() {
        if let Some(batch_size) = version.batch_size_if_any() {
            sink.histogram(&[&version.labels], &batch_size.read());
        }
    }
    sink.family((&metrics::INFERENCE_STAGE).into());
    for version in versions() {
        for (stage, histogram) in version.stages_if_any() {
            sink.histogram(&[&version.labels, &STAGE[stage as usize]], &histogram.read());
        }
    }
    sink.family((&metrics::INFERENCE_FIRST_CHUNK).into());
    for (version, routes) in &route_readings {
        for (route, reading) in version.routes().into_iter().zip(routes) {
            if let Some(first_chunk) = route.first_chunk_if_any() {
                sink.histogram(&[reading.labels], &first_chunk.read());
            }
        }
    }
    predictions(sink, versions);
    generations(sink, versions);
    sink.family((&metrics::MODEL_INFO).into());
    for version in versions() {
        let unknown = || "unknown".into();
        let framework = Labels::new([("framework", &version.framework().cloned().unwrap_or_else(unknown))]);
        sink.number(&[&version.labels, &framework], Number::Integer(1));
    }
    features(sink, &models, readings);
    sink.family((&metrics::FEATURE_PIPELINE_INFO).into());
    for model in &models {
        model
            .of
            .series
            .with_pipeline(|labels| sink.number(&[labels], Number::Integer(1)));
    }
    sink.family((&metrics::LABEL_OVERFLOW).into());
    // A drift job's monitor has no models, and no labels that could overflow.
    let bounded = !models.is_empty() || readings.is_empty();
    for label in OpenLabel::ALL.into_iter().filter(|_| bounded) {
        let labels = Labels::new([("label", &label.as_str().into())]);
        sink.number(&[&labels], Number::Integer(catalog.context.overflow.counted(label)));
    }
    readings.write(sink);
    if process_metrics {
        for (metric, value) in process::read() {
            sink.family(metric.into());
            sink.number(&[], value);
        }
    }
    for scraped in models.iter().flat_map(|model| &model.versions) {
        scraped.version.scraped(scraped.retired);
    }
}

impl ScrapedModel {
    fn open(model: Arc<ModelVersions>) -> Self {
        model.sweep();
        let scraped = |version: Arc<VersionSeries>| ScrapedVersion {
            retired: version.is_retired().then(|| version.mark()),
            version,
        };
        Self {
            versions: model.exposed().into_iter().map(scraped).collect(),
            features: model.series.features.counts(),
            of: model,
        }
    }
}

fn predictions<'a, I: Iterator<Item = &'a VersionSeries>>(sink: &mut impl Sink, versions: impl Fn() -> I) {
    let scores = || versions().filter_map(|version| Some((version, version.scores_if_any()?)));
    sink.family((&metrics::PREDICTION_SCORE).into());
    for (version, scores) in scores() {
        sink.histogram(&[&version.labels], &scores.read());
    }
    sink.family((&metrics::PREDICTION_NON_FINITE).into());
    for (version, scores) in scores() {
        sink.number(&[&version.labels], Number::Integer(scores.non_finite()));
    }
    sink.family((&metrics::PREDICTION_CLASS).into());
    for version in versions() {
        for (class, count) in version.classes_if_any().iter().flat_map(|classes| classes.read()) {
            sink.number(&[&version.labels, class], Number::Integer(count));
        }
    }
    sink.family((&metrics::BUSINESS_OUTCOME).into());
    for version in versions() {
        for (outcome, count) in version.outcomes_if_any().iter().flat_map(|outcomes| outcomes.read()) {
            sink.number(&[&version.labels, outcome], Number::Integer(count));
        }
    }
}

fn generations<'a, I: Iterator<Item = &'a VersionSeries>>(sink: &mut impl Sink, versions: impl Fn() -> I) {
    let generations = || versions().filter_map(|version| Some((&version.labels, version.generations_if_any()?)));
    sink.family((&metrics::GEN_AI_TOKEN_USAGE).into());
    for (labels, generations) in generations() {
        for (kind, tokens) in generations.tokens() {
            sink.histogram(&[labels, kind], &tokens.read());
        }
    }
    sink.family((&metrics::GEN_AI_TIME_TO_FIRST_TOKEN).into());
    for (labels, generations) in generations() {
        if let Some(to_first) = generations.to_first() {
            sink.histogram(&[labels], &to_first.read());
        }
    }
    sink.family((&metrics::GEN_AI_TIME_PER_OUTPUT_TOKEN).into());
    for (labels, generations) in generations() {
        if let Some(per_token) = generations.per_token() {
            sink.histogram(&[labels], &per_token.read());
        }
    }
}

/// Counters of every feature that was declared or seen, and the ratio of those seen in the window; where nobody declared
/// the feature, the ratio that the drift job knows.
fn features(sink: &mut impl Sink, models: &[ScrapedModel], readings: &Readings) {
    let mut declared = HashSet::new();
    let now = Instant::now();
    sink.family((&metrics::FEATURE_MISSING_RATIO).into());
    for model in models {
        let window = model.of.series.features.window.lock();
        let base: &[Totals] = window.base(now);
        for (index, labels) in model.of.series.features.labels() {
            let base = base.get(index).copied().unwrap_or_default();
            if let Some(ratio) = missing_ratio(&model.features[index], base) {
                sink.number(&[labels], Number::Float(ratio));
                declared.insert(labels.text());
            }
        }
        drop(window);
        model.of.series.features.look_after_window(now);
    }
    for (labels, ratio) in readings.samples(&metrics::FEATURE_MISSING_RATIO) {
        if !declared.contains(labels.text()) {
            sink.number(&[labels], Number::Float(*ratio));
        }
    }
    for (metric, counter) in FEATURE_COUNTERS {
        sink.family(metric.into());
        for model in models {
            for (_, labels, counts) in model.features_seen() {
                sink.number(&[labels], Number::Integer(counts[counter]));
            }
        }
    }
}

impl ScrapedModel {
    /// Index, labels and counts; that of the overflow only where something overflowed.
    fn features_seen(&self) -> impl Iterator<Item = (usize, &Labels, &FeatureCounts)> {
        let overflow = self.features.len() - 1;
        let all = self
            .of
            .series
            .features
            .labels()
            .into_iter()
            .map(|(index, labels)| (index, labels, &self.features[index]));
        all.filter(move |(index, _, counts)| *index != overflow || **counts != FeatureCounts::default())
    }
}
