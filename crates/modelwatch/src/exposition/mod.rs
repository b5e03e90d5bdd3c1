//! The way out: what was recorded, in the format a scraper asks for.
//!
//! A scrape holds no lock while it writes. It takes references to what exists, reads each series' cells once, and
//! encodes from those readings; recording goes on meanwhile.

mod exemplar;
mod gather;
mod negotiate;
mod protobuf;
mod scrape_body;
mod text;

use std::io::Write;
use std::sync::atomic::Ordering;

pub(crate) use exemplar::Exemplar;
pub(crate) use gather::{Family, Number, Sink, gather};

use crate::Monitor;
use crate::interop::IncludedFamily;
use flate2::Compression;
use flate2::write::GzEncoder;
use protobuf::Protobuf;
pub use scrape_body::ScrapeBody;
pub(crate) use scrape_body::SpareBuffer;
use text::{Dialect, Text};

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
    /// The format an HTTP `Accept` header asks for most: by its quality values and, where they are equal, the order in
    /// which it lists them. [`PrometheusText`](Self::PrometheusText) when it asks for none of ours, or is absent.
    ///
    /// ```
    /// use modelwatch::Format;
    ///
    /// let prometheus_2_42 = "application/openmetrics-text;version=1.0.0,\
    ///     application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1";
    /// assert_eq!(Format::negotiate(Some(prometheus_2_42)), Format::OpenMetricsText);
    /// assert_eq!(Format::negotiate(None), Format::PrometheusText);
    /// ```
    #[must_use]
    pub fn negotiate(accept: Option<&str>) -> Self {
        negotiate::format(accept)
    }

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

/// The answer to a scrape, for whatever serves HTTP.
#[derive(Clone, Debug)]
pub struct Scrape {
    /// The `Content-Type` header.
    pub content_type: &'static str,
    /// The `Content-Encoding` header, if there is to be one.
    pub content_encoding: Option<&'static str>,
    /// The body, already encoded.
    pub body: ScrapeBody,
}

/// A page takes what other libraries rendered, too.
trait Page: Sink {
    fn included(&mut self, family: &IncludedFamily);
}

fn fill<P: Page>(monitor: &Monitor, mut page: P) -> P {
    gather(monitor, &mut page);
    for family in monitor.included_families() {
        page.included(&family);
    }
    page
}

pub(crate) fn encode(monitor: &Monitor, format: Format) -> Vec<u8> {
    encode_into(monitor, format, Vec::new())
}

/// Fills a buffer whose former content does not matter.
fn encode_into(monitor: &Monitor, format: Format, mut buffer: Vec<u8>) -> Vec<u8> {
    // Pages are much like the one before: room for that spares growing, which copies.
    let last = &monitor.shared().page_bytes;
    buffer.clear();
    buffer.reserve(last.load(Ordering::Relaxed) * 9 / 8);
    let page = match format {
        Format::OpenMetricsText => fill(monitor, Text::new(Dialect::OpenMetrics, buffer)).finish(),
        Format::PrometheusText => fill(monitor, Text::new(Dialect::Prometheus, buffer)).finish(),
        Format::PrometheusProtobuf => fill(monitor, Protobuf::new(buffer)).finish(),
    };
    last.store(page.len(), Ordering::Relaxed);
    page
}

pub(crate) fn scrape(monitor: &Monitor, accept: Option<&str>, accept_encoding: Option<&str>) -> Scrape {
    let format = Format::negotiate(accept);
    let spare = &monitor.shared().spare_buffer;
    let page = ScrapeBody::new(encode_into(monitor, format, spare.take()), spare);
    let zipped = negotiate::gzip(accept_encoding).then(|| gzip(&page)).transpose();
    let (content_encoding, body) = match zipped {
        Ok(Some(zipped)) => (Some("gzip"), zipped.into()),
        // Writing to memory does not fail; were it to, the page itself is as good.
        Ok(None) | Err(_) => (None, page),
    };
    Scrape {
        content_type: format.content_type(),
        content_encoding,
        body,
    }
}

fn gzip(body: &[u8]) -> std::io::Result<Vec<u8>> {
    // Expositions are so repetitive that the fastest level already takes nine tenths off.
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}
