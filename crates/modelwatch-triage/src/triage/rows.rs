//! Changes that the rows of the prediction log show since the trouble began.

use super::report::Finding;
use super::subject::Subject;
use crate::log::{Column, Log, LogError, LogQuestion, Logged, Moved};
use crate::onset::{Moment, Onset};
use crate::symptom::Side;
use crate::words::{self, name};

/// The most columns to name.
const MOST: usize = 4;
/// The longest time whose rows are compared, in seconds: the drift job's default window.
const LONGEST: i64 = 15 * 60;
/// The shortest such time, where the onset allows it.
const SHORTEST: i64 = 60;

/// Compares the rows since the onset with earlier ones. Without an onset, compares the last rows with training alone.
pub(super) fn asked(log: &dyn Log, subject: &Subject, onset: Option<&Onset>) -> Result<Logged, LogError> {
    log.compare(&question(subject, onset.and_then(moment)))
}

fn moment(onset: &Onset) -> Option<&Moment> {
    match onset {
        Onset::Since(moment) => Some(moment),
        Onset::Unknown(_) => None,
    }
}

fn question<'s>(subject: &'s Subject, moment: Option<&Moment>) -> LogQuestion<'s> {
    let until = moment
        .and_then(|moment| moment.until)
        .unwrap_or(subject.at)
        .min(subject.at);
    let since = moment.map(|moment| match until - moment.latest {
        short if short < SHORTEST => moment.at.min(until - SHORTEST),
        _ => moment.latest,
    });
    LogQuestion {
        model: &subject.model,
        since: since.unwrap_or(i64::MIN).max(until - LONGEST),
        until,
        before: moment.map(|moment| (moment.earliest - LONGEST, moment.earliest)),
    }
}

/// Turns the columns that moved into findings, dated by the trouble.
pub(super) fn findings(logged: Option<&Logged>, onset: Option<&Onset>) -> Vec<Finding> {
    let Some(logged) = logged else {
        return Vec::new();
    };
    let began = onset.and_then(moment).map(|moment| moment.at);
    let finding = |moved: &Moved| Finding {
        side: match moved.column {
            Column::Feature(_) => Side::Data,
            Column::Score | Column::Classes => Side::Model,
        },
        what: format!("{}, say the logged rows", sentence(moved)),
        // Compared with training alone, the change may be old.
        since: logged.before.and(began),
    };
    logged.moved.iter().take(MOST).map(finding).collect()
}

/// Returns whether the rows show a change of this feature.
pub(super) fn says_of(logged: Option<&Logged>, feature: &str) -> bool {
    let moved = logged.into_iter().flat_map(|logged| &logged.moved).take(MOST);
    moved
        .into_iter()
        .any(|moved| matches!(&moved.column, Column::Feature(name) if name == feature))
}

fn sentence(moved: &Moved) -> String {
    let only = moved.only.as_ref().map_or(String::new(), |(label, values)| {
        let values: Vec<_> = values.iter().map(|value| shown(value)).collect();
        let label = match label.as_str() {
            "model_version" => "version",
            other => other.strip_prefix("feature.").unwrap_or(other),
        };
        format!(", only with {} {}", name(label), values.join(", "))
    });
    let column = name(&moved.column.to_string());
    format!("{column} {}{only}", words::line(&moved.words))
}

/// Formats a label value, which may be empty.
fn shown(value: &str) -> String {
    match value {
        "" => "(none)".to_owned(),
        value => name(value),
    }
}

/// Summarizes in one line: how many rows were compared, with how many, and whether anything moved.
pub(crate) fn summary(logged: &Logged) -> String {
    let rows = |rows: u64| match rows {
        1 => "1 row".to_owned(),
        rows => format!("{rows} rows"),
    };
    let beside = match logged.before {
        Some(before) => format!("{} of before", rows(before)),
        None => "training".to_owned(),
    };
    let said = match logged.moved.len() {
        0 => "nothing moved".to_owned(),
        1 => "one column moved".to_owned(),
        more => format!("{more} columns moved"),
    };
    format!(
        "{} from {} to {} beside {beside}: {said}",
        rows(logged.rows),
        words::minute(logged.since),
        words::minute(logged.until)
    )
}

/// Returns what could not be asked, one sentence each.
pub(super) fn unknown(answer: Option<&Result<Logged, LogError>>) -> Vec<String> {
    match answer {
        None => Vec::new(),
        Some(Err(error)) => vec![format!("prediction log: {error}")],
        Some(Ok(logged)) => {
            let left_out = logged.left_out.iter();
            left_out.map(|left| format!("prediction log: {left}")).collect()
        }
    }
}
