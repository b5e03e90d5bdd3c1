//! From files to a report.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat};

use super::counters::{Counters, Counting, Learned, Reader, Reference, Said, codes};
use super::error::PerformanceError;
use super::join::{Horizon, JoinCounts, join};
use super::options::PerformanceOptions;
use super::report::{Group, GroupKind, PerformanceReport};
use super::rows::{Named, Wanted, all_have, open, scan};
use super::spool::{Spool, hash};
use super::task::{Labels, Task};
use crate::tables::{Kind, Table};

/// Values of one column that are told of apart; rows of the others are told of together.
const MOST_VALUES: usize = 64;
/// Windows that are told of apart.
const MOST_WINDOWS: usize = 1_000;
/// Categories of a feature that have a number of their own.
const MOST_CATEGORIES: usize = 63;

impl PerformanceOptions {
    /// Reads the files and tells the performance.
    ///
    /// # Errors
    ///
    /// A file or a column is missing or cannot be read, the reference has no labels or nothing can be learned of it, or there is no
    /// room on disk to lay rows aside.
    pub async fn run(&self) -> Result<PerformanceReport, PerformanceError> {
        run(self).await
    }
}

async fn run(options: &PerformanceOptions) -> Result<PerformanceReport, PerformanceError> {
    let reference = open(&options.reference).await?;
    let current = open(&options.current).await?;
    let label = Named::new(&options.label, "--label");
    let labels = Wanted {
        texts: vec![label.clone()],
        ..Wanted::default()
    };
    let labels = scan(&reference, &labels, Labels::default(), |labels, row| {
        if let Some(label) = row.texts[0] {
            labels.add(label);
        }
        Ok(())
    });
    let task = labels.await?.task(options)?;
    let columns = Columns::new(options, &task, &reference).await?;
    let reader = columns.reader(options, task, &reference).await?;

    let state = (reader.clone(), Reference::new(&reader, columns.features()));
    let mut wanted = columns.wanted();
    let said = columns.said();
    wanted.texts.push(label.clone());
    let state = (state, said);
    let learning = scan(&reference, &wanted, state, |((reader, reference), said), row| match row
        .texts
        .last()
        .copied()
        .flatten()
    {
        Some(label) => reference.add(reader, &said.of(row.numbers, row.texts), label),
        None => Ok(()),
    });
    let ((_, learning), _) = learning.await?;
    let (performance, reference_rows, learned) = learning.learn(&reader)?;
    let counting = Counting {
        reader: reader.clone(),
        learned: Arc::new(learned),
    };
    let mut groups = Groups::new(counting.clone(), said, options);
    let mut joined = None;
    if options.outcomes.is_empty() {
        let has_labels = all_have(&current, &options.label);
        groups = read_labelled(options, &columns, &current, has_labels.then_some(label), groups).await?;
    } else {
        let (given_back, counts) = read_joined(options, &columns, &current, groups).await?;
        groups = given_back;
        joined = Some(counts);
    }
    Ok(PerformanceReport {
        task: reader.task.clone(),
        reference: performance,
        reference_rows,
        groups: groups.told(&counting.learned)?,
        joined,
    })
}

/// Predictions with their labels beside them, or with none.
async fn read_labelled(
    options: &PerformanceOptions,
    columns: &Columns,
    current: &[Table],
    label: Option<Named>,
    groups: Groups,
) -> Result<Groups, PerformanceError> {
    let mut wanted = columns.wanted();
    groups.want(options, &mut wanted);
    let has_label = label.is_some();
    wanted.texts.extend(label);
    let (groups, _) = scan(current, &wanted, (groups, has_label), |(groups, has_label), row| {
        let label = row.texts.last().copied().flatten().filter(|_| *has_label);
        groups.add(row.time, row.numbers, row.texts, label);
        Ok(())
    })
    .await?;
    Ok(groups)
}

