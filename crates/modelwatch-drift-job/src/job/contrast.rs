//! Contrasts a model's rows since a moment with those before it: the question you have when you have just been paged.
//!
//! The comparison with training says what was done to a column, in words, and what is usual for it. The rows before the
//! moment say whether that is new: a state that has lasted for hours does not explain something that began now, and a
//! move within training's range is weather.

use std::fmt;

use futures::future::try_join;
use modelwatch_drift::baseline::Profile;
use modelwatch_drift::change::{Change, ChangeKind};
use modelwatch_log_format::columns;

use super::error::JobError;
use super::memory::{Counted, Memory};
use super::settings::ModelSettings;
use super::subjects::{by_segment, column, subjects};
use super::watched::Watched;
use crate::engine::{ColumnCounts, Engine, EngineError, GroupBy, LeftOut, Looked, WindowCounts, WindowQuery};
use crate::subject::Subject;
use crate::time_window::TimeWindow;
use crate::window_report::{SubjectReport, Verdict, above};

/// The maximum number of groups to name if a column moved in some groups only.
const MOST_GROUPS: usize = 3;

/// Contrasts a model's rows of a window with those of an earlier window.
/// The example of [`DriftJob`](crate::DriftJob) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Contrast {
    /// The number of rows counted in the window.
    pub rows: u64,
    /// The number of rows in the earlier window; `None` if there is none, or it has too few rows to compare with. The
    /// comparison is then with training only.
    pub rows_before: Option<u64>,
    /// The minimum number of rows for a comparison.
    pub minimum: u64,
    /// The columns that moved: first those that moved over all rows, then the others, each furthest first.
    pub moved: Vec<Moved>,
    /// The window's files and rows that were left out.
    pub left_out: LeftOut,
    /// The places where the window's rows were looked for.
    pub looked: Looked,
}

/// Describes a column that moved. Displays as half a sentence: what was done to it.
/// The example of [`DriftJob`](crate::DriftJob) has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Moved {
    /// The column that moved.
    pub subject: Subject,
    /// The window's distance from training.
    pub score: f64,
    /// The column of the log, and its values, whose rows are the only ones that moved; `None` if all rows moved, or no
    /// column separates them.
    pub only: Option<(String, Vec<String>)>,
    /// The change in words.
    words: String,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Contrast {
    /// Compares the rows of a window with the model's training and, if you pass `before`, with those of an earlier
    /// window. Splits rows by version, by route and by the settings' segments.
    ///
    /// # Errors
    ///
    /// The baseline can't be read, or the engine can't look for the rows.
    pub async fn of(
        settings: &ModelSettings,
        engine: &dyn Engine,
        window: TimeWindow,
        before: Option<TimeWindow>,
    ) -> Result<Self, JobError> {
        let baseline = Watched::new(settings.clone()).load().await?;
        let subjects = subjects(&baseline);
        let of_log = [columns::MODEL_VERSION, columns::ROUTE].map(|column| GroupBy {
            column: column.into(),
            values: None,
        });
        let query = |window| WindowQuery {
            model: settings.model.clone(),
            window: Some(window),
            columns: subjects
                .iter()
                .map(|(subject, profile)| column(subject, profile))
                .collect(),
            groups: of_log
                .iter()
                .cloned()
                .chain(settings.segments.iter().map(|segment| by_segment(segment)))
                .collect(),
            joint: Vec::new(),
        };
        let failed = |error: EngineError| JobError::Engine {
            model: settings.model.clone(),
            error,
        };
        let now = query(window);
        let then = before.map(query);
        let counted_then = async {
            match &then {
                Some(then) => engine.count(then).await.map(Some),
                None => Ok(None),
            }
        };
        let (now, then) = try_join(engine.count(&now), counted_then).await.map_err(failed)?;
        Ok(compared(settings, &subjects, window, now, then.as_ref()))
    }
}

/// Returns the reports on some rows against profiles of the subjects; empty if there are too few rows.
fn judged(
    settings: &ModelSettings,
    subjects: &[(Subject, Profile)],
    window: TimeWindow,
    rows: u64,
    columns: &[ColumnCounts],
) -> Vec<SubjectReport> {
    let counted = Counted {
        group: None,
        window: Some(window),
        rows,
        columns,
        problems: &[],
    };
    let rule = |subject: &Subject, profile: &Profile| settings.rule(subject, profile, Some(window.length()));
    match Memory::default().judge(&counted, subjects, rule, settings.rule.minimum_rows) {
        Verdict::Scored(reports) => reports,
        Verdict::TooFewRows { .. } | Verdict::NoRows => Vec::new(),
    }
}

/// Holds the reports of both sides against training, and of the rows since against those before.
struct Sides {
    now: Vec<SubjectReport>,
    then: Vec<SubjectReport>,
    /// The rows since, compared with those before; empty if there are none before.
    change: Vec<SubjectReport>,
}

impl Sides {
    fn of(
        settings: &ModelSettings,
        subjects: &[(Subject, Profile)],
        window: TimeWindow,
        now: (u64, &[ColumnCounts]),
        then: Option<(u64, &[ColumnCounts])>,
    ) -> Self {
        let judge =
            |subjects: &[(Subject, Profile)], (rows, columns)| judged(settings, subjects, window, rows, columns);
        let of_then = then.map(|then| judge(subjects, then)).unwrap_or_default();
        let change = match then.filter(|_| !of_then.is_empty()) {
            Some((_, columns)) => {
                let before = subjects.iter().zip(columns).map(|((subject, profile), column)| {
                    let before = profile.recounted(&column.counts);
                    (subject.clone(), before.unwrap_or_else(|| profile.clone()))
                });
                judge(&before.collect::<Vec<_>>(), now)
            }
            None => Vec::new(),
        };
        Self {
            now: judge(subjects, now),
            then: of_then,
            change,
        }
    }

