//! Turns files into a report.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};

use modelwatch_drift::sketch::Sample;
use modelwatch_performance::{LossByCell, Performance};
use parking_lot::Mutex;

use super::cells::{Cut, Cuts};
use super::counters::{Counters, Counting, Learned, LeftOut, Reader, Reference, Said, codes};
use super::deadline::Deadline;
use super::error::{Files, PerformanceError};
use super::join::{EARLY, Horizon, JoinCounts, join};
use super::options::PerformanceOptions;
use super::outcome_source::{OutcomeQuery, OutcomeRow, OutcomeSource};
use super::progress::{PerformanceProgress, Place, Teller};
use super::report::{Group, GroupKind, PerformanceReport};
use super::rows::{Input, Named, Wanted, one_text};
use super::score_budget::ScoreBudget;
use super::spool::{Spool, hash};
use super::task::{Labels, Task};
use crate::tables::Kind;
use crate::training::ColumnHolds;

/// The maximum number of values of a column with their own group; rows of the others share one.
const MOST_VALUES: usize = 64;
/// The maximum number of windows with their own group.
const MOST_WINDOWS: usize = 1_000;
/// A segment's value with fewer labels than this in the reference is compared with the whole reference.
const FEWEST_LABELS: u64 = 30;
/// The maximum number of categories of a feature with their own number.
const MOST_CATEGORIES: usize = 63;

impl PerformanceOptions {
    /// Reads the files and measures the performance. `progress` receives updates about files, rows and the joining of
    /// labels.
    ///
    /// # Errors
    ///
    /// A file or a column is missing or can't be read, the reference has no labels or nothing can be learned from it,
    /// or the disk has no room to spool rows.
    pub async fn run(
        &self,
        mut progress: impl FnMut(&PerformanceProgress),
    ) -> Result<PerformanceReport, PerformanceError> {
        // Rows are read on threads of their own, which `progress` need not be able to go to.
        let (teller, mut told) = Teller::new();
        let mut run = pin!(Study::new(self, teller, None).run());
        let report = loop {
            tokio::select! {
                biased;
                Some(done) = told.recv() => progress(&done),
                report = &mut run => break report,
            }
        };
        while let Ok(done) = told.try_recv() {
            progress(&done);
        }
        report
    }

    /// Same as [`run`](Self::run), but continues without outcomes if they can't be read, and returns the reason
    /// separately: the expected performance of predictions is useful on its own.
    pub(super) async fn run_without_outcomes(
        &self,
    ) -> Result<(PerformanceReport, Option<PerformanceError>), PerformanceError> {
        let mut problem = None;
        let report = Study::new(self, Teller::default(), Some(&mut problem)).run().await?;
        Ok((report, problem))
    }
}

/// Holds the state of a run.
struct Study<'a> {
    options: &'a PerformanceOptions,
    deadline: Deadline,
    teller: Teller,
    /// Receives the reason why outcomes can't be read. If `None`, that ends the run.
    problem: Option<&'a mut Option<PerformanceError>>,
}

impl<'a> Study<'a> {
    fn new(options: &'a PerformanceOptions, teller: Teller, problem: Option<&'a mut Option<PerformanceError>>) -> Self {
        Self {
            options,
            deadline: Deadline::after(options.timeout),
            teller,
            problem,
        }
    }

