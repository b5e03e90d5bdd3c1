//! Writes pages: which parts are on them, and the memory they are written into.

use std::collections::HashSet;
use std::io::{self, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use flate2::Compression;
use flate2::write::GzEncoder;
use parking_lot::{Mutex, RwLock};

use crate::catalog::models::Catalog;
use crate::contract::metrics::{RUNTIME_DELAY, SERVICE_INFO};
use crate::exposition::format::Format;
use crate::exposition::gather::{Occasion, gather};
use crate::exposition::included::{self, Renderer};
use crate::exposition::negotiate;
use crate::exposition::process;
use crate::exposition::protobuf::Protobuf;
use crate::exposition::readings::{Readings, Source};
use crate::exposition::scrape::Scrape;
use crate::exposition::scrape_body::{ScrapeBody, SpareBuffer};
use crate::exposition::sink::{Number, Page, Sink};
use crate::exposition::text::{Dialect, Text};
use crate::labels::label_set::Labels;
use crate::labels::value::shown;

/// What a monitor exposes besides what its models recorded, and how.
pub(crate) struct Exposer {
    process_metrics: bool,
    native_histograms: bool,
    service: Option<Labels>,
    included: RwLock<Vec<Renderer>>,
    sources: RwLock<Vec<Source>>,
    /// Families of included registries that are not on the page, and of which was warned.
    left_out: Mutex<HashSet<String>>,
    /// Length of the page that was written last.
    page_bytes: AtomicUsize,
    spare_buffer: SpareBuffer,
}

impl Exposer {
    pub(crate) fn new(process_metrics: bool, native_histograms: bool, service: Option<Labels>) -> Self {
        Self {
            process_metrics,
            native_histograms,
            service,
            included: RwLock::default(),
            sources: RwLock::default(),
            left_out: Mutex::default(),
            page_bytes: AtomicUsize::new(0),
            spare_buffer: SpareBuffer::default(),
        }
    }

    #[cfg(feature = "prometheus-client")]
    pub(crate) fn include(&self, renderer: Renderer) {
        self.included.write().push(renderer);
    }

    pub(crate) fn add_source(&self, source: Source) {
        self.sources.write().push(source);
    }

    /// What the monitor itself knows; not what it includes, which may be a registry that collects this very monitor.
    pub(crate) fn gather(&self, catalog: &Catalog, occasion: Occasion, sink: &mut impl Sink) {
        let sources = self.sources.read().clone();
        let readings = Readings::of(&sources, catalog.context.limits.value_bytes);
        gather(catalog, &readings, occasion, sink);
        if let Some(delay) = catalog.context.runtime_delay_if_any() {
            sink.family((&RUNTIME_DELAY).into());
            sink.histogram(&[], &delay.read());
        }
        if let Some(service) = &self.service {
            sink.family((&SERVICE_INFO).into());
            sink.number(&[service], Number::Integer(1));
        }
        if self.process_metrics {
            for (metric, value) in process::read() {
                sink.family(metric.into());
                sink.number(&[], value);
            }
        }
    }

    pub(crate) fn encode(&self, catalog: &Catalog, format: Format) -> Vec<u8> {
        self.encode_into(catalog, format, Vec::new())
    }

    pub(crate) fn scrape(&self, catalog: &Catalog, accept: Option<&str>, accept_encoding: Option<&str>) -> Scrape {
        let format = Format::negotiate(accept);
        let spare = &self.spare_buffer;
        let page = ScrapeBody::new(self.encode_into(catalog, format, spare.take()), spare);
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

    /// Fills a buffer whose former content does not matter.
    fn encode_into(&self, catalog: &Catalog, format: Format, mut buffer: Vec<u8>) -> Vec<u8> {
        // Pages are much like the one before: room for that spares growing, which copies.
        buffer.clear();
        buffer.reserve(self.page_bytes.load(Ordering::Relaxed) * 9 / 8);
        let page = match format {
            Format::OpenMetricsText => self.fill(catalog, Text::new(Dialect::OpenMetrics, buffer)).finish(),
            Format::PrometheusText => self.fill(catalog, Text::new(Dialect::Prometheus, buffer)).finish(),
            Format::PrometheusProtobuf => self
                .fill(catalog, Protobuf::new(buffer, self.native_histograms))
                .finish(),
        };
        self.page_bytes.store(page.len(), Ordering::Relaxed);
        page
    }

    fn fill<P: Page>(&self, catalog: &Catalog, mut page: P) -> P {
        self.gather(catalog, Occasion::Scrape, &mut page);
        let renderers = self.included.read().clone();
        let left_out = |family: &str, reason| self.warn_of(family, reason);
        for family in included::families(&renderers, self.process_metrics, left_out) {
            page.included(&family);
        }
        page
    }
}

impl Exposer {
    /// Warns once of a family that is not on the page.
    fn warn_of(&self, family: &str, reason: &'static str) {
        /// Names that are remembered: who makes more of them has been warned.
        const MOST_WARNINGS: usize = 100;
        let mut left_out = self.left_out.lock();
        if left_out.len() < MOST_WARNINGS && left_out.insert(family.into()) {
            drop(left_out);
            tracing::warn!(
                family = shown(family),
                reason,
                "a metric of an included registry is not on the page, which Prometheus would refuse whole; rename it"
            );
        }
    }
}

fn gzip(body: &[u8]) -> io::Result<Vec<u8>> {
    // Expositions are so repetitive that the fastest level already takes nine tenths off.
    let mut encoder = GzEncoder::new(Vec::with_capacity(body.len() / 8), Compression::fast());
    encoder.write_all(body)?;
    encoder.finish()
}
