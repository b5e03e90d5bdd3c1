//! `modelwatch drift compare`: two sets of plain files, and nothing else.

use clap::Args;
use modelwatch_drift_job::Comparison;

use super::ending::Ending;
use super::shown::Shown;
use crate::failure::Failure;
use crate::progress::Progress;
use crate::runtime::{runtime, threads};
use crate::terminal::warn;
use crate::values::listed;

/// What to compare with what.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Compare {
    /// The reference: Parquet, CSV or JSON lines, also .gz, or a Delta table; a path, folder, glob or URL.
    #[arg(value_name = "REFERENCE")]
    reference: String,
    /// The files to compare with the reference, of the same kinds.
    #[arg(value_name = "CURRENT")]
    current: String,
    /// The column of the model's scores, which is compared but is not a feature.
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// The column of the predicted classes, which is compared but is not a feature.
    #[arg(long, value_name = "COLUMN")]
    class: Option<String>,
    /// The column of the rows' times, which is not a feature.
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// Columns to leave out.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = listed)]
    without: Vec<String>,
    /// Columns to treat as numbers, whatever their type.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = listed)]
    numeric: Vec<String>,
    /// Columns to treat as categories, whatever their type.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = listed)]
    categorical: Vec<String>,
    /// Also compare the rows of each value of these columns, such as a country.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = listed)]
    segment: Vec<String>,
    #[command(flatten)]
    shown: Shown,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch drift compare train.parquet 'july/*.csv.gz' --without customer_id
  modelwatch drift compare january.csv february.csv --segment country --html drift.html
  modelwatch drift compare train.parquet new.parquet --json --fail-on-drift";

pub(crate) fn run(command: &Compare) -> Result<Ending, Failure> {
    let page = command.shown.page()?;
    let mut comparison = Comparison::new([&command.reference], [&command.current]);
    let options = &mut comparison.reference;
    options.score.clone_from(&command.score);
    options.class.clone_from(&command.class);
    options.time.clone_from(&command.time);
    options.without.clone_from(&command.without);
    options.numeric.clone_from(&command.numeric);
    options.categorical.clone_from(&command.categorical);
    comparison.columns.score.clone_from(&command.score);
    comparison.columns.class.clone_from(&command.class);
    comparison.segments.clone_from(&command.segment);
    let mut progress = Progress::new();
    let compared = runtime()?.block_on(comparison.run(threads(), |done| progress.tell(done)));
    progress.end();
    let (report, trained) = compared.map_err(Failure::new)?;
    for warning in &trained.warnings {
        warn(warning);
    }
    command.shown.show(&[report], page.as_ref())
}
