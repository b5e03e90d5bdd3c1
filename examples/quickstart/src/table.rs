//! What an operator sees: a line for each version, and what is wrong.

use std::fmt::Write;
use std::time::Duration;

use modelwatch_drift_job::WindowReport;

use crate::page::{Page, Quantile};
use crate::quality::day;
use crate::server::{CANARY, STABLE};
use flights::data::FEATURES;

/// Two scrapes some seconds apart.
pub(crate) struct View<'a> {
    pub(crate) earlier: &'a Page,
    pub(crate) latest: &'a Page,
    /// Between them.
    pub(crate) span: Duration,
    /// What the drift job says of the last day.
    pub(crate) drift: Option<&'a WindowReport>,
    /// The share of the training flights each feature is missing in.
    pub(crate) trained_missing: &'a [f64; FEATURES.len()],
}

/// An error ratio above it is marked, as the alert on it fires.
const ERROR_RATIO: f64 = 0.03;
/// A 95th percentile of the latency above it is marked, in seconds.
const LATENCY_P95: f64 = 0.35;
/// A missing ratio this far above the one in training is marked. Pressure is missing for hours together: 0.12 in
/// training, and 0.19 at times in the replay with nothing wrong.
const MISSING_RISE: f64 = 0.1;

impl View<'_> {
    /// The table, with a heading and lines that say what is wrong.
    pub(crate) fn render(&self) -> String {
        let mut text = format!(
            "{:<18} {:>7} {:>8} {:>8} {:>8} {:>9} {:>12}\n",
            "version", "req/s", "p50", "p95", "errors", "in flight", "median score"
        );
        let mut wrong = Vec::new();
        for version in [STABLE, CANARY] {
            let labels: &[_] = &[("model_version", version)];
            let requests = self.growth("ml_inference_requests_total", labels);
            let errors = self.growth(
                "ml_inference_requests_total",
                &[("model_version", version), ("status", "error")],
            );
            let error_ratio = if requests > 0.0 { errors / requests } else { 0.0 };
            let latency = |q| {
                self.latest
                    .quantile(self.earlier, "ml_inference_latency_seconds", labels, q)
            };
            let median = self.latest.quantile(self.earlier, "ml_prediction_score", labels, 0.5);
            let _ = writeln!(
                text,
                "{version:<18} {:>7.1} {:>8} {:>8} {:>8} {:>9} {:>12}",
                requests / self.span.as_secs_f64(),
                latency(0.5).map_or("-".into(), milliseconds),
                latency(0.95).map_or("-".into(), milliseconds),
                format!("{:.1} %", 100.0 * error_ratio),
                self.latest.sum("ml_inference_in_flight", labels),
                median.map_or("-".into(), score),
            );
            if error_ratio > ERROR_RATIO {
                wrong.push(format!(
                    "{version} answers {:.0} % of its requests with errors",
                    100.0 * error_ratio
                ));
            }
            if let Some(p95 @ (Quantile::About(seconds) | Quantile::Above(seconds))) = latency(0.95)
                && seconds > LATENCY_P95
            {
                wrong.push(format!("{version} is slow: p95 {}", milliseconds(p95)));
            }
        }
        let mut missing: Vec<_> = self.latest.by("ml_feature_missing_ratio", "feature_name").collect();
        missing.sort_by(|a, b| b.1.total_cmp(&a.1));
        let worst: Vec<_> = missing
            .iter()
            .take(3)
            .map(|(name, ratio)| format!("{name} {:.1} %", 100.0 * ratio))
            .collect();
        let _ = writeln!(
            text,
            "most missing: {}",
            if worst.is_empty() {
                "nothing yet".into()
            } else {
                worst.join(", ")
            }
        );
        for (name, ratio) in missing {
            let usual = FEATURES
                .iter()
                .position(|feature| *feature == name)
                .map_or(0.0, |position| self.trained_missing[position]);
            if ratio > usual + MISSING_RISE {
                wrong.push(format!(
                    "{name} is missing in {:.0} % of the rows, {:.0} % in training",
                    100.0 * ratio,
                    100.0 * usual
                ));
            }
        }
        text += &self
            .drift
            .map_or_else(|| "drift: no day is over yet\n".into(), drift_of_day);
        for line in wrong {
            let _ = writeln!(text, "!! {line}");
        }
        text
    }

    fn growth(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.latest.sum(name, labels) - self.earlier.sum(name, labels)
    }
}

/// The largest distances of a day, and what is detected: no page, but a ticket.
pub(crate) fn drift_of_day(report: &WindowReport) -> String {
    let day = report.window.map_or_else(String::new, day);
    let mut scores: Vec<_> = (report.verdict.subjects().iter())
        .filter_map(|subject| Some((&subject.subject, subject.measurement.as_ref().ok()?.score)))
        .collect();
    scores.sort_by(|a, b| b.1.total_cmp(&a.1));
    let largest: Vec<_> = scores
        .iter()
        .take(5)
        .map(|(subject, score)| format!("{subject} {score:.2}"))
        .collect();
    let largest = if largest.is_empty() {
        "too few rows".into()
    } else {
        largest.join(", ")
    };
    let mut text = format!("drift on {day}, {} flights: {largest}\n", report.rows);
    let detected: Vec<_> = report.detected().map(|subject| subject.subject.to_string()).collect();
    if !detected.is_empty() {
        let _ = writeln!(text, "~~ no longer as in training: {}", detected.join(", "));
    }
    text
}

fn milliseconds(quantile: Quantile) -> String {
    match quantile {
        Quantile::AtMost(seconds) => format!("<{:.0} ms", 1e3 * seconds),
        Quantile::About(seconds) => format!("{:.0} ms", 1e3 * seconds),
        Quantile::Above(seconds) => format!(">{:.0} ms", 1e3 * seconds),
    }
}

fn score(quantile: Quantile) -> String {
    match quantile {
        Quantile::AtMost(score) => format!("<={score:.2}"),
        Quantile::About(score) => format!("{score:.2}"),
        Quantile::Above(score) => format!(">{score:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_feature_is_marked_for_missing_more_than_in_training() {
        let latest = Page::parse(
            "ml_feature_missing_ratio{model_name=\"flight-delay\",feature_name=\"pressure\"} 0.183\n\
             ml_feature_missing_ratio{model_name=\"flight-delay\",feature_name=\"temp\"} 0.33\n",
        );
        let mut trained_missing = [0.0; FEATURES.len()];
        let pressure = FEATURES.iter().position(|name| *name == "pressure").expect("a feature");
        trained_missing[pressure] = 0.118;
        let view = View {
            earlier: &Page::default(),
            latest: &latest,
            span: Duration::from_secs(1),
            drift: None,
            trained_missing: &trained_missing,
        };
        let text = view.render();
        let marks: Vec<_> = text.lines().filter(|line| line.starts_with("!!")).collect();
        assert_eq!(marks, ["!! temp is missing in 33 % of the rows, 0 % in training"]);
    }
}
