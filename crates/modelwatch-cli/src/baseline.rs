//! `modelwatch baseline`: from training files to the one file that windows are compared with.

use std::fs;
use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use modelwatch_drift::baseline::Hygiene;
use modelwatch_drift_job::TrainingOptions;

use crate::failure::Failure;
use crate::runtime::{runtime, threads};
use crate::terminal::say;

/// What the baseline is made of.
#[derive(Args)]
pub(crate) struct Baseline {
    /// The model's name, as the service has it.
    #[arg(long)]
    model: String,
    /// Where to write the baseline.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// Its version. Without one, the first digits of the data's fingerprint.
    #[arg(long)]
    version: Option<String>,
    /// The columns that are features. Without any, all columns that nothing else is said of.
    #[arg(long = "feature", value_name = "COLUMN")]
    features: Vec<String>,
    /// Columns to be taken for numbers, whatever their type.
    #[arg(long, value_name = "COLUMN")]
    numeric: Vec<String>,
    /// Columns to be taken for categories, whatever their type.
    #[arg(long, value_name = "COLUMN")]
    categorical: Vec<String>,
    /// The column of the model's scores for these rows.
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// The column of the classes the model predicted for these rows.
    #[arg(long, value_name = "COLUMN")]
    class: Option<String>,
    /// The column that says when each row was, so that a gap between files is noticed.
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// Columns that are no features, such as the label.
    #[arg(long, value_name = "COLUMN")]
    without: Vec<String>,
    /// The fewest rows with a value that a feature may have.
    #[arg(long, value_name = "ROWS", default_value_t = Hygiene::default().least_rows)]
    least_rows: u64,
    /// Parquet, CSV or JSON-lines files: paths, globs or URLs.
    #[arg(required = true, value_name = "FILES")]
    files: Vec<String>,
}

pub(crate) fn run(command: Baseline) -> Result<(), Failure> {
    let options = TrainingOptions {
        version: command.version,
        features: command.features,
        numeric: command.numeric,
        categorical: command.categorical,
        score: command.score,
        class: command.class,
        time: command.time,
        without: command.without,
        hygiene: Hygiene {
            least_rows: command.least_rows,
        },
        ..TrainingOptions::new(command.model, command.files)
    };
    let shown = std::io::stderr().is_terminal();
    let progress = |column: &str, done, of| {
        if shown {
            let _ = write!(std::io::stderr(), "\r\x1b[K{done} of {of} columns: {column}");
        }
    };
    let built = runtime()?.block_on(options.build(threads(), progress));
    if shown {
        let _ = write!(std::io::stderr(), "\r\x1b[K");
    }
    let (baseline, warnings) = built.map_err(Failure::new)?;
    for warning in warnings {
        let _ = writeln!(std::io::stderr(), "warning: {warning}");
    }
    let json = baseline.to_json().map_err(Failure::new)?;
    let out = command.output.display();
    fs::write(&command.output, json).map_err(|error| {
        Failure::new(format!(
            "{out} can't be written: {error}; name another file with --output"
        ))
    })?;
    let about = baseline.about();
    let features = baseline.features().len();
    say(format_args!(
        "{out}: baseline {} of {}, {} rows, {features} features",
        about.version, about.model, about.rows
    ));
    Ok(())
}
