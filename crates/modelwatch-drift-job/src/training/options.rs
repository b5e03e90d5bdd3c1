//! Configures how a baseline is built.

use chrono::{DateTime, Utc};
use modelwatch_drift::baseline::Hygiene;

/// Configures how a baseline is built.
/// # Example: the baseline of a CSV file
///
/// ```
/// use modelwatch_drift_job::{ColumnKind, ColumnSummary, Trained, TrainingError, TrainingOptions, TrainingProgress, TrainingWarning};
///
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("january.csv");
/// let rows = (0..2_000).map(|row| format!("{},{}\n", 20_000 + row * 7 % 997, ["web", "phone"][row % 2]));
/// std::fs::write(&file, format!("income,channel\n{}", rows.collect::<String>()))?;
///
/// let mut options = TrainingOptions::new("claims-risk", [file.display().to_string()]);
/// let trained: Trained = options.build(1, |progress: &TrainingProgress| eprintln!("{progress:?}")).await?;
/// let income: &ColumnSummary = &trained.columns[0];
/// assert_eq!((&*income.name, income.kind, income.rows), ("income", ColumnKind::Numeric, 2_000));
/// assert!(trained.warnings.iter().any(|warning| matches!(warning, TrainingWarning::NothingUsual)));
///
/// options.score = Some("probability".to_owned());
/// let refused = options.build(1, |_| {}).await;
/// assert!(matches!(refused, Err(TrainingError::NoSuchColumns { .. })));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrainingOptions {
    /// The model's name.
    pub model: String,
    /// The baseline's version. Defaults to the first twelve digits of the fingerprint.
    pub version: Option<String>,
    /// The time of creation.
    pub created: DateTime<Utc>,
    /// Paths, folders, URLs and globs.
    pub files: Vec<String>,
    /// The columns that are features. Defaults to all remaining columns.
    pub features: Vec<String>,
    /// Columns to read as numbers, regardless of their type.
    pub numeric: Vec<String>,
    /// Columns to read as categories, regardless of their type.
    pub categorical: Vec<String>,
    /// The column of prediction scores.
    pub score: Option<String>,
    /// The column of predicted classes.
    pub class: Option<String>,
    /// The column of the rows' times.
    pub time: Option<String>,
    /// Columns that are not features, such as the label.
    pub without: Vec<String>,
    /// The requirements for the reference.
    pub hygiene: Hygiene,
}

impl TrainingOptions {
    /// Creates the options for one model from these files, with defaults for everything else.
    pub fn new(model: impl Into<String>, files: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            model: model.into(),
            version: None,
            created: Utc::now(),
            files: files.into_iter().map(Into::into).collect(),
            features: Vec::new(),
            numeric: Vec::new(),
            categorical: Vec::new(),
            score: None,
            class: None,
            time: None,
            without: Vec::new(),
            hygiene: Hygiene::default(),
        }
    }
}

/// Reports the progress of building a baseline.
/// The example of [`TrainingOptions`](crate::TrainingOptions) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrainingProgress {
    /// A file is being inspected.
    Looking {
        /// Its path or URL.
        file: String,
        /// The number of files inspected so far.
        done: usize,
        /// The number of files.
        of: usize,
    },
    /// Rows are being read.
    Reading {
        /// The number of rows read so far, over all passes.
        rows: u64,
        /// The number of rows to read, over all passes.
        of: u64,
    },
    /// A column has its profile.
    Column {
        /// Its name.
        name: String,
        /// The number of columns done.
        done: usize,
        /// The number of columns.
        of: usize,
    },
}
