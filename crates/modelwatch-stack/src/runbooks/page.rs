//! What every runbook says.

use modelwatch_config::Model;

use crate::known::KnownAlert;
use crate::promql::Expr;

/// What a runbook says.
pub(crate) struct Runbook {
    pub(super) known: &'static KnownAlert,
    /// What is going on, and what users feel.
    pub(super) meaning: &'static str,
    /// What to look at, in order, and what it means.
    pub(super) checks: &'static [&'static str],
    /// What to do, the quickest first.
    pub(super) mitigation: &'static [&'static str],
    /// Questions with a query.
    pub(super) queries: fn(&Model) -> Vec<(&'static str, Expr)>,
}
