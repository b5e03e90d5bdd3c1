//! `modelwatch drift report`: one window, for a person.

use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use modelwatch_drift_job::{Clock, DriftJob, TimeWindow, report};

use super::models::Models;
use crate::failure::Failure;
use crate::runtime::runtime;
use crate::terminal::say;

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
    /// Write a page with the distributions side by side, too.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

pub(crate) fn run(command: &Report) -> Result<(), Failure> {
    let settings = command.models.settings()?;
    let mut job = DriftJob::new(settings.clone(), Clock::system());
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
        say(&report);
        reports.push(report);
    }
    if let Some(path) = &command.html {
        fs::write(path, report::page(&reports)).map_err(|error| {
            Failure::new(format!(
                "{} can't be written: {error}; name another file with --html",
                path.display()
            ))
        })?;
    }
    Ok(())
}
