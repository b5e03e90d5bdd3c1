//! Writes PromQL, and is the only module to do so: rules, dashboards, runbooks and links take their expressions from here.
//!
//! An expression is a value ([`Expr`]), built from the metric contract and the recorded series. The value of a matcher is typed
//! too: a text, a label of the alert, or a variable of a dashboard. The [`Writer`] turns an expression into text. It knows how
//! its target quotes, narrows every selector to the stack's own series, and puts the identity labels into every `by` and `on`. So
//! code that builds an expression can't forget them.
//!
//! [`lookup`] checks that the selected series exist. [`Yield`] computes which labels an expression's series have.

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
