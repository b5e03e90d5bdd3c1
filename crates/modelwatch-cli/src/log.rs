//! `modelwatch log`: the prediction log's own upkeep.

use chrono::{TimeDelta, Utc};
use clap::{Args, Subcommand};
use modelwatch_drift_job::Compaction;

use crate::failure::Failure;
use crate::terminal::say;

const GROUP: &str = "\
Examples:
  modelwatch log compact prediction-log                     once an hour, from cron";

/// What to do with a log.
#[derive(Subcommand)]
#[command(after_help = GROUP)]
pub(crate) enum Log {
    /// Merge the files of each past hour into one, while services write and others read.
    Compact(Compact),
}

/// Which log, and which hours.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Compact {
    /// The root of the prediction log, a local folder.
    #[arg(value_name = "LOG")]
    log: String,
    /// The minutes after its end before an hour is merged; a later run merges later files.
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    closed_for: u32,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch log compact prediction-log                     once an hour, from cron
  modelwatch log compact prediction-log --closed-for 15";

pub(crate) fn run(command: &Log) -> Result<(), Failure> {
    let Log::Compact(command) = command;
    let compaction = Compaction::new(&command.log).closed_for(TimeDelta::minutes(command.closed_for.into()));
    let done = compaction.run(Utc::now()).map_err(Failure::new)?;
    for left in &done.left {
        tracing::warn!("left as it is: {left}");
    }
    if done.left_behind > 0 {
        tracing::info!(
            files = done.left_behind,
            "removed what a run before had merged and could not remove"
        );
    }
    say(format_args!(
        "{}: {} files of {} rows became {}, {} bytes became {}; {} hours were looked at",
        command.log, done.merged, done.rows, done.into, done.bytes_before, done.bytes_after, done.hours
    ));
    Ok(())
}
