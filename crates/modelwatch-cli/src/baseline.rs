//! `modelwatch baseline`: from training files to the one file that windows are compared with.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use modelwatch_drift::baseline::Hygiene;
use modelwatch_drift_job::{ColumnSummary, TrainingOptions, TrainingSource};
use serde_json::{Value, json};

use crate::database::{Database, TABLE};
use crate::failure::Failure;
use crate::output_file::OutputFile;
use crate::progress::Progress;
use crate::questions;
use crate::runtime::{runtime, threads};
use crate::spans::{SECOND, YEAR, span};
use crate::terminal::{say, warn};
use crate::values::{listed, whole};
use crate::warehouse;

/// What the baseline is made of.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Baseline {
    /// The model's name, as the service registers it.
    #[arg(long)]
    model: String,
    /// Where to write the baseline.
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
    /// The baseline's version. Defaults to the first digits of the data's fingerprint.
    #[arg(long)]
    version: Option<String>,
    /// The columns that are features. Defaults to all columns without another role.
    #[arg(long = "feature", value_name = "COLUMNS", value_delimiter = ',', value_parser = listed)]
    features: Vec<String>,
    /// Columns to treat as numbers, whatever their type.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = listed)]
    numeric: Vec<String>,
    /// Columns to treat as categories, whatever their type.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = listed)]
    categorical: Vec<String>,
    /// The column of the model's scores for these rows.
    #[arg(long, value_name = "COLUMN")]
    score: Option<String>,
    /// The column of the predicted classes for these rows.
    #[arg(long, value_name = "COLUMN")]
    class: Option<String>,
    /// The column of the rows' times, to learn what is usual and notice gaps between files.
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// Columns that are not features, such as the label.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',', value_parser = listed)]
    without: Vec<String>,
    /// The minimum of rows with a value for a feature.
    #[arg(long, value_name = "ROWS", default_value_t = Hygiene::default().minimum_rows, value_parser = whole::<u64>(0..=u64::MAX))]
    minimum_rows: u64,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    warehouse: TableOfWarehouse,
    /// Parquet, CSV or JSON-lines files, Delta tables, or the prediction log itself: paths, folders, globs or URLs.
    #[arg(required_unless_present = "table", conflicts_with = "table", value_name = "FILES")]
    files: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch baseline 'train/*.parquet' --model claims-risk --output baselines/claims-risk.json --without label
  modelwatch baseline prediction-log/model=claims-risk --model claims-risk --output baselines/claims-risk.json
  modelwatch baseline train.csv.gz --model claims-risk --output claims-risk.json --score probability --time event_time
  modelwatch baseline --table analytics.training --dialect postgresql --uri-from TRAINING_WAREHOUSE --model claims-risk --output claims-risk.json";

/// A table of a database, in place of files.
#[derive(Args)]
struct TableOfWarehouse {
    /// The table or view of a database to make the baseline of, in place of files; its rows stay there.
    #[arg(long, value_name = "TABLE", value_delimiter = '.', requires_all = ["dialect", "access"], group = TABLE, help_heading = "Warehouse")]
    table: Vec<String>,
    #[command(flatten)]
    database: Database,
    /// How long the database has for all of it.
    #[arg(
        long,
        value_name = "DURATION",
        default_value = "5m",
        value_parser = span(SECOND, SECOND..=YEAR),
        requires = "table",
        help_heading = "Warehouse"
    )]
    timeout: Duration,
}

impl TableOfWarehouse {
    /// The table; nothing where files are named.
    fn source(&self) -> Result<Option<Box<dyn TrainingSource>>, Failure> {
        let Some(mut table) = self.database.table(&self.table)? else {
            return Ok(None);
        };
        table.timeout = self.timeout;
        warehouse::training(&table).map(Some)
    }
}

pub(crate) fn run(command: Baseline) -> Result<(), Failure> {
    let out = OutputFile::new(&command.output, "--output")?;
    let mut options = TrainingOptions::new(command.model, command.files);
    options.version = command.version;
    options.features = command.features;
    options.numeric = command.numeric;
    options.categorical = command.categorical;
    options.score = command.score;
    options.class = command.class;
    options.time = command.time;
    options.without = command.without;
    options.hygiene = Hygiene {
        minimum_rows: command.minimum_rows,
    };
    let table = command.warehouse.source()?;
    let build = |options: &TrainingOptions| {
        let mut progress = Progress::new();
        let runtime = runtime()?;
        let built = match &table {
            None => runtime.block_on(options.build(threads(), |done| progress.tell(done))),
            Some(table) => runtime.block_on(options.build_from(&**table, |done| progress.tell(done))),
        };
        progress.end();
        built.map_err(Failure::new)
    };
    let mut trained = build(&options)?;
    if questions::can_be_asked() {
        let answers = questions::ask(&trained);
        if answers.change(&mut options) {
            trained = build(&options)?;
        }
    }
    for warning in &trained.warnings {
        warn(warning);
    }
    let baseline = &trained.baseline;
    out.write(baseline.to_json().map_err(Failure::new)?.as_bytes())?;
    let about = baseline.about();
    let features = baseline.features().len();
    if command.json {
        let warnings: Vec<_> = trained.warnings.iter().map(ToString::to_string).collect();
        let made = json!({
            "file": command.output.display().to_string(),
            "model": about.model,
            "version": about.version,
            "rows": about.rows,
            "features": features,
            "columns": trained.columns.iter().map(column).collect::<Vec<_>>(),
            "warnings": warnings,
        });
        say(serde_json::to_string_pretty(&made).map_err(Failure::new)?);
        return Ok(());
    }
    say(&trained);
    say(format_args!(
        "{}: baseline {} of {}, {} rows, {features} features",
        command.output.display(),
        about.version,
        about.model,
        about.rows
    ));
    Ok(())
}

fn column(column: &ColumnSummary) -> Value {
    json!({
        "name": column.name,
        "kind": column.kind.to_string(),
        "rows": column.rows,
        "missing": column.missing,
        "distinct": column.distinct,
        "least": column.least,
        "largest": column.largest,
    })
}
