//! What an operator sees: a line for each version, and what is wrong.

use std::fmt::Write;
use std::time::Duration;

use super::page::{Page, Quantile};
use super::quality::Drift;
use super::server::{CANARY, STABLE};
use super::training::Training;
use crate::drift::protocol::Report;

/// Two scrapes some seconds apart.
#[derive(Clone, Copy)]
pub(crate) struct View<'a> {
    pub(crate) earlier: &'a Page,
    pub(crate) latest: &'a Page,
    /// Between them.
    pub(crate) span: Duration,
    /// How far the drift job is.
    pub(crate) drift: &'a Drift,
    /// What the training flights lack.
    pub(crate) training: &'a Training,
}

/// An error ratio above it is marked, as the alert on it fires.
const ERROR_RATIO: f64 = 0.03;
/// A 95th percentile of the latency above it is marked, in seconds.
const LATENCY_P95: f64 = 0.35;
/// A missing ratio of the last seconds this far above that of as many training flights, wherever it was largest, is marked.
const MISSING_RISE: f64 = 0.05;
/// The last seconds need so many rows for that. Among fewer, training lacks too much at times.
const ROWS: f64 = 250.0;
/// Where there are fewer, the ratio of the last minutes is marked when it is this far above the one in training. Pressure is missing
/// for hours together: 0.12 in training, and 0.19 at times in the replay with nothing wrong.
const MISSING_RISE_OF_FEW: f64 = 0.1;

/// What two scrapes say, for a person.
#[derive(Clone, Debug)]
pub(crate) struct Figures {
    pub(crate) versions: [VersionFigures; 2],
    /// The features that are missing most.
    pub(crate) missing: String,
    /// What is wrong.
    pub(crate) wrong: Vec<Wrong>,
    /// What the drift job says of the last day, in a line or two.
    pub(crate) drift: String,
}

/// What an alert would fire on.
#[derive(Clone, Debug)]
pub(crate) struct Wrong {
    /// What a person reads.
    pub(crate) line: String,
    /// The alert's name.
    pub(crate) alert: &'static str,
    /// The feature it is about.
    pub(crate) feature: Option<String>,
}

/// What they say of a version.
#[derive(Clone, Debug)]
pub(crate) struct VersionFigures {
    pub(crate) version: &'static str,
    /// Requests a second.
    pub(crate) rate: f64,
    /// Of the latency.
    pub(crate) p50: Option<Quantile>,
    pub(crate) p95: Option<Quantile>,
    /// The share of its answers that are errors, 0 to 1.
    pub(crate) error_ratio: f64,
    pub(crate) in_flight: f64,
    pub(crate) median_score: Option<Quantile>,
}

impl VersionFigures {
    pub(crate) fn fails(&self) -> bool {
        self.error_ratio > ERROR_RATIO
    }

    pub(crate) fn is_slow(&self) -> bool {
        matches!(self.p95, Some(Quantile::About(seconds) | Quantile::Above(seconds)) if seconds > LATENCY_P95)
    }
}

