//! What an operator sees: a line for each version, and what is wrong.

use std::fmt::Write;
use std::time::Duration;

use crate::page::{Page, Quantile};
use crate::server::{CANARY, MODEL, STABLE};

/// Two scrapes some seconds apart.
pub(crate) struct View<'a> {
    pub(crate) earlier: &'a Page,
    pub(crate) latest: &'a Page,
    /// Between them.
    pub(crate) span: Duration,
}

/// An error ratio above it is marked, as the alert on it fires.
const ERROR_RATIO: f64 = 0.03;
/// A 95th percentile of the latency above it is marked, in seconds.
const LATENCY_P95: f64 = 0.35;
/// A missing ratio this far above the one at the start is marked.
const MISSING_RISE: f64 = 0.05;

impl View<'_> {
    /// The table, with a heading and lines that say what is wrong. `at_start` is a page from before anything broke.
    pub(crate) fn render(&self, at_start: &Page) -> String {
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
            let usual = at_start.sum(
                "ml_feature_missing_ratio",
                &[("model_name", MODEL), ("feature_name", name)],
            );
            if ratio > usual + MISSING_RISE {
                wrong.push(format!(
                    "{name} is missing in {:.0} % of the rows, {:.0} % before",
                    100.0 * ratio,
                    100.0 * usual
                ));
            }
        }
        for line in wrong {
            let _ = writeln!(text, "!! {line}");
        }
        text
    }

    fn growth(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        self.latest.sum(name, labels) - self.earlier.sum(name, labels)
    }
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
