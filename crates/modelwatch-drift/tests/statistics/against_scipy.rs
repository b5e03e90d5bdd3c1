//! The statistics against scipy's, on the flights.

use crate::data::{TRAINING, column, flights};
use crate::judges::ask;
use crate::{APRIL, JULY};
use ::flights::data::FEATURES;
use modelwatch_drift::baseline::{Hygiene, NumericProfile};
use modelwatch_drift::statistics::{Pair, chi_square, hellinger, jensen_shannon, kolmogorov_smirnov, psi, wasserstein};
use serde_json::{Value, json};

/// A feature's rows in training and in one of the weeks.
struct Case {
    name: String,
    profile: NumericProfile,
    training: Vec<f64>,
    week: Vec<f64>,
    scipy: Value,
}

/// All features in both weeks, and what scipy says of them.
fn cases() -> Vec<Case> {
    let mut cases = Vec::new();
    let mut questions = String::new();
    for feature in FEATURES {
        let sorted = |file: &str| {
            let mut values: Vec<f64> = column(file, feature).into_iter().flatten().collect();
            values.sort_unstable_by(f64::total_cmp);
            values
        };
        let training = sorted(TRAINING);
        let profile =
            NumericProfile::from_values(feature, training.clone(), 0, &Hygiene::default()).expect("a profile");
        for week in [APRIL, JULY] {
            let question = json!({
                "reference": flights().join(TRAINING),
                "window": flights().join(week),
                "column": feature,
                "edges": profile.decile_edges().collect::<Vec<f64>>(),
            });
            questions.push_str(&format!("{question}\n"));
            cases.push(Case {
                name: format!("{feature} of {week}"),
                profile: profile.clone(),
                training: training.clone(),
                week: sorted(week),
                scipy: Value::Null,
            });
        }
    }
    let answers = ask("judge.py", &questions);
    let mut answers = answers.lines();
    for case in &mut cases {
        case.scipy = serde_json::from_str(answers.next().expect("an answer for each")).expect("the answer is JSON");
    }
    cases
}

fn close(case: &Case, name: &str, ours: f64, relative: f64) {
    let theirs = case.scipy[name].as_f64().expect("a number");
    assert!(
        (ours - theirs).abs() <= relative * theirs.abs().max(1.0),
        "{name} of {}: {ours} and by scipy {theirs}",
        case.name
    );
}

#[test]
fn judged_statistics_are_those_of_scipy() {
    let mut indexes = 0;
    for case in cases() {
        let mut week = case.profile.bins().count();
        for value in &case.week {
            week.add(case.profile.bins(), Some(*value));
        }
        let (reference, window) = (case.profile.coarse(case.profile.counts()), case.profile.coarse(&week));
        assert_eq!(case.scipy["counts"], json!([reference, window]), "{}", case.name);

        close(&case, "mean", case.profile.mean(), 1e-9);
        close(&case, "deviation", case.profile.deviation(), 1e-9);

        let pair = Pair::new(&reference, &window).expect("both have rows");
        close(&case, "jensen_shannon", jensen_shannon(&pair), 1e-9);
        close(&case, "hellinger", hellinger(&pair), 1e-9);
        let test = chi_square(&pair);
        close(&case, "chi_square", test.statistic, 1e-9);
        close(&case, "p_value", test.p_value, 1e-9);
        assert_eq!(case.scipy["degrees"], json!(test.degrees_of_freedom), "{}", case.name);
        if !case.scipy["psi"].is_null() {
            close(&case, "psi", psi(&pair), 1e-12);
            indexes += 1;
        }

        let ks = kolmogorov_smirnov::of_sorted(&case.training, &case.week).expect("both have rows");
        close(&case, "ks", ks, 1e-9);
        let deviation = case.profile.deviation();
        let moved = wasserstein::of_sorted(&case.training, &case.week, deviation).expect("both have rows");
        close(&case, "wasserstein", moved, 1e-9);
    }
    assert!(indexes >= 6, "the index has a definition in {indexes} cases only");
}

#[test]
fn judged_binned_statistics_are_within_the_bound_they_state() {
    for case in cases() {
        let mut week = case.profile.bins().count();
        for value in &case.week {
            week.add(case.profile.bins(), Some(*value));
        }
        let name = &case.name;
        let (reference, window) = (case.profile.counts().in_order(), week.in_order());
        let pair = Pair::new(&reference, &window).expect("both have rows");
        let edges = case.profile.bins().edges();

        let truth = case.scipy["ks"].as_f64().expect("a number");
        let ks = kolmogorov_smirnov::of_counts(edges, &pair).expect("the bins' own edges");
        assert!(
            ks.value <= truth + 1e-12 && truth <= ks.value + ks.within + 1e-12,
            "{name}: {ks:?}, {truth}"
        );
        assert!(truth - ks.value <= 2.0 / 200.0, "{name}: {ks:?}, {truth}");

        let truth = case.scipy["wasserstein"].as_f64().expect("a number");
        let counts = case.profile.counts();
        let end = |end: Option<f64>| end.expect("there are values");
        let (least, largest) = (end(counts.least), end(counts.largest));
        let (lowest, highest) = (least.min(end(week.least)), largest.max(end(week.largest)));
        let deviation = case.profile.deviation();
        let moved = wasserstein::of_counts(edges, lowest, highest, &pair, deviation).expect("the bins' own edges");
        assert!(
            (moved.value - truth).abs() <= moved.within + 1e-12,
            "{name}: {moved:?}, {truth}"
        );
        let outside = week.below as f64 * (least - lowest) + week.above as f64 * (highest - largest);
        let reach = outside / week.present() as f64 / 2.0 / deviation;
        assert!(
            (moved.value - truth).abs() <= 0.01 + reach,
            "{name}: {moved:?}, {truth}, {reach} of it outside the baseline"
        );
    }
}
