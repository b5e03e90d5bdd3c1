//! Values that a part beside the serving path keeps itself: the prediction log's and the drift job's.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use crate::contract::{self, Kind, METRICS, Metric, Plane};
use crate::exposition::{Number, Sink};
use crate::label::{Labels, OTHER, canonical};
use crate::monitor::Monitor;

/// Takes the values of one scrape. From [`Monitor::add_source`].
///
/// Series that come twice stay one: counters are added up, of a gauge the first value stays.
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
    /// A counter or gauge of the contract, with the values of its labels in the contract's order. An empty value, or one
    /// that is not given, is exposed as [`UNKNOWN`](crate::UNKNOWN), one that is too long as [`OTHER`].
    ///
    /// Left out are histograms, and what models record through their handles, but for
    /// [`FEATURE_MISSING_RATIO`](contract::FEATURE_MISSING_RATIO), which the drift job knows too.
    pub fn push(&mut self, metric: &'static Metric, labels: &[&str], value: f64) {
        if !is_apart(metric) && metric.name != contract::FEATURE_MISSING_RATIO.name {
            return;
        }
        let exposed = |value: &str| canonical(value, self.value_bytes).map_or(OTHER.into(), |value| Arc::from(&*value));
        let values = labels.iter().copied().chain(std::iter::repeat(""));
        let pairs = metric.labels.iter().zip(values);
        let labels = Labels::of(pairs.map(|(label, value)| (*label, exposed(value))).collect());
        let family = self.families.entry(metric.name).or_default();
        match family.places.get(labels.text()) {
            Some(place) if metric.kind == Kind::Counter => family.samples[*place].1 += value,
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
    pub(crate) fn of(&self, metric: &Metric) -> &[(Labels, f64)] {
        self.families.get(metric.name).map_or(&[], |family| &family.samples)
    }

    /// Everything but the metric that goes out together with the models' own.
    pub(crate) fn write(&self, sink: &mut impl Sink) {
        for metric in METRICS.iter().filter(|metric| is_apart(metric)) {
            sink.family((*metric).into());
            for (labels, value) in self.of(metric) {
                let value = match metric.kind {
                    Kind::Counter => Number::Integer(*value as u64),
                    Kind::Gauge | Kind::Histogram => Number::Float(*value),
                };
                sink.number(&[labels], value);
            }
        }
    }
}

/// Whether no model records it.
fn is_apart(metric: &Metric) -> bool {
    matches!(metric.plane, Plane::Log | Plane::Drift) && metric.kind != Kind::Histogram
}

/// Asked at every scrape.
#[derive(Clone)]
pub(crate) struct Source(Arc<dyn Fn(&mut Readings) + Send + Sync>);

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Source")
    }
}

impl Monitor {
    /// Exposes rows of the contract that a part beside the serving path keeps: the prediction log, the drift job.
    ///
    /// The source is asked at every scrape and should hold no handle of this monitor, which would keep both for ever.
    ///
    /// ```
    /// use modelwatch::{Format, Monitor, contract};
    ///
    /// let monitor = Monitor::new();
    /// monitor.add_source(|readings| {
    ///     readings.push(&contract::DATA_DRIFT_SCORE, &["claims-risk", "income"], 0.19);
    /// });
    /// let page = String::from_utf8(monitor.encode(Format::PrometheusText))?;
    /// assert!(page.contains("ml_data_drift_score{model_name=\"claims-risk\",feature_name=\"income\"} 0.19\n"));
    /// # Ok::<(), std::string::FromUtf8Error>(())
    /// ```
    pub fn add_source(&self, source: impl Fn(&mut Readings) + Send + Sync + 'static) {
        self.push_source(Source(Arc::new(source)));
    }

    pub(crate) fn readings(&self) -> Readings {
        let mut readings = Readings {
            value_bytes: self.shared().limits.value_bytes,
            families: HashMap::new(),
        };
        self.sources().iter().for_each(|Source(source)| source(&mut readings));
        readings
    }
}
