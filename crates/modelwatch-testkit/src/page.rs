//! What a monitor's page says was counted.

use std::collections::{BTreeMap, BTreeSet};

use crate::judged_by::{Sample, prometheus_text};
use crate::{plain, tools};

/// The samples of one page.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::MetricsPage;
///
/// let page = MetricsPage::parse(b"jobs_total{kind=\"small\"} 3\njobs_total{kind=\"big\"} 4\n");
/// assert_eq!((page.sum("jobs_total", &[]), page.sum("jobs_total", &[("kind", "big")])), (7.0, 4.0));
/// assert_eq!(page.count("jobs_total"), 2);
/// ```
#[derive(Debug)]
pub struct MetricsPage(Vec<Sample>);

impl MetricsPage {
    /// Reads a page in the Prometheus text format, with [`prometheus_text_strict`](crate::prometheus_text_strict); in `make check` with a reader of
    /// our own, so that these tests are in both.
    ///
    /// # Panics
    ///
    /// When the page does not parse.
    #[must_use]
    pub fn parse(page: &[u8]) -> Self {
        let samples = if tools::are_there() {
            prometheus_text(page)
        } else {
            plain::read(page)
        };
        Self(samples.unwrap_or_else(|error| panic!("the page does not parse: {error}")))
    }

    /// The sum of the samples of this name with these labels.
    #[must_use]
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let has = |sample: &&Sample| {
            labels
                .iter()
                .all(|(label, value)| sample.labels.get(*label).is_some_and(|other| other == value))
        };
        self.0
            .iter()
            .filter(|sample| sample.name == name)
            .filter(has)
            .map(|sample| sample.value)
            .sum()
    }

    /// How many samples of this name there are.
    #[must_use]
    pub fn count(&self, name: &str) -> usize {
        self.0.iter().filter(|sample| sample.name == name).count()
    }

    /// The values a label has among the samples of this name.
    #[must_use]
    pub fn labels_of(&self, name: &str, label: &str) -> BTreeSet<String> {
        let samples = self.0.iter().filter(|sample| sample.name == name);
        samples.filter_map(|sample| sample.labels.get(label).cloned()).collect()
    }

    /// Requests by route, version and status, where there are any.
    #[must_use]
    pub fn requests(&self) -> BTreeMap<(String, String, String), u64> {
        let of = |sample: &Sample, label: &str| sample.labels.get(label).cloned().unwrap_or_default();
        self.0
            .iter()
            .filter(|sample| sample.name == "ml_inference_requests_total" && sample.value > 0.0)
            .map(|sample| {
                (
                    (of(sample, "route"), of(sample, "model_version"), of(sample, "status")),
                    sample.value as u64,
                )
            })
            .collect()
    }

    /// How many requests there are, over everything.
    #[must_use]
    pub fn all_requests(&self) -> u64 {
        self.sum("ml_inference_requests_total", &[]) as u64
    }

    /// Exactly these requests were counted, by route, version and status; the histograms agree and nothing is in
    /// flight.
    ///
    /// # Panics
    ///
    /// When the page says otherwise.
    pub fn assert_counted(&self, expected: &[(&str, &str, &str, u64)]) {
        let expected: BTreeMap<_, _> = expected
            .iter()
            .map(|(route, version, status, count)| {
                ((route.to_string(), version.to_string(), status.to_string()), *count)
            })
            .collect();
        assert_eq!(self.requests(), expected);
        let total: u64 = expected.values().sum();
        assert_eq!(self.sum("ml_inference_latency_seconds_count", &[]), total as f64);
        assert_eq!(self.sum("ml_inference_in_flight", &[]), 0.0, "in flight");
    }
}
