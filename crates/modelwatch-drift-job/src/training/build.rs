//! The baseline, column by column.

use std::sync::Arc;

use chrono::DateTime;
use futures::{StreamExt as _, stream};
use modelwatch_drift::baseline::{
    About, Baseline, BaselineError, CategoricalProfile, NumericProfile, Profile, Source, TimeSpan, warnings,
};
use modelwatch_drift::joint::JointReference;
use modelwatch_drift::learn::TimeOrder;
use parking_lot::Mutex;
use tokio::task::spawn_blocking;
use twox_hash::XxHash3_128;

use super::columns::{self, Subject, Wanted};
use super::error::{TrainingError, TrainingWarning};
use super::options::{TrainingOptions, TrainingProgress};
use super::profile::{Asked, Profiled, profile_all};
use super::read::{self, Passes};
use super::summary::{ColumnKind, ColumnSummary, Trained};
use crate::tables::{Kind, Table, expand};

impl TrainingOptions {
    /// Reads the files in so many tasks at the same time and makes the baseline. `progress` is told of files, rows and columns as
    /// they are done.
    ///
    /// A column that can't be a feature, because too few of its rows have a value or it holds times or lists, is left out and
    /// warned of.
    ///
    /// # Errors
    ///
    /// A file that is missing or broken, columns that are named and not there or can't be what they are asked to be (all of them at
    /// once), or a reference that can be none.
    pub async fn build(
        &self,
        threads: usize,
        mut progress: impl FnMut(&TrainingProgress),
    ) -> Result<Trained, TrainingError> {
        let files = self.look(&mut progress).await?;
        let rows: u64 = files.iter().map(|(_, _, rows)| rows).sum();
        let judged: Vec<(Table, Vec<Kind>)> = files
            .iter()
            .map(|(table, kinds, _)| (table.clone(), kinds.clone()))
            .collect();
        let plan = columns::plan(self, &judged)?;
        let numbers = plan.numbers().count();
        let mut notes = plan.warnings;
        let (sources, times) = sources(&files, plan.time.as_deref()).await?;
        let instant = |time: &Option<i64>| DateTime::from_timestamp_micros((*time)?);
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
        let chunks = plan.wanted.chunks(passes.columns).map(|chunk| {
            let (files, asked, told) = (&files, asked.clone(), &told);
            async move {
                let values = read::read(files, chunk, passes.tasks, told).await?;
                let of_chunk = chunk.to_vec();
                let profiled = spawn_blocking(move || profile_all(&of_chunk, values, &asked, passes.tasks)).await;
                let profiled = profiled.unwrap_or_else(|failed| match failed.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The runtime ends, and nobody waits for the columns.
                    Err(_) => Vec::new(),
                });
                Ok::<_, TrainingError>((chunk, profiled))
            }
        });
        let mut chunks = stream::iter(chunks).buffered(passes.at_once);
        while let Some(chunk) = chunks.next().await {
            let (chunk, profiled) = chunk?;
            for (wanted, (profiled, joint)) in chunk.iter().zip(profiled) {
                joint.into_iter().for_each(|column| together.add(column));
                made.add(wanted, profiled, &mut notes);
                (progress.lock().1)(&TrainingProgress::Column {
                    name: wanted.name.clone(),
                    done: made.done,
                    of: plan.wanted.len(),
                });
            }
        }
        if !made.problems.is_empty() {
            let others = notes
                .iter()
                .filter(|note| matches!(note, TrainingWarning::LeftOut { .. }));
            made.problems.extend(others.map(ToString::to_string));
            return Err(TrainingError::Columns(made.problems));
        }
        notes.extend(warnings(&sources).into_iter().map(TrainingWarning::Hygiene));
        let fingerprint = format!("{:032x}", made.fingerprint.finish_128());
        let spans = || sources.iter().filter_map(|source| source.span);
        let from = spans().map(|span| span.from).min();
        let to = spans().map(|span| span.to).max();
        let about = About {
            model: self.model.clone(),
            version: self.version.clone().unwrap_or_else(|| fingerprint[..12].to_owned()),
            created: self.created,
            rows,
            time_span: from.zip(to).map(|(from, to)| TimeSpan { from, to }),
            fingerprint: format!("xxh3-128:{fingerprint}"),
        };
        let baseline = match Baseline::new(about, made.features, made.score, made.classes) {
            // Every column was left out: what was wrong with each says more than that nothing is left.
            Err(BaselineError::Empty { feature: None }) if !notes.is_empty() => {
                let problems = notes.iter().map(ToString::to_string);
                let nothing = "no column of the training files can be a feature".to_owned();
                return Err(TrainingError::Columns([nothing].into_iter().chain(problems).collect()));
            }
            made => made?,
        };
        together.retain(|name| baseline.features().iter().any(|(feature, _)| feature == name));
        let joint = together.learn(threads, |row| times.as_ref().and_then(|times| instant(times.get(row)?)));
        let baseline = match joint {
            Some(joint) => baseline.with_joint(joint)?,
            None => baseline,
        };
        Ok(Trained {
            baseline,
            columns: made.summaries,
            warnings: notes,
        })
    }

    /// The files with what their columns hold and their rows.
    async fn look(
        &self,
        progress: &mut impl FnMut(&TrainingProgress),
    ) -> Result<Vec<(Table, Vec<Kind>, u64)>, TrainingError> {
        let mut addresses = Vec::new();
        for pattern in &self.files {
            addresses.extend(expand(pattern)?);
        }
        if addresses.is_empty() {
            let problem = "no training file is named; name at least one".to_owned();
            return Err(TrainingError::Columns(vec![problem]));
        }
        let of = addresses.len();
        let mut files = Vec::new();
        for (done, address) in addresses.into_iter().enumerate() {
            progress(&TrainingProgress::Looking {
                file: address.clone(),
                done,
                of,
            });
            let table = Table::open(&address).await?;
            let (kinds, rows) = table.kinds().await?;
            files.push((table, kinds, rows));
        }
        Ok(files)
    }
}

/// The times of all rows in microseconds, in the order of the files.
type Times = Vec<Option<i64>>;

/// The files' names and times, and those of all rows where a column has them.
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

/// What has been made of the columns so far.
#[derive(Default)]
struct Made {
    features: Vec<(String, Profile)>,
    score: Option<NumericProfile>,
    classes: Option<CategoricalProfile>,
    summaries: Vec<ColumnSummary>,
    problems: Vec<String>,
    done: usize,
    fingerprint: XxHash3_128,
}

impl Made {
    fn add(&mut self, wanted: &Wanted, made: Profiled, notes: &mut Vec<TrainingWarning>) {
        self.done += 1;
        let column = || wanted.column.clone();
        if made.other_type > 0 && wanted.kind == ColumnKind::Numeric {
            notes.push(TrainingWarning::NotNumbers {
                column: column(),
                rows: made.other_type,
            });
        }
        let column_of = |note: &TrainingWarning| matches!(note, TrainingWarning::LooksLike { column, .. } if *column == wanted.column);
        if made.is_identifier() && !wanted.known && !notes.iter().any(column_of) {
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