    async fn run(mut self) -> Result<PerformanceReport, PerformanceError> {
        let options = self.options;
        let reference = self.open(&options.reference, Files::Reference, None, None).await?;
        let time = options.time.as_deref();
        let current = self
            .open(&options.current, Files::Predictions, options.since, time)
            .await?;
        let label = Named::new(&options.label, "--label");
        let labels = Wanted {
            texts: vec![label.clone()],
            ..Wanted::default()
        };
        let labels = reference.scan(&labels, Labels::default(), |labels, row| {
            if let Some(label) = row.texts[0] {
                labels.add(label);
            }
            Ok(())
        });
        let labels = labels.await?;
        let known = labels.known().clone();
        let task = labels.task(options)?;
        let columns = Columns::new(options, &task, &reference).await?;
        let reader = columns.reader(options, task, known, &reference).await?;

        let cuts = Arc::new(cuts(options, &reference).await?);
        let mut wanted = columns.wanted();
        let said = columns.said();
        wanted.texts.extend(cuts.columns.iter().cloned());
        // If the reference lacks a segment's column, its values can only be compared with the whole reference.
        let mut segments = Vec::new();
        for segment in &options.segments {
            if reference.all_have(segment).await? {
                segments.push(segment);
            }
        }
        wanted
            .texts
            .extend(segments.iter().map(|segment| Named::new(segment, "--segment")));
        wanted.texts.push(label.clone());
        let state = Learning {
            learning: Reference::new(&reader, columns.features()),
            reader: reader.clone(),
            said,
            losses: LossByCell::new(cuts.cuts.len()),
            cuts: cuts.clone(),
            segments: vec![BTreeMap::new(); segments.len()],
            budget: ScoreBudget::default(),
            unknown_labels: 0,
        };
        let learned = reference.scan(&wanted, state, |state, row| {
            let Some((Some(label), texts)) = row.texts.split_last() else {
                return Ok(());
            };
            if !state.reader.knows(label) {
                state.unknown_labels += 1;
                return Ok(());
            }
            let said = state.said.of(row.numbers, texts);
            let loss = state.reader.loss(&said, label);
            let (cells, values) = texts[state.said.len()..].split_at(state.cuts.cuts.len());
            count_loss(&mut state.losses, &state.cuts, cells, loss);
            for (counted, value) in state.segments.iter_mut().zip(values) {
                let value = place(counted, value.unwrap_or_default());
                let counters = counted.entry(value.to_owned());
                let counters = counters.or_insert_with(|| Counters::new(&state.reader.task));
                counters.add_label(&state.reader, &said, label);
            }
            state.learning.add(&state.reader, &said, label)?;
            if state.budget.is_due() {
                state.bound();
            }
            Ok(())
        });
        let mut learned = learned.await?;
        learned.bound();
        let Learning {
            learning,
            losses,
            segments: counted,
            unknown_labels,
            ..
        } = learned;
        self.deadline.check()?;
        let segments = segments.into_iter().cloned().zip(counted.into_iter().map(known_values));
        let segments: BTreeMap<String, BTreeMap<String, Option<Performance>>> = segments.collect();
        let (performance, reference_rows, learned) = learning.learn(&reader)?;
        let counting = Counting {
            reader: reader.clone(),
            learned: Arc::new(learned),
        };
        let explained = Explained {
            cuts,
            reference: losses,
        };
        let mut groups = Groups::new(counting.clone(), said, explained, &segments, options);
        let mut joined = None;
        if options.outcomes.is_empty() && options.outcome_table.is_none() {
            let has_labels = current.all_have(&options.label).await?;
            groups = read_labelled(options, &columns, &current, has_labels.then_some(label), groups).await?;
        } else {
            let (given_back, counts) = self.read_joined(&columns, &current, groups).await?;
            groups = given_back;
            joined = Some(counts);
        }
        Ok(PerformanceReport {
            task: reader.task.clone(),
            reference: performance,
            reference_rows,
            reference_unknown_labels: unknown_labels,
            groups: groups.told(&counting.learned, &segments)?,
            joined,
        })
    }

    async fn open(
        &self,
        patterns: &[String],
        of: Files,
        since: Option<DateTime<Utc>>,
        time: Option<&str>,
    ) -> Result<Input, PerformanceError> {
        Input::open(patterns, of, since, time, self.deadline, self.teller.clone()).await
    }

