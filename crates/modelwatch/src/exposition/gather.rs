//! From models to families of samples, in the order of the contract.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use crate::catalog::models::Catalog;
use crate::catalog::versions::ModelVersions;
use crate::cells::histogram::Histogram;
use crate::contract::metrics;
use crate::contract::status::Status;
use crate::exposition::readings::Readings;
use crate::exposition::sink::{Counted, Number, Sink};
use crate::labels::label_set::Labels;
use crate::labels::open_label::OpenLabel;
use crate::series::counters::NamedCounters;
use crate::series::feature_cells::{FEATURE_COUNTERS, FeatureCounts};
use crate::series::generation::GenerationSeries;
use crate::series::route::RouteReading;
use crate::series::version::VersionSeries;

static STATUS: LazyLock<[Labels; Status::ALL.len()]> =
    LazyLock::new(|| Status::ALL.map(|status| Labels::new([("status", &status.as_str().into())])));

/// For versions that did not say what they run on.
static UNKNOWN_FRAMEWORK: LazyLock<Labels> = LazyLock::new(|| Labels::new([("framework", &"unknown".into())]));

/// A model as it is at the scrape.
struct ScrapedModel {
    of: Arc<ModelVersions>,
    /// Which of all versions are its own.
    versions: Range<usize>,
}

struct ScrapedVersion {
    version: Arc<VersionSeries>,
    /// If it was retired before its values were read, its mark then: after this scrape it may go.
    retired: Option<u64>,
    /// By index in the model's book.
    features: Vec<Option<FeatureCounts>>,
    has: Has,
}

/// What a version has of what most versions lack. Looked up once: a version takes many cache lines, and each family would read them anew.
struct Has {
    batch_size: bool,
    stages: bool,
    scores: bool,
    unscored: bool,
    classes: bool,
    outcomes: bool,
    generations: bool,
    schema: bool,
}

impl From<&VersionSeries> for Has {
    fn from(version: &VersionSeries) -> Self {
        Self {
            batch_size: version.batch_size_if_any().is_some(),
            stages: version.stages().all().next().is_some(),
            scores: version.scores_if_any().is_some(),
            unscored: version.unscored().is_some(),
            classes: version.classes_if_any().is_some(),
            outcomes: version.outcomes_if_any().is_some(),
            generations: version.generations_if_any().is_some(),
            schema: version.schema_if_any().is_some(),
        }
    }
}

impl From<Arc<VersionSeries>> for ScrapedVersion {
    fn from(version: Arc<VersionSeries>) -> Self {
        Self {
            retired: version.is_retired().then(|| version.mark()),
            features: version.feature_counts(),
            has: Has::from(&*version),
            version,
        }
    }
}

/// Versions whose routes are found before the first of them is read. The pieces of a series lie all over memory, and a processor
/// fetches those of one while it looks for the next, as long as little else comes between.
const FOUND_AT_ONCE: usize = 16;

/// What the values are gathered for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Occasion {
    /// A scraper has them: what is retired may go then.
    Scrape,
    /// Somebody looks, and nothing is changed by it.
    Look,
}

