//! A sample's example: the trace of one request it counts.

use std::time::Duration;

#[derive(Clone, Copy)]
pub(crate) struct Exemplar {
    #[cfg(feature = "tracing")]
    pub(crate) trace_id: crate::contract::trace_id::TraceId,
    pub(crate) value: f64,
    pub(crate) since_epoch: Duration,
}

impl Exemplar {
    pub(crate) fn labels(&self) -> impl Iterator<Item = (&str, &str)> {
        #[cfg(feature = "tracing")]
        let labels = [("trace_id", self.trace_id.as_str())];
        #[cfg(not(feature = "tracing"))]
        let labels = [];
        labels.into_iter()
    }
}