    /// Reads predictions whose labels lie elsewhere.
    async fn read_joined(
        &mut self,
        columns: &Columns,
        current: &Input,
        groups: Groups,
    ) -> Result<(Groups, JoinCounts), PerformanceError> {
        let options = self.options;
        let mut wanted = columns.wanted();
        groups.want(options, &mut wanted);
        let (numbers, texts) = (wanted.numbers.len(), wanted.texts.len());
        wanted.texts.push(Named::new(&options.id, "--id"));
        let state = (Spool::new(numbers, texts), 0_u64, Since::new(options));
        let laid = current.scan(&wanted, state, |(spool, without_id, since), row| {
            if since.leaves_out(row.time) {
                return Ok(());
            }
            let Some((Some(id), texts)) = row.texts.split_last() else {
                *without_id += 1;
                return Ok(());
            };
            let time = row.time.unwrap_or(i64::MIN);
            Ok(spool.push(hash(id), time, row.numbers, texts.iter().copied())?)
        });
        let (predictions, predictions_without_id, _) = laid.await?;

        let (outcomes, mut counts) = match self.lay_outcomes().await {
            Err(error) if self.problem.is_some() && !matches!(error, PerformanceError::Timeout(_)) => {
                if let Some(problem) = &mut self.problem {
                    **problem = Some(error);
                }
                (Spool::new(0, 1), JoinCounts::default())
            }
            laid => laid?,
        };
        counts.predictions_without_id = predictions_without_id;

        let horizon = Horizon {
            length: options.horizon.num_microseconds().unwrap_or(i64::MAX),
            now: options.now.timestamp_micros(),
            timed: options.outcome_time.is_some() && options.time.is_some(),
        };
        let (deadline, teller) = (self.deadline, self.teller.clone());
        let joining = tokio::task::spawn_blocking(move || {
            let mut groups = groups;
            join(
                predictions,
                outcomes,
                horizon,
                deadline,
                &teller,
                &mut counts,
                |record, label| {
                    let texts: Vec<Option<&str>> = record.texts.iter().map(Option::as_deref).collect();
                    let time = (record.time != i64::MIN).then_some(record.time);
                    groups.add(time, &record.numbers, &texts, label);
                    Ok(())
                },
            )?;
            Ok((groups, counts))
        });
        joining
            .await
            .unwrap_or_else(|error| Err(PerformanceError::Spool(std::io::Error::other(error))))
    }

    /// Spools the labels.
    async fn lay_outcomes(&self) -> Result<(Spool, JoinCounts), PerformanceError> {
        let options = self.options;
        // A label comes after its prediction, so none from before the first prediction is needed, except for a day's
        // difference of clocks.
        let since = options.since.and_then(|since| since.checked_sub_signed(EARLY));
        let id = options.outcome_id.as_ref().unwrap_or(&options.id);
        let label = options.outcome_label.as_ref().unwrap_or(&options.label);
        let time = options.outcome_time.as_deref();
        if let Some(table) = &options.outcome_table {
            let mut query = OutcomeQuery::new(id, label);
            query.time = time.map(str::to_owned);
            query.since = since.filter(|_| time.is_some());
            return lay_table(table.source(), query, self.deadline, self.teller.clone()).await;
        }
        let tables = self.open(&options.outcomes, Files::Outcomes, since, time).await?;
        let wanted = Wanted {
            time: time.map(|time| Named::new(time, "--outcome-time")),
            numbers: Vec::new(),
            texts: vec![Named::new(id, "--outcome-id"), Named::new(label, "--outcome-label")],
        };
        let laid = tables.scan(&wanted, Laid::new(time.is_some()), |laid, row| {
            laid.add(row.texts[0], row.texts[1], row.time)
        });
        let laid = laid.await?;
        Ok((laid.labels, laid.counts))
    }
}

/// Holds spooled labels.
struct Laid {
    labels: Spool,
    counts: JoinCounts,
    timed: bool,
}

impl Laid {
    fn new(timed: bool) -> Self {
        Self {
            labels: Spool::new(0, 1),
            counts: JoinCounts::default(),
            timed,
        }
    }

    fn add(&mut self, id: Option<&str>, label: Option<&str>, time: Option<i64>) -> Result<(), PerformanceError> {
        let (Some(id), Some(label)) = (id, label) else {
            self.counts.unusable_labels += 1;
            return Ok(());
        };
        if self.timed && time.is_none() {
            self.counts.unusable_labels += 1;
            return Ok(());
        }
        self.counts.labels += 1;
        let time = time.unwrap_or(i64::MIN);
        Ok(self.labels.push(hash(id), time, &[], std::iter::once(Some(label)))?)
    }
}