/// What the monitor itself recorded; not what it includes, which may be a registry that collects this very monitor.
pub(crate) fn gather(catalog: &Catalog, readings: &Readings, occasion: Occasion, sink: &mut impl Sink) {
    let models = catalog.models();
    if let Occasion::Scrape = occasion {
        catalog.sweep(&models);
    }
    // Lists of everything, and not one for each model: a page of many models allocates as rarely as one of few.
    let mut scraped: Vec<ScrapedVersion> = Vec::with_capacity(models.len());
    let open = |of: Arc<ModelVersions>| {
        let first = scraped.len();
        of.each_exposed(|version| scraped.push(version.into()));
        ScrapedModel {
            of,
            versions: first..scraped.len(),
        }
    };
    let models: Vec<ScrapedModel> = models.into_iter().map(open).collect();
    let versions = || scraped.iter().map(|scraped| &*scraped.version);
    let having = |part: fn(&Has) -> bool| {
        let having = scraped.iter().filter(move |scraped| part(&scraped.has));
        having.map(|scraped| &*scraped.version)
    };

    // Each route is read once, its latencies into one buffer: a copy of them all would be large.
    let mut buffer = Vec::new();
    let (mut found, mut left) = (Vec::new(), Vec::new());
    let mut routes: Vec<RouteReading<'_>> = Vec::with_capacity(scraped.len());
    let mut routes_of: Vec<Range<usize>> = Vec::with_capacity(scraped.len());
    sink.family((&metrics::INFERENCE_LATENCY).into());
    for scraped in scraped.chunks(FOUND_AT_ONCE) {
        for scraped in scraped {
            let first = routes.len() + found.len();
            scraped.version.find_routes(&mut found);
            routes_of.push(first..routes.len() + found.len());
        }
        left.extend(found.iter().map(|route| route.left()));
        for (route, left) in found.drain(..).zip(left.drain(..)) {
            let (reading, latency) = route.read(left, buffer);
            sink.histogram(&[reading.labels], &latency);
            routes.push(reading);
            buffer = latency.values;
        }
    }
    sink.family((&metrics::INFERENCE_REQUESTS).into());
    for route in &routes {
        let counts = STATUS.iter().zip(route.statuses).zip(&route.exemplars);
        let counted = counts.map(|((last, value), exemplar)| Counted {
            last,
            value,
            created: route.created,
            exemplar: exemplar.as_ref(),
        });
        sink.counters(route.labels, counted);
    }
    sink.family((&metrics::INFERENCE_IN_FLIGHT).into());
    for (version, own) in versions().zip(&routes_of) {
        let in_flight = routes[own.clone()].iter().map(|route| route.in_flight).sum();
        sink.number(&[&version.labels], Number::Integer(in_flight));
    }
    sink.family((&metrics::INFERENCE_QUEUE_DEPTH).into());
    for model in &models {
        if let Some(depth) = model.of.series.queue_depth() {
            sink.number(&[&model.of.series.labels], Number::Integer(depth));
        }
    }
    sink.family((&metrics::INFERENCE_BATCH_SIZE).into());
    for version in having(|has| has.batch_size) {
        if let Some(batch_size) = version.batch_size_if_any() {
            sink.histogram(&[&version.labels], &batch_size.read());
        }
    }
    sink.family((&metrics::INFERENCE_STAGE).into());
    for version in having(|has| has.stages) {
        for (stage, histogram) in version.stages().all() {
            sink.histogram(&[&version.labels, stage], &histogram.read());
        }
    }
    sink.family((&metrics::INFERENCE_FIRST_CHUNK).into());
    for route in &routes {
        if let Some(first_chunk) = route.first_chunk {
            sink.histogram(&[route.labels], &first_chunk.read());
        }
    }
    predictions(sink, having);
    generations(sink, || having(|has| has.generations));
    sink.family((&metrics::MODEL_INFO).into());
    for version in versions() {
        let framework = version.framework_labels().unwrap_or(&UNKNOWN_FRAMEWORK);
        sink.number(&[&version.labels, framework], Number::Integer(1));
    }
    sink.family((&metrics::MODEL_REGISTERED_TIMESTAMP).into());
    for version in versions() {
        if let Some(registered) = version.registered() {
            sink.number(&[&version.labels], Number::Micros(registered));
        }
    }
    features(sink, &models, &scraped, readings);
    sink.family((&metrics::MODEL_FEATURES_INFO).into());
    for version in having(|has| has.schema) {
        if let Some(schema) = version.schema_if_any() {
            sink.number(&[&version.labels, schema.digest()], Number::Integer(1));
        }
    }
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
        let context = &catalog.context;
        sink.counter(&[&labels], context.overflow.counted(label), context.created, None);
    }
    readings.write(sink);
    if let Occasion::Scrape = occasion {
        for scraped in &scraped {
            scraped.version.scraped(scraped.retired);
        }
    }
}

fn predictions<'a, I: Iterator<Item = &'a VersionSeries>>(
    sink: &mut impl Sink,
    having: impl Fn(fn(&Has) -> bool) -> I,
) {
    let scores = || having(|has| has.scores).filter_map(|version| Some((version, version.scores_if_any()?)));
    sink.family((&metrics::PREDICTION_SCORE).into());
    for (version, scores) in scores() {
        sink.histogram(&[&version.labels], &scores.read());
    }
    sink.family((&metrics::PREDICTION_NON_FINITE).into());
    for (version, scores) in scores() {
        sink.counter(&[&version.labels], scores.non_finite(), scores.created(), None);
    }
    sink.family((&metrics::PREDICTION_UNSCORED).into());
    for version in having(|has| has.unscored) {
        if let Some((unscored, created)) = version.unscored() {
            sink.counter(&[&version.labels], unscored, created, None);
        }
    }
    sink.family((&metrics::PREDICTION_CLASS).into());
    for version in having(|has| has.classes) {
        if let Some(classes) = version.classes_if_any() {
            sink.counters(&version.labels, counted(classes));
        }
    }
    sink.family((&metrics::BUSINESS_OUTCOME).into());
    for version in having(|has| has.outcomes) {
        if let Some(outcomes) = version.outcomes_if_any() {
            sink.counters(&version.labels, counted(outcomes));
        }
    }
}

