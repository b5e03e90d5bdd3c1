//! Selectors: a name, what its labels are compared with, a time.

use std::time::Duration;

use modelwatch::contract::{Metric, MetricKind, SourceMetric};

use crate::recorded::Recorded;

/// A selector of series, to which matchers and an offset can be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(super) series: Series,
    pub(super) matchers: Vec<Matcher>,
    pub(super) offset: Option<Duration>,
    /// Whether it is about every environment, whoever reads it.
    pub(super) everywhere: bool,
}

/// What a selector names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Series {
    /// A metric of the contract, or one part of a histogram: `_bucket`, `_sum`, `_count`.
    Contract(&'static Metric, &'static str),
    /// What one of our rules records.
    Recorded(&'static Recorded),
    /// A series of Prometheus itself.
    Own(&'static str),
}

impl PartialEq for Series {
    fn eq(&self, other: &Self) -> bool {
        self.name() == other.name()
    }
}

impl Eq for Series {}

impl Series {
    pub(super) fn name(self) -> String {
        match self {
            Self::Contract(metric, suffix) => format!("{}{suffix}", metric.name),
            Self::Recorded(recorded) => recorded.name.to_owned(),
            Self::Own(name) => name.to_owned(),
        }
    }
}

/// One comparison of a label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matcher {
    pub(super) label: String,
    /// `=`, `!=`, `=~` or `!~`.
    pub(super) operator: &'static str,
    pub(super) value: Value,
}

/// What a label is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A text, or a pattern that is complete.
    Text(String),
    /// Whatever the alert has for this label.
    OfAlert(String),
    /// A variable of a dashboard, as a pattern.
    Variable(String),
    /// The same, or no value at all.
    VariableOrNothing(String),
}

/// How far back a function of a range looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// So long.
    Of(Duration),
    /// As Grafana finds it fit for the panel's width.
    Panel,
}

impl From<Duration> for Window {
    fn from(duration: Duration) -> Self {
        Self::Of(duration)
    }
}

/// The series of a metric of the contract.
pub(crate) fn metric(metric: &'static Metric) -> Selector {
    Selector::new(Series::Contract(metric, ""))
}

/// The series of a recording rule.
pub(crate) fn recorded(rule: &'static Recorded) -> Selector {
    Selector::new(Series::Recorded(rule))
}

/// A series of Prometheus itself: `up`, `ALERTS`.
pub(crate) fn word(name: &'static str) -> Selector {
    Selector::new(Series::Own(name))
}

impl From<&'static Metric> for Selector {
    fn from(of: &'static Metric) -> Self {
        metric(of)
    }
}

impl From<&'static SourceMetric> for Selector {
    fn from(of: &'static SourceMetric) -> Self {
        metric(of)
    }
}

impl From<&'static Recorded> for Selector {
    fn from(of: &'static Recorded) -> Self {
        recorded(of)
    }
}

impl Selector {
    fn new(series: Series) -> Self {
        Self {
            series,
            matchers: Vec::new(),
            offset: None,
            everywhere: false,
        }
    }

    /// The buckets of a histogram.
    pub(crate) fn bucket(self) -> Self {
        self.part("_bucket")
    }

    /// The number of observations of a histogram.
    pub(crate) fn count(self) -> Self {
        self.part("_count")
    }

    /// The sum of the observations of a histogram.
    pub(crate) fn sum(self) -> Self {
        self.part("_sum")
    }

    fn part(mut self, suffix: &'static str) -> Self {
        if let Series::Contract(metric, _) = self.series {
            debug_assert_eq!(metric.kind, MetricKind::Histogram, "{} has no parts", metric.name);
            self.series = Series::Contract(metric, suffix);
        }
        self
    }

    /// `label="value"`, whatever is in the value.
    pub(crate) fn eq(self, label: &str, value: &str) -> Self {
        self.matching(label, "=", Value::Text(value.to_owned()))
    }

    /// `label!="value"`.
    pub(crate) fn ne(self, label: &str, value: &str) -> Self {
        self.matching(label, "!=", Value::Text(value.to_owned()))
    }

    /// `label=~"a|b"`, or `label="a"` for one; each value for itself and not as a pattern.
    pub(crate) fn one_of<'a>(self, label: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        match values[..] {
            [value] => self.eq(label, value),
            _ => self.matching(label, "=~", Value::Text(super::quote::exactly(values))),
        }
    }

    /// `label!~"a|b"`: none of these values.
    pub(crate) fn none_of<'a>(self, label: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        match values[..] {
            [value] => self.ne(label, value),
            _ => self.matching(label, "!~", Value::Text(super::quote::exactly(values))),
        }
    }

    /// One of these values, or no value at all.
    pub(crate) fn one_of_or_none<'a>(self, label: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let pattern = super::quote::exactly(values) + "|";
        self.matching(label, "=~", Value::Text(pattern))
    }

    /// A label with these texts, one after the other, somewhere in it.
    pub(crate) fn containing(self, label: &str, texts: &[&str]) -> Self {
        let pattern = format!(".*{}.*", super::quote::exactly([texts.concat().as_str()]));
        self.matching(label, "=~", Value::Text(pattern))
    }

    /// A variable of a dashboard as the pattern of a label.
    pub(crate) fn variable(self, label: &str, variable: &str) -> Self {
        self.matching(label, "=~", Value::Variable(variable.to_owned()))
    }

    /// The same, or no value at all.
    pub(crate) fn variable_or_none(self, label: &str, variable: &str) -> Self {
        self.matching(label, "=~", Value::VariableOrNothing(variable.to_owned()))
    }

    /// The value the label has in the alert whose annotation this is; for expressions that rules do not evaluate.
    pub(crate) fn same(self, label: &str) -> Self {
        let value = Value::OfAlert(label.to_owned());
        self.matching(label, "=", value)
    }

    fn matching(mut self, label: &str, operator: &'static str, value: Value) -> Self {
        self.matchers.push(Matcher {
            label: label.to_owned(),
            operator,
            value,
        });
        self
    }

    /// About every environment, where a writer would narrow it to one.
    pub(crate) fn everywhere(mut self) -> Self {
        self.everywhere = true;
        self
    }

    /// As it was that long ago.
    pub(crate) fn offset(mut self, offset: Duration) -> Self {
        self.offset = Some(offset);
        self
    }

    /// The name.
    pub(crate) fn name(&self) -> String {
        self.series.name()
    }

    /// The one value that a label has to have, where there is one.
    pub(crate) fn value(&self, label: &str) -> Option<&str> {
        let mut matchers = self.matchers.iter();
        let matcher = matchers.find(|matcher| matcher.label == label && matcher.operator == "=")?;
        match &matcher.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Labels the series can be narrowed by, `le` not among them; nothing for series of Prometheus itself.
    pub(crate) fn labels(&self) -> &'static [&'static str] {
        match self.series {
            Series::Contract(metric, _) => metric.labels,
            Series::Recorded(recorded) => recorded.labels,
            Series::Own(_) => &[],
        }
    }
}
