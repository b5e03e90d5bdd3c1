//! `modelwatch baseline`: from the files a model was trained on to the one file windows are compared with.

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::Args;
use modelwatch_drift::TrainingOptions;

use crate::{Failure, say, start};

/// Which files, and what their columns are.
#[derive(Args)]
pub(crate) struct Baseline {
    /// Parquet, CSV with a header or JSON-lines: paths, URLs and quoted globs such as 'train/*.parquet'.
    #[arg(required = true)]
    files: Vec<String>,
    /// The model's name, as the service has it.
    #[arg(long)]
    model: String,
    /// Where the baseline goes.
    #[arg(long, short)]
    output: PathBuf,
    /// The baseline's own version; a digest of the data unless given.
    #[arg(long)]
    version: Option<String>,
    /// Columns that are features; all that are left unless given.
    #[arg(long, value_delimiter = ',')]
    features: Vec<String>,
    /// Columns that are no features, such as the label.
    #[arg(long, value_delimiter = ',')]
    without: Vec<String>,
    /// Columns to be taken for numbers, whatever their type.
    #[arg(long, value_delimiter = ',')]
    numeric: Vec<String>,
    /// Columns to be taken for categories, whatever their type.
    #[arg(long, value_delimiter = ',')]
    categorical: Vec<String>,
    /// The column of prediction scores.
    #[arg(long)]
    score: Option<String>,
    /// The column of predicted classes.
    #[arg(long)]
    class: Option<String>,
    /// The column of the rows' times.
    #[arg(long)]
    time: Option<String>,
    /// The fewest rows with a value that a feature may have.
    #[arg(long)]
    least_rows: Option<u64>,
}

pub(crate) fn run(command: &Baseline) -> Result<(), Failure> {
    let mut options = TrainingOptions::new(&command.model, &command.files);
    options.version.clone_from(&command.version);
    options.features.clone_from(&command.features);
    options.without.clone_from(&command.without);
    options.numeric.clone_from(&command.numeric);
    options.categorical.clone_from(&command.categorical);
    options.score.clone_from(&command.score);
    options.class.clone_from(&command.class);
    options.time.clone_from(&command.time);
    if let Some(least_rows) = command.least_rows {
        options.hygiene.least_rows = least_rows;
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let (baseline, warnings) = start()?
        .block_on(options.build(threads, progress))
        .map_err(Failure::new)?;
    for warning in warnings {
        eprintln!("warning: {warning}");
    }
    let json = baseline.to_json().map_err(Failure::new)?;
    std::fs::write(&command.output, json)
        .map_err(|error| Failure::new(format!("{}: cannot be written: {error}", command.output.display())))?;
    let about = baseline.about();
    say(format_args!(
        "{}: {} features of {} rows, version {}",
        command.output.display(),
        baseline.features().len(),
        about.rows,
        about.version
    ));
    Ok(())
}

/// One line that is written over on a terminal, and one a column elsewhere.
fn progress(column: &str, done: usize, of: usize) {
    let mut stderr = std::io::stderr();
    // A reader that has gone needs no progress.
    let _ = match (stderr.is_terminal(), done == of) {
        (true, false) => write!(stderr, "\r\x1b[K{done} of {of} columns: {column}"),
        (true, true) => write!(stderr, "\r\x1b[K"),
        (false, _) => writeln!(stderr, "{done} of {of} columns: {column}"),
    };
}
