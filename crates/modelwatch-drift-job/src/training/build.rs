//! Builds the baseline, column by column.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures::{StreamExt as _, stream};
use modelwatch_drift::baseline::{
    About, Baseline, BaselineError, CategoricalProfile, NumericProfile, Profile, Source, TimeSpan, warnings,
};
use modelwatch_drift::joint::{JointProfile, JointReference};
use modelwatch_drift::learn::TimeOrder;
use parking_lot::Mutex;
use tokio::task::spawn_blocking;
use twox_hash::XxHash3_128;

use super::columns::{self, Known, Subject, Wanted};
use super::error::{TrainingError, TrainingWarning};
use super::options::{TrainingOptions, TrainingProgress};
use super::profile::{Asked, Profiled, profile_all, profile_of_source};
use super::read::{self, Passes};
use super::source::TrainingSource;
use super::summary::{ColumnKind, ColumnSummary, Trained};
use crate::tables::{Found, Kind, Table, expand};

impl TrainingOptions {
    /// Reads the files in `threads` tasks at the same time and builds the baseline. `progress` receives updates about
    /// files, rows and columns.
    ///
    /// A column that can't be a feature, because too few of its rows have a value or it holds times or lists, is left
    /// out with a warning.
    ///
    /// # Errors
    ///
    /// A file is missing or broken; columns that you named are absent or can't be what you asked for (the error lists
    /// all of them); or the reference is unusable.
    pub async fn build(
        &self,
        threads: usize,
        progress: impl FnMut(&TrainingProgress),
    ) -> Result<Trained, TrainingError> {
        let (mut trained, together) = self.build_apart(threads, progress).await?;
        if let Some(joint) = together.learn(threads) {
            trained.baseline = trained.baseline.with_joint(joint)?;
        }
        Ok(trained)
    }

