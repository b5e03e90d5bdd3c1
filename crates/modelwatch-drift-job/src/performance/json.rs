//! Writes a report for programs.

use std::collections::BTreeMap;

use modelwatch_performance::{Culprit, Measured, Performance};
use serde::Serialize;

use super::report::{Group, GroupKind, PerformanceReport};
use super::task::Task;

/// Writes a report as a JSON object.
///
/// # Errors
///
/// Serialization failed.
pub fn json(report: &PerformanceReport) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&Report {
        task: match &report.task {
            Task::Binary { .. } => "binary",
            Task::Multiclass { .. } => "multiclass",
            Task::Regression => "regression",
        },
        reference: Side {
            rows: report.reference_rows,
            measures: measures(&report.reference),
        },
        joined: report.joined.map(|joined| {
            BTreeMap::from([
                ("predictions", joined.predictions),
                ("repeated_predictions", joined.repeated_predictions),
                ("differing_predictions", joined.differing_predictions),
                ("predictions_without_id", joined.predictions_without_id),
                ("matched", joined.matched),
                ("late", joined.late),
                ("early", joined.early),
                ("undated", joined.undated),
                ("without_label", joined.without_label),
                ("waiting", joined.waiting),
                ("labels", joined.labels),
                ("repeated_labels", joined.repeated_labels),
                ("revised_labels", joined.revised_labels),
                ("contradicting_labels", joined.contradicting_labels),
                ("unmatched_labels", joined.unmatched_labels),
                ("unusable_labels", joined.unusable_labels),
            ])
        }),
        groups: report.groups.iter().map(|group| OfGroup::new(group, report)).collect(),
    })
}

#[derive(Serialize)]
struct Report<'a> {
    task: &'static str,
    reference: Side,
    joined: Option<BTreeMap<&'static str, u64>>,
    groups: Vec<OfGroup<'a>>,
}

#[derive(Serialize)]
struct Side {
    rows: u64,
    measures: BTreeMap<&'static str, OfMeasure>,
}

#[derive(Serialize)]
struct OfGroup<'a> {
    /// `all`, `version`, `window` or `segment`.
    kind: &'static str,
    segment: Option<&'a str>,
    value: &'a str,
    rows: u64,
    unknown_labels: u64,
    without_score: u64,
    without_class: u64,
    realised: Side,
    /// The performance in the reference, for the same value of a segment.
    reference: Option<BTreeMap<&'static str, OfMeasure>>,
    /// By what share the losses exceed those of the reference, if chance does not explain it.
    worse: BTreeMap<&'static str, f64>,
    estimated: Option<Side>,
    /// Rows unlike any in the reference.
    beyond: Option<u64>,
    doubts: Vec<String>,
    /// `None` if no columns to look in are named.
    culprits: Option<Vec<OfCulprit<'a>>>,
    loss_growth: Option<f64>,
}

#[derive(Serialize)]
struct OfCulprit<'a> {
    column: &'a str,
    cell: &'a str,
    rows: u64,
    share: f64,
    loss_before: Option<f64>,
    loss_now: f64,
    explains: f64,
    low: f64,
    high: f64,
}

impl<'a> OfCulprit<'a> {
    fn new(culprit: &'a Culprit) -> Self {
        Self {
            column: &culprit.column,
            cell: &culprit.cell,
            rows: culprit.rows,
            share: culprit.share,
            loss_before: culprit.before,
            loss_now: culprit.now,
            explains: culprit.explains,
            low: culprit.low,
            high: culprit.high,
        }
    }
}

#[derive(Serialize)]
struct OfMeasure {
    value: Option<f64>,
    low: Option<f64>,
    high: Option<f64>,
    rows: Option<u64>,
    /// Why there is no value.
    undefined: Option<String>,
}

impl<'a> OfGroup<'a> {
    fn new(group: &'a Group, report: &PerformanceReport) -> Self {
        Self {
            kind: match group.kind {
                GroupKind::All => "all",
                GroupKind::Version => "version",
                GroupKind::Window => "window",
                GroupKind::Segment(_) => "segment",
            },
            segment: match &group.kind {
                GroupKind::Segment(segment) => Some(segment),
                _ => None,
            },
            value: &group.value,
            rows: group.rows,
            unknown_labels: group.unknown_labels,
            without_score: group.without_score,
            without_class: group.without_class,
            realised: Side {
                rows: group.labels,
                measures: measures(&group.realised),
            },
            reference: group.reference.as_ref().map(measures),
            worse: group
                .worse(report)
                .map(|(measure, growth)| (measure.name(), growth))
                .collect(),
            loss_growth: group.loss_growth,
            estimated: group.estimated.as_ref().map(|estimate| Side {
                rows: estimate.rows,
                measures: measures(&estimate.performance),
            }),
            beyond: group.estimated.as_ref().map(|estimate| estimate.beyond),
            doubts: group.doubts.iter().map(ToString::to_string).collect(),
            culprits: (group.culprits.as_ref()).map(|culprits| culprits.iter().map(OfCulprit::new).collect()),
        }
    }
}

fn measures(performance: &Performance) -> BTreeMap<&'static str, OfMeasure> {
    let one = |measured: Measured| OfMeasure {
        value: Some(measured.value),
        low: measured.interval.map(|interval| interval.low),
        high: measured.interval.map(|interval| interval.high),
        rows: Some(measured.rows),
        undefined: None,
    };
    let none = |undefined: modelwatch_performance::Undefined| OfMeasure {
        value: None,
        low: None,
        high: None,
        rows: None,
        undefined: Some(undefined.to_string()),
    };
    performance
        .iter()
        .map(|(measure, measured)| (measure.name(), measured.map_or_else(none, one)))
        .collect()
}
