//! Decides what each column is, and which ones are features.

use std::collections::BTreeSet;

use modelwatch_log_format::columns as log;

use super::error::{Role, TrainingError, TrainingWarning};
use super::options::TrainingOptions;
use super::source::ColumnHolds;
use super::summary::ColumnKind;
use crate::tables::{Kind, Table};

/// Describes a column to read.
#[derive(Clone, Debug)]
pub(super) struct Wanted {
    /// Its name in the files.
    pub(super) column: String,
    /// Its name in the baseline.
    pub(super) name: String,
    pub(super) kind: ColumnKind,
    pub(super) role: Subject,
    /// Whether you asked for it by name, so that leaving it out would be wrong.
    pub(super) named: bool,
    /// Whether you said that it is a feature, or what else it is.
    pub(super) known: bool,
}

/// Says what a column is in the baseline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Subject {
    Feature,
    Score,
    Classes,
}

/// Lists the columns of all files, in order, with their kind in each file.
pub(super) struct Known(Vec<(String, Vec<Kind>)>);

/// Lists what to read, in the order of the files, and the column of times.
pub(super) struct Plan {
    pub(super) wanted: Vec<Wanted>,
    pub(super) time: Option<String>,
    pub(super) warnings: Vec<TrainingWarning>,
}

pub(super) fn plan(options: &TrainingOptions, known: &Known) -> Result<Plan, TrainingError> {
    let is_log = known.is_prediction_log();
    let options = &known.resolved(options, is_log)?;
    let mut plan = Plan {
        wanted: Vec::new(),
        time: options.time.clone().or_else(|| is_log.then(|| log::TIME.to_owned())),
        warnings: Vec::new(),
    };
    let mut problems = Vec::new();
    for (column, kinds) in &known.0 {
        if column.is_empty() {
            plan.warnings.push(TrainingWarning::LeftOut {
                column: column.clone(),
                problem: "it has no name, like the index that pandas writes; give it one if it is a feature".into(),
            });
            continue;
        }
        let is = |role: &Option<String>| role.as_ref() == Some(column);
        let (score, class) = (is(&options.score), is(&options.class));
        let named = score || class || options.features.contains(column);
        let left_out = options.without.contains(column) || is(&plan.time);
        let of_log = is_log && log::feature_name(column).is_none();
        let feature = match options.features.is_empty() {
            true => !left_out && !of_log,
            false => options.features.contains(column),
        };
        if !feature && !score && !class {
            continue;
        }
        let forced = [
            (&options.numeric, ColumnKind::Numeric),
            (&options.categorical, ColumnKind::Categorical),
        ]
        .into_iter()
        .find_map(|(names, kind)| names.contains(column).then_some(kind));
        let kind = match (score, class, forced, agreed(kinds)) {
            (true, ..) => ColumnKind::Numeric,
            (_, true, ..) => ColumnKind::Categorical,
            (_, _, Some(kind), _) => kind,
            (_, _, None, Agreed::Is(kind)) => kind,
            (_, _, None, Agreed::Differs) => {
                problems.push(format!(
                    "the column {column:?} holds numbers in some files and categories in others; say --numeric {column}, \
                     --categorical {column} or --without {column}"
                ));
                continue;
            }
            (_, _, None, Agreed::Neither) => {
                plan.warnings.push(TrainingWarning::NotComparable(column.clone()));
                continue;
            }
            (_, _, None, Agreed::Empty) => {
                if named {
                    problems.push(format!("the column {column:?} has no value in any row"));
                } else {
                    plan.warnings.push(TrainingWarning::LeftOut {
                        column: column.clone(),
                        problem: "no row has a value".into(),
                    });
                }
                continue;
            }
        };
        let name = match (is_log, log::feature_name(column)) {
            (true, Some(feature)) => feature.to_owned(),
            _ => column.clone(),
        };
        let role = match (score, class) {
            (true, _) => Subject::Score,
            (_, true) => Subject::Classes,
            _ => Subject::Feature,
        };
        let known = role != Subject::Feature || options.features.contains(column) || forced.is_some();
        if !known && let Some(role) = looks_like(&name) {
            plan.warnings.push(TrainingWarning::LooksLike {
                column: column.clone(),
                role,
            });
        }
        plan.wanted.push(Wanted {
            column: column.clone(),
            name,
            kind,
            role,
            named,
            known,
        });
    }
    match problems.is_empty() {
        true => Ok(plan),
        false => Err(TrainingError::Columns(problems)),
    }
}

impl Plan {
    /// Returns the features that are numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = &Wanted> {
        let is_number = |wanted: &&Wanted| wanted.role == Subject::Feature && wanted.kind == ColumnKind::Numeric;
        self.wanted.iter().filter(is_number)
    }
}

/// Combines what the files say about a column.
enum Agreed {
    Is(ColumnKind),
    Differs,
    Neither,
    Empty,
}

