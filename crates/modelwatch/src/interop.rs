//! Living together with `prometheus-client`: its metrics on our page, ours in its registry.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, MetricEncoder, NativeHistogram,
    NativeHistogramBuckets, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use crate::contract::{Kind, METRICS, Plane};
use crate::exposition::{self, Exemplar, Family, Number, Sink};
use crate::histogram::Reading;
use crate::label::Labels;
use crate::layout::{NATIVE_SCHEMA, NativeCounts, Spans};
use crate::monitor::Monitor;

impl Monitor {
    /// Exposes a `prometheus-client` registry on this monitor's page, in every format.
    ///
    /// A page that has a name twice is refused whole. So a family whose name clashes with one of modelwatch's own or an
    /// earlier one is left out; families of one name and kind, as sub-registries with labels make them, become one.
    /// Of native histograms the classic buckets arrive.
    ///
    /// ```
    /// use std::sync::Arc;
    /// use modelwatch::{Format, Monitor};
    /// use prometheus_client::metrics::counter::Counter;
    /// use prometheus_client::registry::Registry;
    ///
    /// let (mut registry, cache_hits) = (Registry::default(), Counter::<u64>::default());
    /// registry.register("cache_hits", "Answers found in the cache", cache_hits.clone());
    /// let monitor = Monitor::new();
    /// monitor.include(Arc::new(registry));
    ///
    /// cache_hits.inc();
    /// let page = String::from_utf8(monitor.encode(Format::PrometheusText))?;
    /// assert!(page.contains("cache_hits_total 1\n"));
    /// # Ok::<(), std::string::FromUtf8Error>(())
    /// ```
    pub fn include(&self, registry: Arc<Registry>) {
        self.include_source(Included(registry));
    }

    /// The families of every included registry, as they can stand on one page with ours.
    pub(crate) fn included_families(&self) -> Vec<IncludedFamily> {
        let registries = self.included();
        if registries.is_empty() {
            return Vec::new();
        }
        let exposed = |plane| plane != Plane::Process || self.shared().process_metrics;
        let ours = METRICS.iter().filter(|metric| exposed(metric.plane));
        let mut taken: HashSet<String> = ours
            .flat_map(|metric| names(metric.family_name(), metric.kind.into()))
            .collect();
        let mut families: Vec<IncludedFamily> = Vec::new();
        let mut positions: HashMap<_, usize> = HashMap::new();
        for family in registries.iter().flat_map(Included::families) {
            let key = (family.name.clone(), family.kind);
            if let Some(position) = positions.get(&key) {
                families[*position].absorb(family);
            } else if names(&family.name, family.kind).all(|name| !taken.contains(&name)) {
                taken.extend(names(&family.name, family.kind));
                positions.insert(key, families.len());
                families.push(family);
            }
        }
        families
    }

    /// This monitor as a `prometheus-client` collector, to be registered in a registry that is scraped already.
    ///
    /// ```
    /// use modelwatch::Monitor;
    /// use prometheus_client::registry::Registry;
    ///
    /// let monitor = Monitor::builder().process_metrics(false).build()?;
    /// let mut registry = Registry::default();
    /// registry.register_collector(monitor.collector());
    /// # Ok::<(), modelwatch::ConfigError>(())
    /// ```
    #[must_use]
    pub fn collector(&self) -> Box<dyn Collector> {
        Box::new(MonitorCollector(self.clone()))
    }
}

/// A registry whose families are on our page.
#[derive(Clone)]
pub(crate) struct Included(Arc<Registry>);

/// A family as `prometheus-client` rendered it.
#[derive(Debug, Default)]
pub(crate) struct IncludedFamily {
    /// Without the suffix of a counter or an info.
    pub(crate) name: String,
    pub(crate) kind: IncludedKind,
    pub(crate) help: String,
    pub(crate) unit: Option<String>,
    pub(crate) samples: Vec<IncludedSample>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum IncludedKind {
    Counter,
    Gauge,
    Histogram,
    Info,
    #[default]
    Unknown,
}

impl From<Kind> for IncludedKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Counter => Self::Counter,
            Kind::Gauge => Self::Gauge,
            Kind::Histogram => Self::Histogram,
        }
    }
}

/// What a family keeps for itself on a page: its name, and the names of its samples.
fn names(family: &str, kind: IncludedKind) -> impl Iterator<Item = String> {
    let suffixes: &[&str] = match kind {
        IncludedKind::Counter => &["", "_total", "_created"],
        IncludedKind::Histogram => &["", "_bucket", "_count", "_sum", "_created"],
        IncludedKind::Info => &["", "_info"],
        IncludedKind::Gauge | IncludedKind::Unknown => &[""],
    };
    suffixes.iter().map(move |suffix| format!("{family}{suffix}"))
}

