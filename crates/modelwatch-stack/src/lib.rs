//! The operations stack.
pub mod grafana;
