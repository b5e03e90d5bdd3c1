//! The two text formats, which differ in how a family is announced and how the page ends.
//!
//! Source: the OpenMetrics 1.0 specification, and Prometheus' "Exposition formats" for version 0.0.4.

use crate::cells::created::Created;
use crate::cells::exemplar::Exemplar;
use crate::cells::histogram::Reading;
use crate::cells::layout::write_f64;
use crate::contract::metrics::MetricKind;
use crate::exposition::included::{IncludedFamily, IncludedKind};
use crate::exposition::sink::{Family, Number, Page, Sink};
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
    /// What the lines of one histogram have in common.
    prefix: Vec<u8>,
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
        let page = &mut self.page;
        page.extend_from_slice(&self.name);
        if let [first, others @ ..] = labels {
            page.push(b'{');
            page.extend_from_slice(first.text().as_bytes());
            for labels in others {
                page.push(b',');
                page.extend_from_slice(labels.text().as_bytes());
            }
            page.extend_from_slice(b"} ");
        } else {
            page.push(b' ');
        }
        match value {
            Number::Integer(value) => push_integer(value, page),
            Number::Float(value) => write_f64(value, page),
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
        }
    }
}

fn push_labels(labels: &[&Labels], into: &mut Vec<u8>) {
    for (position, labels) in labels.iter().enumerate() {
        if position > 0 {
            into.push(b',');
        }
        into.extend_from_slice(labels.text().as_bytes());
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

fn push_integer(value: u64, into: &mut Vec<u8>) {
    into.extend_from_slice(itoa::Buffer::new().format(value).as_bytes());
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

    fn histogram(&mut self, labels: &[&Labels], reading: &Reading) {
        if !self.announced {
            self.open();
        }
        let prefix = &mut self.prefix;
        prefix.clear();
        prefix.extend_from_slice(&self.name);
        prefix.extend_from_slice(b"_bucket{");
        push_labels(labels, prefix);
        prefix.push(b',');
        let page = &mut self.page;
        let mut count = 0;
        let exemplars = self.dialect == Dialect::OpenMetrics && !reading.exemplars.is_empty();
        for (bucket, (le, cumulative)) in reading
            .layout
            .les()
            .iter()
            .zip(reading.layout.cumulative(reading.cells()))
            .enumerate()
        {
            page.extend_from_slice(prefix);
            page.extend_from_slice(le.as_bytes());
            push_integer(cumulative, page);
            if let Some(exemplar) = reading.exemplar(bucket).filter(|_| exemplars) {
                push_exemplar(exemplar, page);
            }
            page.push(b'\n');
            count = cumulative;
        }
        let start = |suffix: &[u8], page: &mut Vec<u8>| {
            page.extend_from_slice(&self.name);
            page.extend_from_slice(suffix);
            push_labels(labels, page);
            page.extend_from_slice(b"} ");
        };
        // OpenMetrics allows a sum only where it can't shrink, and a count only beside a sum.
        let shrinks = reading.sum < 0.0 || reading.layout.bounds().first().is_some_and(|bound| *bound < 0.0);
        if shrinks && self.dialect == Dialect::OpenMetrics {
            return;
        }
        start(b"_sum{", page);
        write_f64(reading.sum, page);
        page.push(b'\n');
        start(b"_count{", page);
        push_integer(count, page);
        page.push(b'\n');
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
