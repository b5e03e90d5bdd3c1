//! The command line of modelwatch: each sub-command is a module.

#[cfg(feature = "drift")]
mod baseline;
mod credentials;
#[cfg(feature = "drift")]
mod drift;
#[cfg(feature = "drill")]
mod drill;
mod failure;
#[cfg(feature = "drift")]
mod log;
#[cfg(feature = "drift")]
mod progress;
#[cfg(feature = "triage")]
mod prometheus;
#[cfg(feature = "drift")]
mod questions;
#[cfg(any(feature = "drift", feature = "triage"))]
mod runtime;
mod stack;
mod terminal;
#[cfg(feature = "triage")]
mod triage;

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
    /// Look after a prediction log.
    #[cfg(feature = "drift")]
    #[command(subcommand)]
    Log(log::Log),
    /// Prometheus, Alertmanager and Grafana from one modelwatch.toml.
    #[command(subcommand)]
    Stack(stack::Stack),
    /// Rehearse incidents: who would hear what, when, and what the message says.
    #[cfg(feature = "drill")]
    Drill(drill::Drill),
    /// Say what changed: where a model's trouble sits, since when, which release is to blame, who acts.
    #[cfg(feature = "triage")]
    Triage(Box<triage::Triage>),
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
        #[cfg(feature = "drift")]
        Command::Log(command) => log::run(&command),
        Command::Stack(command) => stack::run(&command),
        #[cfg(feature = "drill")]
        Command::Drill(command) => drill::run(&command),
        #[cfg(feature = "triage")]
        Command::Triage(command) => triage::run(&command),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::FAILURE
        }
    }
}