/// Combines the kinds of a column. A file in which it has no values accepts the kind of another; booleans go with
/// either.
fn agreed(kinds: &[Kind]) -> Agreed {
    let has = |kind: Kind| kinds.contains(&kind);
    match (has(Kind::Numeric), has(Kind::Categorical), has(Kind::Boolean)) {
        (true, true, _) => Agreed::Differs,
        (true, false, _) | (false, false, true) => Agreed::Is(ColumnKind::Numeric),
        (false, true, _) => Agreed::Is(ColumnKind::Categorical),
        (false, false, false) if has(Kind::Other) => Agreed::Neither,
        (false, false, false) => Agreed::Empty,
    }
}

impl Known {
    /// Creates the columns of a table that is not a file.
    pub(super) fn of_source(columns: Vec<(String, ColumnHolds)>) -> Self {
        let kind = |holds: ColumnHolds| match holds {
            ColumnHolds::Numbers => Kind::Numeric,
            ColumnHolds::Booleans => Kind::Boolean,
            ColumnHolds::Texts => Kind::Categorical,
            ColumnHolds::Other => Kind::Other,
        };
        let columns = columns.into_iter().map(|(name, holds)| (name, vec![kind(holds)]));
        Self(columns.collect())
    }

    pub(super) fn of<'a>(files: impl IntoIterator<Item = (&'a Table, &'a Vec<Kind>)>) -> Self {
        let mut known: Vec<(String, Vec<Kind>)> = Vec::new();
        for (table, kinds) in files {
            for (field, kind) in table.schema().fields().iter().zip(kinds) {
                match known.iter_mut().find(|(name, _)| name == field.name()) {
                    Some((_, kinds)) => kinds.push(*kind),
                    None => known.push((field.name().clone(), vec![*kind])),
                }
            }
        }
        Self(known)
    }

    fn has(&self, column: &str) -> bool {
        self.0.iter().any(|(known, _)| known == column)
    }

    /// Returns the column of this name but for blanks around it, as a header has them that was written with `, `.
    fn trimmed(&self, name: &str) -> Option<String> {
        let mut known = self.0.iter().map(|(known, _)| known);
        known.find(|known| known.trim() == name.trim()).cloned()
    }

    fn has_values(&self, column: &str) -> bool {
        self.0
            .iter()
            .any(|(known, kinds)| known == column && kinds.iter().any(|kind| *kind != Kind::Empty))
    }

    /// Returns whether these are files of the prediction log, whose features have a prefix that their names in a window
    /// lack.
    fn is_prediction_log(&self) -> bool {
        self.has(log::TIME)
            && self.has(log::MODEL_VERSION)
            && self.0.iter().any(|(column, _)| log::feature_name(column).is_some())
    }

    /// Returns the options with each name as it is in the files: for a feature of the prediction log, the prefix is
    /// optional.
    fn resolved(&self, options: &TrainingOptions, is_log: bool) -> Result<TrainingOptions, TrainingError> {
        let mut unknown = BTreeSet::new();
        let mut resolve = |name: &String| {
            let prefixed = log::feature(name);
            match (self.has(name), is_log && self.has(&prefixed)) {
                (true, _) => name.clone(),
                (false, true) => prefixed,
                (false, false) => self.trimmed(name).unwrap_or_else(|| {
                    unknown.insert(name.clone());
                    name.clone()
                }),
            }
        };
        let mut resolved = options.clone();
        let lists = [
            &mut resolved.features,
            &mut resolved.numeric,
            &mut resolved.categorical,
            &mut resolved.without,
        ];
        for names in lists {
            names.iter_mut().for_each(|name| *name = resolve(name));
        }
        for name in [&mut resolved.score, &mut resolved.class, &mut resolved.time]
            .into_iter()
            .flatten()
        {
            *name = resolve(name);
        }
        if !unknown.is_empty() {
            return Err(TrainingError::NoSuchColumns {
                columns: unknown.into_iter().collect(),
                known: self.0.iter().map(|(name, _)| name.clone()).collect(),
            });
        }
        if is_log {
            let given = |column: &str| self.has_values(column).then(|| column.to_owned());
            let is_free = |column: &String| !resolved.without.contains(column);
            resolved.score = resolved.score.or_else(|| given(log::SCORE).filter(is_free));
            resolved.class = resolved.class.or_else(|| given(log::CLASS).filter(is_free));
        }
        Ok(resolved)
    }
}

/// Returns what a column is by its name, if not a feature.
fn looks_like(name: &str) -> Option<Role> {
    let name = name.to_ascii_lowercase();
    let is = |names: &[&str]| names.contains(&&*name);
    if is(&[
        "score",
        "prediction",
        "predicted",
        "probability",
        "proba",
        "y_pred",
        "y_score",
        "prediction_score",
    ]) {
        Some(Role::Score)
    } else if is(&["class", "predicted_class", "predicted_label"]) {
        Some(Role::Class)
    } else if is(&["label", "target", "y", "y_true", "outcome", "ground_truth"]) {
        Some(Role::Label)
    } else if is(&["id", "uuid", "guid", "index", "row_id", "request_id"])
        || name.ends_with("_id")
        || name.ends_with("_uuid")
    {
        Some(Role::Identifier)
    } else if is(&[
        "time",
        "timestamp",
        "datetime",
        "date",
        "event_time",
        "created_at",
        "ts",
    ]) {
        Some(Role::Time)
    } else {
        None
    }
}
