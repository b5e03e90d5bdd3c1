//! `modelwatch drift report`: for a person.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use modelwatch_drift::report::page;
use modelwatch_drift::{Clock, DriftJob, TimeWindow};

use super::{Watched, settings};
use crate::{Failure, say, start};

/// Which window, and where the page goes.
#[derive(Args)]
pub(crate) struct Report {
    #[command(flatten)]
    watched: Watched,
    /// The first instant of the window, such as 2026-04-01T10:00:00Z; the window that ended last unless given.
    #[arg(long, requires = "to")]
    from: Option<DateTime<Utc>>,
    /// The first instant after the window.
    #[arg(long, requires = "from")]
    to: Option<DateTime<Utc>>,
    /// An HTML page with the distributions of every feature.
    #[arg(long)]
    html: Option<PathBuf>,
}

pub(super) fn run(command: &Report) -> Result<(), Failure> {
    let models = settings::load(&command.watched)?;
    let names: Vec<_> = models.iter().map(|settings| settings.model.clone()).collect();
    let mut job = DriftJob::new(models, Clock::system());
    let runtime = start()?;
    let runs = match command.from.zip(command.to) {
        None => runtime.block_on(job.run_due()),
        Some((from, to)) => {
            let window = TimeWindow::new(from, to).ok_or_else(|| Failure::new("--to must be after --from"))?;
            let mut runs = Vec::new();
            for (done, name) in names.iter().enumerate() {
                eprintln!("{} of {} models: {name}", done + 1, names.len());
                runs.push(runtime.block_on(job.run_window(name, window)));
            }
            runs
        }
    };
    let (mut reports, mut failures) = (Vec::new(), Vec::new());
    for run in runs {
        match run {
            Ok(report) => {
                say(&report);
                reports.push(report);
            }
            Err(error) => failures.push(error.to_string()),
        }
    }
    if let Some(html) = &command.html {
        let unwritten = |error| Failure::new(format!("{}: cannot be written: {error}", html.display()));
        std::fs::write(html, page(&reports)).map_err(unwritten)?;
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(failures.join("\n")))
    }
}
