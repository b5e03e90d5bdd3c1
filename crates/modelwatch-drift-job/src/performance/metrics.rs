//! A report for Prometheus.

use chrono::{DateTime, Utc};
use modelwatch::contract::{self, SourceMetric};
use modelwatch::{Format, Monitor};
use modelwatch_performance::Performance;

use super::report::{Group, GroupKind, PerformanceReport};

/// Writes a report of a model as a page in Prometheus text format, for what takes pages rather than scrapes: all predictions under the
/// `model_version` `__all__`, and each version under its own. A measure that has no value has no series.
#[must_use]
pub fn page(report: &PerformanceReport, model: &str, told: DateTime<Utc>) -> Vec<u8> {
    let mut readings: Vec<Reading> = Vec::new();
    let mut push = |metric, labels: &[&str], value| {
        readings.push((metric, labels.iter().map(|label| (*label).to_owned()).collect(), value));
    };
    for (measure, measured) in report.reference.iter() {
        if let Ok(measured) = measured {
            push(
                &contract::PERFORMANCE_REFERENCE,
                &[model, measure.name()],
                measured.value,
            );
        }
    }
    let told = told.timestamp_millis() as f64 / 1e3;
    push(&contract::PERFORMANCE_LAST_SUCCESS_TIMESTAMP, &[model], told);
    let shown = |group: &&Group| matches!(group.kind, GroupKind::All | GroupKind::Version);
    for group in report.groups.iter().filter(shown) {
        let version = match group.kind {
            GroupKind::All => ALL_VERSIONS,
            _ => &group.value,
        };
        push(&contract::PERFORMANCE_LABELS, &[model, version], group.labels as f64);
        push(&contract::PERFORMANCE_PREDICTIONS, &[model, version], group.rows as f64);
        let mut measures = |performance: &Performance, metrics: [&'static SourceMetric; 3]| {
            for (measure, measured) in performance.iter() {
                let Ok(measured) = measured else { continue };
                let labels = [model, version, measure.name()];
                push(metrics[0], &labels, measured.value);
                if let Some(interval) = measured.interval {
                    push(metrics[1], &labels, interval.low);
                    push(metrics[2], &labels, interval.high);
                }
            }
        };
        measures(
            &group.realised,
            [
                &contract::PERFORMANCE,
                &contract::PERFORMANCE_LOW,
                &contract::PERFORMANCE_HIGH,
            ],
        );
        if let Some(estimate) = &group.estimated {
            measures(
                &estimate.performance,
                [
                    &contract::PERFORMANCE_ESTIMATE,
                    &contract::PERFORMANCE_ESTIMATE_LOW,
                    &contract::PERFORMANCE_ESTIMATE_HIGH,
                ],
            );
        }
    }
    let monitor = Monitor::builder().process_metrics(false).build().unwrap_or_default();
    monitor.add_source(move |page| {
        for (metric, labels, value) in &readings {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            page.push(metric, &labels, *value);
        }
    });
    monitor.encode(Format::PrometheusText)
}

/// The `model_version` of all predictions, whatever their version.
const ALL_VERSIONS: &str = "__all__";

/// A metric, its labels and a value.
type Reading = (&'static SourceMetric, Vec<String>, f64);