impl IncludedFamily {
    /// Takes the samples of another family of the same name and kind, but for those of a series it has.
    fn absorb(&mut self, other: Self) {
        let series = |sample: &IncludedSample| (sample.suffix.clone(), sample.labels.clone());
        let known: HashSet<_> = self.samples.iter().map(series).collect();
        let new = other
            .samples
            .into_iter()
            .filter(|sample| !known.contains(&series(sample)));
        self.samples.extend(new);
    }
}

#[derive(Debug)]
pub(crate) struct IncludedSample {
    /// What follows the family's name.
    pub(crate) suffix: String,
    /// With braces and escapes, as rendered; empty where there are none.
    pub(crate) labels: String,
    pub(crate) value: String,
    /// Labels, value and time, as rendered.
    pub(crate) exemplar: Option<String>,
}

impl Included {
    fn families(&self) -> Vec<IncludedFamily> {
        let mut page = String::new();
        if prometheus_client::encoding::text::encode_registry(&mut page, &self.0).is_err() {
            tracing::warn!("an included prometheus-client registry failed to encode; its metrics are not on the page");
            return Vec::new();
        }
        parse(&page)
    }
}

/// Reads the text `prometheus-client` writes. Its help texts may hold line breaks, which it does not escape: whatever stands
/// between a family's `HELP` and its `TYPE` is the rest of the help.
fn parse(page: &str) -> Vec<IncludedFamily> {
    let mut families: Vec<IncludedFamily> = Vec::new();
    let mut in_help = false;
    for line in page.lines() {
        if let Some(help) = line.strip_prefix("# HELP ").filter(|_| !in_help) {
            in_help = true;
            let (name, help) = help.split_once(' ').unwrap_or((help, ""));
            families.push(IncludedFamily {
                name: name.into(),
                help: escape_help(help),
                ..IncludedFamily::default()
            });
            continue;
        }
        let Some(family) = families.last_mut() else { continue };
        let of_family = |keyword| {
            let rest = line.strip_prefix(keyword)?.strip_prefix(&*family.name)?;
            rest.strip_prefix(' ')
        };
        if let Some(kind) = of_family("# TYPE ") {
            in_help = false;
            // What looked like samples before it was help.
            family.samples.clear();
            family.kind = match kind {
                "counter" => IncludedKind::Counter,
                "gauge" => IncludedKind::Gauge,
                "histogram" => IncludedKind::Histogram,
                "info" => IncludedKind::Info,
                _ => IncludedKind::Unknown,
            };
        } else if in_help {
            family.help.push_str("\\n");
            family.help.push_str(&escape_help(line));
        } else if let Some(unit) = of_family("# UNIT ") {
            family.unit = Some(unit.into());
        } else if let Some(sample) = line.strip_prefix(&*family.name).and_then(sample) {
            family.samples.push(sample);
        }
    }
    families.retain(|family| !family.samples.is_empty());
    families
}

fn escape_help(help: &str) -> String {
    help.replace('\\', "\\\\").replace('\r', "")
}

/// A sample, from behind the family's name.
fn sample(line: &str) -> Option<IncludedSample> {
    let name_end = line.find(['{', ' '])?;
    let (suffix, rest) = line.split_at(name_end);
    let labels_end = if rest.starts_with('{') { end_of_labels(rest)? } else { 0 };
    let (labels, rest) = rest.split_at(labels_end);
    let rest = rest.strip_prefix(' ')?;
    let (value, exemplar) = match rest.split_once(" # ") {
        Some((value, exemplar)) => (value, Some(exemplar.into())),
        None => (rest, None),
    };
    Some(IncludedSample {
        suffix: suffix.into(),
        labels: labels.into(),
        value: value.into(),
        exemplar,
    })
}

/// One past the closing brace, which may not be the first one: values may hold braces.
fn end_of_labels(text: &str) -> Option<usize> {
    let (mut quoted, mut escaped) = (false, false);
    for (position, character) in text.char_indices() {
        match character {
            _ if escaped => escaped = false,
            '\\' if quoted => escaped = true,
            '"' => quoted = !quoted,
            '}' if !quoted => return Some(position + 1),
            _ => {}
        }
    }
    None
}

impl IncludedSample {
    pub(crate) fn number(&self) -> f64 {
        self.value.parse().unwrap_or(f64::NAN)
    }

    /// Names and values of the labels, unescaped.
    pub(crate) fn pairs(&self) -> Vec<(String, String)> {
        let mut pairs = Vec::new();
        let mut rest = self.labels.trim_start_matches('{');
        while let Some((name, after)) = rest.split_once("=\"") {
            let mut value = String::new();
            let mut characters = after.char_indices();
            let mut end = after.len();
            while let Some((position, character)) = characters.next() {
                match character {
                    '"' => {
                        end = position + 1;
                        break;
                    }
                    '\\' => match characters.next() {
                        Some((_, 'n')) => value.push('\n'),
                        Some((_, escaped)) => value.push(escaped),
                        None => {}
                    },
                    other => value.push(other),
                }
            }
            pairs.push((name.trim_start_matches(',').into(), value));
            rest = &after[end..];
        }
        pairs
    }
}

