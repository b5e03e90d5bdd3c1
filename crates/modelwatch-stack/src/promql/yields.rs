//! Computes which labels the series of an expression have, before any series exists.

use std::collections::BTreeSet;

use super::expr::{Expr, Matching, Op, Side};
use super::lookup::{OWN, STACK_LABEL, TARGET_LABELS};
use super::selector::{Selector, Series, Value};
use super::writer::Writer;

/// The labels of an expression's series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Yield {
    /// Labels that every series has.
    pub(crate) always: BTreeSet<String>,
    /// Labels that some series may have: both sides of an `or`.
    pub(crate) sometimes: BTreeSet<String>,
    /// Whether it is a number, which has no labels and takes those of the other operand.
    number: bool,
}

impl Yield {
    fn of<'a>(labels: impl IntoIterator<Item = &'a str>) -> Self {
        let always: BTreeSet<_> = labels.into_iter().map(str::to_owned).collect();
        Self {
            sometimes: always.clone(),
            always,
            number: false,
        }
    }

    fn kept(self, labels: &BTreeSet<String>) -> Self {
        Self {
            always: self.always.intersection(labels).cloned().collect(),
            sometimes: self.sometimes.intersection(labels).cloned().collect(),
            number: false,
        }
    }

    fn or(self, other: &Self) -> Self {
        Self {
            always: self.always.intersection(&other.always).cloned().collect(),
            sometimes: self.sometimes.union(&other.sometimes).cloned().collect(),
            number: false,
        }
    }

    /// Returns the labels of an expression that this writer writes for a rule.
    pub(crate) fn from(writer: &Writer, expr: &Expr) -> Self {
        let identified =
            |labels: &[String]| -> BTreeSet<String> { labels.iter().chain(writer.identity()).cloned().collect() };
        match expr {
            Expr::Number(_) | Expr::Text(_) => Self {
                number: true,
                ..Self::of([])
            },
            Expr::Select(selector) | Expr::Range { series: selector, .. } => of_selector(writer, selector),
            Expr::Call { function, arguments } => match (*function, &arguments[..]) {
                ("absent", [Expr::Select(selector)]) => compared(selector),
                ("absent" | "vector", _) => Self::of([]),
                ("time" | "scalar", _) => Self {
                    number: true,
                    ..Self::of([])
                },
                ("label_replace" | "label_join", [first, Expr::Text(label), ..]) => {
                    let mut of = Self::from(writer, first);
                    of.always.insert(label.clone());
                    of.sometimes.insert(label.clone());
                    of
                }
                ("histogram_quantile" | "histogram_fraction", arguments) => {
                    let mut of = arguments
                        .last()
                        .map_or_else(|| Self::of([]), |last| Self::from(writer, last));
                    of.always.remove("le");
                    of.sometimes.remove("le");
                    of
                }
                (_, [first, ..]) => Self::from(writer, first),
                (_, []) => Self::of([]),
            },
            Expr::Aggregate { operator, by, expr, .. } => match by {
                Some(by) => Self::from(writer, expr).kept(&identified(by)),
                // These select series without changing them.
                None if ["topk", "bottomk"].contains(operator) => Self::from(writer, expr),
                None => Self::of([]),
            },
            Expr::Binary {
                left,
                operator,
                matching,
                right,
            } => {
                let (left, right) = (Self::from(writer, left), Self::from(writer, right));
                match (operator, matching) {
                    (Op::And | Op::Unless, _) => left,
                    (Op::Or, _) => left.or(&right),
                    _ if left.number => right,
                    _ if right.number => left,
                    (_, Some(Matching { on, many: None })) => left.kept(&identified(on)),
                    (
                        _,
                        Some(Matching {
                            many: Some((side, taken)),
                            ..
                        }),
                    ) => {
                        let mut many = match side {
                            Side::Left => left,
                            Side::Right => right,
                        };
                        many.always.extend(taken.iter().cloned());
                        many.sometimes.extend(taken.iter().cloned());
                        many
                    }
                    (_, None) => left,
                }
            }
        }
    }
}

fn of_selector(writer: &Writer, selector: &Selector) -> Yield {
    let identity = writer.identity().iter().map(String::as_str);
    match selector.series {
        Series::Contract(metric, suffix) => {
            let le = (suffix == "_bucket").then_some("le");
            Yield::of(
                metric
                    .labels
                    .iter()
                    .copied()
                    .chain(TARGET_LABELS)
                    .chain(le)
                    .chain(identity),
            )
        }
        Series::Recorded(recorded) => Yield::of(recorded.labels.iter().copied().chain([STACK_LABEL]).chain(identity)),
        Series::Own(name) => {
            let labels = OWN
                .iter()
                .find(|(own, _)| *own == name)
                .map_or(&[][..], |(_, labels)| labels);
            Yield::of(labels.iter().copied().chain(identity))
        }
    }
}

/// The labels of `absent`: those that the selector compares with a text.
fn compared(selector: &Selector) -> Yield {
    let equal = selector
        .matchers
        .iter()
        .filter(|matcher| matcher.operator == "=" && matches!(matcher.value, Value::Text(_)));
    Yield::of(equal.map(|matcher| matcher.label.as_str()))
}
