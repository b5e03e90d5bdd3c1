//! The contents of every runbook.

use modelwatch_config::Model;

use crate::known::KnownAlert;
use crate::promql::Expr;

/// The contents of a runbook.
pub(crate) struct Runbook {
    pub(super) known: &'static KnownAlert,
    /// What goes on, and what users notice.
    pub(super) meaning: &'static str,
    /// What to look at, in order, and what it means.
    pub(super) checks: &'static [&'static str],
    /// What to do, the quickest first.
    pub(super) mitigation: &'static [&'static str],
    /// Questions, each with a query.
    pub(super) queries: fn(&Model) -> Vec<(&'static str, Expr)>,
}
