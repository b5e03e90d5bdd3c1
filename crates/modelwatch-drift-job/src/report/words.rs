//! Holds the wording that tables and pages share.

use chrono::{DateTime, Utc};

use crate::joint_report::JointReport;
use crate::window_report::{SubjectReport, Verdict, WindowReport};

/// The text for a column that drifts without a change that has a name.
pub(super) const UNKNOWN: &str = "differs from training in a way that no known change explains";

/// Returns which rows a report is about.
pub(super) fn rows_of(report: &WindowReport) -> String {
    report
        .window
        .map_or_else(|| "all rows".to_owned(), |window| window.to_string())
}

/// Returns where the rows come from.
pub(super) fn source(report: &WindowReport) -> String {
    match report.looked.places.as_slice() {
        [place] if report.looked.table.is_some() => place.clone(),
        _ if report.files == 1 => "1 file".to_owned(),
        _ => format!("{} files", report.files),
    }
}

/// Returns the verdict as a sentence.
pub(super) fn verdict(report: &WindowReport) -> String {
    let detected: Vec<String> = report.detected().map(|subject| subject.subject.to_string()).collect();
    match &report.verdict {
        Verdict::NoRows => "No rows, so nothing is known".to_owned(),
        Verdict::TooFewRows { minimum } => {
            format!("{} rows are too few for a score; {minimum} are enough", report.rows)
        }
        Verdict::Scored(subjects) if detected.is_empty() && report.joint_drift().is_some() => {
            format!("DRIFT in how numbers relate; none in {} columns alone", subjects.len())
        }
        Verdict::Scored(subjects) if detected.is_empty() => format!("No drift in {} columns", subjects.len()),
        Verdict::Scored(subjects) => format!(
            "DRIFT in {} of {}: {}",
            detected.len(),
            subjects.len(),
            detected.join(", ")
        ),
    }
}

/// Returns whether a subject drifts, in a word or two.
pub(super) fn word(subject: &SubjectReport) -> String {
    match subject.detected {
        true => drift(subject.in_a_row, subject.since),
        false if subject.in_a_row == 0 => String::new(),
        false => format!("{} of {} windows", subject.in_a_row, subject.rule.consecutive_windows),
    }
}

/// Returns that a subject drifts, and since when.
fn drift(in_a_row: u32, since: Option<DateTime<Utc>>) -> String {
    if in_a_row == 1 {
        return "DRIFT".into();
    }
    let since = since.map(|since| format!(" since {}", since.format("%Y-%m-%d %H:%M UTC")));
    format!("DRIFT, {in_a_row} windows in a row{}", since.unwrap_or_default())
}

/// Returns how the numbers go together: a sentence, and a line for each pair whose correlation moved.
pub(super) fn together(joint: &JointReport) -> (String, Vec<String>) {
    let measured = match &joint.measurement {
        Ok(measured) => measured,
        Err(problem) => return (format!("not judged: {problem}"), Vec::new()),
    };
    let usual = measured
        .usual_error
        .map(|[least, largest]| format!(", usual {least:.3} to {largest:.3}"));
    let word = match (joint.detected, joint.in_a_row) {
        (true, windows) => format!(": {}", drift(windows, joint.since)),
        (false, 0) => String::new(),
        (false, windows) => format!(": {windows} in a row so far"),
    };
    let sentence = format!(
        "score {:.2} (1 is the edge of what is usual), reconstruction error {:.3} (training {:.3}{}){word}",
        measured.score,
        measured.error,
        measured.reference_error,
        usual.unwrap_or_default()
    );
    let mut pairs: Vec<String> = measured.pairs.iter().map(ToString::to_string).collect();
    let more = measured.moved - measured.pairs.len();
    if more > 0 {
        pairs.push(format!("{more} more pairs"));
    }
    (sentence, pairs)
}
