//! `modelwatch drift`: windows of the prediction log against the baseline.

mod once;
mod report;
mod serve;
mod settings;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use modelwatch_drift::{JobError, WindowReport};

use crate::Failure;

/// Windows of the prediction log against the baseline.
#[derive(Subcommand)]
pub(crate) enum Drift {
    /// Run every window when it is due, and serve /metrics.
    Serve(serve::Serve),
    /// Run the last window once, and publish it to a Pushgateway or a textfile.
    Once(once::Once),
    /// Show the last window, or one you name, as a table and as an HTML page.
    Report(report::Report),
}

/// Where the models are said.
#[derive(Args)]
pub(crate) struct Watched {
    /// The file that names models, baselines and thresholds.
    #[arg(long, default_value = "modelwatch.toml")]
    config: PathBuf,
    /// Only these models.
    #[arg(long)]
    model: Vec<String>,
}

pub(crate) fn run(command: &Drift) -> Result<(), Failure> {
    match command {
        Drift::Serve(command) => serve::run(command),
        Drift::Once(command) => once::run(command),
        Drift::Report(command) => report::run(command),
    }
}

/// A line about a run for whoever reads the process's log.
fn tell(run: &Result<WindowReport, JobError>) {
    let report = match run {
        Ok(report) => report,
        Err(error) => return eprintln!("drift: {error}"),
    };
    report
        .warnings()
        .for_each(|warning| eprintln!("drift: {}: {warning}", report.model));
    let detected: Vec<_> = report.detected().map(|subject| subject.subject.to_string()).collect();
    let verdict = match (report.verdict.subjects().is_empty(), detected.is_empty()) {
        (true, _) => "too few rows, no score".into(),
        (false, true) => "no drift".into(),
        (false, false) => format!("DRIFT of {}", detected.join(", ")),
    };
    eprintln!(
        "drift: {}: {}, {} rows in {:.1} s: {verdict}",
        report.model,
        report.window,
        report.rows,
        report.took.as_secs_f64()
    );
}
