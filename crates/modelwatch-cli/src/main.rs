//! The command line of modelwatch: each sub-command is a module.

mod baseline;
mod drift;
mod stack;

use std::io::Write as _;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Production monitoring of ML models.
#[derive(Parser)]
#[command(name = "modelwatch", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// From training files to the baseline that windows are compared with.
    Baseline(baseline::Baseline),
    /// Windows of the prediction log against the baseline.
    #[command(subcommand)]
    Drift(drift::Drift),
    /// Prometheus, Alertmanager and Grafana from one modelwatch.toml.
    #[command(subcommand)]
    Stack(stack::Stack),
}

/// Why a command failed, for people: a line or several.
pub(crate) struct Failure(String);

impl Failure {
    pub(crate) fn new(line: impl ToString) -> Self {
        Self(line.to_string())
    }
}

/// Writes a line for people to stdout; a reader that has gone needs none.
pub(crate) fn say(line: impl std::fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// What the drift job runs on.
pub(crate) fn start() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(|error| Failure::new(format!("no threads to run on: {error}")))
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Baseline(command) => baseline::run(&command),
        Command::Drift(command) => drift::run(&command),
        Command::Stack(command) => stack::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure(lines)) => {
            let _ = writeln!(std::io::stderr(), "{lines}");
            ExitCode::FAILURE
        }
    }
}
