//! The formats of an exposition.

/// A format Prometheus understands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// OpenMetrics 1.0 text.
    OpenMetricsText,
    /// The Prometheus text format, version 0.0.4.
    PrometheusText,
    /// Length-delimited `io.prometheus.client.MetricFamily` messages: the only one with native histograms.
    PrometheusProtobuf,
}

impl Format {
    /// The value of the `Content-Type` header.
    #[must_use]
    pub const fn content_type(self) -> &'static str {
        match self {
            Self::OpenMetricsText => "application/openmetrics-text; version=1.0.0; charset=utf-8",
            Self::PrometheusText => "text/plain; version=0.0.4; charset=utf-8",
            Self::PrometheusProtobuf => {
                "application/vnd.google.protobuf; proto=io.prometheus.client.MetricFamily; encoding=delimited"
            }
        }
    }
}
