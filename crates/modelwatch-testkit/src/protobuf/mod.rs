//! The delimited protobuf exposition, decoded by an implementation that shares no line with the encoder.

mod wire;

use std::collections::{BTreeMap, BTreeSet};

use prost::Message as _;

use crate::exemplar::Exemplar;
use crate::labels::Labels;

/// A `MetricFamily` message.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use modelwatch::{Format, Monitor, Status};
/// use modelwatch_testkit::{Bucket, Family, Histogram, Metric, NativeHistogram, Value, protobuf_decode};
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// model.route("/predict").record(Status::Success, Duration::from_millis(3));
///
/// let families: Vec<Family> = protobuf_decode(&monitor.encode(Format::PrometheusProtobuf))?;
/// let latency = families.iter().find(|family| family.name == "ml_inference_latency_seconds").unwrap();
/// let metric: &Metric = &latency.metrics[0];
/// assert_eq!(metric.labels["route"], "/predict");
/// let Value::Histogram(Histogram { count, buckets, native, .. }) = &metric.value else {
///     panic!("latencies are a histogram");
/// };
/// let last: &Bucket = buckets.last().unwrap();
/// assert_eq!((*count, last.upper_bound, last.cumulative_count), (1, f64::INFINITY, 1));
/// let native: &NativeHistogram = native.as_ref().unwrap();
/// assert_eq!(native.positive.values().sum::<u64>(), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Family {
    /// The name as sent; a counter's carries its `_total`.
    pub name: String,
    /// The help text.
    pub help: String,
    /// The unit, or nothing.
    pub unit: String,
    /// One a label set.
    pub metrics: Vec<Metric>,
}

/// One label set of a [`Family`] and what it holds.
///
/// The example of [`Family`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// The labels.
    pub labels: Labels,
    /// The value, of the type that the family declares.
    pub value: Value,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: Option<i64>,
}

/// The value of a [`Metric`].
///
/// The example of [`Family`] has one.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A counter.
    Counter {
        /// Its value.
        value: f64,
        /// Its exemplar.
        exemplar: Option<Exemplar>,
        /// When it began, seconds since the Unix epoch.
        created: Option<f64>,
    },
    /// A gauge.
    Gauge(f64),
    /// A value whose type the sender did not know.
    Untyped(f64),
    /// A histogram, in either or both of its forms.
    Histogram(Histogram),
}

/// A histogram: classic buckets, native ones, or both.
///
/// The example of [`Family`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// How many observations.
    pub count: u64,
    /// Their sum.
    pub sum: f64,
    /// The classic buckets, in the order sent.
    pub buckets: Vec<Bucket>,
    /// The native form, where one was sent.
    pub native: Option<NativeHistogram>,
    /// The exemplars of the native form.
    pub exemplars: Vec<Exemplar>,
    /// When it began, seconds since the Unix epoch.
    pub created: Option<f64>,
}

/// A classic bucket.
///
/// The example of [`Family`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct Bucket {
    /// Inclusive.
    pub upper_bound: f64,
    /// Observations up to and including `upper_bound`.
    pub cumulative_count: u64,
    /// Its exemplar.
    pub exemplar: Option<Exemplar>,
}

/// The native (exponential) form of a histogram, with spans and deltas resolved.
///
/// The example of [`Family`] has one.
#[derive(Clone, Debug, PartialEq)]
pub struct NativeHistogram {
    /// Each power of two is divided into 2^schema buckets.
    pub schema: i32,
    /// Observations no further from zero than this are in the zero bucket.
    pub zero_threshold: f64,
    /// Observations in the zero bucket.
    pub zero_count: u64,
    /// Observations by bucket index: bucket i ends, inclusively, at 2^(i · 2^-schema).
    pub positive: BTreeMap<i32, u64>,
    /// The mirror image, for negative observations.
    pub negative: BTreeMap<i32, u64>,
}

