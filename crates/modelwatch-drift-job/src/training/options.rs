//! What a baseline is made of.

use chrono::{DateTime, Utc};
use modelwatch_drift::baseline::Hygiene;

/// What a baseline is made of.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrainingOptions {
    /// The model's name.
    pub model: String,
    /// The baseline's version; the first twelve digits of the fingerprint where none is given.
    pub version: Option<String>,
    /// When it is made.
    pub created: DateTime<Utc>,
    /// Paths, folders, URLs and globs.
    pub files: Vec<String>,
    /// The columns that are features; all that are left where none is named.
    pub features: Vec<String>,
    /// Columns to be taken for numbers, whatever their type.
    pub numeric: Vec<String>,
    /// Columns to be taken for categories, whatever their type.
    pub categorical: Vec<String>,
    /// The column of prediction scores.
    pub score: Option<String>,
    /// The column of predicted classes.
    pub class: Option<String>,
    /// The column of the rows' times.
    pub time: Option<String>,
    /// Columns that are no features, such as the label.
    pub without: Vec<String>,
    /// What is asked of the reference.
    pub hygiene: Hygiene,
}

impl TrainingOptions {
    /// Makes the options for one model from these files, with defaults for everything else.
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

/// How far the making of a baseline is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TrainingProgress {
    /// A file is being looked at.
    Looking {
        /// Its path or URL.
        file: String,
        /// How many files have been looked at.
        done: usize,
        /// How many there are.
        of: usize,
    },
    /// Rows are being read.
    Reading {
        /// Rows read so far, over all passes.
        rows: u64,
        /// Rows there are to read, over all passes.
        of: u64,
    },
    /// A column has its profile.
    Column {
        /// Its name.
        name: String,
        /// How many columns are done.
        done: usize,
        /// How many there are.
        of: usize,
    },
}