impl View<'_> {
    pub(crate) fn figures(&self) -> Figures {
        let versions = [STABLE, CANARY].map(|version| self.version(version));
        let mut wrong = Vec::new();
        for figures in &versions {
            let version = figures.version;
            if figures.fails() {
                wrong.push(Wrong {
                    line: format!(
                        "{version} answers {:.0} % of its requests with errors",
                        100.0 * figures.error_ratio
                    ),
                    alert: "MLCanaryErrorRateHigh",
                    feature: None,
                });
            }
            if figures.is_slow() {
                wrong.push(Wrong {
                    line: format!("{version} is slow: p95 {}", milliseconds(figures.p95)),
                    alert: "MLCanaryLatencyHigh",
                    feature: None,
                });
            }
        }
        let mut missing: Vec<_> = self.latest.by("ml_feature_missing_ratio", "feature_name").collect();
        missing.sort_by(|a, b| b.1.total_cmp(&a.1));
        let worst: Vec<_> = missing
            .iter()
            .take(3)
            .map(|(name, ratio)| format!("{name} {:.1} %", 100.0 * ratio))
            .collect();
        let features = missing.into_iter();
        wrong.extend(features.filter_map(|(name, ratio)| {
            Some(Wrong {
                line: self.misses(name, ratio)?,
                alert: "MLFeatureMissingRatioHigh",
                feature: Some(name.to_owned()),
            })
        }));
        Figures {
            versions,
            missing: if worst.is_empty() {
                "nothing yet".into()
            } else {
                worst.join(", ")
            },
            wrong,
            drift: drift(self.drift),
        }
    }

    /// What to say of a feature that is missing more than in training; nothing of one that is not.
    fn misses(&self, feature: &str, ratio_of_minutes: f64) -> Option<String> {
        let of: &[_] = &[("feature_name", feature)];
        let rows = self.growth("ml_feature_observations_total", of);
        if rows < ROWS {
            let usual = self.training.missing_ratio(feature);
            return (ratio_of_minutes > usual + MISSING_RISE_OF_FEW).then(|| {
                format!(
                    "{feature} is missing in {:.0} % of the rows, {:.0} % in training",
                    100.0 * ratio_of_minutes,
                    100.0 * usual
                )
            });
        }
        let ratio = self.growth("ml_feature_missing_total", of) / rows;
        // Cheaper than the worst run, and never above it.
        if ratio <= self.training.missing_ratio(feature) + MISSING_RISE {
            return None;
        }
        let most = self.training.most_missing(feature, rows as usize);
        (ratio > most + MISSING_RISE).then(|| {
            format!(
                "{feature} is missing in {:.0} % of the last {rows} rows, {:.0} % at most in training",
                100.0 * ratio,
                100.0 * most
            )
        })
    }

    fn version(&self, version: &'static str) -> VersionFigures {
        let labels: &[_] = &[("model_version", version)];
        let requests = self.growth("ml_inference_requests_total", labels);
        let errors = self.growth(
            "ml_inference_requests_total",
            &[("model_version", version), ("status", "error")],
        );
        let quantile = |name, q| self.latest.quantile(self.earlier, name, labels, q);
        VersionFigures {
            version,
            rate: requests / self.span.as_secs_f64(),
            p50: quantile("ml_inference_latency_seconds", 0.5),
            p95: quantile("ml_inference_latency_seconds", 0.95),
            error_ratio: if requests > 0.0 { errors / requests } else { 0.0 },
            in_flight: self.latest.sum("ml_inference_in_flight", labels),
            median_score: quantile("ml_prediction_score", 0.5),
        }
    }

    fn growth(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.latest.sum(name, labels) - self.earlier.sum(name, labels)
    }
}

/// The table as plain text, with a heading and lines that say what is wrong.
pub(crate) fn render(figures: &Figures) -> String {
    let mut text = format!(
        "{:<18} {:>7} {:>8} {:>8} {:>8} {:>9} {:>12}\n",
        "version", "req/s", "p50", "p95", "errors", "in flight", "median score"
    );
    for figures in &figures.versions {
        let _ = writeln!(
            text,
            "{:<18} {:>7.1} {:>8} {:>8} {:>8} {:>9} {:>12}",
            figures.version,
            figures.rate,
            milliseconds(figures.p50),
            milliseconds(figures.p95),
            format!("{:.1} %", 100.0 * figures.error_ratio),
            figures.in_flight,
            score(figures.median_score),
        );
    }
    let _ = writeln!(text, "most missing: {}", figures.missing);
    text += &figures.drift;
    for wrong in &figures.wrong {
        let _ = writeln!(text, "!! {}", wrong.line);
    }
    text
}

/// What the drift job says, in a line or two.
fn drift(drift: &Drift) -> String {
    let sentence = match drift {
        Drift::Compiling => "drift: the job is being compiled; its days follow",
        Drift::Starting => "drift: the job makes its baseline; its days follow",
        Drift::Ready => "drift: no day is over yet",
        Drift::Compared(report) => return drift_of_day(report),
        Drift::Failed(_) => "drift: the job failed; why is said at the end",
    };
    format!("{sentence}\n")
}

