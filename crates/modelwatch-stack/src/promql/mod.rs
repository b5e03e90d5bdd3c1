//! PromQL built from the contract and from what is recorded, and checked against both.

mod check;
mod expr;

pub use check::{Unknown, check, series_in};
pub(crate) use expr::quoted;
pub use expr::{Expr, Selector, absent, histogram_quantile, max_by, metric, number, recorded, sum_by, time, word};
