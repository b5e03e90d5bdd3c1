//! `modelwatch drift once`: for cron and Airflow.

use std::path::PathBuf;

use clap::Args;
use modelwatch_drift::publish::{Pushgateway, Textfile};
use modelwatch_drift::{Clock, DriftJob};

use super::{Watched, settings, tell};
use crate::{Failure, start};

/// Where to publish.
#[derive(Args)]
pub(crate) struct Once {
    #[command(flatten)]
    watched: Watched,
    /// A Pushgateway, such as http://pushgateway:9091.
    #[arg(long, required_unless_present = "textfile")]
    pushgateway: Option<String>,
    /// The job's name at the Pushgateway.
    #[arg(long, default_value = "modelwatch-drift")]
    job: String,
    /// A file for node-exporter's textfile collector; its name ends in .prom.
    #[arg(long)]
    textfile: Option<PathBuf>,
}

pub(super) fn run(command: &Once) -> Result<(), Failure> {
    let gateway = command.pushgateway.as_deref();
    let gateway = gateway.map(|url| Pushgateway::new(url, &command.job)).transpose();
    let gateway = gateway.map_err(Failure::new)?;
    let textfile = command.textfile.as_ref().map(Textfile::new).transpose();
    let textfile = textfile.map_err(Failure::new)?;
    let mut job = DriftJob::new(settings::load(&command.watched)?, Clock::system());
    let board = job.board();
    if let Some(textfile) = &textfile {
        board.resume(&textfile.read().map_err(Failure::new)?);
    }
    if let Some(gateway) = &gateway {
        board.resume(&gateway.read().map_err(Failure::new)?);
    }
    let runs = start()?.block_on(job.run_due());
    runs.iter().for_each(tell);
    let page = board.page();
    if let Some(textfile) = &textfile {
        textfile.write(&page).map_err(Failure::new)?;
    }
    if let Some(gateway) = &gateway {
        gateway.push(&page).map_err(Failure::new)?;
    }
    // What failed is published and told; the scheduler is to know, too.
    match runs.iter().filter(|run| run.is_err()).count() {
        0 => Ok(()),
        failed => Err(Failure::new(format!("{failed} of {} models failed", runs.len()))),
    }
}
