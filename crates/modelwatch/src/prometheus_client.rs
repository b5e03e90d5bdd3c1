//! Living together with `prometheus-client`: its metrics on our page, ours in its registry.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{
    DescriptorEncoder, EncodeLabel, EncodeLabelSet, LabelSetEncoder, MetricEncoder, NativeHistogram,
    NativeHistogramBuckets, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::{Registry, Unit};

use crate::cells::created::Created;
use crate::cells::exemplar::Exemplar;
use crate::cells::histogram::Reading;
use crate::cells::layout::{NATIVE_SCHEMA, NativeCounts, Spans};
use crate::contract::metrics::MetricKind;
use crate::exposition::sink::{Family, Number, Sink};
use crate::labels::label_set::Labels;
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
        let render = move || {
            let mut page = String::new();
            if prometheus_client::encoding::text::encode_registry(&mut page, &registry).is_err() {
                tracing::warn!(
                    "an included prometheus-client registry failed to encode; its metrics are not on the page"
                );
                return None;
            }
            Some(page)
        };
        self.add_renderer(Arc::new(render));
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

/// A monitor, registered in a `prometheus-client` registry.
#[derive(Debug)]
struct MonitorCollector(Monitor);

impl Collector for MonitorCollector {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut collected = Collected::default();
        self.0.gather(&mut collected);
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
                MetricKind::Counter => MetricType::Counter,
                MetricKind::Gauge => MetricType::Gauge,
                MetricKind::Histogram => MetricType::Histogram,
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

    /// The encoder it goes to has no way to take the rest.
    fn counter(&mut self, labels: &[&Labels], value: u64, _: Created, _: Option<&Exemplar>) {
        self.number(labels, Number::Integer(value));
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
            (CollectedValue::Number(value), MetricType::Counter) => {
                encoder.encode_counter::<NoLabelSet, _, u64>(&value.value(), None)
            }
            (CollectedValue::Number(Number::Integer(value)), _) => encoder.encode_gauge(value),
            (CollectedValue::Number(value), _) => encoder.encode_gauge(&value.value()),
            (CollectedValue::Histogram(reading), _) => encode_histogram(encoder, reading),
        }
    }
}

fn encode_histogram(encoder: &mut MetricEncoder<'_>, reading: &Reading) -> fmt::Result {
    let bounds = reading.layout.bounds().iter().copied().chain([f64::INFINITY]);
    let mut cumulative = Vec::new();
    reading.layout.cumulate(reading.cells(), &mut cumulative);
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
