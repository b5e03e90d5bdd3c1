//! What the log says of each run.

use modelwatch_drift_job::{JobError, Verdict, WindowReport};

/// Writes one line of the log for a run.
pub(super) fn logged(run: &Result<WindowReport, JobError>) {
    match run {
        Ok(report) => {
            report
                .warnings()
                .for_each(|warning| tracing::warn!(model = report.model, "{warning}"));
            let detected: Vec<_> = report.detected().map(|subject| subject.subject.to_string()).collect();
            let (model, rows) = (&report.model, report.rows);
            let window = report.window.map(|window| window.to_string());
            match report.verdict {
                Verdict::NoRows => tracing::warn!(model, window, "no rows"),
                Verdict::Scored(_) => tracing::info!(model, rows, window, drift = detected.join(", "), "compared"),
                _ => tracing::warn!(model, rows, window, "too few rows for a score"),
            }
        }
        Err(error) => tracing::error!("{error}"),
    }
}
