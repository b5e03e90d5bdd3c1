//! Prometheus' protobuf format: `io.prometheus.client.MetricFamily` messages, each behind its length.
//!
//! The messages are written field by field, straight from the readings. Source: `metrics.proto` of Prometheus'
//! client model, and the encoding guide of Protocol Buffers.

use crate::cells::created::Created;
use crate::cells::exemplar::Exemplar;
use crate::cells::histogram::Reading;
use crate::cells::layout::{NATIVE_SCHEMA, NativeCounts, Spans};
use crate::contract::metrics::MetricKind;
use crate::exposition::included::{IncludedFamily, IncludedKind, IncludedSample};
use crate::exposition::sink::{Family, Number, Page, Sink};
use crate::labels::label_set::Labels;

/// `MetricType`.
const COUNTER: u64 = 0;
const GAUGE: u64 = 1;
const UNTYPED: u64 = 3;
const HISTOGRAM: u64 = 4;

#[derive(Default)]
pub(crate) struct Protobuf {
    page: Vec<u8>,
    native_histograms: bool,
    family: Option<Family<'static>>,
    /// The family's message so far; empty until its first sample.
    message: Message,
    /// Messages inside it, kept for their memory.
    metric: Message,
    value: Message,
    native: NativeCounts,
    /// Of the classic buckets of one histogram.
    counts: Vec<u64>,
}

/// Fields of a message, encoded.
#[derive(Default)]
struct Message(Vec<u8>);

fn push_varint(mut value: u64, into: &mut Vec<u8>) {
    while value >= 0x80 {
        into.push(value as u8 | 0x80);
        value >>= 7;
    }
    into.push(value as u8);
}

const fn varint_len(value: u64) -> u64 {
    (70 - (value | 1).leading_zeros() as u64) / 7
}

/// Small negative numbers in few bytes.
const fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)) as u64
}

const VARINT: u64 = 0;
const FIXED64: u64 = 1;
const BYTES: u64 = 2;

impl Message {
    fn key(&mut self, field: u64, wire: u64) {
        push_varint(field << 3 | wire, &mut self.0);
    }

    fn varint(&mut self, field: u64, value: u64) {
        self.key(field, VARINT);
        push_varint(value, &mut self.0);
    }

    fn double(&mut self, field: u64, value: f64) {
        self.key(field, FIXED64);
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    fn bytes(&mut self, field: u64, value: &[u8]) {
        self.key(field, BYTES);
        push_varint(value.len() as u64, &mut self.0);
        self.0.extend_from_slice(value);
    }

    /// `LabelPair`.
    fn label(&mut self, name: &str, value: &str) {
        let len = |text: &str| 1 + varint_len(text.len() as u64) + text.len() as u64;
        self.key(1, BYTES);
        push_varint(len(name) + len(value), &mut self.0);
        self.bytes(1, name.as_bytes());
        self.bytes(2, value.as_bytes());
    }

    /// `Bucket`, field 3 of `Histogram`.
    fn bucket(&mut self, cumulative_count: u64, upper_bound: f64) {
        self.key(3, BYTES);
        push_varint(1 + varint_len(cumulative_count) + 9, &mut self.0);
        self.varint(1, cumulative_count);
        self.double(2, upper_bound);
    }

    /// The same with an exemplar.
    #[cold]
    fn exemplified_bucket(&mut self, cumulative_count: u64, upper_bound: f64, exemplar: &Exemplar) {
        let mut bucket = Self::default();
        bucket.varint(1, cumulative_count);
        bucket.double(2, upper_bound);
        bucket.exemplar(3, exemplar);
        self.bytes(3, &bucket.0);
    }

    /// `Exemplar`.
    #[cold]
    fn exemplar(&mut self, field: u64, exemplar: &Exemplar) {
        let (mut message, mut time) = (Self::default(), Self::default());
        for (name, value) in exemplar.labels() {
            message.label(name, value);
        }
        message.double(2, exemplar.value);
        time.varint(1, exemplar.since_epoch.as_secs());
        time.varint(2, exemplar.since_epoch.subsec_nanos().into());
        message.bytes(3, &time.0);
        self.bytes(field, &message.0);
    }

    /// `google.protobuf.Timestamp`, of whole seconds.
    fn created(&mut self, field: u64, created: Created) {
        self.key(field, BYTES);
        push_varint(1 + varint_len(created.seconds()), &mut self.0);
        self.varint(1, created.seconds());
    }

    /// `BucketSpan`s and their deltas.
    fn spans(&mut self, spans_field: u64, deltas_field: u64, buckets: &[(i32, u64)]) {
        let spans = Spans::of(buckets);
        for (offset, length) in &spans.spans {
            let (offset, length) = (zigzag((*offset).into()), u64::from(*length));
            self.key(spans_field, BYTES);
            push_varint(2 + varint_len(offset) + varint_len(length), &mut self.0);
            self.varint(1, offset);
            self.varint(2, length);
        }
        for delta in &spans.deltas {
            self.varint(deltas_field, zigzag(*delta));
        }
    }
}

impl Protobuf {
    pub(crate) fn new(page: Vec<u8>, native_histograms: bool) -> Self {
        Self {
            page,
            native_histograms,
            ..Self::default()
        }
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.close();
        self.page
    }

    /// Ends the family, if it has samples.
    fn close(&mut self) {
        if !self.message.0.is_empty() {
            push_varint(self.message.0.len() as u64, &mut self.page);
            self.page.append(&mut self.message.0);
        }
    }

