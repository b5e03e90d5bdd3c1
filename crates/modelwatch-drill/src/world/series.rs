//! Series as scrapes would have left them.

use std::collections::BTreeMap;

/// A series with a sample for each scrape.
///
/// The example of [`World`](super::World) has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Series {
    /// The metric's name on the wire, with `_bucket`, `_sum` or `_count` for a part of a histogram.
    pub name: String,
    /// Its labels, those of the target included.
    pub labels: BTreeMap<String, String>,
    /// A value for each scrape; nothing where the target did not answer or the series was not there.
    pub samples: Vec<Option<f64>>,
}

pub(crate) type Labels = BTreeMap<String, String>;

/// Labels and more of them.
pub(crate) fn with(mut labels: Labels, more: &[(&str, &str)]) -> Labels {
    labels.extend(
        more.iter()
            .map(|(label, value)| ((*label).to_owned(), (*value).to_owned())),
    );
    labels
}

/// Collects series scrape by scrape, provided that each scrape brings them in the same order.
#[derive(Default)]
pub(crate) struct Recorder {
    series: Vec<Series>,
    scrapes: usize,
    next: usize,
    only: Option<&'static [&'static str]>,
}

impl Recorder {
    /// Begins a scrape, of all metrics or only of some.
    pub(crate) fn scrape(&mut self, only: Option<&'static [&'static str]>) {
        self.only = only;
        self.next = 0;
        self.scrapes += 1;
    }

    /// Takes the next series of this scrape; its name and labels are asked for the first time alone.
    pub(crate) fn take(&mut self, series: impl FnOnce() -> (String, Labels), value: Option<f64>) {
        if self.next == self.series.len() {
            let (name, labels) = series();
            self.series.push(Series {
                name,
                labels,
                samples: Vec::new(),
            });
        }
        if let Some(series) = self.series.get_mut(self.next) {
            let is_known = self.only.is_none_or(|only| only.contains(&series.name.as_str()));
            series.samples.resize(self.scrapes - 1, None);
            series.samples.push(value.filter(|_| is_known));
        }
        self.next += 1;
    }

    /// Everything but series that never had a sample.
    pub(crate) fn into_series(self) -> Vec<Series> {
        let mut series = self.series;
        series.retain(|series| series.samples.iter().any(Option::is_some));
        series
    }
}
