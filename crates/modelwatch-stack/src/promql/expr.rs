//! Small builders: what they make is a text, with parentheses wherever precedence could be read in two ways.

use std::fmt;
use std::time::Duration;

use modelwatch::contract::Metric;
use modelwatch_config::prometheus_duration;

use crate::recorded::Recorded;

/// An expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expr {
    text: String,
    /// Whether it can be an operand without parentheses.
    atom: bool,
}

/// A selector of series, to which matchers, a range and an offset can be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    name: String,
    matchers: Vec<String>,
    offset: Option<Duration>,
}

/// The series of a metric of the contract.
#[must_use]
pub fn metric(metric: &Metric) -> Selector {
    Selector::new(metric.name.to_owned())
}

/// The series of a recording rule.
#[must_use]
pub fn recorded(rule: &Recorded) -> Selector {
    Selector::new(rule.name.to_owned())
}

/// A series of Prometheus itself: `up`, `ALERTS`.
#[must_use]
pub fn word(name: &str) -> Selector {
    Selector::new(name.to_owned())
}

/// A number.
#[must_use]
pub fn number(number: f64) -> Expr {
    Expr::atom(number.to_string())
}

/// `time()`, in seconds since the epoch.
#[must_use]
pub fn time() -> Expr {
    Expr::atom("time()")
}

/// `sum by (labels) (expr)`.
#[must_use]
pub fn sum_by(labels: &[&str], expr: impl Into<Expr>) -> Expr {
    aggregate("sum", labels, expr.into())
}

/// `max by (labels) (expr)`.
#[must_use]
pub fn max_by(labels: &[&str], expr: impl Into<Expr>) -> Expr {
    aggregate("max", labels, expr.into())
}

/// `histogram_quantile(quantile, buckets)`.
#[must_use]
pub fn histogram_quantile(quantile: f64, buckets: Expr) -> Expr {
    Expr::atom(format!("histogram_quantile({quantile}, {buckets})"))
}

/// `absent(expr)`.
#[must_use]
pub fn absent(expr: impl Into<Expr>) -> Expr {
    Expr::atom(format!("absent({})", expr.into()))
}

fn aggregate(operator: &str, labels: &[&str], expr: Expr) -> Expr {
    Expr::atom(format!("{operator} by ({}) ({expr})", labels.join(", ")))
}

impl Selector {
    fn new(name: String) -> Self {
        Self {
            name,
            matchers: Vec::new(),
            offset: None,
        }
    }

    /// The buckets of a histogram.
    #[must_use]
    pub fn bucket(self) -> Self {
        self.suffix("_bucket")
    }

    /// The number of observations of a histogram.
    #[must_use]
    pub fn count(self) -> Self {
        self.suffix("_count")
    }

    /// The sum of the observations of a histogram.
    #[must_use]
    pub fn sum(self) -> Self {
        self.suffix("_sum")
    }

    fn suffix(mut self, suffix: &str) -> Self {
        self.name += suffix;
        self
    }

    /// `label="value"`, whatever is in the value.
    #[must_use]
    pub fn eq(self, label: &str, value: &str) -> Self {
        self.matcher(label, "=", value)
    }

    /// `label!="value"`.
    #[must_use]
    pub fn ne(self, label: &str, value: &str) -> Self {
        self.matcher(label, "!=", value)
    }

    /// `label=~"a|b"`, or `label="a"` for one; each value for itself and not as a pattern.
    #[must_use]
    pub fn one_of<'a>(self, label: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        match values[..] {
            [value] => self.eq(label, value),
            _ => self.matcher(label, "=~", &alternatives(&values)),
        }
    }

    /// `label!~"a|b"`: none of these values.
    #[must_use]
    pub fn none_of<'a>(self, label: &str, values: impl IntoIterator<Item = &'a str>) -> Self {
        let values: Vec<_> = values.into_iter().collect();
        match values[..] {
            [value] => self.ne(label, value),
            _ => self.matcher(label, "!~", &alternatives(&values)),
        }
    }

    /// A dashboard variable as the pattern of a label: `label=~"$variable"`.
    #[must_use]
    pub fn variable(self, label: &str, variable: &str) -> Self {
        self.matcher(label, "=~", &format!("${variable}"))
    }

    /// The value the label has in the alert whose annotation this is: filled in by Prometheus' template.
    #[must_use]
    pub fn same(mut self, label: &str) -> Self {
        self.matchers.push(format!("{label}={}", alert_label(label)));
        self
    }

    fn matcher(mut self, label: &str, operator: &str, value: &str) -> Self {
        self.matchers.push(format!("{label}{operator}{}", quoted(value)));
        self
    }

    /// As it was that long ago.
    #[must_use]
    pub fn offset(mut self, offset: Duration) -> Self {
        self.offset = Some(offset);
        self
    }

    /// `rate(series[window])`: per second, resets of counters accounted for.
    #[must_use]
    pub fn rate(&self, window: Duration) -> Expr {
        self.over("rate", window)
    }

    /// `increase(series[window])`.
    #[must_use]
    pub fn increase(&self, window: Duration) -> Expr {
        self.over("increase", window)
    }

    /// Any function of a range: `last_over_time`, `changes`.
    #[must_use]
    pub fn over(&self, function: &str, window: Duration) -> Expr {
        self.over_text(function, &prometheus_duration(window))
    }

    /// The same with a range that only the reader knows, such as Grafana's `$__rate_interval`.
    #[must_use]
    pub fn over_text(&self, function: &str, window: &str) -> Expr {
        Expr::atom(format!("{function}({})", self.text(&format!("[{window}]"))))
    }

    fn text(&self, range: &str) -> String {
        let matchers = if self.matchers.is_empty() {
            String::new()
        } else {
            format!("{{{}}}", self.matchers.join(", "))
        };
        let offset = self
            .offset
            .map(|offset| format!(" offset {}", prometheus_duration(offset)))
            .unwrap_or_default();
        format!("{}{matchers}{range}{offset}", self.name)
    }

    /// The series as they are.
    #[must_use]
    pub fn expr(&self) -> Expr {
        Expr::atom(self.text(""))
    }
}