/// Spools the labels of a table.
async fn lay_table(
    source: &dyn OutcomeSource,
    mut query: OutcomeQuery,
    deadline: Deadline,
    teller: Teller,
) -> Result<(Spool, JoinCounts), PerformanceError> {
    const STOPPED: &str = "was left";
    /// The number of labels between two updates.
    const BATCH: usize = 8_192;
    let of = Files::Outcomes;
    let place = Place {
        files: of,
        file: source.to_string(),
        done: 0,
        of: 1,
    };
    teller.read(&place, 0);
    let failed = |error| PerformanceError::Files { of, error };
    let columns = deadline.within(source.columns()).await?.map_err(failed)?;
    let of_texts = [(&mut query.id, "--outcome-id"), (&mut query.label, "--outcome-label")];
    let time = query.time.iter_mut().map(|time| (time, "--outcome-time"));
    for (column, option) in of_texts.into_iter().chain(time) {
        let found = columns.iter().find(|(name, _)| name == column);
        // A database may return column names in capitals, however they were written.
        let found = found.or_else(|| columns.iter().find(|(name, _)| name.eq_ignore_ascii_case(column)));
        let Some((name, holds)) = found else {
            return Err(PerformanceError::Column {
                of,
                file: source.to_string(),
                column: column.clone(),
                option,
                has: columns.into_iter().map(|(name, _)| name).collect(),
            });
        };
        if *holds == ColumnHolds::Other && option != "--outcome-time" {
            return Err(PerformanceError::ColumnType {
                of,
                file: source.to_string(),
                column: column.clone(),
                option,
                holds: None,
            });
        }
        column.clone_from(name);
    }
    // The spool, and why no more labels are wanted. Shared with the reading thread, which may outlive this function.
    let shared = Arc::new(Mutex::new((Some(Laid::new(query.time.is_some())), None)));
    let laying = shared.clone();
    let mut untold = 0;
    let take = move |row: &OutcomeRow<'_>| {
        untold += 1;
        if untold == BATCH {
            teller.read(&place, std::mem::take(&mut untold));
        }
        let (laid, problem) = &mut *laying.lock();
        let added = deadline.check().and_then(|()| match laid {
            Some(laid) => laid.add(row.id.and_then(one_text), row.label.and_then(one_text), row.time),
            None => Ok(()),
        });
        added.map_err(|error| {
            *problem = Some(error);
            STOPPED.to_owned()
        })
    };
    let read = deadline.within(source.read(&query, Box::new(take))).await?;
    let (laid, problem) = std::mem::take(&mut *shared.lock());
    if let Some(problem) = problem {
        return Err(problem);
    }
    read.map_err(failed)?;
    let laid = laid.unwrap_or_else(|| Laid::new(query.time.is_some()));
    Ok((laid.labels, laid.counts))
}

/// The time from which rows count, in microseconds. Rows without a time always count.
struct Since(Option<i64>);

impl Since {
    fn new(options: &PerformanceOptions) -> Self {
        let since = options.since.filter(|_| options.time.is_some());
        Self(since.map(|since| since.timestamp_micros()))
    }

    fn leaves_out(&self, time: Option<i64>) -> bool {
        self.0.zip(time).is_some_and(|(since, time)| time < since)
    }
}

/// Returns the value that a row counts for: its own, or the one for all values beyond the maximum number.
fn place<'v, T>(values: &BTreeMap<String, T>, value: &'v str) -> &'v str {
    let has_own = values.contains_key(value) || values.len() < MOST_VALUES;
    if has_own { value } else { Group::OTHER }
}

/// Returns the performance of each value of a segment in the reference, if it has enough rows of it.
fn known_values(counted: BTreeMap<String, Counters>) -> BTreeMap<String, Option<Performance>> {
    let known = |counters: Counters| (counters.labels() >= FEWEST_LABELS).then(|| counters.realised());
    let values = counted.into_iter().map(|(value, counters)| (value, known(counters)));
    // The reference's other values are not those of the predictions.
    values.filter(|(value, _)| value != Group::OTHER).collect()
}

/// Holds the labelled rows of the reference while they are read.
struct Learning {
    learning: Reference,
    reader: Arc<Reader>,
    said: Places,
    cuts: Arc<Cuts>,
    losses: LossByCell,
    segments: Vec<BTreeMap<String, Counters>>,
    budget: ScoreBudget,
    unknown_labels: u64,
}

impl Learning {
    fn bound(&mut self) {
        let values = self.segments.iter_mut().flat_map(BTreeMap::values_mut);
        self.budget.keep(values);
    }
}