/// Decodes a stream of length-delimited `io.prometheus.client.MetricFamily` messages.
///
/// Beyond the wire format it insists on what Prometheus relies on: every family has a name and a type and appears once, every
/// metric carries the value of that type and no other, no label name and no label set is there twice, classic buckets ascend
/// and do not exceed the count, spans and deltas agree, and no native bucket count is negative. Summaries, gauge histograms
/// and float histograms are refused: modelwatch has none.
///
/// # Errors
///
/// Where and why the stream is refused.
pub fn protobuf_decode(stream: &[u8]) -> Result<Vec<Family>, String> {
    let mut rest = stream;
    let mut names = BTreeSet::new();
    let mut families = Vec::new();
    while !rest.is_empty() {
        let start = stream.len() - rest.len();
        let family = wire::MetricFamily::decode_length_delimited(&mut rest)
            .map_err(|error| format!("family {} at byte {start}: {error}", families.len()))?;
        let family = self::family(family)?;
        if !names.insert(family.name.clone()) {
            return Err(format!("family {} is there twice", family.name));
        }
        families.push(family);
    }
    Ok(families)
}

fn family(family: wire::MetricFamily) -> Result<Family, String> {
    let name = family
        .name
        .filter(|name| !name.is_empty())
        .ok_or("a family has no name")?;
    let kind = family.r#type.ok_or_else(|| format!("{name}: no type"))?;
    let kind = wire::MetricType::try_from(kind).map_err(|error| format!("{name}: {error}"))?;
    let mut label_sets = BTreeSet::new();
    let mut metrics = Vec::new();
    for sent in family.metric {
        let metric = metric(kind, sent).map_err(|error| format!("{name}: {error}"))?;
        if !label_sets.insert(metric.labels.clone()) {
            return Err(format!("{name}: {:?} is there twice", metric.labels));
        }
        metrics.push(metric);
    }
    Ok(Family {
        name,
        help: family.help.unwrap_or_default(),
        unit: family.unit.unwrap_or_default(),
        metrics,
    })
}

fn metric(kind: wire::MetricType, metric: wire::Metric) -> Result<Metric, String> {
    use wire::MetricType as Kind;

    let labels = labels(metric.label)?;
    let value = match (
        kind,
        metric.counter,
        metric.gauge,
        metric.untyped,
        metric.histogram,
        metric.summary,
    ) {
        (Kind::Counter, Some(counter), None, None, None, None) => Value::Counter {
            value: counter.value.unwrap_or_default(),
            exemplar: counter.exemplar.map(exemplar).transpose()?,
            created: counter.created_timestamp.map(seconds),
        },
        (Kind::Gauge, None, Some(gauge), None, None, None) => Value::Gauge(gauge.value.unwrap_or_default()),
        (Kind::Untyped, None, None, Some(untyped), None, None) => Value::Untyped(untyped.value.unwrap_or_default()),
        (Kind::Histogram, None, None, None, Some(sent), None) => {
            Value::Histogram(histogram(sent).map_err(|error| format!("{labels:?}: {error}"))?)
        }
        (Kind::Summary | Kind::GaugeHistogram, ..) => return Err(format!("{kind:?} is not a type modelwatch has")),
        _ => return Err(format!("{labels:?}: not the value of a {kind:?}, or not only that")),
    };
    Ok(Metric {
        labels,
        value,
        timestamp_ms: metric.timestamp_ms,
    })
}

fn histogram(sent: wire::Histogram) -> Result<Histogram, String> {
    let floats = sent.sample_count_float.is_some()
        || sent.zero_count_float.is_some()
        || !sent.positive_count.is_empty()
        || !sent.negative_count.is_empty()
        || sent.bucket.iter().any(|bucket| bucket.cumulative_count_float.is_some());
    if floats {
        return Err("a float histogram is not a type modelwatch has".to_owned());
    }
    let count = sent.sample_count.unwrap_or_default();
    let native = native(&sent, count)?;
    let buckets: Vec<Bucket> = sent.bucket.into_iter().map(bucket).collect::<Result<_, _>>()?;
    for pair in buckets.windows(2) {
        if pair[0].upper_bound.partial_cmp(&pair[1].upper_bound) != Some(std::cmp::Ordering::Less) {
            return Err(format!(
                "bucket {} comes before {}",
                pair[0].upper_bound, pair[1].upper_bound
            ));
        }
        if pair[0].cumulative_count > pair[1].cumulative_count {
            return Err(format!(
                "bucket {} holds more than bucket {}",
                pair[0].upper_bound, pair[1].upper_bound
            ));
        }
    }
    if let Some(last) = buckets.last() {
        let infinite = last.upper_bound == f64::INFINITY;
        if last.cumulative_count > count || (infinite && last.cumulative_count != count) {
            return Err(format!(
                "bucket {} holds {}, the count is {count}",
                last.upper_bound, last.cumulative_count
            ));
        }
    }
    Ok(Histogram {
        count,
        sum: sent.sample_sum.unwrap_or_default(),
        buckets,
        native,
        exemplars: sent.exemplars.into_iter().map(exemplar).collect::<Result<_, _>>()?,
        created: sent.created_timestamp.map(seconds),
    })
}

