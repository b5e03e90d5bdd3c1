//! Parts of a whole.

use crate::promql::{Expr, Op};

/// What is there, and 0 for each series of `whole` that has no like.
pub(super) fn or_zero(labels: &[&str], part: &Expr, whole: &Expr) -> Expr {
    part.or(labels, whole.times(0.0))
}

/// A share; absent where there is nothing to have a share of.
pub(super) fn share_of(labels: &[&str], part: &Expr, whole: &Expr) -> Expr {
    part.with(Op::DividedBy, labels, whole.above(0.0))
}