/// Holds the columns in which to look for what made the model worse, and the reference's losses there.
struct Explained {
    cuts: Arc<Cuts>,
    reference: LossByCell,
}

/// Cuts the columns in which to look for what made the model worse, by the reference's values.
async fn cuts(options: &PerformanceOptions, reference: &Input) -> Result<Cuts, PerformanceError> {
    if options.explain.is_empty() {
        return Ok(Cuts::default());
    }
    let columns: Vec<Named> = options
        .explain
        .iter()
        .map(|column| Named::new(column, "--explain"))
        .collect();
    let wanted = Wanted {
        texts: columns.clone(),
        ..Wanted::default()
    };
    let read = reference.scan(&wanted, vec![(Sample::default(), false); columns.len()], |read, row| {
        for ((sample, some_text), value) in read.iter_mut().zip(row.texts) {
            match value.map(str::parse::<f64>) {
                Some(Ok(number)) => sample.offer_one(number),
                Some(Err(_)) => *some_text = true,
                None => {}
            }
        }
        Ok(())
    });
    let cut = |(sample, some_text): (Sample, bool)| match some_text {
        true => Cut::Values,
        false => Cut::of_numbers(&sample),
    };
    Ok(Cuts {
        columns,
        cuts: read.await?.into_iter().map(cut).collect(),
    })
}

/// Counts a row's loss in its cell of every cut column, whose values are `values`.
fn count_loss(losses: &mut LossByCell, cuts: &Cuts, values: &[Option<&str>], loss: Option<f64>) {
    let Some(loss) = loss else { return };
    for (column, (cut, value)) in cuts.cuts.iter().zip(values).enumerate() {
        losses.add(column, cut.cell(*value), loss);
    }
}

/// Reads predictions with their labels beside them, or without labels.
async fn read_labelled(
    options: &PerformanceOptions,
    columns: &Columns,
    current: &Input,
    label: Option<Named>,
    groups: Groups,
) -> Result<Groups, PerformanceError> {
    let mut wanted = columns.wanted();
    groups.want(options, &mut wanted);
    let has_label = label.is_some();
    wanted.texts.extend(label);
    let state = (groups, has_label, Since::new(options));
    let read = current.scan(&wanted, state, |(groups, has_label, since), row| {
        if since.leaves_out(row.time) {
            return Ok(());
        }
        let label = row.texts.last().copied().flatten().filter(|_| *has_label);
        groups.add(row.time, row.numbers, row.texts, label);
        Ok(())
    });
    let (groups, _, _) = read.await?;
    Ok(groups)
}

/// Lists the columns that the task needs from every row, reference or current: numbers and texts.
struct Columns {
    numbers: Vec<Named>,
    class: Option<Named>,
    categories: Vec<Named>,
    has_score: bool,
}

impl Columns {
    async fn new(options: &PerformanceOptions, task: &Task, reference: &Input) -> Result<Self, PerformanceError> {
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
                let kinds = reference.kinds().await?;
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

    /// Returns the numbers, then the class if there is one, then the categories.
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

    /// Returns the number of features of a regression.
    fn features(&self) -> usize {
        self.numbers.len().saturating_sub(1) + self.categories.len()
    }

    async fn reader(
        &self,
        options: &PerformanceOptions,
        task: Task,
        labels: BTreeSet<String>,
        reference: &Input,
    ) -> Result<Arc<Reader>, PerformanceError> {
        let mut known = vec![BTreeSet::new(); self.categories.len()];
        if !known.is_empty() {
            let wanted = Wanted {
                texts: self.categories.clone(),
                ..Wanted::default()
            };
            let read = reference.scan(&wanted, known, |known, row| {
                for (known, category) in known.iter_mut().zip(row.texts) {
                    if let Some(category) = category.filter(|category| !known.contains(*category))
                        && known.len() < MOST_CATEGORIES
                    {
                        known.insert(category.to_owned());
                    }
                }
                Ok(())
            });
            known = read.await?;
        }
        Ok(Arc::new(Reader {
            task,
            threshold: options.threshold,
            has_score: self.has_score,
            has_class: self.class.is_some(),
            known: labels,
            codes: known.into_iter().map(codes).collect(),
        }))
    }
}

/// Says where the task's texts are in a row.
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

/// Holds the counters of all rows, and of each version, window and segment.
struct Groups {
    counting: Counting,
    said: Places,
    explained: Explained,
    all: Counted,
    versions: Option<BTreeMap<String, Counted>>,
    segments: Vec<(String, BTreeMap<String, Counted>)>,
    /// The length of windows in microseconds, and the windows so far.
    windows: Option<(i64, BTreeMap<Window, Counted>)>,
    budget: ScoreBudget,
}

/// Holds the counts of some rows.
struct Counted {
    rows: u64,
    left_out: LeftOut,
    counters: Counters,
    /// The losses by cell of the columns in which to look for what made the model worse; for all rows and for versions.
    losses: LossByCell,
}

/// Says when a window began.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Window {
    /// Never: its rows have no time.
    Untimed,
    /// At this time, in microseconds since the epoch.
    From(i64),
    /// At any time beyond the maximum number of windows.
    Other,
}

