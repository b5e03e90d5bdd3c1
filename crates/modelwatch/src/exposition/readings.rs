//! Values that a part beside the serving path keeps itself: the prediction log's and the drift job's.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::contract::metrics::{METRICS, Metric, MetricKind, Origin, SourceMetric};
use crate::contract::reserved::OTHER;
use crate::exposition::sink::{Number, Sink};
use crate::labels::label_set::Labels;
use crate::labels::value::canonical;

/// Takes the values of one scrape. From [`Monitor::add_source`](crate::Monitor::add_source).
///
/// Series that come twice stay one: counters are added up, of a gauge the first value stays.
///
/// ```
/// use modelwatch::{Monitor, contract};
///
/// let monitor = Monitor::new();
/// monitor.add_source(|readings| {
///     readings.push(&contract::DATA_DRIFT_SCORE, &["claims-risk", "income"], 0.19);
///     readings.push(&contract::DATA_DRIFT_DETECTED, &["claims-risk", "income"], 1.0);
/// });
/// assert_eq!(monitor.value("ml_data_drift_detected", &[("feature_name", "income")]), Ok(1.0));
/// ```
#[derive(Debug)]
pub struct Readings {
    value_bytes: usize,
    families: HashMap<&'static str, Family>,
}

#[derive(Debug, Default)]
struct Family {
    samples: Vec<(Labels, f64)>,
    /// Where a series is among the samples, by its rendered labels.
    places: HashMap<String, usize>,
}

impl Readings {
    /// What the sources say now.
    pub(crate) fn of(sources: &[Source], value_bytes: usize) -> Self {
        let mut readings = Self {
            value_bytes,
            families: HashMap::new(),
        };
        sources.iter().for_each(|Source(source)| source(&mut readings));
        readings
    }

    /// Adds a sample, with the values of its labels in the contract's order. An empty value, or one that is not given,
    /// is exposed as [`UNKNOWN`](crate::UNKNOWN), one that is too long as [`OTHER`](crate::OTHER).
    ///
    /// [`FEATURE_MISSING_RATIO`](crate::contract::FEATURE_MISSING_RATIO) is exposed where no model has its own.
    pub fn push(&mut self, metric: &'static SourceMetric, labels: &[&str], value: f64) {
        let exposed = |value: &str| canonical(value, self.value_bytes).map_or(OTHER.into(), |value| Arc::from(&*value));
        let values = labels.iter().copied().chain(std::iter::repeat(""));
        let pairs = metric.labels.iter().zip(values);
        let labels = Labels::of(pairs.map(|(label, value)| (*label, exposed(value))).collect());
        let family = self.families.entry(metric.name).or_default();
        match family.places.get(labels.text()) {
            Some(place) if metric.kind == MetricKind::Counter => family.samples[*place].1 += value,
            Some(_) => {}
            None => {
                family.places.insert(labels.text().to_owned(), family.samples.len());
                family.samples.push((labels, value));
            }
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.families.is_empty()
    }

    /// What there is of one metric.
    pub(crate) fn samples(&self, metric: &Metric) -> &[(Labels, f64)] {
        self.families.get(metric.name).map_or(&[], |family| &family.samples)
    }

    /// Everything but the metric that goes out together with the models' own.
    pub(crate) fn write(&self, sink: &mut impl Sink) {
        for metric in METRICS.iter().filter(|metric| is_apart(metric)) {
            sink.family((*metric).into());
            for (labels, value) in self.samples(metric) {
                let value = match metric.kind {
                    MetricKind::Counter => Number::Integer(*value as u64),
                    MetricKind::Gauge | MetricKind::Histogram => Number::Float(*value),
                };
                sink.number(&[labels], value);
            }
        }
    }
}

/// Whether no model records it, too.
fn is_apart(metric: &Metric) -> bool {
    matches!(metric.origin, Origin::Log | Origin::Drift | Origin::Ingest)
}

/// Asked at every scrape.
#[derive(Clone)]
pub(crate) struct Source(pub(crate) Arc<dyn Fn(&mut Readings) + Send + Sync>);

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}
