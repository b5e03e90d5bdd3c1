//! The one writer of PromQL: rules, dashboards, runbooks and links take their expressions from here.
//!
//! An expression is a value ([`Expr`]), built from the metric contract and from what is recorded. What a matcher
//! compares with is a value too: a text, a label of the alert, a variable of a dashboard. Whoever needs a text asks
//! the [`Writer`] for it, which knows the target's quoting, narrows every selector to the stack's own series, and
//! puts the identity labels into every `by` and `on`. So nothing that builds an expression can forget them.
//!
//! [`lookup`] says whether what a text selects exists, [`Yield`] which labels an expression's series have.

mod expr;
mod lookup;
mod quote;
mod selector;
#[cfg(test)]
mod tests;
mod writer;
mod yields;

pub(crate) use expr::{
    Expr, Op, absent, call, count_by, histogram_quantile, max_by, min_by, number, scalar, sum, sum_by, time,
};
pub(crate) use lookup::{STACK_LABEL, series_in};
pub(crate) use quote::{quoted, series_name};
pub(crate) use selector::{Selector, Window, metric, recorded, word};
pub(crate) use writer::{Moment, Piece, Writer, text_in_template};
pub(crate) use yields::Yield;
