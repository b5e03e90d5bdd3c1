//! One value out of what a page would say, for a service's own tests.

use std::error::Error;
use std::fmt;

use crate::cells::created::Created;
use crate::cells::exemplar::Exemplar;
use crate::cells::histogram::Reading;
use crate::contract::metrics::{METRICS, Metric, MetricKind};
use crate::exposition::sink::{Family, Number, Sink};
use crate::labels::label_set::Labels;

/// Why a value could not be read. From [`Monitor::value`](crate::Monitor::value).
///
/// ```
/// use modelwatch::{Monitor, ValueError};
///
/// let error = Monitor::new().value("ml_inference_requests", &[]).unwrap_err();
/// assert!(matches!(error, ValueError::UnknownMetric { .. }));
/// assert!(error.to_string().contains("ml_inference_requests_total"));
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum ValueError {
    /// No metric of the contract has this name.
    UnknownMetric {
        /// The name that was asked for.
        name: String,
        /// The name that is most like it.
        nearest: &'static str,
    },
    /// A histogram has no value of its own.
    Histogram {
        /// Its name.
        name: &'static str,
    },
    /// The metric has no such label.
    UnknownLabel {
        /// The metric.
        metric: &'static str,
        /// The label that was asked for.
        label: String,
        /// The labels it has.
        labels: Vec<&'static str>,
    },
    /// A bucket was asked for without saying which, or with a bound that no series has.
    Bucket {
        /// The metric.
        metric: &'static str,
        /// The bound that was asked for.
        bound: Option<String>,
        /// The bounds there are.
        bounds: Vec<f64>,
    },
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownMetric { name, nearest } => write!(
                f,
                "no metric is called {name:?}; did you mean {nearest}? modelwatch::contract::METRICS has all of them"
            ),
            Self::Histogram { name } => {
                write!(
                    f,
                    "{name} is a histogram; ask for {name}_count, {name}_sum or {name}_bucket"
                )
            }
            Self::UnknownLabel { metric, label, labels } => {
                write!(f, "{metric} has no label {label:?}; it has {}", labels.join(", "))
            }
            Self::Bucket { metric, bound, bounds } => {
                match bound {
                    Some(bound) => write!(f, "no bucket of {metric} ends at {bound:?}")?,
                    None => write!(f, "{metric}_bucket is asked for without the label le")?,
                }
                f.write_str("; le is one of")?;
                bounds.iter().try_for_each(|bound| write!(f, " {bound}"))?;
                f.write_str(" +Inf")
            }
        }
    }
}

impl Error for ValueError {}

/// What of a metric is asked for.
enum Part {
    /// A counter or gauge.
    Whole,
    Count,
    Sum,
    /// Counts up to this bound, as it was written.
    Bucket(f64, String),
}

/// Sums the samples of one metric with some labels, out of all that are gathered.
pub(crate) struct Value<'a> {
    metric: &'static Metric,
    part: Part,
    labels: Vec<(&'a str, &'a str)>,
    wanted: bool,
    sum: f64,
    /// The bounds of the histograms that were asked for a bound they don't have.
    other_bounds: Option<Vec<f64>>,
}

impl<'a> Value<'a> {
    /// Of a sample as the text format calls it, `ml_inference_latency_seconds_count` and so on.
    pub(crate) fn new(name: &str, labels: &[(&'a str, &'a str)]) -> Result<Self, ValueError> {
        let (metric, suffix) = find(name)?;
        let mut labels = labels.to_vec();
        let part = match suffix {
            "" => Part::Whole,
            "_count" => Part::Count,
            "_sum" => Part::Sum,
            _ => {
                let le = labels.iter().position(|(label, _)| *label == "le");
                let le = le.map(|position| labels.swap_remove(position).1);
                let bound = le.and_then(|le| le.parse().ok());
                match (le, bound) {
                    (Some(le), Some(bound)) => Part::Bucket(bound, le.to_owned()),
                    _ => return Err(bucket(metric, le, metric.buckets.into())),
                }
            }
        };
        match labels.iter().find(|(label, _)| !metric.labels.contains(label)) {
            Some((label, _)) => Err(ValueError::UnknownLabel {
                metric: metric.name,
                label: (*label).to_owned(),
                labels: metric.labels.into(),
            }),
            None => Ok(Self {
                metric,
                part,
                labels,
                wanted: false,
                sum: 0.0,
                other_bounds: None,
            }),
        }
    }

