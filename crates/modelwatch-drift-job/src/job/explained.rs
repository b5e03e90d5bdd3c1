//! Explains the columns that drift.

use modelwatch_drift::change::{Change, Observed, explain};

use crate::window_report::{SubjectReport, above};

/// Adds an explanation to each subject above its threshold. It looks at all subjects together, because two columns can
/// be swapped.
pub(crate) fn explained(mut reports: Vec<SubjectReport>) -> Vec<SubjectReport> {
    let names: Vec<String> = reports.iter().map(|report| report.subject.to_string()).collect();
    let mut explanations = Vec::new();
    {
        let measured = reports.iter().zip(&names).enumerate();
        let measured: Vec<(usize, Observed<'_>)> = measured
            .filter_map(|(position, (report, name))| {
                let observed = Observed {
                    name,
                    profile: &report.profile,
                    counts: &report.counts,
                    measurement: report.measurement.as_ref().ok()?,
                    drifts: above(report).unwrap_or(false),
                };
                Some((position, observed))
            })
            .collect();
        let columns: Vec<Observed<'_>> = measured.iter().map(|(_, observed)| *observed).collect();
        let found = measured.iter().map(|(position, _)| *position).zip(explain(&columns));
        explanations.extend(found.filter_map(|(position, explanation)| Some((position, explanation?))));
    }
    for (position, mut explanation) in explanations {
        let report = &mut reports[position];
        if report.is_of_another_type() {
            explanation.changes = vec![Change::OtherType {
                expected: report.expected_type().to_owned(),
                found: report.found_type.clone().unwrap_or_else(|| "other values".to_owned()),
            }];
        }
        report.explanation = Some(explanation);
    }
    reports
}
