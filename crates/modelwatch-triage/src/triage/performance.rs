//! Losses of performance that the drift job reports, by version and by value of a segment.

use std::collections::BTreeMap;

use modelwatch_performance::{Better, Measure};

use super::ask::{Asked, Topic};
use super::report::Finding;
use crate::source::Row;
use crate::symptom::Side;
use crate::words::{figure, name, share};

/// The most versions to name, and the most values of segments.
const MOST: usize = 3;
/// A series that exists only while something is wrong counts if it has a sample in this many last steps.
const RECENT: usize = 5;
/// The most values to name as the cause of a version's loss.
const MOST_EXPLAINED: usize = 2;
/// The `model_version` of all predictions together.
const ALL_VERSIONS: &str = "__all__";
/// As in the stack's rules: a difference from the reference is not chance when it exceeds this many times the reach of the
/// value's interval.
const CLEAR: f64 = 2.0;
/// Where higher is better, a smaller loss of the reference counts as this.
const LEAST_LOSS: f64 = 0.001;

/// A measure by which a version is worse.
struct Worse<'a> {
    version: &'a str,
    measure: Measure,
    value: f64,
    reference: f64,
    /// The growth of the loss, as a share of the reference's.
    growth: f64,
}

impl Worse<'_> {
    /// The calibration error is not a loss. It counts for a version only when nothing else does.
    fn weight(&self) -> (bool, f64) {
        (self.measure != Measure::CalibrationError, self.growth)
    }
}

/// Returns the versions that are right less often than the reference, by the labels so far, worst first. Names all versions
/// together only when no version shows it alone.
pub(super) fn findings(asked: &Asked) -> Vec<Finding> {
    let mut worst: BTreeMap<&str, Worse<'_>> = BTreeMap::new();
    for worse in asked
        .rows(Topic::Performance)
        .iter()
        .filter_map(|row| worse(row, asked))
    {
        let known = worst.get(worse.version);
        if known.is_none_or(|known| known.weight() < worse.weight()) {
            worst.insert(worse.version, worse);
        }
    }
    if worst.len() > 1 {
        worst.remove(ALL_VERSIONS);
    }
    let mut worst: Vec<_> = worst.into_values().collect();
    worst.sort_by(|one, other| other.growth.total_cmp(&one.growth));
    let finding = |worse: &Worse<'_>| Finding {
        side: Side::Model,
        what: words(worse, asked),
        since: None,
    };
    let versions = worst.iter().take(MOST).map(finding);
    versions.chain(of_segments(asked)).collect()
}

/// Returns the values of segments whose predictions are right less often than those of the same value in the reference. The
/// values that explain most of the model's loss come first.
fn of_segments(asked: &Asked) -> Vec<Finding> {
    let mut worst: BTreeMap<[&str; 2], (&Row, f64)> = BTreeMap::new();
    for row in asked.rows(Topic::SegmentGrowth) {
        let Some(growth) = recent(row) else { continue };
        let value = SEGMENT.map(|label| row.label(label));
        let known = worst.get(&value);
        if known.is_none_or(|(_, known)| *known < growth) {
            worst.insert(value, (row, growth));
        }
    }
    let explains = |value: &[&str; 2]| {
        let mut rows = asked.rows(Topic::Explained).iter();
        let row = rows
            .find(|row| row.label("model_version") == ALL_VERSIONS && SEGMENT.map(|label| row.label(label)) == *value);
        row.and_then(recent)
    };
    let mut worst: Vec<_> = worst
        .into_iter()
        .map(|(value, (row, growth))| (value, row, growth, explains(&value)))
        .collect();
    let order = |explains: &Option<f64>| explains.unwrap_or(0.0);
    worst.sort_by(|one, other| {
        let by_growth = other.2.total_cmp(&one.2);
        order(&other.3).total_cmp(&order(&one.3)).then(by_growth)
    });
    let finding = |([segment, value], row, growth, explains): ([&str; 2], &Row, f64, Option<f64>)| {
        let figure_of = |topic, labels: &[&str]| beside(topic, row, labels, asked).map(figure);
        let all = [SEGMENT[0], SEGMENT[1], "measure"];
        let labels = beside(Topic::SegmentLabels, row, &SEGMENT, asked);
        let labels = labels
            .map(|labels| format!(" of {labels:.0} labels"))
            .unwrap_or_default();
        let now = figure_of(Topic::SegmentPerformance, &all);
        let before = figure_of(Topic::SegmentReference, &all);
        let figures = now
            .zip(before)
            .map(|(now, before)| format!("{now}, and {before} in the reference, which is "));
        let explains = explains.map(|explains| format!("; it explains {} of what the model lost", share(explains)));
        Finding {
            side: Side::Model,
            what: format!(
                "{} {} is less often right{labels}: {} {}{} more loss{}, says the performance job",
                name(segment),
                name(value),
                row.label("measure"),
                figures.unwrap_or_default(),
                share(growth),
                explains.unwrap_or_default(),
            ),
            since: None,
        }
    };
    worst.into_iter().take(MOST).map(finding).collect()
}