    /// Describes in words what was done to a subject since the moment; `None` if it is as before, or within training's
    /// range.
    fn words(&self, place: usize) -> Option<String> {
        let now = self.now.get(place)?;
        let drifts = above(now)?;
        let Some(then) = self.then.get(place) else {
            return drifts.then(|| done(now));
        };
        let drifted = above(then).unwrap_or(false);
        let changed = self.change.get(place).and_then(above).unwrap_or(false);
        match (drifts, drifted) {
            // Both differ from training, so only a kind of change that was absent before is new.
            (true, true) => {
                (changed && names(now).any(|one| !names(then).any(|other| one == other))).then(|| done(now))
            }
            (true, false) => changed.then(|| done(now)),
            (false, true) => changed.then(|| format!("is as in training again; before, it {}", was(then))),
            (false, false) => None,
        }
    }
}

/// Returns the kinds of change of a subject.
fn names(report: &SubjectReport) -> impl Iterator<Item = ChangeKind> {
    let changes = report.explanation.iter().flat_map(|explanation| &explanation.changes);
    changes.map(Change::kind)
}

/// Describes what was done to a subject that differs from training.
fn done(report: &SubjectReport) -> String {
    let changes = report.explanation.iter().flat_map(|explanation| &explanation.changes);
    let changes: Vec<_> = changes.map(ToString::to_string).collect();
    match &changes[..] {
        [] => "differs from training in a way that no known change explains".to_owned(),
        changes => changes.join(", and "),
    }
}

/// Same, for a change that is over.
fn was(report: &SubjectReport) -> String {
    let changes = report.explanation.iter().flat_map(|explanation| &explanation.changes);
    match changes.map(|change| change.kind().name()).next() {
        Some(change) => format!("was {}", change.replace('_', " ")),
        None => "differed from it".to_owned(),
    }
}

fn compared(
    settings: &ModelSettings,
    subjects: &[(Subject, Profile)],
    window: TimeWindow,
    now: WindowCounts,
    then: Option<&WindowCounts>,
) -> Contrast {
    let minimum = settings.rule.minimum_rows;
    let then = then.filter(|then| then.rows >= minimum);
    let all = Sides::of(
        settings,
        subjects,
        window,
        (now.rows, &now.columns),
        then.map(|then| (then.rows, &then.columns[..])),
    );
    let by = [columns::MODEL_VERSION.to_owned(), columns::ROUTE.to_owned()];
    let by = by
        .into_iter()
        .chain(settings.segments.iter().map(|segment| columns::feature(segment)));
    let groups: Vec<(String, Vec<(String, Sides)>)> = by
        .enumerate()
        .map(|(place, column)| {
            let before = then.and_then(|then| then.groups.get(place)).map(Vec::as_slice);
            let is_segment = columns::feature_name(&column).is_some();
            let of_column = now.groups.get(place).into_iter().flatten();
            let sides = of_column.filter_map(|group| {
                let same = before.into_iter().flatten().find(|same| same.value == group.value);
                let same = same.filter(|same| same.rows >= minimum);
                // A segment has its own values by nature: without earlier rows to compare with, nothing in it counts as
                // new.
                if group.rows < minimum || is_segment && same.is_none() {
                    return None;
                }
                let sides = Sides::of(
                    settings,
                    subjects,
                    window,
                    (group.rows, &group.columns),
                    same.map(|same| (same.rows, &same.columns[..])),
                );
                Some((group.value.clone()?, sides))
            });
            (column, sides.collect())
        })
        .collect();
    let mut moved: Vec<_> = (0..subjects.len())
        .filter_map(|place| of_subject(place, &all, &groups))
        .collect();
    moved.sort_by(|(one_whole, one), (other_whole, other)| {
        other_whole.cmp(one_whole).then(other.score.total_cmp(&one.score))
    });
    Contrast {
        rows: now.rows,
        rows_before: then.map(|then| then.rows),
        minimum,
        moved: moved.into_iter().map(|(_, moved)| moved).collect(),
        left_out: now.left_out,
        looked: now.looked,
    }
}

/// Returns whether a subject moved over all rows, and its description; `None` if it moved nowhere.
fn of_subject(place: usize, all: &Sides, groups: &[(String, Vec<(String, Sides)>)]) -> Option<(bool, Moved)> {
    // The column that separates rows in which it moved from those in which it did not; of several, the one with the
    // fewest moved groups.
    let apart = groups
        .iter()
        .filter_map(|(column, groups)| {
            let (moved, calm): (Vec<_>, Vec<_>) = groups.iter().partition(|(_, sides)| sides.words(place).is_some());
            (!moved.is_empty() && !calm.is_empty()).then_some((column, moved))
        })
        .min_by_key(|(_, moved)| moved.len());
    let whole = all.words(place);
    let (report, words) = match (&whole, &apart) {
        // A change is plainer in the rows it happened to than among all others.
        (_, Some((_, moved))) => {
            let (_, sides) = moved.first()?;
            (sides.now.get(place)?, sides.words(place)?)
        }
        (Some(words), None) => (all.now.get(place)?, words.clone()),
        (None, None) => return None,
    };
    let only = apart.map(|(column, moved)| {
        let values = moved.iter().take(MOST_GROUPS).map(|(value, _)| value.clone());
        (column.clone(), values.collect())
    });
    let moved = Moved {
        subject: report.subject.clone(),
        score: report.measurement.as_ref().map_or(0.0, |measured| measured.score),
        only,
        words,
    };
    Some((whole.is_some(), moved))
}
