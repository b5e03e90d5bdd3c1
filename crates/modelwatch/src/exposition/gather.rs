//! From models to families of samples, in the order of the contract.

use std::collections::HashSet;
use std::sync::{Arc, LazyLock};
use std::time::Instant;

use crate::Monitor;
use crate::contract::{self, Kind, Metric};
use crate::exposition::Exemplar;
use crate::feature::FeatureCounts;
use crate::histogram::Reading;
use crate::label::{Labels, Stage, Status};
use crate::limits::OpenLabel;
use crate::model::{FEATURE_COUNTERS, Lineage, Version, missing_ratio};
use crate::process;
use crate::readings::Readings;
use crate::route::RouteReading;
use crate::window::Totals;

/// What a family is called and how it is described.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family<'a> {
    /// Without a counter's `_total`.
    pub(crate) name: &'a str,
    pub(crate) kind: Kind,
    pub(crate) help: &'a str,
    pub(crate) unit: Option<&'a str>,
}

impl From<&'static Metric> for Family<'static> {
    fn from(metric: &'static Metric) -> Self {
        Self {
            name: metric.family_name(),
            kind: metric.kind,
            help: metric.help,
            unit: metric.unit(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Number {
    Integer(u64),
    Float(f64),
}

/// Takes families one after the other, each with its samples. A family without samples leaves no trace.
pub(crate) trait Sink {
    fn family(&mut self, family: Family<'static>);
    /// A sample of a counter or a gauge.
    fn number(&mut self, labels: &[&Labels], value: Number);
    /// As `number`, with an exemplar.
    fn exemplified(&mut self, labels: &[&Labels], value: Number, exemplar: &Exemplar);
    fn histogram(&mut self, labels: &[&Labels], reading: &Reading);
}

static STATUS: LazyLock<[Labels; Status::ALL.len()]> =
    LazyLock::new(|| Status::ALL.map(|status| Labels::new([("status", &status.as_str().into())])));
static STAGE: LazyLock<[Labels; Stage::ALL.len()]> =
    LazyLock::new(|| Stage::ALL.map(|stage| Labels::new([("stage", &stage.as_str().into())])));

/// A model as it is at the scrape.
struct Page {
    lineage: Arc<Lineage>,
    versions: Vec<Edition>,
    features: Vec<FeatureCounts>,
}

struct Edition {
    version: Arc<Version>,
    /// If it was retired before its values were read, its mark then: after this scrape it may go.
    retired: Option<u64>,
}

/// What the monitor itself recorded; not what it includes, which may be a registry that collects this very monitor.
pub(crate) fn gather(monitor: &Monitor, sink: &mut impl Sink) {
    monitor.shared().scrape_begins();
    let pages: Vec<Page> = monitor.lineages().into_iter().map(Page::open).collect();
    let editions = || {
        pages
            .iter()
            .flat_map(|page| &page.versions)
            .map(|edition| &*edition.version)
    };

    // Each route is read once, its latencies into one buffer: a copy of them all would be large.
    let mut buffer = Vec::new();
    let mut readings: Vec<(&Version, Vec<RouteReading<'_>>)> = Vec::new();
    sink.family((&contract::INFERENCE_LATENCY).into());
    for version in editions() {
        let mut routes = Vec::new();
        for route in version.routes() {
            let (reading, latency) = route.0.read(buffer);
            sink.histogram(&[reading.labels], &latency);
            routes.push(reading);
            buffer = latency.values;
        }
        readings.push((version, routes));
    }
    sink.family((&contract::INFERENCE_REQUESTS).into());
    for route in readings.iter().flat_map(|(_, routes)| routes) {
        for ((labels, count), exemplar) in STATUS.iter().zip(route.statuses).zip(&route.exemplars) {
            match exemplar {
                Some(exemplar) => sink.exemplified(&[route.labels, labels], Number::Integer(count), exemplar),
                None => sink.number(&[route.labels, labels], Number::Integer(count)),
            }
        }
    }
    sink.family((&contract::INFERENCE_IN_FLIGHT).into());
    for (version, routes) in &readings {
        let in_flight = routes.iter().map(|route| route.in_flight).sum();
        sink.number(&[&version.labels], Number::Integer(in_flight));
    }
    sink.family((&contract::INFERENCE_QUEUE_DEPTH).into());
    for page in &pages {
        if let Some(depth) = page.lineage.queue_depth() {
            sink.number(&[&page.lineage.labels], Number::Integer(depth));
        }
    }
    sink.family((&contract::INFERENCE_BATCH_SIZE).into());
    for version in editions() {
        if let Some(batch_size) = version.batch_size_if_any() {
            sink.histogram(&[&version.labels], &batch_size.read());
        }
    }
    sink.family((&contract::INFERENCE_STAGE).into());
    for version in editions() {
        for (stage, histogram) in version.stages_if_any() {
            sink.histogram(&[&version.labels, &STAGE[stage as usize]], &histogram.read());
        }
    }
    sink.family((&contract::INFERENCE_FIRST_CHUNK).into());
    for (version, routes) in &readings {
        for (route, reading) in version.routes().into_iter().zip(routes) {
            if let Some(first_chunk) = route.0.first_chunk_if_any() {
                sink.histogram(&[reading.labels], &first_chunk.read());
            }
        }
    }
    predictions(sink, editions);
    generations(sink, editions);
    sink.family((&contract::MODEL_INFO).into());
    for version in editions() {
        let framework = Labels::new([("framework", &version.framework())]);
        sink.number(&[&version.labels, &framework], Number::Integer(1));
    }
    let readings = monitor.readings();
    features(sink, &pages, &readings);
    sink.family((&contract::FEATURE_PIPELINE_INFO).into());
    for page in &pages {
        page.lineage
            .with_pipeline(|labels| sink.number(&[labels], Number::Integer(1)));
    }
    sink.family((&contract::LABEL_OVERFLOW).into());
    // A drift job's monitor has no models, and no labels that could overflow.
    let bounded = !pages.is_empty() || readings.is_empty();
    for label in OpenLabel::ALL.into_iter().filter(|_| bounded) {
        let labels = Labels::new([("label", &label.as_str().into())]);
        sink.number(&[&labels], Number::Integer(monitor.shared().overflow.counted(label)));
    }
    readings.write(sink);
    if monitor.shared().process_metrics {
        for (metric, value) in process::read() {
            sink.family(metric.into());
            sink.number(&[], value);
        }
    }
    for edition in pages.iter().flat_map(|page| &page.versions) {
        edition.version.scraped(edition.retired);
    }
}

impl Page {
    fn open(lineage: Arc<Lineage>) -> Self {
        lineage.sweep();
        let edition = |version: Arc<Version>| Edition {
            retired: version.is_retired().then(|| version.mark()),
            version,
        };
        Self {
            versions: lineage.exposed().into_iter().map(edition).collect(),
            features: lineage.features(),
            lineage,
        }
    }
}

fn predictions<'a, I: Iterator<Item = &'a Version>>(sink: &mut impl Sink, editions: impl Fn() -> I) {
    let scores = || editions().filter_map(|version| Some((version, version.scores_if_any()?)));
    sink.family((&contract::PREDICTION_SCORE).into());
    for (version, scores) in scores() {
        sink.histogram(&[&version.labels], &scores.read());
    }
    sink.family((&contract::PREDICTION_NON_FINITE).into());
    for (version, scores) in scores() {
        sink.number(&[&version.labels], Number::Integer(scores.non_finite()));
    }
    sink.family((&contract::PREDICTION_CLASS).into());
    for version in editions() {
        for (class, count) in version.classes_if_any().iter().flat_map(|classes| classes.read()) {
            sink.number(&[&version.labels, class], Number::Integer(count));
        }
    }
    sink.family((&contract::BUSINESS_OUTCOME).into());
    for version in editions() {
        for (outcome, count) in version.outcomes_if_any().iter().flat_map(|outcomes| outcomes.read()) {
            sink.number(&[&version.labels, outcome], Number::Integer(count));
        }
    }
}

fn generations<'a, I: Iterator<Item = &'a Version>>(sink: &mut impl Sink, editions: impl Fn() -> I) {
    let generations = || editions().filter_map(|version| Some((&version.labels, version.generations_if_any()?)));
    sink.family((&contract::GEN_AI_TOKEN_USAGE).into());
    for (labels, generations) in generations() {
        for (kind, tokens) in generations.tokens() {
            sink.histogram(&[labels, kind], &tokens.read());
        }
    }
    sink.family((&contract::GEN_AI_TIME_TO_FIRST_TOKEN).into());
    for (labels, generations) in generations() {
        if let Some(to_first) = generations.to_first() {
            sink.histogram(&[labels], &to_first.read());
        }
    }
    sink.family((&contract::GEN_AI_TIME_PER_OUTPUT_TOKEN).into());
    for (labels, generations) in generations() {
        if let Some(per_token) = generations.per_token() {
            sink.histogram(&[labels], &per_token.read());
        }
    }
}

/// Counters of every feature that was declared or seen, and the ratio of those seen in the window; where nobody declared
/// the feature, the ratio that the drift job knows.
fn features(sink: &mut impl Sink, pages: &[Page], readings: &Readings) {
    let mut declared = HashSet::new();
    let now = Instant::now();
    sink.family((&contract::FEATURE_MISSING_RATIO).into());
    for page in pages {
        let window = page.lineage.book.window.lock();
        let base: &[Totals] = window.base(now);
        for (index, labels) in page.lineage.book.labels() {
            let base = base.get(index).copied().unwrap_or_default();
            if let Some(ratio) = missing_ratio(&page.features[index], base) {
                sink.number(&[labels], Number::Float(ratio));
                declared.insert(labels.text());
            }
        }
        drop(window);
        page.lineage.look_after_window(now);
    }
    for (labels, ratio) in readings.of(&contract::FEATURE_MISSING_RATIO) {
        if !declared.contains(labels.text()) {
            sink.number(&[labels], Number::Float(*ratio));
        }
    }
    for (metric, counter) in FEATURE_COUNTERS {
        sink.family(metric.into());
        for page in pages {
            for (_, labels, counts) in page.features_seen() {
                sink.number(&[labels], Number::Integer(counts[counter]));
            }
        }
    }
}

impl Page {
    /// Index, labels and counts; what was folded only where something was.
    fn features_seen(&self) -> impl Iterator<Item = (usize, &Labels, &FeatureCounts)> {
        let folded = self.features.len() - 1;
        let all = self
            .lineage
            .book
            .labels()
            .into_iter()
            .map(|(index, labels)| (index, labels, &self.features[index]));
        all.filter(move |(index, _, counts)| *index != folded || **counts != FeatureCounts::default())
    }
}