    fn announce(&mut self, name: &str, suffix: &str, help: &str, kind: u64, unit: Option<&str>) {
        let mut full = String::with_capacity(name.len() + suffix.len());
        full.push_str(name);
        full.push_str(suffix);
        self.message.bytes(1, full.as_bytes());
        self.message.bytes(2, help.as_bytes());
        self.message.varint(3, kind);
        if let Some(unit) = unit {
            self.message.bytes(5, unit.as_bytes());
        }
    }

    fn open(&mut self) -> Option<Family<'static>> {
        let family = self.family?;
        if self.message.0.is_empty() {
            let (suffix, kind) = match family.kind {
                MetricKind::Counter => ("_total", COUNTER),
                MetricKind::Gauge => ("", GAUGE),
                MetricKind::Histogram => ("", HISTOGRAM),
            };
            self.announce(family.name, suffix, family.help, kind, family.unit);
        }
        Some(family)
    }

    #[inline]
    fn sample(&mut self, labels: &[&Labels], value: f64, since: Option<Created>, exemplar: Option<&Exemplar>) {
        let Some(family) = self.open() else { return };
        self.start_metric(labels);
        self.value.double(1, value);
        if let Some(exemplar) = exemplar {
            self.value.exemplar(2, exemplar);
        }
        if let Some(created) = since {
            self.value.created(3, created);
        }
        self.end_metric(if family.kind == MetricKind::Counter { 3 } else { 2 });
    }

    fn start_metric(&mut self, labels: &[&Labels]) {
        self.metric.0.clear();
        for (name, value) in labels.iter().flat_map(|labels| labels.pairs()) {
            self.metric.label(name, value);
        }
    }

    /// Puts the value into the metric and the metric into the family.
    fn end_metric(&mut self, field: u64) {
        self.metric.bytes(field, &self.value.0);
        self.value.0.clear();
        self.message.bytes(4, &self.metric.0);
    }
}

impl Sink for Protobuf {
    fn family(&mut self, family: Family<'static>) {
        self.close();
        self.family = Some(family);
    }

    fn number(&mut self, labels: &[&Labels], value: Number) {
        let value = value.value();
        self.sample(labels, value, None, None);
    }

    fn counter(&mut self, labels: &[&Labels], value: u64, created: Created, exemplar: Option<&Exemplar>) {
        self.sample(labels, value as f64, Some(created), exemplar);
    }

    fn histogram(&mut self, labels: &[&Labels], reading: &Reading) {
        if self.open().is_none() {
            return;
        }
        self.start_metric(labels);
        let layout = &reading.layout;
        self.value.varint(1, reading.count());
        self.value.double(2, reading.sum);
        let bounds = layout.bounds().iter().copied().chain([f64::INFINITY]);
        layout.cumulate(reading.cells(), &mut self.counts);
        for (bucket, (bound, count)) in bounds.zip(&self.counts).enumerate() {
            match reading.exemplar(bucket) {
                Some(exemplar) => self.value.exemplified_bucket(*count, bound, exemplar),
                None => self.value.bucket(*count, bound),
            }
        }
        if self.native_histograms {
            layout.native(reading.cells(), &mut self.native);
            self.value.varint(5, zigzag(NATIVE_SCHEMA.into()));
            self.value.double(6, layout.zero_threshold());
            self.value.varint(7, self.native.zero);
            self.value.spans(9, 10, &self.native.negative);
            self.value.spans(12, 13, &self.native.positive);
        }
        self.value.created(15, reading.created);
        self.end_metric(7);
    }
}

impl Page for Protobuf {
    fn included(&mut self, family: &IncludedFamily) {
        self.close();
        self.family = None;
        let help = family.help.replace("\\n", "\n").replace("\\\\", "\\");
        let (suffix, kind, field) = match family.kind {
            IncludedKind::Counter => ("_total", COUNTER, 3),
            IncludedKind::Gauge => ("", GAUGE, 2),
            IncludedKind::Info => ("_info", GAUGE, 2),
            IncludedKind::Unknown => ("", UNTYPED, 5),
            IncludedKind::Histogram => ("", HISTOGRAM, 7),
        };
        self.announce(&family.name, suffix, &help, kind, family.unit.as_deref());
        if family.kind == IncludedKind::Histogram {
            self.included_histograms(&family.samples);
        } else {
            for sample in &family.samples {
                self.metric.0.clear();
                for (name, value) in sample.pairs() {
                    self.metric.label(&name, &value);
                }
                self.value.double(1, sample.number());
                self.end_metric(field);
            }
        }
    }
}

impl Protobuf {
    /// Samples of one histogram stand together and end with its last bucket, `+Inf`.
    fn included_histograms(&mut self, samples: &[IncludedSample]) {
        let (mut sum, mut count) = (0.0, 0.0);
        let mut buckets = Vec::new();
        for sample in samples {
            match &*sample.suffix {
                "_sum" => sum = sample.number(),
                "_count" => count = sample.number(),
                _ => {
                    let (bound, others): (Vec<_>, Vec<_>) =
                        sample.pairs().into_iter().partition(|(name, _)| name == "le");
                    let bound = bound
                        .first()
                        .and_then(|(_, bound)| bound.parse().ok())
                        .unwrap_or(f64::INFINITY);
                    buckets.push((sample.number() as u64, bound));
                    if bound == f64::INFINITY {
                        self.metric.0.clear();
                        for (name, value) in &others {
                            self.metric.label(name, value);
                        }
                        self.value.varint(1, count as u64);
                        self.value.double(2, sum);
                        for (cumulative, bound) in buckets.drain(..) {
                            self.value.bucket(cumulative, bound);
                        }
                        self.end_metric(7);
                    }
                }
            }
        }
    }
}
