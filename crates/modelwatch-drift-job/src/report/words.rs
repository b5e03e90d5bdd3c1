//! What tables and pages say in the same words.

use crate::window_report::{SubjectReport, Verdict, WindowReport};

/// What is said of a column that drifts as no change does that has a name.
pub(super) const UNKNOWN: &str = "differs from training in a way that no known change explains";

/// Which rows a report is about.
pub(super) fn rows_of(report: &WindowReport) -> String {
    report
        .window
        .map_or_else(|| "all rows".to_owned(), |window| window.to_string())
}

/// What the rows are of.
pub(super) fn source(report: &WindowReport) -> String {
    match report.looked.places.as_slice() {
        [place] if report.looked.table.is_some() => place.clone(),
        _ if report.files == 1 => "1 file".to_owned(),
        _ => format!("{} files", report.files),
    }
}

/// The whole in a sentence.
pub(super) fn verdict(report: &WindowReport) -> String {
    let detected: Vec<String> = report.detected().map(|subject| subject.subject.to_string()).collect();
    match &report.verdict {
        Verdict::NoRows => "No rows, so nothing is known".to_owned(),
        Verdict::TooFewRows { minimum } => {
            format!("{} rows are too few for a score; {minimum} are enough", report.rows)
        }
        Verdict::Scored(subjects) if detected.is_empty() => format!("No drift in {} subjects", subjects.len()),
        Verdict::Scored(subjects) => format!(
            "DRIFT in {} of {}: {}",
            detected.len(),
            subjects.len(),
            detected.join(", ")
        ),
    }
}

/// Whether it drifts, in a word or two.
pub(super) fn word(subject: &SubjectReport) -> String {
    match (subject.detected, subject.in_a_row) {
        (true, 1) => "DRIFT".into(),
        (true, windows) => {
            let since = subject
                .since
                .map(|since| format!(" since {}", since.format("%Y-%m-%d %H:%M UTC")));
            format!("DRIFT, {windows} windows in a row{}", since.unwrap_or_default())
        }
        (false, 0) => String::new(),
        (false, windows) => format!("{windows} of {} windows", subject.rule.consecutive_windows),
    }
}