fn counted(counters: &NamedCounters) -> impl Iterator<Item = Counted<'_>> {
    counters.read().into_iter().map(|(entry, value)| Counted {
        last: &entry.labels,
        value,
        created: entry.created,
        exemplar: None,
    })
}

type HistogramOf = fn(&GenerationSeries) -> Option<&Histogram>;

fn generations<'a, I: Iterator<Item = &'a VersionSeries>>(sink: &mut impl Sink, versions: impl Fn() -> I) {
    let generations = || versions().filter_map(|version| Some((&version.labels, version.generations_if_any()?)));
    sink.family((&metrics::GEN_AI_TOKEN_USAGE).into());
    for (labels, generations) in generations() {
        for (kind, tokens) in generations.tokens() {
            sink.histogram(&[labels, kind], &tokens.read());
        }
    }
    let times: [(_, HistogramOf); 3] = [
        (&metrics::GEN_AI_TIME_TO_FIRST_TOKEN, GenerationSeries::to_first),
        (&metrics::GEN_AI_TIME_PER_OUTPUT_TOKEN, GenerationSeries::per_token),
        (&metrics::GENERATION_INTER_TOKEN, GenerationSeries::inter_token),
    ];
    for (metric, of) in times {
        sink.family(metric.into());
        for (labels, generations) in generations() {
            if let Some(times) = of(generations) {
                sink.histogram(&[labels], &times.read());
            }
        }
    }
    sink.family((&metrics::GENERATIONS).into());
    for (labels, generations) in generations() {
        for (reason, count) in generations.ended() {
            sink.counter(&[labels, reason], count, generations.created(), None);
        }
    }
    sink.family((&metrics::GENERATION_TOKENS).into());
    for (labels, generations) in generations() {
        for ([reason, kind], count) in generations.ended_tokens() {
            sink.counter(&[labels, reason, kind], count, generations.created(), None);
        }
    }
    let sequences = [
        &metrics::GENERATION_SEQUENCES_RUNNING,
        &metrics::GENERATION_SEQUENCES_WAITING,
    ];
    for (position, metric) in sequences.into_iter().enumerate() {
        sink.family(metric.into());
        for (labels, generations) in generations() {
            if let Some(sequences) = generations.sequences() {
                sink.number(&[labels], Number::Integer(sequences[position]));
            }
        }
    }
    sink.family((&metrics::GENERATION_KV_CACHE_USAGE).into());
    for (labels, generations) in generations() {
        if let Some(share) = generations.kv_cache_usage() {
            sink.number(&[labels], Number::Float(share));
        }
    }
}

/// The ratio of every feature seen in the window and, where nobody observed the feature, that which the drift job knows;
/// then the counters of every feature that a version declared or saw.
fn features(sink: &mut impl Sink, models: &[ScrapedModel], scraped: &[ScrapedVersion], readings: &Readings) {
    let now = Instant::now();
    let names: Vec<_> = models.iter().map(|model| model.of.series.features.labels()).collect();
    let mut observed = HashSet::new();
    let apart = readings.samples(&metrics::FEATURE_MISSING_RATIO);
    sink.family((&*metrics::FEATURE_MISSING_RATIO).into());
    for (model, names) in models.iter().zip(&names) {
        let series = &model.of.series;
        if series.features.is_unused() {
            continue;
        }
        for (feature, ratio) in names.iter().zip(series.features.missing_ratios(now)) {
            if let (Some(feature), Some(ratio)) = (feature, ratio) {
                sink.number(&[&series.labels, feature], Number::Float(ratio));
                if !apart.is_empty() {
                    observed.insert(format!("{},{}", series.labels.text(), feature.text()));
                }
            }
        }
        series.features.look_after_window(now);
    }
    for (labels, ratio) in apart {
        if !observed.contains(labels.text()) {
            sink.number(&[labels], Number::Float(*ratio));
        }
    }
    for (metric, counter) in FEATURE_COUNTERS {
        sink.family(metric.into());
        for (model, names) in models.iter().zip(&names) {
            let scraped = scraped[model.versions.clone()].iter();
            for scraped in scraped.filter(|scraped| !scraped.features.is_empty()) {
                let Some(created) = scraped.version.features_created() else {
                    continue;
                };
                for (feature, counts) in names.iter().zip(&scraped.features) {
                    if let (Some(feature), Some(counts)) = (feature, counts) {
                        sink.counter(&[&scraped.version.labels, feature], counts[counter], created, None);
                    }
                }
            }
        }
    }
}