/// The largest distances of a day, and what is detected: no page, but a ticket.
pub(crate) fn drift_of_day(report: &Report) -> String {
    let mut distances: Vec<_> = (report.subjects.iter())
        .filter_map(|subject| Some((&subject.name, *subject.distance.as_ref().ok()?)))
        .collect();
    distances.sort_by(|a, b| b.1.total_cmp(&a.1));
    let largest: Vec<_> = distances
        .iter()
        .take(5)
        .map(|(name, distance)| format!("{name} {distance:.2}"))
        .collect();
    let largest = if largest.is_empty() {
        "too few rows".into()
    } else {
        largest.join(", ")
    };
    let usual = if report.usual { ", as usual" } else { "" };
    let mut text = format!(
        "drift on {}, {} flights{usual}: {largest}\n",
        report.window.day(),
        report.rows
    );
    let detected = report.subjects.iter().filter(|subject| subject.detected);
    let detected: Vec<_> = detected.map(|subject| subject.name.as_str()).collect();
    if !detected.is_empty() {
        let _ = writeln!(text, "~~ no longer as in training: {}", detected.join(", "));
    }
    text
}

pub(crate) fn milliseconds(quantile: Option<Quantile>) -> String {
    // A tenth tells something of what takes less than ten.
    let shown = |seconds: f64| {
        let places = usize::from(seconds < 0.01);
        format!("{:.places$} ms", 1e3 * seconds)
    };
    match quantile {
        Some(Quantile::AtMost(seconds)) => format!("<{}", shown(seconds)),
        Some(Quantile::About(seconds)) => shown(seconds),
        Some(Quantile::Above(seconds)) => format!(">{}", shown(seconds)),
        None => "-".into(),
    }
}

pub(crate) fn score(quantile: Option<Quantile>) -> String {
    match quantile {
        Some(Quantile::AtMost(score)) => format!("<={score:.2}"),
        Some(Quantile::About(score)) => format!("{score:.2}"),
        Some(Quantile::Above(score)) => format!(">{score:.2}"),
        None => "-".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::training::tests::without_pressure;

    #[test]
    fn a_feature_is_marked_for_missing_more_than_in_training() {
        let latest = Page::parse(
            "ml_feature_missing_ratio{model_name=\"flight-delay\",feature_name=\"pressure\"} 0.183\n\
             ml_feature_missing_ratio{model_name=\"flight-delay\",feature_name=\"temp\"} 0.33\n",
        );
        let view = View {
            earlier: &Page::default(),
            latest: &latest,
            span: Duration::from_secs(1),
            drift: &Drift::Ready,
            training: &training(),
        };
        assert_eq!(
            marks(&view),
            ["!! temp is missing in 33 % of the rows, 0 % in training"]
        );
    }

    /// Pressure is missing in 118 of a thousand flights that follow each other.
    fn training() -> Training {
        without_pressure((0..1_000).map(|flight| flight < 118))
    }

    fn marks(view: &View<'_>) -> Vec<String> {
        let text = render(&view.figures());
        let marks = text.lines().filter(|line| line.starts_with("!!"));
        marks.map(str::to_owned).collect()
    }

    /// Minutes would take their time to show it.
    #[test]
    fn seconds_with_many_rows_mark_a_feature_at_once() {
        let page = |rows: u32, pressure: u32, temp: u32| {
            let of = |name: &str, missing: u32| {
                format!(
                    "ml_feature_observations_total{{feature_name=\"{name}\",model_version=\"a\"}} {rows}\n\
                     ml_feature_missing_total{{feature_name=\"{name}\",model_version=\"a\"}} {missing}\n\
                     ml_feature_missing_ratio{{feature_name=\"{name}\"}} {}\n",
                    f64::from(missing) / f64::from(rows)
                )
            };
            Page::parse(&(of("pressure", pressure) + &of("temp", temp)))
        };
        let (earlier, latest) = (page(10_000, 1_180, 0), page(10_300, 1_300, 20));
        let view = View {
            earlier: &earlier,
            latest: &latest,
            span: Duration::from_secs(5),
            drift: &Drift::Ready,
            training: &training(),
        };
        // Pressure in 40 % of them, as in training somewhere.
        assert_eq!(
            marks(&view),
            ["!! temp is missing in 7 % of the last 300 rows, 0 % at most in training"]
        );
        let over = page(10_600, 1_300, 20);
        let view = View {
            earlier: &latest,
            latest: &over,
            ..view
        };
        assert_eq!(marks(&view), [""; 0], "the minutes still show it, the seconds do not");
    }
}
