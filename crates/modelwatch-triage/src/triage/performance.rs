//! What the performance job says of each version: less often right than the reference.

use std::collections::BTreeMap;

use modelwatch_performance::{Better, Measure};

use super::ask::{Asked, Topic};
use super::report::Finding;
use crate::source::Row;
use crate::symptom::Side;
use crate::words::{figure, name, share};

/// Versions that are named, at most.
const MOST: usize = 3;
/// The `model_version` of all predictions, whatever their version.
const ALL_VERSIONS: &str = "__all__";
/// As in the stack's rules: so many times as far as its interval reaches a value is from the reference where chance did not make it.
const CLEAR: f64 = 2.0;
/// No loss of the reference is taken for less.
const LEAST_LOSS: f64 = 0.001;

/// A measure of a version that is worse.
struct Worse<'a> {
    version: &'a str,
    measure: Measure,
    value: f64,
    reference: f64,
    /// By what share of the reference's loss it loses more.
    growth: f64,
}

/// Versions that are less often right than the reference, by the labels that have come, the worst first; all together only where none
/// shows it alone.
pub(super) fn findings(asked: &Asked) -> Vec<Finding> {
    let mut worst: BTreeMap<&str, Worse<'_>> = BTreeMap::new();
    for worse in asked
        .rows(Topic::Performance)
        .iter()
        .filter_map(|row| worse(row, asked))
    {
        let known = worst.get(worse.version);
        if known.is_none_or(|known| known.growth < worse.growth) {
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
    worst.iter().take(MOST).map(finding).collect()
}

/// What a row says last.
fn last(row: &Row) -> Option<f64> {
    row.values.iter().rev().flatten().next().copied()
}

/// What the row of a topic with the same version and measure says; the reference has no version.
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
        "{who} less often right{labels}: {} {}, and {} in the reference, which is {} more loss, says the performance job",
        worse.measure,
        figure(worse.value),
        figure(worse.reference),
        share(worse.growth),
    )
}
