//! `modelwatch triage`: what changed.

mod answer;
mod common;
mod connections;
mod follow_up;
mod notification;
#[cfg(feature = "drift")]
mod prediction_log;
mod serve;
mod shared;
mod subject;
mod transport;

use clap::{Args, Subcommand};
use modelwatch_triage::page::page;
use modelwatch_triage::prometheus::Prometheus;
use modelwatch_triage::text::text;

use self::answer::answer;
use self::common::Common;
use crate::failure::Failure;
use crate::runtime::runtime;
use crate::terminal::say;

/// What to look into.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Triage {
    #[command(subcommand)]
    serve: Option<Command>,
    #[command(flatten)]
    which: subject::Which,
    #[command(flatten)]
    common: Common,
    /// Print JSON.
    #[arg(long)]
    json: bool,
    /// Print an HTML page.
    #[arg(long, conflicts_with = "json")]
    html: bool,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch triage                                         the alert that fires
  modelwatch triage MLInferenceHighErrorRate
  modelwatch triage --model claims-risk --at 20m --json";

#[derive(Subcommand)]
enum Command {
    /// Serve the answer as a page for each alert, and send it to the team's channel when Alertmanager reports one.
    Serve(serve::Serve),
}

pub(crate) fn run(command: &Triage) -> Result<(), Failure> {
    if let Some(Command::Serve(serve)) = &command.serve {
        return serve::run(serve, &command.common);
    }
    let (config, client) = command.common.load()?;
    let source = Prometheus::new(client.asking());
    let subject = command.which.subject(&source, &config)?;
    let runtime = runtime()?;
    let logs = command.common.logs(runtime.handle());
    let report = answer(&source, &logs, &config, &subject).map_err(Failure::new);
    // A log that hangs does not keep the answer.
    runtime.shutdown_background();
    let report = report?;
    if command.json {
        say(serde_json::to_string_pretty(&report).map_err(Failure::new)?);
    } else if command.html {
        say(page(&report));
    } else {
        say(text(&report).trim_end());
    }
    Ok(())
}
