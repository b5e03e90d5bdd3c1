//! Parts of a whole.

use crate::promql::{Expr, Op, Selector};

/// What is there, and 0 for each series of `whole` that has no like.
pub(super) fn or_zero(labels: &[&str], part: &Expr, whole: &Expr) -> Expr {
    part.or(labels, whole.times(0.0))
}

/// A share; absent where there is nothing to have a share of.
pub(super) fn share_of(labels: &[&str], part: &Expr, whole: &Expr) -> Expr {
    part.with(Op::DividedBy, labels, whole.above(0.0))
}

/// Where adapters count requests that match no route.
const UNMATCHED: &str = "__unmatched__";

/// The same of requests that match a route; where a service names none at all, of all requests. A scanner's requests for what
/// there is not are in no objective, be they well or not.
pub(super) fn matched(labels: &[&str], of: impl Fn(&dyn Fn(Selector) -> Selector) -> Expr) -> Expr {
    let named = of(&|series| series.ne("route", UNMATCHED));
    named.or(labels, of(&|series| series))
}
