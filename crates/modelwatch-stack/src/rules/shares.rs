//! Parts of a whole, and their shares.

use crate::promql::{Expr, Op, Selector};

/// The part, and 0 for each series of `whole` without a match in it.
pub(super) fn or_zero(labels: &[&str], part: &Expr, whole: &Expr) -> Expr {
    part.or(labels, whole.times(0.0))
}

/// A share. Absent where the whole is zero or absent.
pub(super) fn share_of(labels: &[&str], part: &Expr, whole: &Expr) -> Expr {
    part.with(Op::DividedBy, labels, whole.above(0.0))
}

/// The route under which adapters count requests that match no route.
const UNMATCHED: &str = "__unmatched__";

/// Limits an expression to requests that match a route, or to all requests if the service names no route. A scanner's requests
/// for unknown paths count for no objective, whether they succeed or fail.
pub(super) fn matched(labels: &[&str], of: impl Fn(&dyn Fn(Selector) -> Selector) -> Expr) -> Expr {
    let named = of(&|series| series.ne("route", UNMATCHED));
    named.or(labels, of(&|series| series))
}
