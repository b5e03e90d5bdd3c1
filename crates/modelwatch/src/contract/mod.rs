//! The metric contract: names, labels, buckets, and the values a service records.
//!
//! Start with [`METRICS`], the table. [`markdown`] prints it as the reference page has it. Nothing here counts
//! anything: the layers above do.

pub(crate) mod as_feature_value;
pub(crate) mod bodiless;
pub(crate) mod buckets;
pub(crate) mod feature;
pub(crate) mod feature_value;
pub(crate) mod features;
pub(crate) mod finish_reason;
pub(crate) mod metrics;
pub(crate) mod reserved;
pub(crate) mod score;
pub(crate) mod stage;
pub(crate) mod status;
pub(crate) mod tokens;
#[cfg(feature = "tracing")]
pub(crate) mod trace_id;
pub(crate) mod unknown_name;

pub use buckets::*;
pub use metrics::*;