/// Predictions whose labels lie elsewhere.
async fn read_joined(
    options: &PerformanceOptions,
    columns: &Columns,
    current: &[Table],
    groups: Groups,
) -> Result<(Groups, JoinCounts), PerformanceError> {
    let mut wanted = columns.wanted();
    groups.want(options, &mut wanted);
    let (numbers, texts) = (wanted.numbers.len(), wanted.texts.len());
    wanted.texts.push(Named::new(&options.id, "--id"));
    let state = (Spool::new(numbers, texts), 0_u64);
    let laid = scan(current, &wanted, state, |(spool, without_id), row| {
        let Some((Some(id), texts)) = row.texts.split_last() else {
            *without_id += 1;
            return Ok(());
        };
        let time = row.time.unwrap_or(i64::MIN);
        Ok(spool.push(hash(id), time, row.numbers, texts.iter().copied())?)
    });
    let (predictions, predictions_without_id) = laid.await?;

    let outcome_tables = open(&options.outcomes).await?;
    let id = options.outcome_id.as_ref().unwrap_or(&options.id);
    let label = options.outcome_label.as_ref().unwrap_or(&options.label);
    let wanted = Wanted {
        time: options
            .outcome_time
            .as_deref()
            .map(|time| Named::new(time, "--outcome-time")),
        numbers: Vec::new(),
        texts: vec![Named::new(id, "--outcome-id"), Named::new(label, "--outcome-label")],
    };
    let state = (Spool::new(0, 1), JoinCounts::default());
    let laid = scan(&outcome_tables, &wanted, state, |(spool, counts), row| {
        let (Some(id), Some(label)) = (row.texts[0], row.texts[1]) else {
            counts.unusable_labels += 1;
            return Ok(());
        };
        counts.labels += 1;
        let time = row.time.unwrap_or(i64::MIN);
        Ok(spool.push(hash(id), time, &[], std::iter::once(Some(label)))?)
    });
    let (outcomes, mut counts) = laid.await?;
    counts.predictions_without_id = predictions_without_id;

    let horizon = Horizon {
        length: options.horizon.num_microseconds().unwrap_or(i64::MAX),
        now: options.now.timestamp_micros(),
        timed: options.outcome_time.is_some() && options.time.is_some(),
    };
    let joining = tokio::task::spawn_blocking(move || {
        let mut groups = groups;
        join(predictions, outcomes, horizon, &mut counts, |record, label| {
            let texts: Vec<Option<&str>> = record.texts.iter().map(Option::as_deref).collect();
            let time = (record.time != i64::MIN).then_some(record.time);
            groups.add(time, &record.numbers, &texts, label);
            Ok(())
        })?;
        Ok((groups, counts))
    });
    joining
        .await
        .unwrap_or_else(|error| Err(PerformanceError::Spool(std::io::Error::other(error))))
}

/// What is read of every row, reference or current: numbers and texts that the task needs.
struct Columns {
    numbers: Vec<Named>,
    class: Option<Named>,
    categories: Vec<Named>,
    has_score: bool,
}

impl Columns {
    async fn new(options: &PerformanceOptions, task: &Task, reference: &[Table]) -> Result<Self, PerformanceError> {
        let score = options.score.as_deref().map(|score| Named::new(score, "--score"));
        let class = options.class.as_deref().map(|class| Named::new(class, "--class"));
        let mut columns = Self {
            numbers: Vec::new(),
            class,
            categories: Vec::new(),
            has_score: false,
        };
        match task {
            Task::Binary { .. } => columns.numbers.extend(score),
            Task::Multiclass { classes } if !options.probabilities.is_empty() => {
                for class in classes.names() {
                    let column = options.probabilities.get(class).ok_or(PerformanceError::Missing {
                        what: "column of probabilities for every class of the labels",
                        option: "--probability CLASS=COLUMN",
                    })?;
                    columns.numbers.push(Named::new(column, "--probability"));
                }
            }
            Task::Multiclass { .. } => {}
            Task::Regression => {
                columns.class = None;
                columns.numbers.extend(score);
                let kinds = kinds(reference).await?;
                for name in &options.features {
                    let feature = Named::new(name, "--features");
                    match kinds.get(name) {
                        Some(Kind::Categorical) => columns.categories.push(feature),
                        _ => columns.numbers.push(feature),
                    }
                }
            }
        }
        columns.has_score = match task {
            Task::Multiclass { .. } => !columns.numbers.is_empty(),
            _ => options.score.is_some(),
        };
        let missing = |what, option| Err(PerformanceError::Missing { what, option });
        match task {
            Task::Regression if !columns.has_score => missing("column of the predicted numbers", "--score"),
            Task::Binary { .. } if !columns.has_score && columns.class.is_none() => {
                missing("column of scores or of predicted classes", "--score or --class")
            }
            Task::Multiclass { .. } if !columns.has_score && columns.class.is_none() => missing(
                "column of predicted classes or of their probabilities",
                "--class or --probability CLASS=COLUMN",
            ),
            _ => Ok(columns),
        }
    }

    /// Numbers; then the class where there is one, and categories.
    fn wanted(&self) -> Wanted {
        Wanted {
            time: None,
            numbers: self.numbers.clone(),
            texts: self.class.iter().chain(&self.categories).cloned().collect(),
        }
    }

    fn said(&self) -> Places {
        Places {
            class: self.class.is_some(),
            categories: self.categories.len(),
        }
    }

    /// The features of a regression.
    fn features(&self) -> usize {
        self.numbers.len().saturating_sub(1) + self.categories.len()
    }

    async fn reader(
        &self,
        options: &PerformanceOptions,
        task: Task,
        reference: &[Table],
    ) -> Result<Arc<Reader>, PerformanceError> {
        let mut known = vec![BTreeSet::new(); self.categories.len()];
        if !known.is_empty() {
            let wanted = Wanted {
                texts: self.categories.clone(),
                ..Wanted::default()
            };
            known = scan(reference, &wanted, known, |known, row| {
                for (known, category) in known.iter_mut().zip(row.texts) {
                    if let Some(category) = category.filter(|category| !known.contains(*category))
                        && known.len() < MOST_CATEGORIES
                    {
                        known.insert(category.to_owned());
                    }
                }
                Ok(())
            })
            .await?;
        }
        Ok(Arc::new(Reader {
            task,
            threshold: options.threshold,
            has_score: self.has_score,
            has_class: self.class.is_some(),
            codes: known.into_iter().map(codes).collect(),
        }))
    }
}

