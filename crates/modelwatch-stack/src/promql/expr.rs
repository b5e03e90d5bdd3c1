//! Expressions as values. The writer decides how to write them.

use super::selector::{Selector, Window};

/// A label that distinguishes the sides of one expression. No series keeps it.
pub(super) const SIDE: &str = "__side__";

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expr {
    /// A number.
    Number(f64),
    /// A string, as an argument of a function.
    Text(String),
    /// A selector, unchanged.
    Select(Selector),
    /// A function of a range vector.
    Range {
        function: &'static str,
        series: Selector,
        window: Window,
    },
    /// Any other function.
    Call {
        function: &'static str,
        arguments: Vec<Expr>,
    },
    /// An aggregation. Without `by`, it aggregates everything into one series.
    Aggregate {
        operator: &'static str,
        /// The parameter of `topk`.
        parameter: Option<f64>,
        by: Option<Vec<String>>,
        expr: Box<Expr>,
    },
    /// Two operands.
    Binary {
        left: Box<Expr>,
        operator: Op,
        matching: Option<Matching>,
        right: Box<Expr>,
    },
}

/// An operator of two operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Op {
    Plus,
    Minus,
    Times,
    DividedBy,
    Above,
    AtLeast,
    Below,
    Equals,
    And,
    Or,
    Unless,
}

impl Op {
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Times => "*",
            Self::DividedBy => "/",
            Self::Above => ">",
            Self::AtLeast => ">=",
            Self::Below => "<",
            Self::Equals => "==",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        }
    }
}

/// How the series of two operands are matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Matching {
    /// Match on these labels, and the identity.
    pub(super) on: Vec<String>,
    /// The side with many series for one of the other, and the labels it takes from that one.
    pub(super) many: Option<(Side, Vec<String>)>,
}

/// One side of an operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

fn owned(labels: &[&str]) -> Vec<String> {
    labels.iter().map(|label| (*label).to_owned()).collect()
}

/// A number.
pub(crate) fn number(number: f64) -> Expr {
    Expr::Number(number)
}

/// A function of instant vectors and numbers.
pub(crate) fn call(function: &'static str, arguments: Vec<Expr>) -> Expr {
    Expr::Call { function, arguments }
}

/// `time()`, in seconds since the epoch.
pub(crate) fn time() -> Expr {
    call("time", Vec::new())
}

/// `scalar(expr)`: the value of the only series, with any labels. NaN if there is none or more than one.
pub(crate) fn scalar(expr: impl Into<Expr>) -> Expr {
    call("scalar", vec![expr.into()])
}

/// `sum(expr)`: the sum of all series.
pub(crate) fn sum(expr: impl Into<Expr>) -> Expr {
    whole("sum", expr)
}

fn whole(operator: &'static str, expr: impl Into<Expr>) -> Expr {
    Expr::Aggregate {
        operator,
        parameter: None,
        by: None,
        expr: Box::new(expr.into()),
    }
}

/// `sum by (identity, labels) (expr)`.
pub(crate) fn sum_by(labels: &[&str], expr: impl Into<Expr>) -> Expr {
    aggregate("sum", labels, expr)
}

/// `max by (identity, labels) (expr)`.
pub(crate) fn max_by(labels: &[&str], expr: impl Into<Expr>) -> Expr {
    aggregate("max", labels, expr)
}

/// `min by (identity, labels) (expr)`.
pub(crate) fn min_by(labels: &[&str], expr: impl Into<Expr>) -> Expr {
    aggregate("min", labels, expr)
}

/// `count by (identity, labels) (expr)`.
pub(crate) fn count_by(labels: &[&str], expr: impl Into<Expr>) -> Expr {
    aggregate("count", labels, expr)
}

/// `histogram_quantile(quantile, buckets)`.
pub(crate) fn histogram_quantile(quantile: f64, buckets: Expr) -> Expr {
    call("histogram_quantile", vec![number(quantile), buckets])
}

/// `absent(expr)`.
pub(crate) fn absent(expr: impl Into<Expr>) -> Expr {
    call("absent", vec![expr.into()])
}

