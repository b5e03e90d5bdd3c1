//! `modelwatch drift report`: one window, for a person.

use chrono::{DateTime, Utc};
use clap::Args;
use modelwatch_drift_job::{Clock, DriftJob, TimeWindow};

use super::ending::Ending;
use super::models::Models;
use super::shown::Shown;
use crate::failure::Failure;
use crate::runtime::runtime;

/// Which window, and how to show it.
#[derive(Args)]
pub(crate) struct Report {
    #[command(flatten)]
    models: Models,
    /// The window's first instant, in RFC 3339. Without it, the window that ended last.
    #[arg(long, value_name = "TIME", requires = "to")]
    from: Option<DateTime<Utc>>,
    /// The first instant after the window.
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<DateTime<Utc>>,
    /// How many windows before it to show the scores of.
    #[arg(long, value_name = "WINDOWS", default_value_t = 8)]
    history: u32,
    #[command(flatten)]
    shown: Shown,
}

pub(crate) fn run(command: &Report) -> Result<Ending, Failure> {
    let settings = command.models.settings()?;
    let mut job = DriftJob::new(settings.clone(), Clock::system()).history(command.history);
    let runtime = runtime()?;
    let mut reports = Vec::new();
    for model in &settings {
        let window = match (command.from, command.to) {
            (Some(from), Some(to)) => TimeWindow::new(from, to).ok_or_else(|| {
                Failure::new(format!(
                    "the window ends at {to}, before it begins; swap --from and --to"
                ))
            })?,
            _ => TimeWindow::last_ended(Utc::now(), model.window, model.interval)
                .ok_or_else(|| Failure::new(format!("model {:?} has no window that has ended", model.model)))?,
        };
        let report = runtime.block_on(job.run_window(&model.model, window));
        let report = report.map_err(Failure::new)?;
        reports.push(report);
    }
    command.shown.show(&reports)
}
