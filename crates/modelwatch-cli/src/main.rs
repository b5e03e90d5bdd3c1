//! The command line of modelwatch: each sub-command is a module.

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

fn main() -> ExitCode {
    let done = match Cli::parse().command {
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
