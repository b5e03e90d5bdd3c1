//! Where families and samples go: a page in some format, or another registry.

use crate::cells::created::Created;
use crate::cells::exemplar::Exemplar;
use crate::cells::histogram::Reading;
use crate::contract::metrics::{Metric, MetricKind};
use crate::exposition::included::IncludedFamily;
use crate::labels::label_set::Labels;

/// What a family is called and how it is described.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Family<'a> {
    /// Without a counter's `_total`.
    pub(crate) name: &'a str,
    pub(crate) kind: MetricKind,
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
    /// So many millionths: spelled at a tenth of the cost of a float.
    Micros(u64),
    Float(f64),
}

impl Number {
    pub(crate) fn value(self) -> f64 {
        match self {
            Self::Integer(value) => value as f64,
            Self::Micros(micros) => micros as f64 / 1e6,
            Self::Float(value) => value,
        }
    }
}

/// A sample of a counter that has its other labels in common with its neighbours.
pub(crate) struct Counted<'a> {
    pub(crate) last: &'a Labels,
    pub(crate) value: u64,
    pub(crate) created: Created,
    pub(crate) exemplar: Option<&'a Exemplar>,
}

/// Takes families one after the other, each with its samples. A family without samples leaves no trace.
pub(crate) trait Sink {
    fn family(&mut self, family: Family<'static>);
    /// A sample of a gauge, or of a counter of which nobody knows more.
    fn number(&mut self, labels: &[&Labels], value: Number);
    /// A sample of a counter.
    fn counter(&mut self, labels: &[&Labels], value: u64, created: Created, exemplar: Option<&Exemplar>);
    /// Samples of a counter that differ in their last labels.
    fn counters<'a>(&mut self, labels: &Labels, counters: impl Iterator<Item = Counted<'a>>) {
        for counted in counters {
            self.counter(
                &[labels, counted.last],
                counted.value,
                counted.created,
                counted.exemplar,
            );
        }
    }
    fn histogram(&mut self, labels: &[&Labels], reading: &Reading);
}

/// A page takes what other libraries rendered, too.
pub(crate) trait Page: Sink {
    fn included(&mut self, family: &IncludedFamily);
}