    /// Same, but returns separately what is still to learn about how features go together.
    pub(crate) async fn build_apart(
        &self,
        threads: usize,
        mut progress: impl FnMut(&TrainingProgress),
    ) -> Result<(Trained, Together), TrainingError> {
        let files = self.look(&mut progress).await?;
        let rows: u64 = files.iter().map(|(_, _, rows)| rows).sum();
        let plan = columns::plan(self, &Known::of(files.iter().map(|(table, kinds, _)| (table, kinds))))?;
        let numbers = plan.numbers().count();
        let mut notes = plan.warnings;
        let (sources, times) = sources(&files, plan.time.as_deref()).await?;
        let order = times
            .as_ref()
            .and_then(|times| TimeOrder::new(times.iter().map(instant)));
        if order.is_none() {
            notes.push(TrainingWarning::NothingUsual);
        }
        let files: Vec<(Table, u64)> = files.into_iter().map(|(table, _, rows)| (table, rows)).collect();

        let mut made = Made::default();
        let threads = threads.max(1);
        let passes = Passes::new(&files, plan.wanted.len(), threads);
        let to_read = rows * plan.wanted.len().div_ceil(passes.columns) as u64;
        let progress = Mutex::new((0, progress));
        let told = |rows| {
            let (rows_read, progress) = &mut *progress.lock();
            *rows_read += rows;
            progress(&TrainingProgress::Reading {
                rows: *rows_read,
                of: to_read,
            });
        };
        let mut together = JointReference::new(rows, numbers);
        let asked = Arc::new(Asked {
            hygiene: self.hygiene,
            order,
            together: together.clone(),
        });
        let chunks = plan.wanted.chunks(passes.columns).enumerate().map(|(place, chunk)| {
            let (files, asked, told) = (&files, asked.clone(), &told);
            async move {
                let values = read::read(files, chunk, passes.tasks, told).await?;
                let of_chunk = chunk.to_vec();
                let profiled = spawn_blocking(move || profile_all(&of_chunk, values, &asked, passes.tasks)).await;
                let profiled = profiled.unwrap_or_else(|failed| match failed.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime is shutting down, and nobody waits for the columns.
                    Err(_) => Vec::new(),
                });
                Ok::<_, TrainingError>((place, chunk, profiled))
            }
        });
        // A slow column delays no other. The columns are joined in their original order.
        let mut done = Vec::with_capacity(plan.wanted.len());
        let mut chunks = stream::iter(chunks).buffer_unordered(passes.at_once);
        while let Some(chunk) = chunks.next().await {
            let (place, chunk, profiled) = chunk?;
            for (wanted, profiled) in chunk.iter().zip(profiled) {
                done.push((place, wanted, profiled));
                (progress.lock().1)(&TrainingProgress::Column {
                    name: wanted.name.clone(),
                    done: done.len(),
                    of: plan.wanted.len(),
                });
            }
        }
        done.sort_by_key(|(place, _, _)| *place);
        for (_, wanted, (profiled, joint)) in done {
            joint.into_iter().for_each(|column| together.add(column));
            made.add(wanted, profiled, &mut notes);
        }
        let trained = made.baseline(self, rows, &sources, notes)?;
        let features = trained.baseline.features();
        together.retain(|name| features.iter().any(|(feature, _)| feature == name));
        let reference = together;
        Ok((trained, Together { reference, times }))
    }

    /// Builds the baseline of a table that computes its own columns. Ignores [`files`](Self::files).
    ///
    /// Values stay where they are, so the baseline does not learn how far windows of its reference stray, how features
    /// go together, or the grid that numbers lie on. Bins, counts and categories are the same as for a file with the
    /// same rows. Mean and deviation are the same up to the rounding of the sums.
    ///
    /// # Errors
    ///
    /// The same as those of [`build`](Self::build).
    pub async fn build_from(
        &self,
        source: &dyn TrainingSource,
        mut progress: impl FnMut(&TrainingProgress),
    ) -> Result<Trained, TrainingError> {
        progress(&TrainingProgress::Looking {
            file: source.to_string(),
            done: 0,
            of: 1,
        });
        let plan = columns::plan(self, &Known::of_source(source.columns().await?))?;
        let mut notes = plan.warnings;
        notes.push(TrainingWarning::NothingUsual);
        let asked: Vec<_> = plan
            .wanted
            .iter()
            .map(|wanted| (wanted.column.clone(), wanted.kind))
            .collect();
        let read = source.read(&asked).await?;
        let mut made = Made::default();
        for (done, (wanted, column)) in plan.wanted.iter().zip(read.columns).enumerate() {
            made.add(wanted, profile_of_source(wanted, column, &self.hygiene), &mut notes);
            progress(&TrainingProgress::Column {
                name: wanted.name.clone(),
                done: done + 1,
                of: plan.wanted.len(),
            });
        }
        let sources = [Source {
            name: source.to_string(),
            span: None,
        }];
        made.baseline(self, read.rows, &sources, notes)
    }

    /// Returns the files with the kinds of their columns and their number of rows.
    async fn look(
        &self,
        progress: &mut impl FnMut(&TrainingProgress),
    ) -> Result<Vec<(Table, Vec<Kind>, u64)>, TrainingError> {
        let mut found: Vec<Found> = Vec::new();
        for pattern in &self.files {
            found.extend(expand(pattern, None).await?);
        }
        if found.is_empty() {
            let problem = match self.files.first() {
                None => "no training file is named; name at least one".to_owned(),
                Some(first) => format!("{first} is a table without a row; name one that has the training data"),
            };
            return Err(TrainingError::Columns(vec![problem]));
        }
        let of = found.len();
        let mut files = Vec::new();
        for (done, file) in found.into_iter().enumerate() {
            progress(&TrainingProgress::Looking {
                file: file.address().to_owned(),
                done,
                of,
            });
            let table = Table::open(&file).await?;
            let (kinds, rows) = table.kinds().await?;
            files.push((table, kinds, rows));
        }
        Ok(files)
    }
}

/// Holds what is still to learn about how features go together.
#[derive(Debug)]
pub(crate) struct Together {
    reference: JointReference,
    times: Option<Times>,
}

impl Together {
    /// Returns the features that take part; none if there would be too few.
    pub(crate) fn features(&mut self) -> Vec<String> {
        let names = self.reference.settle();
        if names.len() < 2 { Vec::new() } else { names }
    }

    pub(crate) fn learn(self, threads: usize) -> Option<JointProfile> {
        let times = self.times;
        self.reference.learn(threads, |row| instant(times.as_ref()?.get(row)?))
    }
}

fn instant(time: &Option<i64>) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_micros((*time)?)
}

/// The times of all rows in microseconds, in the order of the files.
type Times = Vec<Option<i64>>;

