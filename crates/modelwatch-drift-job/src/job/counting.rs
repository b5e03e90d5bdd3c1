//! Between the baseline's bins and the engine's cells.

use modelwatch_drift::baseline::{
    Baseline, CategoricalBins, CategoricalCounts, Counts, NumericBins, NumericCounts, Profile,
};
use modelwatch_log_format::columns;

use crate::engine::{Cells, Column, ColumnCounts};
use crate::window_report::Subject;

/// What a baseline has a profile of, in the order in which its columns are counted.
pub(super) fn subjects(baseline: &Baseline) -> Vec<(Subject, Profile)> {
    let features = baseline.features().iter();
    let features = features.map(|(name, profile)| (Subject::Feature(name.clone()), profile.clone()));
    let score = baseline
        .score()
        .map(|profile| (Subject::Score, Profile::Numeric(profile.clone())));
    let classes = baseline
        .classes()
        .map(|profile| (Subject::Classes, Profile::Categorical(profile.clone())));
    features.chain(score).chain(classes).collect()
}

/// The column of the prediction log that a subject is in.
pub(super) fn column(subject: &Subject, profile: &Profile) -> Column {
    let name = match subject {
        Subject::Feature(name) => columns::feature(name),
        Subject::Score => columns::SCORE.into(),
        Subject::Classes => columns::CLASS.into(),
    };
    let cells = match profile {
        Profile::Numeric(profile) => Cells::Edges(profile.bins().edges().to_vec()),
        Profile::Categorical(profile) => Cells::Names(profile.bins().clone()),
    };
    Column { name, cells }
}

/// The engine's cells as counts on the profile's bins.
pub(super) fn counts(profile: &Profile, counted: &ColumnCounts) -> Counts {
    match profile {
        Profile::Numeric(profile) => Counts::Numeric(numeric(profile.bins(), counted)),
        Profile::Categorical(profile) => Counts::Categorical(categorical(profile.bins(), counted)),
    }
}

fn numeric(bins: &NumericBins, counted: &ColumnCounts) -> NumericCounts {
    let mut counts = bins.count();
    if let [below, between @ .., above, missing] = counted.cells.as_slice() {
        counts.bins.iter_mut().zip(between).for_each(|(bin, rows)| *bin = *rows);
        (counts.below, counts.above, counts.missing) = (*below, *above, *missing);
    }
    (counts.least, counts.largest) = (counted.least, counted.largest);
    counts.sample = counted.sample.clone();
    counts
}

fn categorical(bins: &CategoricalBins, counted: &ColumnCounts) -> CategoricalCounts {
    let mut counts = bins.count();
    if let [cells @ .., missing] = counted.cells.as_slice() {
        let (named, unnamed) = cells.split_at(bins.names().len().min(cells.len()));
        let places = counts.named.iter_mut().zip(named);
        for (place, rows) in places.chain(counts.other.iter_mut().zip(unnamed)) {
            *place = *rows;
        }
        if !bins.has_other() {
            counts.unseen = unnamed.iter().sum();
        }
        counts.missing = *missing;
    }
    counts.unnamed = counted.unnamed.clone();
    counts
}
