//! What the log says of each run.

use modelwatch_drift_job::{JobError, WindowReport};

/// Writes one line of the log for a run.
pub(super) fn logged(run: &Result<WindowReport, JobError>) {
    match run {
        Ok(report) => {
            report
                .warnings()
                .for_each(|warning| tracing::warn!(model = report.model, "{warning}"));
            let detected: Vec<_> = report.detected().map(|subject| subject.subject.to_string()).collect();
            let (model, rows, window) = (&report.model, report.rows, report.window);
            match report.verdict.subjects().is_empty() {
                true => tracing::warn!(model, rows, %window, "too few rows for a score"),
                false => tracing::info!(model, rows, %window, drift = detected.join(", "), "compared"),
            }
        }
        Err(error) => tracing::error!("{error}"),
    }
}