    pub(crate) fn finish(self) -> Result<f64, ValueError> {
        match (self.other_bounds, self.part) {
            (Some(bounds), Part::Bucket(_, le)) => Err(bucket(self.metric, Some(&le), bounds)),
            _ => Ok(self.sum),
        }
    }

    fn is_asked_for(&self, labels: &[&Labels]) -> bool {
        let mut asked = self.labels.iter();
        self.wanted
            && asked.all(|(name, value)| {
                let mut pairs = labels.iter().flat_map(|labels| labels.pairs());
                pairs.any(|(label, known)| label == name && **known == **value)
            })
    }
}

fn bucket(metric: &'static Metric, bound: Option<&str>, bounds: Vec<f64>) -> ValueError {
    ValueError::Bucket {
        metric: metric.name,
        bound: bound.map(str::to_owned),
        bounds,
    }
}

/// The metric a sample is of, and what stands behind its name.
fn find(name: &str) -> Result<(&'static Metric, &'static str), ValueError> {
    for metric in METRICS {
        let suffixes: &[&'static str] = match metric.kind {
            MetricKind::Counter | MetricKind::Gauge => &[""],
            MetricKind::Histogram => &["_count", "_sum", "_bucket"],
        };
        if let Some(behind) = name.strip_prefix(metric.name) {
            if let Some(suffix) = suffixes.iter().find(|suffix| **suffix == behind) {
                return Ok((metric, suffix));
            }
            if behind.is_empty() {
                return Err(ValueError::Histogram { name: metric.name });
            }
        }
    }
    let likeness = |metric: &&&'static Metric| {
        let common = metric
            .name
            .bytes()
            .zip(name.bytes())
            .take_while(|(known, asked)| known == asked);
        // Of two with the same beginning, the one of nearer length.
        (common.count(), usize::MAX - metric.name.len().abs_diff(name.len()))
    };
    let nearest = METRICS.iter().max_by_key(likeness);
    Err(ValueError::UnknownMetric {
        name: name.to_owned(),
        nearest: nearest.map_or("", |metric| metric.name),
    })
}

impl Sink for Value<'_> {
    fn family(&mut self, family: Family<'static>) {
        self.wanted = family.name == self.metric.family_name();
    }

    fn number(&mut self, labels: &[&Labels], value: Number) {
        if self.is_asked_for(labels) {
            self.sum += value.value();
        }
    }

    fn counter(&mut self, labels: &[&Labels], value: u64, _: Created, _: Option<&Exemplar>) {
        self.number(labels, Number::Integer(value));
    }

    fn histogram(&mut self, labels: &[&Labels], reading: &Reading) {
        if !self.is_asked_for(labels) {
            return;
        }
        match &self.part {
            Part::Whole | Part::Count => self.sum += reading.count() as f64,
            Part::Sum => self.sum += reading.sum,
            Part::Bucket(bound, _) if *bound == f64::INFINITY => self.sum += reading.count() as f64,
            Part::Bucket(bound, _) => match reading.layout.bounds().iter().position(|known| known == bound) {
                Some(bucket) => {
                    let mut counts = Vec::new();
                    reading.layout.cumulate(reading.cells(), &mut counts);
                    self.sum += counts[bucket] as f64;
                }
                None => self.other_bounds = Some(reading.layout.bounds().into()),
            },
        }
    }
}
