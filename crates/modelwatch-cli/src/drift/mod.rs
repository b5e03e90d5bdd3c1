//! `modelwatch drift`: windows of the prediction log against their baselines.

mod logged;
mod models;
mod once;
mod report;
mod serve;
mod settings;

use clap::Subcommand;

use crate::failure::Failure;

/// How to compare.
#[derive(Subcommand)]
pub(crate) enum Drift {
    /// Compare every window when it is due and serve the scores at /metrics, for ever.
    Serve(serve::Serve),
    /// Compare the window that ended last, once, and publish the scores: for cron and Airflow.
    Once(once::Once),
    /// Compare one window and show it to a person.
    Report(report::Report),
}

pub(crate) fn run(command: &Drift) -> Result<(), Failure> {
    match command {
        Drift::Serve(command) => serve::run(command),
        Drift::Once(command) => once::run(command),
        Drift::Report(command) => report::run(command),
    }
}
