//! From training files to the baseline.

use std::fmt;

use chrono::{DateTime, Utc};
use modelwatch_drift::baseline::{
    About, Baseline, BaselineError, CategoricalProfile, Hygiene, HygieneWarning, NumericProfile, Profile, Source,
    TimeSpan, warnings,
};
use twox_hash::XxHash3_128;

use crate::engine::{EngineError, Kind, Training, TrainingColumn};

/// What a baseline is made of.
#[derive(Clone, Debug)]
pub struct TrainingOptions {
    /// The model's name.
    pub model: String,
    /// The baseline's version; the first twelve digits of the fingerprint where none is given.
    pub version: Option<String>,
    /// When it is made.
    pub created: DateTime<Utc>,
    /// Paths, URLs and globs.
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
    /// For one model from these files, with nothing else said.
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

    /// Reads the files and makes the baseline. `progress` is told of every column that is done, out of how many.
    ///
    /// # Errors
    ///
    /// A file that is missing or broken, a column that is named and not there, or a reference that can be none.
    pub async fn build(
        &self,
        threads: usize,
        mut progress: impl FnMut(&str, usize, usize),
    ) -> Result<(Baseline, Vec<TrainingWarning>), TrainingError> {
        let training = Training::open(&self.files, self.time.as_deref(), threads).await?;
        let mut notes = Vec::new();
        let columns = self.columns(&training, &mut notes)?;
        let mut fingerprint = XxHash3_128::new();
        let (mut features, mut score, mut classes) = (Vec::new(), None, None);
        let mut done = 0;
        let take = |name: &str, column: TrainingColumn| -> Result<(), TrainingError> {
            let profile = self.profile(name, column, &mut fingerprint)?;
            match profile {
                Profile::Numeric(profile) if self.score.as_deref() == Some(name) => score = Some(profile),
                Profile::Categorical(profile) if self.class.as_deref() == Some(name) => classes = Some(profile),
                profile => features.push((name.to_owned(), profile)),
            }
            done += 1;
            progress(name, done, columns.len());
            Ok(())
        };
        training.read(&columns, take).await?;
        let fingerprint = format!("{:032x}", fingerprint.finish_128());
        let sources: Vec<_> = training
            .files()
            .iter()
            .map(|file| Source {
                name: file.name.clone(),
                span: file.times.map(|(from, to)| TimeSpan { from, to }),
            })
            .collect();
        notes.extend(warnings(&sources).into_iter().map(TrainingWarning::Hygiene));
        let spans = || sources.iter().filter_map(|source| source.span);
        let from = spans().map(|span| span.from).min();
        let to = spans().map(|span| span.to).max();
        let about = About {
            model: self.model.clone(),
            version: self.version.clone().unwrap_or_else(|| fingerprint[..12].to_owned()),
            created: self.created,
            rows: training.rows(),
            time_span: from.zip(to).map(|(from, to)| TimeSpan { from, to }),
            fingerprint: format!("xxh3-128:{fingerprint}"),
        };
        Ok((Baseline::new(about, features, score, classes)?, notes))
    }

    /// The columns to read.
    fn columns(
        &self,
        training: &Training,
        notes: &mut Vec<TrainingWarning>,
    ) -> Result<Vec<(String, Kind)>, TrainingError> {
        let known = |name: &String| training.columns().iter().any(|(known, _)| known == name);
        let named = [&self.features, &self.numeric, &self.categorical, &self.without];
        let named = named
            .into_iter()
            .flatten()
            .chain(&self.score)
            .chain(&self.class)
            .chain(&self.time);
        if let Some(unknown) = named.into_iter().find(|name| !known(name)) {
            return Err(TrainingError::NoSuchColumn {
                column: unknown.clone(),
                columns: training.columns().iter().map(|(name, _)| name.clone()).collect(),
            });
        }
        let is = |role: &Option<String>, name: &String| role.as_ref() == Some(name);
        let mut columns = Vec::new();
        for (name, guess) in training.columns() {
            let feature = match self.features.is_empty() {
                true => !is(&self.time, name) && !self.without.contains(name),
                false => self.features.contains(name),
            };
            let kind = match () {
                () if is(&self.score, name) || self.numeric.contains(name) => Some(Kind::Numeric),
                () if is(&self.class, name) || self.categorical.contains(name) => Some(Kind::Categorical),
                () => *guess,
            };
            if !feature && !is(&self.score, name) && !is(&self.class, name) {
                continue;
            }
            match kind {
                Some(kind) => columns.push((name.clone(), kind)),
                None => notes.push(TrainingWarning::NotComparable(name.clone())),
            }
        }
        Ok(columns)
    }

    /// The profile; the fingerprint takes the values in their own order, so that of the rows does not matter.
    fn profile(
        &self,
        name: &str,
        column: TrainingColumn,
        fingerprint: &mut XxHash3_128,
    ) -> Result<Profile, BaselineError> {
        let mut text = |text: &str| {
            fingerprint.write(text.as_bytes());
            fingerprint.write(&[0]);
        };
        text(name);
        match column {
            TrainingColumn::Numbers(mut values, missing) => {
                values.sort_unstable_by(f64::total_cmp);
                for value in &values {
                    fingerprint.write(&value.to_le_bytes());
                }
                fingerprint.write(&missing.to_le_bytes());
                NumericProfile::from_values(name, values, missing, &self.hygiene).map(Profile::Numeric)
            }
            TrainingColumn::Categories(categories, missing) => {
                let mut categories: Vec<_> = categories.into_iter().collect();
                categories.sort_unstable();
                for (category, rows) in &categories {
                    text(category);
                    text(&rows.to_string());
                }
                fingerprint.write(&missing.to_le_bytes());
                CategoricalProfile::new(name, categories, missing, &self.hygiene).map(Profile::Categorical)
            }
        }
    }
}

/// A baseline that was made, but may not be what was meant.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum TrainingWarning {
    /// A column of times, lists or the like, which was left out.
    NotComparable(String),
    /// The reference itself.
    Hygiene(HygieneWarning),
}

impl fmt::Display for TrainingWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotComparable(column) => write!(
                f,
                "the column {column:?} holds neither numbers nor categories and is left out; say which it is if it is a feature"
            ),
            Self::Hygiene(warning) => warning.fmt(f),
        }
    }
}

/// Why there is no baseline.
#[derive(Debug)]
#[non_exhaustive]
pub enum TrainingError {
    /// A file that is missing or broken.
    Engine(EngineError),
    /// A reference that can be none.
    Baseline(BaselineError),
    /// A column that was named and is not there.
    NoSuchColumn {
        /// Its name.
        column: String,
        /// Those there are.
        columns: Vec<String>,
    },
}

impl From<EngineError> for TrainingError {
    fn from(error: EngineError) -> Self {
        Self::Engine(error)
    }
}

impl From<BaselineError> for TrainingError {
    fn from(error: BaselineError) -> Self {
        Self::Baseline(error)
    }
}

impl fmt::Display for TrainingError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Engine(error) => error.fmt(f),
            Self::Baseline(error) => error.fmt(f),
            Self::NoSuchColumn { column, columns } => write!(
                f,
                "the training files have no column {column:?}; they have {}",
                columns.join(", ")
            ),
        }
    }
}

impl std::error::Error for TrainingError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Engine(error) => Some(error),
            Self::Baseline(error) => Some(error),
            Self::NoSuchColumn { .. } => None,
        }
    }
}
