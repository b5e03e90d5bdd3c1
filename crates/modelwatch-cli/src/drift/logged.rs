//! What the log says of each run.

use modelwatch_drift_job::performance::PerformanceRun;
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

/// Writes one line of the log for a run that told of performance.
pub(super) fn logged_performance(run: &PerformanceRun) {
    let model = &run.model;
    match (&run.result, &run.outcomes) {
        (Ok(_), Some(error)) => tracing::error!(model, "performance is told without labels: {error}"),
        (Ok(report), None) => {
            let all = report.groups.first();
            let (rows, labels) = all.map_or((0, 0), |all| (all.rows, all.labels));
            tracing::info!(model, rows, labels, "told performance");
        }
        (Err(error), _) => tracing::error!(model, "performance can't be told: {error}"),
    }
}
