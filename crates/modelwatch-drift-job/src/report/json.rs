//! Writes a report for programs.

use modelwatch_drift::baseline::Counts;
use modelwatch_drift::change::Explanation;
use modelwatch_drift::joint::JointMeasurement;
use serde::Serialize;

use crate::joint_report::JointReport;
use crate::subject::Subject;
use crate::window_report::{SubjectReport, Verdict, WindowReport, above};

/// Writes reports as a JSON array, one object per report.
///
/// # Errors
///
/// Serialization failed.
pub fn json(reports: &[WindowReport]) -> Result<String, serde_json::Error> {
    let reports: Vec<_> = reports.iter().map(Report::from).collect();
    serde_json::to_string_pretty(&reports)
}

#[derive(Serialize)]
struct Report<'a> {
    model: &'a str,
    baseline_version: &'a str,
    window: Option<[String; 2]>,
    rows: u64,
    files: usize,
    /// `drift`, `no_drift`, `too_few_rows` or `no_rows`.
    verdict: &'static str,
    subjects: Vec<OfSubject<'a>>,
    joint: Option<OfJoint<'a>>,
    versions: Vec<OfVersion<'a>>,
    segments: Vec<OfSegment<'a>>,
    left_out_files: Vec<OfFile<'a>>,
    rows_without_time: u64,
    warnings: Vec<String>,
}

#[derive(Serialize)]
struct OfSubject<'a> {
    /// `feature`, `score` or `classes`.
    kind: &'static str,
    name: Option<&'a str>,
    statistic: &'static str,
    threshold: f64,
    score: Option<f64>,
    p_value: Option<f64>,
    problem: Option<&'a str>,
    above: Option<bool>,
    detected: bool,
    windows_in_a_row: u32,
    since: Option<String>,
    missing_ratio: Option<f64>,
    out_of_range_ratio: Option<f64>,
    other_type_rows: u64,
    new_categories: Vec<Category<'a>>,
    explanation: Option<&'a Explanation>,
    history: Vec<OfPast>,
}

#[derive(Serialize)]
struct OfJoint<'a> {
    detected: bool,
    windows_in_a_row: u32,
    since: Option<String>,
    problem: Option<&'a str>,
    #[serde(flatten)]
    measurement: Option<&'a JointMeasurement>,
}

impl<'a> From<&'a JointReport> for OfJoint<'a> {
    fn from(report: &'a JointReport) -> Self {
        Self {
            detected: report.detected,
            windows_in_a_row: report.in_a_row,
            since: report.since.map(|since| since.to_rfc3339()),
            problem: report.measurement.as_ref().err().map(String::as_str),
            measurement: report.measurement.as_ref().ok(),
        }
    }
}

#[derive(Serialize)]
struct Category<'a> {
    name: &'a str,
    rows: u64,
}

#[derive(Serialize)]
struct OfPast {
    window: [String; 2],
    score: Option<f64>,
    above: bool,
}

#[derive(Serialize)]
struct OfVersion<'a> {
    version: &'a str,
    rows: u64,
    subjects: Vec<OfSubject<'a>>,
}

#[derive(Serialize)]
struct OfSegment<'a> {
    segment: &'a str,
    value: &'a str,
    rows: u64,
    subjects: Vec<OfSubject<'a>>,
}

#[derive(Serialize)]
struct OfFile<'a> {
    file: &'a str,
    reason: &'static str,
    problem: &'a str,
    rows: Option<u64>,
}

impl<'a> From<&'a WindowReport> for Report<'a> {
    fn from(report: &'a WindowReport) -> Self {
        let verdict = match &report.verdict {
            Verdict::NoRows => "no_rows",
            Verdict::TooFewRows { .. } => "too_few_rows",
            Verdict::Scored(_) if report.detected().next().is_some() || report.joint_drift().is_some() => "drift",
            Verdict::Scored(_) => "no_drift",
        };
        let files = report.left_out.files.iter().map(|file| OfFile {
            file: &file.file,
            reason: file.reason.name(),
            problem: &file.problem,
            rows: file.rows,
        });
        Self {
            model: &report.model,
            baseline_version: &report.baseline.about().version,
            window: report
                .window
                .map(|window| [window.start().to_rfc3339(), window.end().to_rfc3339()]),
            rows: report.rows,
            files: report.files,
            verdict,
            subjects: report.verdict.subjects().iter().map(OfSubject::from).collect(),
            joint: report.joint.as_ref().map(OfJoint::from),
            versions: report
                .versions
                .iter()
                .map(|version| OfVersion {
                    version: version.name(),
                    rows: version.rows,
                    subjects: version.verdict.subjects().iter().map(OfSubject::from).collect(),
                })
                .collect(),
            segments: report
                .segments
                .iter()
                .map(|segment| OfSegment {
                    segment: &segment.segment,
                    value: segment.name(),
                    rows: segment.rows,
                    subjects: segment.verdict.subjects().iter().map(OfSubject::from).collect(),
                })
                .collect(),
            left_out_files: files.collect(),
            rows_without_time: report.left_out.rows_without_time,
            warnings: report.warnings().map(|warning| warning.to_string()).collect(),
        }
    }
}

impl<'a> From<&'a SubjectReport> for OfSubject<'a> {
    fn from(report: &'a SubjectReport) -> Self {
        let measurement = report.measurement.as_ref();
        let new_categories = match &report.counts {
            Counts::Categorical(counts) => counts.unnamed.top(10),
            Counts::Numeric(_) => Vec::new(),
        };
        Self {
            kind: match &report.subject {
                Subject::Feature(_) => "feature",
                Subject::Score => "score",
                Subject::Classes => "classes",
            },
            name: match &report.subject {
                Subject::Feature(name) => Some(name),
                Subject::Score | Subject::Classes => None,
            },
            statistic: report.rule.statistic.name(),
            threshold: report.rule.threshold,
            score: measurement.ok().map(|measurement| measurement.score),
            p_value: measurement.ok().map(|measurement| measurement.p_value),
            problem: measurement.err().map(String::as_str),
            above: above(report),
            detected: report.detected,
            windows_in_a_row: report.in_a_row,
            since: report.since.map(|since| since.to_rfc3339()),
            missing_ratio: report.counts.missing_ratio(),
            out_of_range_ratio: report.counts.out_of_range_ratio(),
            other_type_rows: report.other_type,
            new_categories: new_categories
                .into_iter()
                .map(|(name, rows)| Category { name, rows })
                .collect(),
            explanation: report.explanation.as_ref(),
            history: report
                .history
                .iter()
                .map(|past| OfPast {
                    window: [past.window.start().to_rfc3339(), past.window.end().to_rfc3339()],
                    score: past.score,
                    above: past.above,
                })
                .collect(),
        }
    }
}
