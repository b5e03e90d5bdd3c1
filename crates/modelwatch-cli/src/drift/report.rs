//! `modelwatch drift report`: one window, for a person.

use chrono::{DateTime, Utc};
use clap::Args;
use modelwatch_drift_job::{Clock, DriftJob, TimeWindow};

use super::ending::Ending;
use super::models::Models;
use super::shown::Shown;
use crate::failure::Failure;
use crate::progress::Listening;
use crate::runtime::runtime;
use crate::times::{now, time};
use crate::values::whole;

/// Which window, and how to show it.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Report {
    #[command(flatten)]
    models: Models,
    /// The window's first instant: 2026-05-01T14:03:00Z, 2026-05-01, yesterday, 2h (ago). Without it, the window that ended last.
    #[arg(long, value_name = "TIME", value_parser = time)]
    from: Option<DateTime<Utc>>,
    /// The first instant after the window, in the same words. Defaults to now.
    #[arg(long, value_name = "TIME", requires = "from", value_parser = time)]
    to: Option<DateTime<Utc>>,
    /// The number of earlier windows to show the scores of.
    #[arg(long, value_name = "WINDOWS", default_value_t = 8, value_parser = whole::<u32>(0..=u32::MAX.into()))]
    history: u32,
    #[command(flatten)]
    shown: Shown,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch drift report                                   the window that ended last
  modelwatch drift report --from yesterday --to today
  modelwatch drift report --from 2h --html drift.html";

pub(crate) fn run(command: &Report) -> Result<Ending, Failure> {
    let settings = command.models.settings()?;
    let page = command.shown.page()?;
    let job = DriftJob::new(settings.clone(), Clock::system()).history(command.history);
    let (mut job, listening) = Listening::to(job);
    let runtime = runtime()?;
    let mut reports = Vec::new();
    for model in &settings {
        let window = match command.from {
            Some(from) => {
                let to = command.to.unwrap_or_else(now);
                TimeWindow::new(from, to).ok_or_else(|| match command.to {
                    Some(_) => Failure::new(format!(
                        "the window ends at {to}, not after {from}, when it begins; swap --from and --to"
                    )),
                    None => Failure::new(format!(
                        "the window begins at {from}, and it is {to}; name a --from in the past"
                    )),
                })?
            }
            None => TimeWindow::last_ended(Utc::now(), model.window, model.interval)
                .ok_or_else(|| Failure::new(format!("model {:?} has no window that has ended", model.model)))?,
        };
        let report = runtime.block_on(job.run_window(&model.model, window));
        let report = report.map_err(Failure::new)?;
        reports.push(report);
    }
    drop(listening);
    command.shown.show(&reports, page.as_ref())
}