impl Window {
    fn of(time: Option<i64>, length: i64) -> Self {
        let start = time.map(|time| time.div_euclid(length).saturating_mul(length));
        let known = start.filter(|start| DateTime::from_timestamp_micros(*start).is_some());
        known.map_or(Self::Untimed, Self::From)
    }

    fn told(self) -> String {
        match self {
            Self::Untimed => String::new(),
            Self::From(start) => DateTime::from_timestamp_micros(start)
                .map(|start| start.to_rfc3339_opts(SecondsFormat::AutoSi, true))
                .unwrap_or_default(),
            Self::Other => Group::OTHER.to_owned(),
        }
    }
}

impl Counting {
    fn start(&self) -> Counted {
        Counted {
            rows: 0,
            left_out: LeftOut::default(),
            counters: Counters::new(&self.reader.task),
            losses: LossByCell::default(),
        }
    }

    fn count(&self, counted: &mut Counted, said: &Said<'_>, label: Option<&str>) {
        counted.rows += 1;
        counted.left_out.count(&self.reader, said, label);
        let label = label.filter(|label| self.reader.knows(label));
        counted.counters.add(&self.reader, &self.learned, said, label);
    }

    /// Counts a row for its value, or for all values beyond the maximum number.
    fn count_value<'a>(
        &self,
        values: &'a mut BTreeMap<String, Counted>,
        value: &str,
        said: &Said<'_>,
        label: Option<&str>,
    ) -> Option<&'a mut Counted> {
        let value = place(values, value);
        if !values.contains_key(value) {
            values.insert(value.to_owned(), self.start());
        }
        let counted = values.get_mut(value)?;
        self.count(counted, said, label);
        Some(counted)
    }
}

impl Groups {
    /// Adds the values that the reference knows first, so that each run gives the same values their own group.
    fn new(
        counting: Counting,
        said: Places,
        explained: Explained,
        known: &BTreeMap<String, BTreeMap<String, Option<Performance>>>,
        options: &PerformanceOptions,
    ) -> Self {
        let length = options.window.and_then(|window| window.num_microseconds());
        let values = |segment: &String| {
            let known = known.get(segment).into_iter().flatten();
            known.map(|(value, _)| (value.clone(), counting.start())).collect()
        };
        let segments = options
            .segments
            .iter()
            .map(|segment| (segment.clone(), values(segment)));
        let segments = segments.collect();
        Self {
            all: counting.start(),
            counting,
            said,
            explained,
            versions: options.version.as_ref().map(|_| BTreeMap::new()),
            segments,
            windows: length
                .filter(|length| *length > 0)
                .map(|length| (length, BTreeMap::new())),
            budget: ScoreBudget::default(),
        }
    }

    fn bound(&mut self) {
        let versions = self.versions.iter_mut().flat_map(BTreeMap::values_mut);
        let segments = self.segments.iter_mut().flat_map(|(_, values)| values.values_mut());
        let windows = self.windows.iter_mut().flat_map(|(_, windows)| windows.values_mut());
        let all = std::iter::once(&mut self.all)
            .chain(versions)
            .chain(segments)
            .chain(windows);
        self.budget.keep(all.map(|counted| &mut counted.counters));
    }

