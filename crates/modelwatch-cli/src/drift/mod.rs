//! `modelwatch drift`: windows of the prediction log against their baselines.

mod compare;
mod ending;
mod logged;
mod models;
mod once;
mod report;
mod serve;
pub(crate) mod settings;
mod shown;

use std::io::Write as _;
use std::process::ExitCode;

use clap::Subcommand;

use self::ending::Ending;
use crate::terminal::finish;

const GROUP: &str = "\
Examples:
  modelwatch drift compare january.csv february.csv         two files, without a configuration
  modelwatch drift report --from yesterday --to today       a day of the prediction log
  modelwatch drift serve                                    every window from now on, for Prometheus";

/// How to compare.
#[derive(Subcommand)]
#[command(after_help = GROUP)]
pub(crate) enum Drift {
    /// Compare every window when it ends and serve the scores at /metrics.
    Serve(serve::Serve),
    /// Compare the window that ended last and publish the scores, for cron and Airflow.
    Once(once::Once),
    /// Compare one window and show the result.
    Report(report::Report),
    /// Compare two sets of plain files: Parquet, CSV or JSON lines.
    Compare(compare::Compare),
}

/// Exit code of a look that could not be.
const COULD_NOT_LOOK: u8 = 2;

/// Runs a command: exit code 0 where it looked, 1 where it found drift and was asked to tell, 2 where it could not look.
pub(crate) fn run(command: &Drift) -> ExitCode {
    let done = match command {
        Drift::Serve(command) => serve::run(command).map(|()| Ending::Looked),
        Drift::Once(command) => once::run(command),
        Drift::Report(command) => report::run(command),
        Drift::Compare(command) => compare::run(command),
    };
    match done.and_then(|ending| finish().map(|()| ending)) {
        Ok(Ending::Looked) => ExitCode::SUCCESS,
        Ok(Ending::Drift) => ExitCode::FAILURE,
        Err(failure) => {
            // Nobody may read it.
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::from(COULD_NOT_LOOK)
        }
    }
}