/// What columns of the tables hold, by name: numbers only where every table says so.
async fn kinds(tables: &[Table]) -> Result<BTreeMap<String, Kind>, PerformanceError> {
    let mut all = BTreeMap::new();
    for table in tables {
        let (kinds, _) = table.kinds().await?;
        for (field, kind) in table.schema().fields().iter().zip(kinds) {
            let known = all.entry(field.name().clone()).or_insert(kind);
            if kind == Kind::Categorical {
                *known = kind;
            }
        }
    }
    Ok(all)
}

/// Where the task's texts are in a row.
#[derive(Clone, Copy)]
struct Places {
    class: bool,
    categories: usize,
}

impl Places {
    fn len(self) -> usize {
        usize::from(self.class) + self.categories
    }

    fn of<'a>(self, numbers: &'a [f64], texts: &'a [Option<&'a str>]) -> Said<'a> {
        let first = usize::from(self.class);
        Said {
            numbers,
            class: texts.first().copied().flatten().filter(|_| self.class),
            categories: &texts[first..first + self.categories],
        }
    }
}

/// Counters of all rows, and of each version, window and segment.
struct Groups {
    counting: Counting,
    said: Places,
    version: bool,
    segments: Vec<String>,
    /// The length of windows, in microseconds.
    window: Option<i64>,
    all: BTreeMap<(GroupKind, String), (u64, Counters)>,
    /// How many values of each kind have counters of their own.
    values: BTreeMap<GroupKind, usize>,
}

impl Groups {
    fn new(counting: Counting, said: Places, options: &PerformanceOptions) -> Self {
        let all = (GroupKind::All, String::new());
        let counters = (0, Counters::new(&counting.reader.task));
        Self {
            counting,
            said,
            version: options.version.is_some(),
            segments: options.segments.clone(),
            window: options
                .window
                .and_then(|window| window.num_microseconds())
                .filter(|window| *window > 0),
            all: BTreeMap::from([(all, counters)]),
            values: BTreeMap::new(),
        }
    }

    /// Adds the columns that tell groups apart, after those of the task.
    fn want(&self, options: &PerformanceOptions, wanted: &mut Wanted) {
        wanted.time = options.time.as_deref().map(|time| Named::new(time, "--time"));
        let version = options
            .version
            .as_deref()
            .map(|version| Named::new(version, "--model-version"));
        wanted.texts.extend(version);
        let segments = options.segments.iter().map(|segment| Named::new(segment, "--segment"));
        wanted.texts.extend(segments);
    }

    fn add(&mut self, time: Option<i64>, numbers: &[f64], texts: &[Option<&str>], label: Option<&str>) {
        let said = self.said.of(numbers, texts);
        let mut own = texts[self.said.len()..].iter().copied().map(Option::unwrap_or_default);
        let mut keys = vec![(GroupKind::All, String::new())];
        if self.version {
            keys.push((GroupKind::Version, own.next().unwrap_or_default().to_owned()));
        }
        for (segment, value) in self.segments.iter().zip(own) {
            keys.push((GroupKind::Segment(segment.clone()), value.to_owned()));
        }
        if let Some(window) = self.window {
            let start = time.and_then(|time| DateTime::from_timestamp_micros(time.div_euclid(window) * window));
            let start = start.map(|start| start.to_rfc3339_opts(SecondsFormat::AutoSi, true));
            keys.push((GroupKind::Window, start.unwrap_or_default()));
        }
        for key in keys {
            let (rows, counters) = self.counters(key);
            *rows += 1;
            counters.1.add(&counters.0.reader, &counters.0.learned, &said, label);
        }
    }

    /// The counters of a value, or of the values past the first so many.
    fn counters(&mut self, mut key: (GroupKind, String)) -> (&mut u64, (&Counting, &mut Counters)) {
        if !self.all.contains_key(&key) {
            let most = if key.0 == GroupKind::Window {
                MOST_WINDOWS
            } else {
                MOST_VALUES
            };
            let values = self.values.entry(key.0.clone()).or_default();
            if *values >= most {
                key.1 = Group::OTHER.to_owned();
            }
            *values += 1;
        }
        let counters = || (0, Counters::new(&self.counting.reader.task));
        let (rows, counters) = self.all.entry(key).or_insert_with(counters);
        (rows, (&self.counting, counters))
    }

    fn told(self, learned: &Learned) -> Result<Vec<Group>, PerformanceError> {
        let group = |((kind, value), (rows, counters)): ((GroupKind, String), (u64, Counters))| {
            let (realised, estimated) = (counters.realised(), counters.estimated(learned)?);
            let labels = counters.labels();
            let known = (labels > 0).then_some(&realised);
            let doubts = estimated
                .as_ref()
                .map(|estimate| estimate.doubts(known))
                .unwrap_or_default();
            Ok(Group {
                kind,
                value,
                rows,
                labels,
                estimated,
                doubts,
                realised,
            })
        };
        self.all.into_iter().map(group).collect()
    }
}