/// The values that explain most of a version's loss, as the end of its sentence.
fn explained(version: &str, asked: &Asked) -> String {
    let rows = asked.rows(Topic::Explained).iter();
    let mut explained: Vec<_> = rows
        .filter(|row| row.label("model_version") == version)
        .filter_map(|row| Some((recent(row)?, row)))
        .collect();
    explained.sort_by(|one, other| other.0.total_cmp(&one.0));
    let words = explained.iter().take(MOST_EXPLAINED).map(|(explains, row)| {
        let [segment, value] = SEGMENT.map(|label| name(row.label(label)));
        format!("{segment} {value} explains {}", share(*explains))
    });
    let words: Vec<_> = words.collect();
    match words.is_empty() {
        true => String::new(),
        false => format!("; of that {}", words.join(", ")),
    }
}

/// The labels of a segment's value.
const SEGMENT: [&str; 2] = ["segment", "segment_value"];

/// The current value of a row, or `None` when it has ended.
fn recent(row: &Row) -> Option<f64> {
    row.values.iter().rev().take(RECENT).flatten().next().copied()
}

/// The last value of a row.
fn last(row: &Row) -> Option<f64> {
    row.values.iter().rev().flatten().next().copied()
}

/// The last value of the topic's row with the same labels.
fn beside(topic: Topic, row: &Row, labels: &[&str], asked: &Asked) -> Option<f64> {
    let same = |other: &&Row| labels.iter().all(|label| other.label(label) == row.label(label));
    asked.rows(topic).iter().find(same).and_then(last)
}

fn worse<'a>(row: &'a Row, asked: &Asked) -> Option<Worse<'a>> {
    let measure = Measure::ALL
        .into_iter()
        .find(|measure| measure.name() == row.label("measure"))?;
    let value = last(row)?;
    let reference = beside(Topic::PerformanceReference, row, &["measure"], asked)?;
    let own = &["model_version", "measure"];
    let (gap, reach, loss) = match measure.better() {
        Better::Higher => {
            let high = beside(Topic::PerformanceHigh, row, own, asked)?;
            (reference - value, high - value, (1.0 - reference).max(LEAST_LOSS))
        }
        Better::Lower => {
            let low = beside(Topic::PerformanceLow, row, own, asked)?;
            (value - reference, value - low, reference)
        }
        Better::NearZero => return None,
    };
    (gap > CLEAR * reach && loss > 0.0).then(|| Worse {
        version: row.label("model_version"),
        measure,
        value,
        reference,
        growth: gap / loss,
    })
}

fn words(worse: &Worse<'_>, asked: &Asked) -> String {
    let who = match worse.version {
        ALL_VERSIONS => "all versions together are".to_owned(),
        version => format!("version {} is", name(version)),
    };
    let labels = asked
        .rows(Topic::PerformanceLabels)
        .iter()
        .find(|row| row.label("model_version") == worse.version)
        .and_then(last);
    let labels = labels
        .map(|labels| format!(" of {labels:.0} labels"))
        .unwrap_or_default();
    format!(
        "{who} less often right{labels}: {} {}, and {} in the reference, which is {} more loss{}, says the performance job",
        worse.measure,
        figure(worse.value),
        figure(worse.reference),
        share(worse.growth),
        explained(worse.version, asked),
    )
}
