//! `modelwatch log`: the prediction log's own upkeep.

use std::time::Duration;

use chrono::{TimeDelta, Utc};
use clap::{Args, Subcommand};
use modelwatch_drift_job::Compaction;
use serde_json::json;

use crate::failure::Failure;
use crate::progress::Progress;
use crate::spans::{MINUTE, YEAR, span};
use crate::terminal::{say, warn};

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
    /// The time after its end before an hour is merged; a later run merges later files. A number alone is minutes.
    #[arg(long, value_name = "DURATION", default_value = "1h", value_parser = span(MINUTE, Duration::ZERO..=YEAR))]
    closed_for: Duration,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch log compact prediction-log                     once an hour, from cron
  modelwatch log compact prediction-log --closed-for 15m";

pub(crate) fn run(command: &Log) -> Result<(), Failure> {
    let Log::Compact(command) = command;
    let closed_for = TimeDelta::from_std(command.closed_for).map_err(Failure::new)?;
    let compaction = Compaction::new(&command.log).closed_for(closed_for);
    let mut progress = Progress::new();
    let done = compaction.run(Utc::now(), |step| progress.tell(step));
    progress.end();
    let done = done.map_err(Failure::new)?;
    if done.hours == 0 && !has_models(&command.log) {
        warn(format_args!(
            "{} has no folder model=NAME, so there is nothing to merge; name the root of a prediction log",
            command.log
        ));
    }
    for left in &done.left {
        tracing::warn!("left as it is: {left}");
    }
    if done.left_behind > 0 {
        tracing::info!(
            files = done.left_behind,
            "removed what a run before had merged and could not remove"
        );
    }
    if command.json {
        let done = json!({
            "log": command.log,
            "hours": done.hours,
            "files_before": done.merged,
            "files_after": done.into,
            "rows": done.rows,
            "bytes_before": done.bytes_before,
            "bytes_after": done.bytes_after,
            "left": done.left.iter().map(ToString::to_string).collect::<Vec<_>>(),
        });
        say(serde_json::to_string_pretty(&done).map_err(Failure::new)?);
        return Ok(());
    }
    say(format_args!(
        "{}: {} files of {} rows became {}, {} bytes became {}; {} hours were looked at",
        command.log, done.merged, done.rows, done.into, done.bytes_before, done.bytes_after, done.hours
    ));
    Ok(())
}

fn has_models(log: &str) -> bool {
    let is_model = |entry: std::fs::DirEntry| entry.file_name().to_string_lossy().starts_with("model=");
    std::fs::read_dir(log).is_ok_and(|entries| entries.flatten().any(is_model))
}
