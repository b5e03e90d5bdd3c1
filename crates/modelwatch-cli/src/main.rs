//! The command line of modelwatch: each sub-command is a module.

#[cfg(feature = "drift")]
mod baseline;
#[cfg(feature = "drift")]
mod drift;
#[cfg(feature = "drift")]
mod progress;
mod stack;

use std::fmt;
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
    /// Make a baseline of training files.
    #[cfg(feature = "drift")]
    Baseline(baseline::Baseline),
    /// Compare what models are fed and say with their baselines.
    #[cfg(feature = "drift")]
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

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What queries run on.
#[cfg(feature = "drift")]
pub(crate) fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Runtime::new().map_err(|error| Failure::new(format!("can't start the runtime: {error}")))
}

/// As many threads as the machine has.
#[cfg(feature = "drift")]
pub(crate) fn threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Writes a line for people to stdout; a reader that has gone needs none.
pub(crate) fn say(line: impl fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

fn main() -> ExitCode {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .with_ansi(false)
        .init();
    let done = match Cli::parse().command {
        #[cfg(feature = "drift")]
        Command::Baseline(command) => baseline::run(command),
        #[cfg(feature = "drift")]
        Command::Drift(command) => return drift::run(&command),
        Command::Stack(command) => stack::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}