fn aggregate(operator: &'static str, labels: &[&str], expr: impl Into<Expr>) -> Expr {
    Expr::Aggregate {
        operator,
        parameter: None,
        by: Some(owned(labels)),
        expr: Box::new(expr.into()),
    }
}

impl From<Selector> for Expr {
    fn from(selector: Selector) -> Self {
        Self::Select(selector)
    }
}

impl From<&Selector> for Expr {
    fn from(selector: &Selector) -> Self {
        Self::Select(selector.clone())
    }
}

impl From<f64> for Expr {
    fn from(value: f64) -> Self {
        number(value)
    }
}

impl Expr {
    fn binary(&self, operator: Op, matching: Option<Matching>, other: impl Into<Self>) -> Self {
        Self::Binary {
            left: Box::new(self.clone()),
            operator,
            matching,
            right: Box::new(other.into()),
        }
    }

    /// `a + b`.
    pub(crate) fn plus(&self, other: impl Into<Self>) -> Self {
        self.binary(Op::Plus, None, other)
    }

    /// `a - b`.
    pub(crate) fn minus(&self, other: impl Into<Self>) -> Self {
        self.binary(Op::Minus, None, other)
    }

    /// `a * b`.
    pub(crate) fn times(&self, other: impl Into<Self>) -> Self {
        self.binary(Op::Times, None, other)
    }

    /// `a / b`.
    pub(crate) fn divided_by(&self, other: impl Into<Self>) -> Self {
        self.binary(Op::DividedBy, None, other)
    }

    /// `a > b`: drops series for which it does not hold.
    pub(crate) fn above(&self, other: impl Into<Self>) -> Self {
        self.binary(Op::Above, None, other)
    }

    /// `a >= b`.
    pub(crate) fn at_least(&self, other: impl Into<Self>) -> Self {
        self.binary(Op::AtLeast, None, other)
    }

    /// `a < b`.
    pub(crate) fn below(&self, other: impl Into<Self>) -> Self {
        self.binary(Op::Below, None, other)
    }

    /// `a == b`.
    pub(crate) fn equals(&self, other: impl Into<Self>) -> Self {
        self.binary(Op::Equals, None, other)
    }

    /// An operator with `on (identity, labels)`.
    pub(crate) fn with(&self, operator: Op, labels: &[&str], other: impl Into<Self>) -> Self {
        let matching = Matching {
            on: owned(labels),
            many: None,
        };
        self.binary(operator, Some(matching), other)
    }

    /// An operator with one series on the right for many on the left, which take these labels from it.
    pub(crate) fn with_one(&self, operator: Op, labels: &[&str], taken: &[&str], other: impl Into<Self>) -> Self {
        let matching = Matching {
            on: owned(labels),
            many: Some((Side::Left, owned(taken))),
        };
        self.binary(operator, Some(matching), other)
    }

    /// An operator with one series on the left for many on the right.
    pub(crate) fn with_many(&self, operator: Op, labels: &[&str], other: impl Into<Self>) -> Self {
        let matching = Matching {
            on: owned(labels),
            many: Some((Side::Right, Vec::new())),
        };
        self.binary(operator, Some(matching), other)
    }

    /// `a or on (identity, labels) b`: adds the series of b without a match in a.
    pub(crate) fn or(&self, labels: &[&str], other: impl Into<Self>) -> Self {
        self.with(Op::Or, labels, other)
    }

    /// `a or vector(0)`: 0 where there is no series.
    pub(crate) fn or_zero(&self) -> Self {
        self.or_number(number(0.0))
    }

    /// `a or vector(number)`.
    pub(crate) fn or_number(&self, number: Self) -> Self {
        self.binary(Op::Or, None, call("vector", vec![number]))
    }

    /// `a and on (identity, labels) b`: the series of a with a match in b.
    pub(crate) fn and(&self, labels: &[&str], other: impl Into<Self>) -> Self {
        self.with(Op::And, labels, other)
    }

    /// `a unless on (identity, labels) b`: the series of a without a match in b.
    pub(crate) fn unless(&self, labels: &[&str], other: impl Into<Self>) -> Self {
        self.with(Op::Unless, labels, other)
    }

