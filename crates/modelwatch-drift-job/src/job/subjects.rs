//! Maps the parts of a baseline to columns of the prediction log.

use modelwatch_drift::baseline::{Baseline, Profile};
use modelwatch_drift::joint::JointProfile;
use modelwatch_log_format::columns;

use crate::engine::{Bins, Column, GroupBy};
use crate::subject::Subject;

/// Returns the subjects that a baseline has a profile of, in the order in which their columns are counted.
pub(crate) fn subjects(baseline: &Baseline) -> Vec<(Subject, Profile)> {
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

/// Returns the column of the prediction log that holds a subject.
pub(crate) fn column(subject: &Subject, profile: &Profile) -> Column {
    let name = match subject {
        Subject::Feature(name) => columns::feature(name),
        Subject::Score => columns::SCORE.into(),
        Subject::Classes => columns::CLASS.into(),
    };
    Column {
        name,
        bins: Bins::from(profile),
    }
}

/// Returns the columns whose rows show how numbers go together.
pub(crate) fn joint_columns(baseline: &Baseline) -> Vec<String> {
    let features = baseline.joint().into_iter().flat_map(JointProfile::features);
    features.map(|feature| columns::feature(&feature.name)).collect()
}

/// Groups rows by the values of a feature.
pub(crate) fn by_segment(feature: &str) -> GroupBy {
    GroupBy {
        column: columns::feature(feature),
        values: None,
    }
}
