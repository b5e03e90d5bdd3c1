//! The two text formats, which differ in how a family is announced and how the page ends.
//!
//! Source: the OpenMetrics 1.0 specification, and Prometheus' "Exposition formats" for version 0.0.4.

use crate::cells::created::Created;
use crate::cells::exemplar::Exemplar;
use crate::cells::histogram::Reading;
use crate::cells::layout::write_f64;
use crate::contract::metrics::MetricKind;
use crate::exposition::included::{IncludedFamily, IncludedKind};
use crate::exposition::sink::{Counted, Family, Number, Page, Sink};
use crate::labels::label_set::Labels;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    OpenMetrics,
    Prometheus,
}

pub(crate) struct Text {
    dialect: Dialect,
    page: Vec<u8>,
    family: Option<Family<'static>>,
    announced: bool,
    /// What the family's samples are called, before the suffixes of a histogram.
    name: Vec<u8>,
    /// How the lines of samples begin that have much in common: with the end of the line before, so that the page is added to as seldom as
    /// can be, and with what all samples of the family begin with.
    prefix: Vec<u8>,
    /// How much of the prefix is the same for all samples of the family.
    common: usize,
    /// Of the buckets of one histogram.
    counts: Vec<u64>,
}

impl Text {
    pub(crate) fn new(dialect: Dialect, page: Vec<u8>) -> Self {
        Self {
            dialect,
            page,
            family: None,
            announced: false,
            name: Vec::new(),
            prefix: Vec::new(),
            common: 0,
            counts: Vec::new(),
        }
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        if self.dialect == Dialect::OpenMetrics {
            self.page.extend_from_slice(b"# EOF\n");
        }
        self.page
    }

    fn announce(&mut self, name: &str, suffix: &str, kind: &str, help: &str, unit: Option<&str>) {
        // OpenMetrics announces a counter without its suffix, the older format with it.
        let suffix = if self.dialect == Dialect::Prometheus {
            suffix
        } else {
            ""
        };
        self.write(&[
            "# HELP ",
            name,
            suffix,
            " ",
            help,
            "\n# TYPE ",
            name,
            suffix,
            " ",
            kind,
            "\n",
        ]);
        if let Some(unit) = unit.filter(|_| self.dialect == Dialect::OpenMetrics) {
            self.write(&["# UNIT ", name, " ", unit, "\n"]);
        }
    }

    fn write(&mut self, parts: &[&str]) {
        parts
            .iter()
            .for_each(|part| self.page.extend_from_slice(part.as_bytes()));
    }

    #[inline]
    fn push_number(&mut self, labels: &[&Labels], value: Number) {
        if !self.announced {
            self.open();
        }
        self.push_part(b"", labels);
        match value {
            Number::Integer(value) => push_integer(value, &mut self.page),
            Number::Micros(value) => push_decimal(value, 1_000_000, &mut self.page),
            Number::Float(value) => write_f64(value, &mut self.page),
        }
    }

    /// A line of the family up to its value.
    #[inline]
    fn push_part(&mut self, suffix: &[u8], labels: &[&Labels]) {
        let page = &mut self.page;
        page.extend_from_slice(&self.name);
        page.extend_from_slice(suffix);
        if let [others @ .., last] = labels {
            page.push(b'{');
            for labels in others {
                page.extend_from_slice(labels.text().as_bytes());
                page.push(b',');
            }
            page.extend_from_slice(last.closed().as_bytes());
        } else {
            page.push(b' ');
        }
    }

    /// Sets how the lines of a sample with these labels, and further ones, begin. The first begins behind the end of a line.
    #[inline]
    fn set_prefix(&mut self, labels: &[&Labels]) {
        self.prefix.truncate(self.common);
        for labels in labels {
            self.prefix.extend_from_slice(labels.text().as_bytes());
            self.prefix.push(b',');
        }
    }

    /// Announces the family before its first sample.
    #[cold]
    fn open(&mut self) {
        self.announced = true;
        if let Some(family) = self.family {
            let (suffix, kind) = match family.kind {
                MetricKind::Counter => ("_total", "counter"),
                MetricKind::Gauge => ("", "gauge"),
                MetricKind::Histogram => ("", "histogram"),
            };
            self.announce(family.name, suffix, kind, family.help, family.unit);
            self.name.clear();
            self.name.extend_from_slice(family.name.as_bytes());
            self.name.extend_from_slice(suffix.as_bytes());
            let part: &[u8] = match family.kind {
                MetricKind::Counter | MetricKind::Gauge => b"",
                MetricKind::Histogram => b"_bucket",
            };
            self.prefix.clear();
            [b"\n", &*self.name, part, b"{"]
                .iter()
                .for_each(|part| self.prefix.extend_from_slice(part));
            self.common = self.prefix.len();
        }
    }
}

/// As OpenMetrics has it: labels, the example's own value, and when it was, in seconds.
#[cold]
fn push_exemplar(exemplar: &Exemplar, into: &mut Vec<u8>) {
    into.extend_from_slice(b" # {");
    for (position, (name, value)) in exemplar.labels().enumerate() {
        let comma = if position > 0 { "," } else { "" };
        [comma, name, "=\"", value, "\""]
            .iter()
            .for_each(|part| into.extend_from_slice(part.as_bytes()));
    }
    into.extend_from_slice(b"} ");
    write_f64(exemplar.value, into);
    into.push(b' ');
    write_f64(exemplar.since_epoch.as_millis() as f64 / 1e3, into);
}

