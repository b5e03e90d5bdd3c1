//! `modelwatch drift once`: a run that ends.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use modelwatch_drift_job::publish::{Pushgateway, Textfile};
use modelwatch_drift_job::{Clock, DriftJob, ManualClock};

use super::ending::{self, Ending};
use super::logged::logged;
use super::models::Models;
use crate::failure::Failure;
use crate::progress::Listening;
use crate::runtime::runtime;
use crate::terminal::say_bytes;
use crate::times::time;

/// Which window, and where its scores go. Without a place they go to standard output.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Once {
    #[command(flatten)]
    models: Models,
    /// The time to run for: 2026-05-01T14:03:00Z, 2026-05-01, yesterday, 2h (ago). Defaults to now.
    #[arg(long, value_name = "TIME", value_parser = time)]
    at: Option<DateTime<Utc>>,
    /// A Pushgateway, such as `http://pushgateway:9091`.
    #[arg(long, value_name = "URL")]
    pushgateway: Option<String>,
    /// The name of the group there.
    #[arg(
        long,
        value_name = "NAME",
        default_value = "drift-exporter",
        requires = "pushgateway"
    )]
    job: String,
    /// A file for node-exporter's textfile collector, ending in .prom.
    #[arg(long, value_name = "FILE")]
    textfile: Option<PathBuf>,
    /// Exit with code 1 if drift is detected.
    #[arg(long)]
    fail_on_drift: bool,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch drift once --pushgateway http://pushgateway:9091
  modelwatch drift once --textfile /var/lib/node_exporter/drift.prom
  modelwatch drift once --at yesterday --fail-on-drift";

pub(crate) fn run(command: &Once) -> Result<Ending, Failure> {
    let clock = command.at.map_or_else(Clock::system, |at| ManualClock::new(at).into());
    let job = DriftJob::new(command.models.settings()?, clock);
    let board = job.board();
    // The places first: a run that can't be published is in vain.
    let gateway = command
        .pushgateway
        .as_deref()
        .map(|url| Pushgateway::new(url, &command.job));
    let gateway = gateway.transpose().map_err(Failure::new)?;
    let textfile = command
        .textfile
        .clone()
        .map(Textfile::new)
        .transpose()
        .map_err(Failure::new)?;
    if let Some(gateway) = &gateway {
        board.resume(&gateway.read().map_err(Failure::new)?);
    } else if let Some(textfile) = &textfile {
        board.resume(&textfile.read().map_err(Failure::new)?);
    }
    let (mut job, listening) = Listening::to(job);
    let runs = runtime()?.block_on(job.run_due());
    drop(listening);
    runs.iter().for_each(logged);
    let page = board.page();
    if let Some(gateway) = &gateway {
        gateway.push(&page).map_err(Failure::new)?;
    }
    if let Some(textfile) = &textfile {
        textfile.write(&page).map_err(Failure::new)?;
    }
    if gateway.is_none() && textfile.is_none() {
        say_bytes(&page);
    }
    let failed = runs.iter().filter(|run| run.is_err()).count();
    match failed {
        0 => ending::of(&runs.iter().flatten().collect::<Vec<_>>(), command.fail_on_drift),
        failed => Err(Failure::new(format!(
            "{failed} of {} models could not be compared",
            runs.len()
        ))),
    }
}
