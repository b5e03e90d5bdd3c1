//! How a look for drift ends: the exit codes of `compare`, `once` and `report`.

use modelwatch_drift_job::{Verdict, WindowReport};

use crate::failure::Failure;

/// A look that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Exit code 0.
    Looked,
    /// Drift was found, and is to be told by exit code 1.
    Drift,
}

/// What reports end with. One without a single row is no look.
pub(crate) fn of(reports: &[&WindowReport], fail_on_drift: bool) -> Result<Ending, Failure> {
    let blind = reports
        .iter()
        .filter(|report| matches!(report.verdict, Verdict::NoRows))
        .map(|report| format!("{}: no rows: {}", report.model, report.looked));
    let blind: Vec<String> = blind.collect();
    if !blind.is_empty() {
        return Err(Failure::new(blind.join("\n")));
    }
    let drifts = reports.iter().any(|report| report.drifts());
    Ok(match drifts && fail_on_drift {
        true => Ending::Drift,
        false => Ending::Looked,
    })
}