    /// `topk(count, a)`.
    pub(crate) fn top(&self, count: u32) -> Self {
        self.k("topk", count)
    }

    /// `bottomk(count, a)`.
    pub(crate) fn bottom(&self, count: u32) -> Self {
        self.k("bottomk", count)
    }

    fn k(&self, operator: &'static str, count: u32) -> Self {
        Self::Aggregate {
            operator,
            parameter: Some(f64::from(count)),
            by: None,
            expr: Box::new(self.clone()),
        }
    }

    /// `max(a)`: the largest value.
    pub(crate) fn largest(&self) -> Self {
        whole("max", self.clone())
    }

    /// `min(a)`: the smallest value.
    pub(crate) fn smallest(&self) -> Self {
        whole("min", self.clone())
    }

    /// `count(a)`: the number of series.
    pub(crate) fn how_many(&self) -> Self {
        whole("count", self.clone())
    }

    /// `sqrt(a)`.
    pub(crate) fn square_root(&self) -> Self {
        call("sqrt", vec![self.clone()])
    }

    /// `abs(a)`.
    pub(crate) fn abs(&self) -> Self {
        call("abs", vec![self.clone()])
    }

    /// `ln(a)`.
    pub(crate) fn ln(&self) -> Self {
        call("ln", vec![self.clone()])
    }

    /// `clamp_min(a, least)`.
    pub(crate) fn clamp_min(&self, least: f64) -> Self {
        call("clamp_min", vec![self.clone(), number(least)])
    }

    /// `clamp(a, least, most)`.
    pub(crate) fn clamp(&self, least: f64, most: f64) -> Self {
        call("clamp", vec![self.clone(), number(least), number(most)])
    }

    /// The larger of both, or the one that exists.
    pub(crate) fn or_more(&self, labels: &[&str], other: impl Into<Self>) -> Self {
        max_by(labels, self.beside(labels, other.into()))
    }

    /// The smaller of both, or the one that exists.
    pub(crate) fn or_less(&self, labels: &[&str], other: impl Into<Self>) -> Self {
        min_by(labels, self.beside(labels, other.into()))
    }

    /// The series of both, each evaluated only once.
    fn beside(&self, labels: &[&str], other: Self) -> Self {
        self.labelled(SIDE, "left")
            .or(&[labels, &[SIDE]].concat(), other.labelled(SIDE, "right"))
    }

    /// The same series with an additional label of this value.
    pub(crate) fn labelled(&self, label: &str, value: &str) -> Self {
        self.relabelled(label, value, "", "")
    }

    /// The same series with an additional label that has the value of another.
    pub(crate) fn renamed(&self, label: &str, from: &str) -> Self {
        self.relabelled(label, "$1", from, "(.*)")
    }

    /// `label_replace(a, label, value, from, pattern)`.
    pub(crate) fn relabelled(&self, label: &str, value: &str, from: &str, pattern: &str) -> Self {
        let texts = [label, value, from, pattern].map(|text| Self::Text(text.to_owned()));
        call("label_replace", [self.clone()].into_iter().chain(texts).collect())
    }

    /// `label_join(a, label, separator, from…)`.
    pub(crate) fn joined(&self, label: &str, separator: &str, from: &[&str]) -> Self {
        let texts = [label, separator].into_iter().chain(from.iter().copied());
        let texts = texts.map(|text| Self::Text(text.to_owned()));
        call("label_join", [self.clone()].into_iter().chain(texts).collect())
    }
}

impl Selector {
    /// `rate(series[window])`: per second, corrected for counter resets.
    pub(crate) fn rate(&self, window: impl Into<Window>) -> Expr {
        self.over("rate", window)
    }

    /// `increase(series[window])`.
    pub(crate) fn increase(&self, window: impl Into<Window>) -> Expr {
        self.over("increase", window)
    }

    /// Another function of a range, such as `last_over_time` or `changes`.
    pub(crate) fn over(&self, function: &'static str, window: impl Into<Window>) -> Expr {
        Expr::Range {
            function,
            series: self.clone(),
            window: window.into(),
        }
    }

    /// The selector as an expression.
    pub(crate) fn expr(&self) -> Expr {
        Expr::Select(self.clone())
    }
}
