//! Which of several symptoms is the trouble when no alert names one: the strongest, not the first that is asked for.

use modelwatch_triage::symptom::Symptom;
use modelwatch_triage::text::text;
use modelwatch_triage::triage::Report;

use crate::fixture::{Incident, MODEL, ONSET, REPLICAS};

const SEEDS: std::ops::Range<u64> = 0..10;
const USUAL: f64 = 0.002;

/// A model whose requests are as ever, and its features.
fn fed(seed: u64, features: &[(&str, f64, f64, usize)]) -> Incident {
    let mut incident = Incident::new(seed);
    incident.versions(&[("1", 0)]);
    incident.requests(MODEL, "1", |_| Some(600.0), |_, _, _| USUAL);
    for &(feature, before, since, onset) in features {
        incident.feature(feature, |minute| if minute < onset { before } else { since });
    }
    incident
}

fn symptom(report: &Report) -> &Symptom {
    let trouble = report.trouble.as_ref();
    &trouble.unwrap_or_else(|| panic!("{}", text(report))).symptom
}

fn missing(feature: &str) -> Symptom {
    Symptom::Missing(feature.to_owned())
}

#[test]
fn names_the_feature_that_lacks_most_whatever_its_name_and_its_time() {
    for seed in SEEDS {
        for earlier in [ONSET, ONSET - 30, ONSET + 8] {
            let report = fed(
                seed,
                &[
                    ("a_decoy", 0.01, 0.04, earlier),
                    ("income", 0.01, 0.33, ONSET),
                    ("z_decoy", 0.01, 0.06, earlier),
                ],
            )
            .triaged();
            assert_eq!(*symptom(&report), missing("income"), "{}", text(&report));
            let first = &report.findings[0].what;
            assert!(first.contains("z_decoy"), "{first}");
        }
    }
}

/// Observations a minute and those that are missing, so few that a percentage says little.
fn sparse(incident: &mut Incident, feature: &str, observed: f64, lacks: impl Fn(usize) -> f64 + Copy) {
    let labels = [
        ("model_name", MODEL),
        ("feature_name", feature),
        ("instance", REPLICAS[0]),
    ];
    let world = &mut incident.world;
    world.counter("ml_feature_observations_total", &labels, |_| Some(observed));
    world.counter("ml_feature_missing_total", &labels, |minute| Some(lacks(minute)));
}

#[test]
fn names_the_feature_that_lacks_most_on_few_observations() {
    let mut incident = fed(1, &[]);
    // One in thirty, and one in three.
    let tenth = |minute: usize| f64::from(u8::from(minute >= ONSET && minute.is_multiple_of(10)));
    sparse(&mut incident, "a_decoy", 3.0, tenth);
    sparse(&mut incident, "income", 3.0, |minute| {
        f64::from(u8::from(minute >= ONSET))
    });
    let report = incident.triaged();
    assert_eq!(*symptom(&report), missing("income"), "{}", text(&report));
}

#[test]
fn names_the_sure_change_before_one_that_few_observations_make_large() {
    let mut incident = fed(1, &[("income", 0.01, 0.3, ONSET)]);
    // Of one observation in three minutes most are missing since: a handful.
    let labels = [
        ("model_name", MODEL),
        ("feature_name", "a_decoy"),
        ("instance", REPLICAS[0]),
    ];
    let seen = |minute: usize| Some(f64::from(u8::from(minute.is_multiple_of(15))));
    incident.world.counter("ml_feature_observations_total", &labels, seen);
    incident.world.counter("ml_feature_missing_total", &labels, |minute| {
        seen(minute).filter(|_| minute >= ONSET).or(Some(0.0))
    });
    let report = incident.triaged();
    assert_eq!(*symptom(&report), missing("income"), "{}", text(&report));
}

/// The share of requests that fail, and of a feature that is missing; which of the two is the trouble.
#[test]
fn weighs_failed_requests_against_missing_values() {
    for seed in SEEDS {
        for (failing, lacking, expected) in [
            (0.005, 0.4, missing("income")),
            (0.3, 0.04, Symptom::Errors),
            (0.3, 0.3, Symptom::Errors),
            (USUAL, 0.04, missing("income")),
        ] {
            let mut incident = Incident::new(seed);
            incident.versions(&[("1", 0)]);
            let errors = |minute: usize| if minute < ONSET { USUAL } else { failing };
            incident.requests(MODEL, "1", |_| Some(600.0), |_, _, minute| errors(minute));
            incident.feature("income", |minute| if minute < ONSET { 0.01 } else { lacking });
            let report = incident.triaged();
            assert_eq!(*symptom(&report), expected, "{failing} {lacking}: {}", text(&report));
        }
    }
}

#[test]
fn names_the_version_that_fails_before_a_feature_that_lacks_a_little() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0), ("2", ONSET)]);
        incident.requests(MODEL, "1", |_| Some(590.0), |_, _, _| USUAL);
        let canary = |minute: usize| (minute >= ONSET).then_some(18.0);
        incident.requests(MODEL, "2", canary, |_, _, _| 0.9);
        incident.feature("income", |minute| if minute < ONSET { 0.01 } else { 0.06 });
        let report = incident.triaged();
        assert_eq!(*symptom(&report), Symptom::Errors, "{}", text(&report));
        assert!(
            report.answers[0].answer.starts_with("Yes: version 2"),
            "{}",
            text(&report)
        );
    }
}

/// What a model is fed explains what it answers, where both moved as far.
#[test]
fn names_the_input_before_the_answers_that_follow_from_it() {
    for seed in SEEDS {
        let mut incident = fed(seed, &[("income", 0.0, 0.3, ONSET)]);
        for (class, usual, since) in [("deny", 300.0, 390.0), ("pay", 300.0, 210.0)] {
            let labels = [("model_name", MODEL), ("model_version", "1"), ("class", class)];
            let growth = |minute| Some(if minute < ONSET { usual } else { since });
            incident.world.counter("ml_prediction_class_total", &labels, growth);
        }
        let report = incident.triaged();
        assert_eq!(*symptom(&report), missing("income"), "{}", text(&report));
        let first = &report.findings[0].what;
        assert!(first.contains("of predictions are"), "{}", text(&report));
    }
}

/// Of several features in drift, the one that is farthest from its baseline; counts of the same model come first.
#[test]
fn names_the_feature_that_drifts_farthest() {
    for (feature, far) in [("age", 0.3), ("income", 2.0), ("zipcode", 0.2)] {
        let mut incident = fed(1, &[]);
        for other in ["age", "income", "zipcode"] {
            let labels = [("model_name", MODEL), ("feature_name", other)];
            let on = move |minute: usize| f64::from(u8::from(minute >= ONSET));
            let score = move |minute| Some(0.05 + on(minute) * if other == feature { 1.0 + far } else { far / 2.0 });
            incident.world.gauge("ml_data_drift_score", &labels, score);
            let detected = move |minute| Some(on(minute));
            incident.world.gauge("ml_data_drift_detected", &labels, detected);
        }
        let report = incident.triaged();
        assert_eq!(
            *symptom(&report),
            Symptom::FeatureDrift(feature.to_owned()),
            "{}",
            text(&report)
        );
    }
}