/// Returns the files' names and time spans, and the times of all rows if a column has them.
async fn sources(
    files: &[(Table, Vec<Kind>, u64)],
    time: Option<&str>,
) -> Result<(Vec<Source>, Option<Times>), TrainingError> {
    let mut sources = Vec::new();
    let mut all = Vec::new();
    for (table, _, rows) in files {
        let times = match time {
            Some(time) => read::times(table, time).await?,
            None => None,
        };
        let known = || times.iter().flatten().copied().flatten();
        let instant = |time: i64| DateTime::from_timestamp_micros(time);
        let span = known().min().and_then(instant).zip(known().max().and_then(instant));
        sources.push(Source {
            name: table.address.clone(),
            span: span.map(|(from, to)| TimeSpan { from, to }),
        });
        if time.is_some() {
            let until = all.len() + *rows as usize;
            all.extend(times.into_iter().flatten());
            all.resize(until, None);
        }
    }
    Ok((sources, time.is_some().then_some(all)))
}

/// Holds the columns built so far.
#[derive(Default)]
struct Made {
    features: Vec<(String, Profile)>,
    score: Option<NumericProfile>,
    classes: Option<CategoricalProfile>,
    summaries: Vec<ColumnSummary>,
    problems: Vec<String>,
    fingerprint: XxHash3_128,
}

impl Made {
    /// Builds the baseline from `rows` rows.
    fn baseline(
        mut self,
        options: &TrainingOptions,
        rows: u64,
        sources: &[Source],
        mut notes: Vec<TrainingWarning>,
    ) -> Result<Trained, TrainingError> {
        if !self.problems.is_empty() {
            let others = notes
                .iter()
                .filter(|note| matches!(note, TrainingWarning::LeftOut { .. }));
            self.problems.extend(others.map(ToString::to_string));
            return Err(TrainingError::Columns(self.problems));
        }
        notes.extend(warnings(sources).into_iter().map(TrainingWarning::Hygiene));
        let fingerprint = format!("{:032x}", self.fingerprint.finish_128());
        let spans = || sources.iter().filter_map(|source| source.span);
        let from = spans().map(|span| span.from).min();
        let to = spans().map(|span| span.to).max();
        let about = About {
            model: options.model.clone(),
            version: options.version.clone().unwrap_or_else(|| fingerprint[..12].to_owned()),
            created: options.created,
            rows,
            time_span: from.zip(to).map(|(from, to)| TimeSpan { from, to }),
            fingerprint: format!("xxh3-128:{fingerprint}"),
        };
        let baseline = match Baseline::new(about, self.features, self.score, self.classes) {
            // Every column was left out: the problem of each says more than an empty baseline.
            Err(BaselineError::Empty { feature: None }) if !notes.is_empty() => {
                let problems = notes.iter().map(ToString::to_string);
                let nothing = "no column of the training data can be a feature".to_owned();
                return Err(TrainingError::Columns([nothing].into_iter().chain(problems).collect()));
            }
            made => made?,
        };
        Ok(Trained {
            baseline,
            columns: self.summaries,
            warnings: notes,
        })
    }

    fn add(&mut self, wanted: &Wanted, made: Profiled, notes: &mut Vec<TrainingWarning>) {
        let column = || wanted.column.clone();
        if made.other_type > 0 && wanted.kind == ColumnKind::Numeric {
            notes.push(TrainingWarning::NotNumbers {
                column: column(),
                rows: made.other_type,
            });
        }
        let is_text = wanted.role == Subject::Feature && wanted.kind == ColumnKind::Categorical && !wanted.known;
        if is_text && made.summary.has_times() {
            notes.retain(|note| !matches!(note, TrainingWarning::LooksLike { column, .. } if *column == wanted.column));
            return notes.push(TrainingWarning::Times(column()));
        }
        let has_commas = is_text && made.summary.has_numbers_with_commas();
        if has_commas {
            notes.push(TrainingWarning::NumbersWithCommas(column()));
        }
        let column_of = |note: &TrainingWarning| matches!(note, TrainingWarning::LooksLike { column, .. } if *column == wanted.column);
        if made.is_identifier() && !wanted.known && !has_commas && !notes.iter().any(column_of) {
            notes.push(TrainingWarning::Identifies {
                column: column(),
                distinct: made.summary.distinct,
                rows: made.summary.rows,
            });
        }
        match (made.profile, wanted.role) {
            (Err(error), _) if wanted.named => return self.problems.push(error.to_string()),
            (Err(error), _) => {
                return notes.push(TrainingWarning::LeftOut {
                    column: column(),
                    problem: error.to_string(),
                });
            }
            (Ok(Profile::Numeric(profile)), Subject::Score) => self.score = Some(profile),
            (Ok(Profile::Categorical(profile)), Subject::Classes) => self.classes = Some(profile),
            (Ok(profile), _) => self.features.push((wanted.name.clone(), profile)),
        }
        self.fingerprint.write(&made.digest.to_le_bytes());
        self.summaries.push(made.summary);
    }
}
