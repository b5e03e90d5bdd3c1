//! Selectors: a name, label matchers, and an offset.

use std::time::Duration;

use modelwatch::contract::{Metric, MetricKind, SourceMetric};

use crate::recorded::Recorded;

/// A selector of series. You can add matchers and an offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Selector {
    pub(super) series: Series,
    pub(super) matchers: Vec<Matcher>,
    pub(super) offset: Option<Duration>,
    /// Whether it selects every environment, whichever target it is written for.
    pub(super) everywhere: bool,
}

/// The series that a selector names.
#[derive(Clone, Copy, Debug)]
pub(super) enum Series {
    /// A metric of the contract, or one part of a histogram: `_bucket`, `_sum`, `_count`.
    Contract(&'static Metric, &'static str),
    /// A series that a recording rule of the stack records.
    Recorded(&'static Recorded),
    /// A series that Prometheus makes itself.
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

/// A label matcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Matcher {
    pub(super) label: String,
    /// `=`, `!=`, `=~` or `!~`.
    pub(super) operator: &'static str,
    pub(super) value: Value,
}

/// The value of a matcher.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    /// A text, or a complete pattern.
    Text(String),
    /// The alert's value of this label.
    OfAlert(String),
    /// A variable of a dashboard, as a pattern.
    Variable(String),
    /// The same, or no value.
    VariableOrNothing(String),
}

/// The window of a range function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Window {
    /// A fixed duration.
    Of(Duration),
    /// The window that Grafana chooses for the panel's width.
    Panel,
}

impl From<Duration> for Window {
    fn from(duration: Duration) -> Self {
        Self::Of(duration)
    }
}

/// Selects a metric of the contract.
pub(crate) fn metric(metric: &'static Metric) -> Selector {
    Selector::new(Series::Contract(metric, ""))
}

/// Selects the series of a recording rule.
pub(crate) fn recorded(rule: &'static Recorded) -> Selector {
    Selector::new(Series::Recorded(rule))
}

/// Selects a series of Prometheus itself, such as `up` or `ALERTS`.
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

    /// Selects the buckets of a histogram.
    pub(crate) fn bucket(self) -> Self {
        self.part("_bucket")
    }

    /// Selects the number of observations of a histogram.
    pub(crate) fn count(self) -> Self {
        self.part("_count")
    }

    /// Selects the sum of the observations of a histogram.
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

    /// `label="value"`. Quotes the value.
    pub(crate) fn eq(self, label: &str, value: &str) -> Self {
        self.matching(label, "=", Value::Text(value.to_owned()))
    }

    /// `label!="value"`.
    pub(crate) fn ne(self, label: &str, value: &str) -> Self {
        self.matching(label, "!=", Value::Text(value.to_owned()))
    }

    /// `label=~"a|b"`, or `label="a"` for one. Matches each value literally.
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

    /// One of these values, or no value.
    pub(crate) fn one_of_or_none<'a>(self, label: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let pattern = super::quote::exactly(values) + "|";
        self.matching(label, "=~", Value::Text(pattern))
    }

    /// The label contains these texts, in this order.
    pub(crate) fn containing(self, label: &str, texts: &[&str]) -> Self {
        let pattern = format!(".*{}.*", super::quote::exactly([texts.concat().as_str()]));
        self.matching(label, "=~", Value::Text(pattern))
    }

    /// Matches a label with a dashboard variable as the pattern.
    pub(crate) fn variable(self, label: &str, variable: &str) -> Self {
        self.matching(label, "=~", Value::Variable(variable.to_owned()))
    }

    /// The same, or no value.
    pub(crate) fn variable_or_none(self, label: &str, variable: &str) -> Self {
        self.matching(label, "=~", Value::VariableOrNothing(variable.to_owned()))
    }

    /// The alert's value of the label, for annotations. Rules can't evaluate it.
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

    /// Selects every environment, where the writer would narrow it to one.
    pub(crate) fn everywhere(mut self) -> Self {
        self.everywhere = true;
        self
    }

    /// Shifts the selector back by this duration.
    pub(crate) fn offset(mut self, offset: Duration) -> Self {
        self.offset = Some(offset);
        self
    }

    /// Returns the name.
    pub(crate) fn name(&self) -> String {
        self.series.name()
    }

    /// Returns the only value that a label may have, if there is one.
    pub(crate) fn value(&self, label: &str) -> Option<&str> {
        let mut matchers = self.matchers.iter();
        let matcher = matchers.find(|matcher| matcher.label == label && matcher.operator == "=")?;
        match &matcher.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// Returns the labels that can narrow the series, without `le`. Empty for series of Prometheus itself.
    pub(crate) fn labels(&self) -> &'static [&'static str] {
        match self.series {
            Series::Contract(metric, _) => metric.labels,
            Series::Recorded(recorded) => recorded.labels,
            Series::Own(_) => &[],
        }
    }
}