/// Small ones, which most are on a page, without a call.
#[inline]
fn push_integer(value: u64, into: &mut Vec<u8>) {
    let digit = |place: u64| b'0' + (value / place % 10) as u8;
    match value {
        0..=9 => into.push(digit(1)),
        10..=99 => into.extend_from_slice(&[digit(10), digit(1)]),
        100..=999 => into.extend_from_slice(&[digit(100), digit(10), digit(1)]),
        _ => into.extend_from_slice(itoa::Buffer::new().format(value).as_bytes()),
    }
}

/// A number of parts, as a decimal with all its digits. `per_unit` is a power of ten above one.
fn push_decimal(parts: u64, per_unit: u64, into: &mut Vec<u8>) {
    push_integer(parts / per_unit, into);
    // With a digit before it, so that its zeros are spelled.
    let mut buffer = itoa::Buffer::new();
    let fraction = buffer.format(per_unit + parts % per_unit)[1..].trim_end_matches('0');
    into.push(b'.');
    into.extend_from_slice(if fraction.is_empty() { "0" } else { fraction }.as_bytes());
}

impl Sink for Text {
    fn family(&mut self, family: Family<'static>) {
        self.family = Some(family);
        self.announced = false;
    }

    fn number(&mut self, labels: &[&Labels], value: Number) {
        self.push_number(labels, value);
        self.page.push(b'\n');
    }

    /// Without the time of creation: in text it would be a series of its own.
    fn counter(&mut self, labels: &[&Labels], value: u64, _: Created, exemplar: Option<&Exemplar>) {
        self.push_number(labels, Number::Integer(value));
        if let Some(exemplar) = exemplar.filter(|_| self.dialect == Dialect::OpenMetrics) {
            push_exemplar(exemplar, &mut self.page);
        }
        self.page.push(b'\n');
    }

    fn counters<'a>(&mut self, labels: &Labels, counters: impl Iterator<Item = Counted<'a>>) {
        let mut first = true;
        for counted in counters {
            if first {
                if !self.announced {
                    self.open();
                }
                self.set_prefix(&[labels]);
            }
            let page = &mut self.page;
            page.extend_from_slice(&self.prefix[usize::from(first)..]);
            page.extend_from_slice(counted.last.closed().as_bytes());
            push_integer(counted.value, page);
            if let Some(exemplar) = counted.exemplar.filter(|_| self.dialect == Dialect::OpenMetrics) {
                push_exemplar(exemplar, page);
            }
            first = false;
        }
        if !first {
            self.page.push(b'\n');
        }
    }

    fn histogram(&mut self, labels: &[&Labels], reading: &Reading) {
        if !self.announced {
            self.open();
        }
        self.set_prefix(labels);
        let (page, mut prefix) = (&mut self.page, &self.prefix[1..]);
        reading.layout.cumulate(reading.cells(), &mut self.counts);
        let exemplars = self.dialect == Dialect::OpenMetrics && !reading.exemplars.is_empty();
        let buckets = reading.layout.les().iter();
        for (bucket, (le, count)) in buckets.zip(&self.counts).enumerate() {
            page.extend_from_slice(prefix);
            le.write(page);
            push_integer(*count, page);
            if exemplars {
                if let Some(exemplar) = reading.exemplar(bucket) {
                    push_exemplar(exemplar, page);
                }
            }
            prefix = &self.prefix;
        }
        page.push(b'\n');
        // OpenMetrics allows a sum only where it can't shrink, and a count only beside a sum.
        let shrinks = reading.sum < 0.0 || reading.layout.bounds().first().is_some_and(|bound| *bound < 0.0);
        if shrinks && self.dialect == Dialect::OpenMetrics {
            return;
        }
        self.push_part(b"_sum", labels);
        match reading.sum_nanoseconds {
            Some(sum) => push_decimal(sum, 1_000_000_000, &mut self.page),
            None => write_f64(reading.sum, &mut self.page),
        }
        self.page.push(b'\n');
        self.push_part(b"_count", labels);
        push_integer(self.counts.last().copied().unwrap_or(0), &mut self.page);
        self.page.push(b'\n');
    }
}

impl Page for Text {
    fn included(&mut self, family: &IncludedFamily) {
        let open_metrics = self.dialect == Dialect::OpenMetrics;
        let (suffix, kind) = match family.kind {
            IncludedKind::Counter => ("_total", "counter"),
            IncludedKind::Gauge => ("", "gauge"),
            IncludedKind::Histogram => ("", "histogram"),
            IncludedKind::Info => ("_info", if open_metrics { "info" } else { "gauge" }),
            IncludedKind::Unknown => ("", if open_metrics { "unknown" } else { "untyped" }),
        };
        self.announce(&family.name, suffix, kind, &family.help, family.unit.as_deref());
        for sample in &family.samples {
            self.write(&[&family.name, &sample.suffix, &sample.labels, " ", &sample.value]);
            if let Some(exemplar) = sample.exemplar.as_deref().filter(|_| open_metrics) {
                self.write(&[" # ", exemplar]);
            }
            self.page.push(b'\n');
        }
    }
}
