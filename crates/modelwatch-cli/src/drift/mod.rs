//! `modelwatch drift`: windows of the prediction log against their baselines.

mod compare;
mod ending;
mod once;
mod report;
mod serve;
mod settings;
mod shown;

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use modelwatch_config::Config;
use modelwatch_drift_job::{JobError, ModelSettings, Verdict, WindowReport};

use self::ending::Ending;
use crate::Failure;

/// How to compare.
#[derive(Subcommand)]
pub(crate) enum Drift {
    /// Compare every window when it is due and serve the scores at /metrics, for ever.
    Serve(serve::Serve),
    /// Compare the window that ended last, once, and publish the scores: for cron and Airflow.
    Once(once::Once),
    /// Compare one window and show it.
    Report(report::Report),
    /// Compare two sets of plain files: Parquet, CSV or JSON lines.
    Compare(compare::Compare),
}

/// Which models.
#[derive(Args)]
pub(crate) struct Models {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "modelwatch.toml")]
    config: PathBuf,
    /// Only this model, and others named so.
    #[arg(long = "model", value_name = "MODEL")]
    named: Vec<String>,
}

impl Models {
    fn settings(&self) -> Result<Vec<ModelSettings>, Failure> {
        let config = Config::load(&self.config).map_err(Failure::new)?;
        settings::of(&config, &self.named)
    }
}

/// A line in the log for each run.
fn tell(run: &Result<WindowReport, JobError>) {
    match run {
        Ok(report) => {
            report
                .warnings()
                .for_each(|warning| tracing::warn!(model = report.model, "{warning}"));
            let detected: Vec<_> = report.detected().map(|subject| subject.subject.to_string()).collect();
            let (model, rows) = (&report.model, report.rows);
            let window = report.window.map(|window| window.to_string());
            match report.verdict {
                Verdict::NoRows => tracing::warn!(model, window, "no rows"),
                Verdict::Scored(_) => tracing::info!(model, rows, window, drift = detected.join(", "), "compared"),
                _ => tracing::warn!(model, rows, window, "too few rows for a score"),
            }
        }
        Err(error) => tracing::error!("{error}"),
    }
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
    match done {
        Ok(Ending::Looked) => ExitCode::SUCCESS,
        Ok(Ending::Drift) => ExitCode::FAILURE,
        Err(failure) => {
            // Nobody may read it.
            let _ = writeln!(std::io::stderr(), "{failure}");
            ExitCode::from(COULD_NOT_LOOK)
        }
    }
}