/// The native form, which is there as soon as any of its fields is: an empty one with a zero threshold of 0 shows only by a
/// no-op span.
fn native(sent: &wire::Histogram, count: u64) -> Result<Option<NativeHistogram>, String> {
    let is_native = sent.schema.is_some_and(|schema| schema != 0)
        || sent.zero_threshold.is_some_and(|threshold| threshold > 0.0)
        || sent.zero_count.is_some_and(|count| count > 0)
        || !sent.positive_span.is_empty()
        || !sent.negative_span.is_empty()
        || !sent.positive_delta.is_empty()
        || !sent.negative_delta.is_empty();
    if !is_native {
        return Ok(None);
    }
    let schema = sent.schema.unwrap_or_default();
    if !(-4..=8).contains(&schema) {
        return Err(format!("schema {schema} is not one of -4 to 8"));
    }
    let native = NativeHistogram {
        schema,
        zero_threshold: sent.zero_threshold.unwrap_or_default(),
        zero_count: sent.zero_count.unwrap_or_default(),
        positive: resolve(&sent.positive_span, &sent.positive_delta)?,
        negative: resolve(&sent.negative_span, &sent.negative_delta)?,
    };
    let inside = native.zero_count + native.positive.values().chain(native.negative.values()).sum::<u64>();
    // NaN observations are in no native bucket, so the count may be larger when there are any, which the sum then shows.
    let any_nan = sent.sample_sum.is_some_and(f64::is_nan);
    if inside > count || (inside < count && !any_nan) {
        return Err(format!("the native buckets hold {inside}, the count is {count}"));
    }
    Ok(Some(native))
}

/// Bucket counts by index, from the gaps and lengths of spans and the differences between neighbours.
fn resolve(spans: &[wire::BucketSpan], deltas: &[i64]) -> Result<BTreeMap<i32, u64>, String> {
    let mut buckets = BTreeMap::new();
    let mut deltas = deltas.iter();
    let (mut index, mut count) = (0_i32, 0_i64);
    for (position, span) in spans.iter().enumerate() {
        let offset = span.offset.unwrap_or_default();
        if position > 0 && offset < 0 {
            return Err(format!("span {position} goes back by {offset}"));
        }
        index += offset;
        for _ in 0..span.length.unwrap_or_default() {
            count += deltas.next().ok_or("the spans are longer than the deltas")?;
            let count = u64::try_from(count).map_err(|_| format!("native bucket {index} holds {count}"))?;
            buckets.insert(index, count);
            index += 1;
        }
    }
    if deltas.next().is_some() {
        return Err("the deltas are longer than the spans".to_owned());
    }
    Ok(buckets)
}

fn bucket(sent: wire::Bucket) -> Result<Bucket, String> {
    Ok(Bucket {
        upper_bound: sent.upper_bound.unwrap_or_default(),
        cumulative_count: sent.cumulative_count.unwrap_or_default(),
        exemplar: sent.exemplar.map(exemplar).transpose()?,
    })
}

fn exemplar(sent: wire::Exemplar) -> Result<Exemplar, String> {
    Ok(Exemplar {
        labels: labels(sent.label)?,
        value: sent.value.unwrap_or_default(),
        timestamp: sent.timestamp.map(seconds),
    })
}

fn labels(pairs: Vec<wire::LabelPair>) -> Result<Labels, String> {
    let mut labels = Labels::new();
    for pair in pairs {
        let name = pair.name.filter(|name| !name.is_empty()).ok_or("a label has no name")?;
        if labels.insert(name.clone(), pair.value.unwrap_or_default()).is_some() {
            return Err(format!("label {name} is there twice"));
        }
    }
    Ok(labels)
}

fn seconds(timestamp: wire::Timestamp) -> f64 {
    timestamp.seconds as f64 + f64::from(timestamp.nanos) / 1e9
}
