//! `modelwatch baseline`: from training files to the one file that windows are compared with.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use modelwatch_drift::baseline::Hygiene;
use modelwatch_drift_job::{TrainingOptions, TrainingSource};

use crate::database::{Database, TABLE};
use crate::failure::Failure;
use crate::progress::Progress;
use crate::questions;
use crate::runtime::{runtime, threads};
use crate::terminal::{say, warn};
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
    #[arg(long = "feature", value_name = "COLUMNS", value_delimiter = ',')]
    features: Vec<String>,
    /// Columns to treat as numbers, whatever their type.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    numeric: Vec<String>,
    /// Columns to treat as categories, whatever their type.
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
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
    #[arg(long, value_name = "COLUMNS", value_delimiter = ',')]
    without: Vec<String>,
    /// The minimum of rows with a value for a feature.
    #[arg(long, value_name = "ROWS", default_value_t = Hygiene::default().minimum_rows)]
    minimum_rows: u64,
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
    /// How many seconds the database has for all of it.
    #[arg(
        long,
        value_name = "SECONDS",
        default_value_t = 300,
        requires = "table",
        help_heading = "Warehouse"
    )]
    timeout: u64,
}

impl TableOfWarehouse {
    /// The table; nothing where files are named.
    fn source(&self) -> Result<Option<Box<dyn TrainingSource>>, Failure> {
        let Some(mut table) = self.database.table(&self.table)? else {
            return Ok(None);
        };
        table.timeout = Duration::from_secs(self.timeout);
        warehouse::training(&table).map(Some)
    }
}

pub(crate) fn run(command: Baseline) -> Result<(), Failure> {
    let out = Output::new(&command.output)?;
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

/// A file that is written beside its place, brought to the disk and renamed, so that whoever reads it reads a whole one.
struct Output {
    path: PathBuf,
    folder: PathBuf,
}

impl Output {
    /// Makes the folder, before anything is read: without it, the work would be in vain.
    fn new(path: &Path) -> Result<Self, Failure> {
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let unwritable = |why: &dyn std::fmt::Display| {
            Failure::new(format!(
                "{} can't be written: {why}; name another file with --output",
                path.display()
            ))
        };
        if path.is_dir() {
            return Err(unwritable(&"it is a folder"));
        }
        fs::create_dir_all(folder).map_err(|error| unwritable(&format!("{}: {error}", folder.display())))?;
        let metadata = fs::metadata(folder).map_err(|error| unwritable(&format!("{}: {error}", folder.display())))?;
        if metadata.permissions().readonly() {
            return Err(unwritable(&format!("{} is read-only", folder.display())));
        }
        Ok(Self {
            path: path.to_owned(),
            folder: folder.to_owned(),
        })
    }

    fn write(&self, bytes: &[u8]) -> Result<(), Failure> {
        let name = self.path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = self.folder.join(format!(".{name}.{}.tmp", std::process::id()));
        let written = File::create(&temporary).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()?;
            fs::rename(&temporary, &self.path)?;
            File::open(&self.folder)?.sync_all()
        });
        written.map_err(|error| {
            // It may never have been made.
            let _ = fs::remove_file(&temporary);
            Failure::new(format!(
                "{} can't be written: {error}; name another file with --output",
                self.path.display()
            ))
        })
    }
}