impl From<Selector> for Expr {
    fn from(selector: Selector) -> Self {
        selector.expr()
    }
}

impl From<&Selector> for Expr {
    fn from(selector: &Selector) -> Self {
        selector.expr()
    }
}

impl From<f64> for Expr {
    fn from(value: f64) -> Self {
        number(value)
    }
}

/// A label of the alert, in double quotes, as Prometheus' templates write it.
fn alert_label(label: &str) -> String {
    format!("{{{{ printf \"%q\" $labels.{label} }}}}")
}

/// A text in double quotes, escaped as PromQL (and Go) reads it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\n' => quoted += "\\n",
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

/// Values as a regular expression (RE2) that matches these alone.
fn alternatives(values: &[&str]) -> String {
    let escaped = values.iter().map(|value| {
        let mut pattern = String::new();
        for character in value.chars() {
            if r"\.+*?()|[]{}^$".contains(character) {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern
    });
    escaped.collect::<Vec<_>>().join("|")
}

/// How the series of two operands find each other.
fn on(labels: Option<&[&str]>) -> String {
    labels
        .map(|labels| format!(" on ({})", labels.join(", ")))
        .unwrap_or_default()
}

impl Expr {
    fn atom(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            atom: true,
        }
    }

    fn operand(&self) -> String {
        if self.atom {
            self.text.clone()
        } else {
            format!("({})", self.text)
        }
    }

    fn binary(&self, operator: &str, other: impl Into<Self>) -> Self {
        Self {
            text: format!("{} {operator} {}", self.operand(), other.into().operand()),
            atom: false,
        }
    }

    /// `a + b`.
    #[must_use]
    pub fn plus(&self, other: impl Into<Self>) -> Self {
        self.binary("+", other)
    }

    /// `a - b`.
    #[must_use]
    pub fn minus(&self, other: impl Into<Self>) -> Self {
        self.binary("-", other)
    }

    /// `a * b`.
    #[must_use]
    pub fn times(&self, other: impl Into<Self>) -> Self {
        self.binary("*", other)
    }

    /// `a / b`.
    #[must_use]
    pub fn divided_by(&self, other: impl Into<Self>) -> Self {
        self.binary("/", other)
    }

    /// `a > b`: what is not is left out.
    #[must_use]
    pub fn above(&self, other: impl Into<Self>) -> Self {
        self.binary(">", other)
    }

    /// `a >= b`.
    #[must_use]
    pub fn at_least(&self, other: impl Into<Self>) -> Self {
        self.binary(">=", other)
    }

    /// `a < b`.
    #[must_use]
    pub fn below(&self, other: impl Into<Self>) -> Self {
        self.binary("<", other)
    }

    /// `a == b`.
    #[must_use]
    pub fn equals(&self, other: impl Into<Self>) -> Self {
        self.binary("==", other)
    }

    /// Any operator with `on (labels)`.
    #[must_use]
    pub fn with(&self, operator: &str, labels: &[&str], other: impl Into<Self>) -> Self {
        self.binary(&format!("{operator}{}", on(Some(labels))), other)
    }

    /// Any operator where one series on the right serves many on the left.
    #[must_use]
    pub fn with_one(&self, operator: &str, labels: &[&str], other: impl Into<Self>) -> Self {
        self.binary(&format!("{operator}{} group_left ()", on(Some(labels))), other)
    }

    /// Any operator where one series on the left serves many on the right.
    #[must_use]
    pub fn with_many(&self, operator: &str, labels: &[&str], other: impl Into<Self>) -> Self {
        self.binary(&format!("{operator}{} group_right ()", on(Some(labels))), other)
    }

    /// `a or b`: b's series that a has no like of.
    #[must_use]
    pub fn or(&self, other: impl Into<Self>) -> Self {
        self.binary("or", other)
    }

    /// `topk(count, a)`.
    #[must_use]
    pub fn top(&self, count: usize) -> Self {
        Self::atom(format!("topk({count}, {})", self.text))
    }

    /// `a and on (labels) b`: a's series that b has a like of.
    #[must_use]
    pub fn and(&self, labels: &[&str], other: impl Into<Self>) -> Self {
        self.with("and", labels, other)
    }

    /// `a unless on (labels) b`: a's series that b has no like of.
    #[must_use]
    pub fn unless(&self, labels: &[&str], other: impl Into<Self>) -> Self {
        self.with("unless", labels, other)
    }

    /// `abs(a)`.
    #[must_use]
    pub fn abs(&self) -> Self {
        Self::atom(format!("abs({})", self.text))
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}