    /// Adds the columns that split rows into groups, after those of the task.
    fn want(&self, options: &PerformanceOptions, wanted: &mut Wanted) {
        wanted.time = options.time.as_deref().map(|time| Named::new(time, "--time"));
        let version = options
            .version
            .as_deref()
            .map(|version| Named::new(version, "--model-version"));
        wanted.texts.extend(version);
        let segments = options.segments.iter().map(|segment| Named::new(segment, "--segment"));
        wanted.texts.extend(segments);
        wanted.texts.extend(self.explained.cuts.columns.iter().cloned());
    }

    fn add(&mut self, time: Option<i64>, numbers: &[f64], texts: &[Option<&str>], label: Option<&str>) {
        let said = self.said.of(numbers, texts);
        let (own, cells) = texts.split_at(self.said.len() + self.groups());
        let mut own = own[self.said.len()..].iter().copied().map(Option::unwrap_or_default);
        let counting = &self.counting;
        let cuts = &self.explained.cuts;
        let loss = label.filter(|label| !cuts.cuts.is_empty() && counting.reader.knows(label));
        let loss = loss.and_then(|label| counting.reader.loss(&said, label));
        let explain = |counted: &mut Counted| {
            if counted.losses.columns() == 0 {
                counted.losses = LossByCell::new(cuts.cuts.len());
            }
            count_loss(&mut counted.losses, cuts, cells, loss);
        };
        counting.count(&mut self.all, &said, label);
        explain(&mut self.all);
        if let Some(versions) = &mut self.versions {
            let version = own.next().unwrap_or_default();
            if let Some(counted) = counting.count_value(versions, version, &said, label) {
                explain(counted);
            }
        }
        for ((_, values), value) in self.segments.iter_mut().zip(own) {
            counting.count_value(values, value, &said, label);
        }
        if let Some((length, windows)) = &mut self.windows {
            let mut window = Window::of(time, *length);
            if !windows.contains_key(&window) && windows.len() >= MOST_WINDOWS {
                window = Window::Other;
            }
            counting.count(windows.entry(window).or_insert_with(|| counting.start()), &said, label);
        }
        if self.budget.is_due() {
            self.bound();
        }
    }

    /// Returns the number of columns that split rows into groups.
    fn groups(&self) -> usize {
        usize::from(self.versions.is_some()) + self.segments.len()
    }

    fn told(
        mut self,
        learned: &Learned,
        known: &BTreeMap<String, BTreeMap<String, Option<Performance>>>,
    ) -> Result<Vec<Group>, PerformanceError> {
        self.bound();
        let explained = self.explained;
        let with_culprits = |kind, value, counted: Counted| {
            let names = explained.cuts.names();
            let culprits = (!names.is_empty()).then(|| counted.losses.culprits(&explained.reference, &names));
            let loss_growth = counted.losses.growth(&explained.reference);
            let group = group(kind, value, counted, learned)?;
            Ok::<_, PerformanceError>(Group {
                culprits,
                loss_growth,
                ..group
            })
        };
        let mut groups = vec![with_culprits(GroupKind::All, String::new(), self.all)?];
        for (value, counted) in self.versions.into_iter().flatten() {
            groups.push(with_culprits(GroupKind::Version, value, counted)?);
        }
        for (window, counted) in self.windows.into_iter().flat_map(|(_, windows)| windows) {
            groups.push(group(GroupKind::Window, window.told(), counted, learned)?);
        }
        for (segment, values) in self.segments {
            for (value, counted) in values.into_iter().filter(|(_, counted)| counted.rows > 0) {
                let reference = known.get(&segment).and_then(|known| known.get(&value)?.clone());
                let group = group(GroupKind::Segment(segment.clone()), value, counted, learned)?;
                groups.push(Group { reference, ..group });
            }
        }
        Ok(groups)
    }
}

fn group(kind: GroupKind, value: String, counted: Counted, learned: &Learned) -> Result<Group, PerformanceError> {
    let Counted {
        rows,
        left_out,
        counters,
        ..
    } = counted;
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
        unknown_labels: left_out.unknown_labels,
        without_score: left_out.without_score,
        without_class: left_out.without_class,
        estimated,
        doubts,
        realised,
        reference: None,
        culprits: None,
        loss_growth: None,
    })
}
