//! Series made up minute by minute, for tests of what reads them.

use crate::labels::Labels;

/// Series over some minutes, as a service that never was would have shown them.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::{MadeSeries, World};
///
/// let mut world = World::new(1_000_000, 2);
/// world.counter("requests_total", &[("route", "/predict")], |minute| (minute == 1).then_some(60.0));
/// let series: &MadeSeries = &world.series()[0];
/// assert_eq!(series.minutes, [None, Some(60.0)]);
/// assert_eq!(world.end(), 1_000_120);
/// assert!(world.history().ends_with("requests_total{route=\"/predict\"} 60 1000120\n# EOF\n"));
/// ```
#[derive(Clone, Debug)]
pub struct World {
    start: i64,
    minutes: usize,
    series: Vec<MadeSeries>,
}

/// One made-up series.
///
/// The example of [`World`] has one.
#[derive(Clone, Debug)]
pub struct MadeSeries {
    /// The metric.
    pub name: String,
    /// Its labels.
    pub labels: Labels,
    /// Whether `minutes` are growth of a counter, rather than values of a gauge.
    pub counter: bool,
    /// For each minute its growth, or its value at the end; nothing where it is not scraped.
    pub minutes: Vec<Option<f64>>,
}

/// Between samples, in seconds.
const SCRAPE_INTERVAL: i64 = 15;

impl World {
    /// Makes an empty world that begins at a time, in seconds since the epoch, and lasts so many minutes.
    #[must_use]
    pub fn new(start: i64, minutes: usize) -> Self {
        Self {
            start,
            minutes,
            series: Vec::new(),
        }
    }

    /// When it begins, in seconds since the epoch.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.start
    }

    /// When it ends, in seconds since the epoch.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.start + 60 * i64::try_from(self.minutes).unwrap_or_default()
    }

    /// Its series.
    #[must_use]
    pub fn series(&self) -> &[MadeSeries] {
        &self.series
    }

    /// Adds a counter by its growth in each minute.
    pub fn counter(&mut self, name: &str, labels: &[(&str, &str)], growth: impl FnMut(usize) -> Option<f64>) {
        self.add(name, labels, true, growth);
    }

    /// Adds a gauge by its value at the end of each minute.
    pub fn gauge(&mut self, name: &str, labels: &[(&str, &str)], value: impl FnMut(usize) -> Option<f64>) {
        self.add(name, labels, false, value);
    }

    fn add(&mut self, name: &str, labels: &[(&str, &str)], counter: bool, value: impl FnMut(usize) -> Option<f64>) {
        let labels = labels
            .iter()
            .map(|&(label, value)| (label.to_owned(), value.to_owned()));
        self.series.push(MadeSeries {
            name: name.to_owned(),
            labels: labels.collect(),
            counter,
            minutes: (0..self.minutes).map(value).collect(),
        });
    }

    /// All samples as OpenMetrics text, one each 15 seconds, for [`PrometheusOptions::history`](crate::PrometheusOptions).
    #[must_use]
    pub fn history(&self) -> String {
        let mut text = String::new();
        for series in &self.series {
            let labels: Vec<_> = series
                .labels
                .iter()
                .map(|(label, value)| {
                    let value = value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
                    format!("{label}=\"{value}\"")
                })
                .collect();
            let mut total = 0.0;
            let mut time = self.start;
            for minute in &series.minutes {
                for step in 1..=60 / SCRAPE_INTERVAL {
                    time += SCRAPE_INTERVAL;
                    let Some(value) = minute else { continue };
                    let value = if series.counter {
                        total + value * (step * SCRAPE_INTERVAL) as f64 / 60.0
                    } else {
                        *value
                    };
                    text += &format!("{}{{{}}} {value} {time}\n", series.name, labels.join(","));
                }
                if series.counter {
                    total += minute.unwrap_or_default();
                }
            }
        }
        text + "# EOF\n"
    }
}
