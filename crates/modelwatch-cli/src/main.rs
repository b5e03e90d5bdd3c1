//! The command line of modelwatch: each sub-command is a module.

#[cfg(feature = "drift")]
mod baseline;
mod config_file;
mod credentials;
#[cfg(feature = "drift")]
mod database;
#[cfg(feature = "drift")]
mod drift;
#[cfg(feature = "drill")]
mod drill;
mod failure;
#[cfg(feature = "ingest")]
mod ingest;
#[cfg(feature = "drift")]
mod log;
mod manual;
#[cfg(feature = "drift")]
mod outcome_table;
#[cfg(feature = "drift")]
mod output_file;
#[cfg(feature = "drift")]
mod performance;
#[cfg(any(feature = "drift", feature = "drill"))]
mod progress;
mod prometheus;
#[cfg(feature = "drift")]
mod questions;
#[cfg(any(feature = "drift", feature = "triage"))]
mod runtime;
mod spans;
mod stack;
mod terminal;
#[cfg(any(feature = "drift", feature = "triage"))]
mod times;
#[cfg(feature = "triage")]
mod triage;
mod values;
mod verbosity;
#[cfg(feature = "drift")]
mod warehouse;

use std::io::Write as _;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory as _, Parser, Subcommand};

use crate::failure::Failure;
use crate::verbosity::Verbosity;

/// Production monitoring of ML models.
#[derive(Parser)]
#[command(name = "modelwatch", version, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    verbosity: Verbosity,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch drift compare train.parquet 'july/*.csv.gz'         drift between plain files, now
  modelwatch stack init && modelwatch stack generate             rules, alerts, dashboards, runbooks from one file
  modelwatch drift report --from yesterday --to today            the log of a day against its baselines
  modelwatch triage --model claims-risk --at 20m                 what changed twenty minutes ago

Exit codes: 0 done; 1 it failed, a check found something to fix, or --fail-on-drift found drift; 2 the command line is wrong or,
for `modelwatch drift`, the comparison could not run; 130 you pressed Ctrl-C.

Colours follow NO_COLOR and CLICOLOR; RUST_LOG, such as modelwatch_drift_job=debug, overrides -v and -q.";

#[derive(Subcommand)]
enum Command {
    /// Make a baseline from training files.
    #[cfg(feature = "drift")]
    Baseline(baseline::Baseline),
    /// Compare the features and predictions of models with their baselines.
    #[cfg(feature = "drift")]
    #[command(subcommand)]
    Drift(drift::Drift),
    /// Take predictions of other services into a prediction log, from Kafka or as CloudEvents.
    #[cfg(feature = "ingest")]
    #[command(subcommand)]
    Ingest(ingest::Ingest),
    /// Maintain a prediction log.
    #[cfg(feature = "drift")]
    #[command(subcommand)]
    Log(log::Log),
    /// Measure how right a model is, with labels and before they arrive.
    #[cfg(feature = "drift")]
    Performance(Box<performance::Performance>),
    /// Generate the Prometheus, Alertmanager and Grafana configuration from modelwatch.toml.
    #[command(subcommand)]
    Stack(stack::Stack),
    /// Rehearse incidents: who gets which message, when, and what it says.
    #[cfg(feature = "drill")]
    Drill(drill::Drill),
    /// Explain an alert: where the trouble is, since when, which release is to blame, who acts.
    #[cfg(feature = "triage")]
    Triage(Box<triage::Triage>),
    /// Print the completions for a shell.
    Completions(manual::Completions),
    /// Write the manual pages.
    Man(manual::Man),
}

fn main() -> ExitCode {
    let read = Cli::try_parse();
    // An option that says itself what it takes says it best.
    let is_refused = matches!(&read, Err(wrong) if wrong.kind() != ErrorKind::DisplayHelp);
    if !is_refused && let Err(empty) = values::refuse_empty(std::env::args_os().skip(1)) {
        Cli::command().error(ErrorKind::InvalidValue, empty).exit();
    }
    let Cli { verbosity, command } = match read {
        Ok(read) => read,
        // Help and the version are answers, too.
        Err(shown) if !shown.use_stderr() => {
            terminal::keep(shown.print());
            return match terminal::finish() {
                Ok(()) => ExitCode::SUCCESS,
                Err(failure) => failed(&failure, ExitCode::FAILURE),
            };
        }
        Err(wrong) => wrong.exit(),
    };
    if let Err(failure) = verbosity.apply() {
        return failed(&failure, ExitCode::from(USAGE));
    }
    let done = match command {
        #[cfg(feature = "drift")]
        Command::Baseline(command) => baseline::run(command),
        #[cfg(feature = "drift")]
        Command::Drift(command) => return drift::run(&command),
        #[cfg(feature = "ingest")]
        Command::Ingest(command) => ingest::run(&command),
        #[cfg(feature = "drift")]
        Command::Log(command) => log::run(&command),
        #[cfg(feature = "drift")]
        Command::Performance(command) => performance::run(*command),
        Command::Stack(command) => stack::run(&command),
        #[cfg(feature = "drill")]
        Command::Drill(command) => drill::run(&command),
        #[cfg(feature = "triage")]
        Command::Triage(command) => triage::run(&command),
        Command::Completions(command) => {
            command.print(Cli::command());
            Ok(())
        }
        Command::Man(command) => command.write(Cli::command()),
    };
    match done.and_then(|()| terminal::finish()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) if failure.is_usage() => failed(&failure, ExitCode::from(USAGE)),
        Err(failure) => failed(&failure, ExitCode::FAILURE),
    }
}

/// Exit code of a command line that is wrong, as clap has it.
const USAGE: u8 = 2;

fn failed(failure: &Failure, code: ExitCode) -> ExitCode {
    // Nobody may read it.
    let _ = writeln!(std::io::stderr(), "{failure}");
    code
}
