//! What a model's rows since a moment are beside those before it: the question of somebody who has just been paged.
//!
//! Training says what was done to a column, in words, and what is usual for it. The rows before the moment say whether that is new: what
//! has been so for hours explains nothing that began now, and what only moves within what training had is weather.

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
use crate::time_window::TimeWindow;
use crate::window_report::{Subject, SubjectReport, Verdict, above};

/// Groups that are named where a column moved in some alone, at most.
const MOST_GROUPS: usize = 3;

/// What a model's rows of a window are beside those of one before it.
/// The example of [`DriftJob`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Contrast {
    /// How many rows of the window were counted.
    pub rows: u64,
    /// How many of the window before; nothing where there was none, or too few rows to compare with. Then training stands alone.
    pub rows_before: Option<u64>,
    /// The fewest rows that are compared.
    pub minimum: u64,
    /// What moved: over all rows first, the farthest first.
    pub moved: Vec<Moved>,
    /// Files and rows of the window that were left out.
    pub left_out: LeftOut,
    /// Where the window's rows were looked for.
    pub looked: Looked,
}

/// A column that moved. As text it is half a sentence: what was done to it.
/// The example of [`DriftJob`] has one.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Moved {
    /// Which.
    pub subject: Subject,
    /// How far the window is from training.
    pub score: f64,
    /// The column of the log and the values of it in whose rows alone it moved; nothing where it is in all, or can't be told.
    pub only: Option<(String, Vec<String>)>,
    /// What was done to it, in words.
    words: String,
}

impl fmt::Display for Moved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words)
    }
}

impl Contrast {
    /// Compares the rows of a window with the model's training, and with those of the window before, where there is one. Rows are
    /// told apart by version, by route and by the settings' segments.
    ///
    /// # Errors
    ///
    /// The baseline can't be read, or the rows can't be looked for.
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

/// The reports of some rows' subjects against profiles of them; none where the rows are too few.
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

/// Rows, since and before, against training and, since, against before.
struct Sides {
    now: Vec<SubjectReport>,
    then: Vec<SubjectReport>,
    /// How the rows since are beside those before; none where there are none before.
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

    /// What was done to a subject since, in words; nothing where it is as before, or within what training had.
    fn words(&self, place: usize) -> Option<String> {
        let now = self.now.get(place)?;
        let drifts = above(now)?;
        let Some(then) = self.then.get(place) else {
            return drifts.then(|| done(now));
        };
        let drifted = above(then).unwrap_or(false);
        let changed = self.change.get(place).and_then(above).unwrap_or(false);
        match (drifts, drifted) {
            // Both differ from training: new is only what has a name that it had not.
            (true, true) => {
                (changed && names(now).any(|one| !names(then).any(|other| one == other))).then(|| done(now))
            }
            (true, false) => changed.then(|| done(now)),
            (false, true) => changed.then(|| format!("is as in training again; before, it {}", was(then))),
            (false, false) => None,
        }
    }
}

/// The kinds of what was done to a subject.
fn names(report: &SubjectReport) -> impl Iterator<Item = ChangeKind> {
    let changes = report.explanation.iter().flat_map(|explanation| &explanation.changes);
    changes.map(Change::kind)
}

/// What was done to a subject that differs from training.
fn done(report: &SubjectReport) -> String {
    let changes = report.explanation.iter().flat_map(|explanation| &explanation.changes);
    let changes: Vec<_> = changes.map(ToString::to_string).collect();
    match &changes[..] {
        [] => "differs from training in a way that no known change explains".to_owned(),
        changes => changes.join(", and "),
    }
}

/// The same of what is over.
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
                // A segment has values of its own by nature: without rows of before nothing is new in it.
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

/// Whether a subject moved over all rows, and what is said of it; nothing where it moved nowhere.
fn of_subject(place: usize, all: &Sides, groups: &[(String, Vec<(String, Sides)>)]) -> Option<(bool, Moved)> {
    // The column that tells rows in which it moved from rows in which it did not; the one with the fewest groups that moved.
    let apart = groups
        .iter()
        .filter_map(|(column, groups)| {
            let (moved, calm): (Vec<_>, Vec<_>) = groups.iter().partition(|(_, sides)| sides.words(place).is_some());
            (!moved.is_empty() && !calm.is_empty()).then_some((column, moved))
        })
        .min_by_key(|(_, moved)| moved.len());
    let whole = all.words(place);
    let (report, words) = match (&whole, &apart) {
        // What was done to the rows in which it was done is plainer there than among all others.
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
