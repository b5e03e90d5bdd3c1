//! Writes a report for Prometheus.

use chrono::{DateTime, Utc};
use modelwatch::contract::{self, SourceMetric};
use modelwatch::{Format, Monitor};
use modelwatch_performance::Performance;

use super::report::{Group, GroupKind, PerformanceReport};

/// Writes a report of a model as a page in Prometheus text format, for destinations that take pages instead of
/// scraping. All predictions are under the `model_version` `__all__`, each version under its own, and each value of a
/// segment has series, too. A measure without a value has no series.
#[must_use]
pub fn page(report: &PerformanceReport, model: &str, told: DateTime<Utc>) -> Vec<u8> {
    let mut readings = readings(report, model);
    let told = told.timestamp_millis() as f64 / 1e3;
    readings.push((
        &contract::PERFORMANCE_LAST_SUCCESS_TIMESTAMP,
        vec![model.to_owned()],
        told,
    ));
    let monitor = Monitor::builder().process_metrics(false).build().unwrap_or_default();
    monitor.add_source(move |page| {
        for (metric, labels, value) in &readings {
            let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
            page.push(metric, &labels, *value);
        }
    });
    monitor.encode(Format::PrometheusText)
}

/// The `model_version` of all predictions together.
const ALL_VERSIONS: &str = "__all__";
/// The maximum number of values named as the reason why a version got worse.
const MOST_EXPLAINED: usize = 5;

/// A metric, its labels and a value.
pub(super) type Reading = (&'static SourceMetric, Vec<String>, f64);

/// Returns everything in a report as rows of the contract.
pub(super) fn readings(report: &PerformanceReport, model: &str) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    let mut push = |metric, labels: &[&str], value| {
        readings.push((metric, labels.iter().map(|label| (*label).to_owned()).collect(), value));
    };
    for (measure, value) in values(&report.reference) {
        push(&contract::PERFORMANCE_REFERENCE, &[model, measure], value);
    }
    if let Some(joined) = &report.joined {
        for (fate, rows) in [
            ("matched", joined.matched),
            ("unknown", report.groups.first().map_or(0, |all| all.unknown_labels)),
            ("late", joined.late),
            ("early", joined.early),
            ("undated", joined.undated),
            ("repeated", joined.repeated_labels),
            ("unmatched", joined.unmatched_labels),
            ("unusable", joined.unusable_labels),
        ] {
            push(&contract::PERFORMANCE_OUTCOMES, &[model, fate], rows as f64);
        }
    }
    for group in &report.groups {
        match &group.kind {
            GroupKind::All => of_version(group, model, ALL_VERSIONS, &mut push),
            GroupKind::Version => of_version(group, model, &group.value, &mut push),
            GroupKind::Segment(segment) => of_segment(report, group, model, segment, &mut push),
            GroupKind::Window => {}
        }
    }
    readings
}

fn values(performance: &Performance) -> impl Iterator<Item = (&'static str, f64)> + '_ {
    performance
        .iter()
        .filter_map(|(measure, measured)| Some((measure.name(), measured.ok()?.value)))
}

fn of_version(group: &Group, model: &str, version: &str, push: &mut impl FnMut(&'static SourceMetric, &[&str], f64)) {
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
    // If all rows together got no worse, there is nothing to attribute.
    let grown = group.loss_growth.filter(|growth| *growth > 0.0);
    let Some((grown, culprits)) = grown.zip(group.culprits.as_ref()) else {
        return;
    };
    for culprit in culprits.iter().take(MOST_EXPLAINED) {
        let labels = [model, version, &culprit.column, &culprit.cell];
        push(
            &contract::PERFORMANCE_EXPLAINED,
            &labels,
            (culprit.explains / grown).min(1.0),
        );
    }
}

fn of_segment(
    report: &PerformanceReport,
    group: &Group,
    model: &str,
    segment: &str,
    push: &mut impl FnMut(&'static SourceMetric, &[&str], f64),
) {
    // Prometheus treats an empty label value as an absent label.
    let value = match group.value.as_str() {
        "" => MISSING,
        value => value,
    };
    let of = [model, segment, value];
    push(&contract::SEGMENT_PERFORMANCE_LABELS, &of, group.labels as f64);
    for (measure, figure) in values(&group.realised) {
        push(
            &contract::SEGMENT_PERFORMANCE,
            &[model, segment, value, measure],
            figure,
        );
    }
    let reference = group.reference.as_ref().unwrap_or(&report.reference);
    let is_rest = group.value == Group::OTHER;
    for (measure, figure) in values(reference).filter(|_| !is_rest && group.labels > 0) {
        let labels = [model, segment, value, measure];
        push(&contract::SEGMENT_PERFORMANCE_REFERENCE, &labels, figure);
    }
    for (measure, growth) in group.worse(report) {
        let labels = [model, segment, value, measure.name()];
        push(&contract::SEGMENT_PERFORMANCE_GROWTH, &labels, growth);
    }
}

/// The value that stands for rows without one.
const MISSING: &str = "(missing)";