/// A monitor, registered in a `prometheus-client` registry.
#[derive(Debug)]
struct MonitorCollector(Monitor);

impl Collector for MonitorCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut collected = Collected::default();
        exposition::gather(&self.0, &mut collected);
        for (family, samples) in &collected.families {
            if samples.is_empty() {
                continue;
            }
            // The encoder writes the unit behind the name, so it is taken off first.
            let unit = family.unit.map(|unit| Unit::Other(unit.into()));
            let name = match family.unit {
                Some(unit) => family.name.strip_suffix(unit).and_then(|name| name.strip_suffix('_')),
                None => None,
            };
            let kind = match family.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
            };
            let help = family.help.trim_end_matches('.');
            let mut family = encoder.encode_descriptor(name.unwrap_or(family.name), help, unit.as_ref(), kind)?;
            for sample in samples {
                if sample.labels.is_empty() {
                    sample.encode(&mut family, kind)?;
                } else {
                    sample.encode(&mut family.encode_family(&Pairs(&sample.labels))?, kind)?;
                }
            }
        }
        Ok(())
    }
}

#[derive(Default)]
struct Collected {
    families: Vec<(Family<'static>, Vec<CollectedSample>)>,
}

struct CollectedSample {
    labels: Vec<(&'static str, Arc<str>)>,
    value: CollectedValue,
}

enum CollectedValue {
    Number(Number),
    Histogram(Reading),
}

impl Collected {
    fn push(&mut self, labels: &[&Labels], value: CollectedValue) {
        let labels = labels.iter().flat_map(|labels| labels.pairs()).cloned().collect();
        if let Some((_, samples)) = self.families.last_mut() {
            samples.push(CollectedSample { labels, value });
        }
    }
}

impl Sink for Collected {
    fn family(&mut self, family: Family<'static>) {
        self.families.push((family, Vec::new()));
    }

    fn number(&mut self, labels: &[&Labels], value: Number) {
        self.push(labels, CollectedValue::Number(value));
    }

    /// The encoder it goes to has no way to take an exemplar.
    fn exemplified(&mut self, labels: &[&Labels], value: Number, _: &Exemplar) {
        self.number(labels, value);
    }

    fn histogram(&mut self, labels: &[&Labels], reading: &Reading) {
        self.push(labels, CollectedValue::Histogram(reading.clone()));
    }
}

impl CollectedSample {
    fn encode(&self, encoder: &mut MetricEncoder<'_>, kind: MetricType) -> fmt::Result {
        match (&self.value, kind) {
            (CollectedValue::Number(Number::Integer(value)), MetricType::Counter) => {
                encoder.encode_counter::<NoLabelSet, _, u64>(value, None)
            }
            (CollectedValue::Number(Number::Float(value)), MetricType::Counter) => {
                encoder.encode_counter::<NoLabelSet, _, u64>(value, None)
            }
            (CollectedValue::Number(Number::Integer(value)), _) => encoder.encode_gauge(value),
            (CollectedValue::Number(Number::Float(value)), _) => encoder.encode_gauge(value),
            (CollectedValue::Histogram(reading), _) => encode_histogram(encoder, reading),
        }
    }
}

fn encode_histogram(encoder: &mut MetricEncoder<'_>, reading: &Reading) -> fmt::Result {
    let bounds = reading.layout.bounds().iter().copied().chain([f64::INFINITY]);
    let cumulative = reading.layout.cumulative(reading.cells());
    let classic: Vec<(f64, u64)> = bounds
        .zip(cumulative)
        .scan(0, |before, (bound, cumulative)| {
            let count = cumulative - *before;
            *before = cumulative;
            Some((bound, count))
        })
        .collect();
    let mut counts = NativeCounts::default();
    reading.layout.native(reading.cells(), &mut counts);
    let (positive, negative) = (Spans::of(&counts.positive), Spans::of(&counts.negative));
    let native = NativeHistogram {
        schema: NATIVE_SCHEMA,
        zero_threshold: reading.layout.zero_threshold(),
        zero_count: counts.zero,
        negative: buckets(&negative),
        positive: buckets(&positive),
        created: None,
    };
    encoder.encode_histogram_with_native::<NoLabelSet>(reading.sum, reading.count(), &classic, None, native)
}

fn buckets(spans: &Spans) -> NativeHistogramBuckets<'_> {
    NativeHistogramBuckets {
        spans: &spans.spans,
        deltas: &spans.deltas,
    }
}

#[derive(Debug)]
struct Pairs<'a>(&'a [(&'static str, Arc<str>)]);

impl EncodeLabelSet for Pairs<'_> {
    fn encode(&self, encoder: &mut LabelSetEncoder<'_>) -> fmt::Result {
        self.0
            .iter()
            .try_for_each(|(name, value)| (*name, &**value).encode(encoder.encode_label()))
    }
}
