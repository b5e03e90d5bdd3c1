//! The real weeks against the training quarter.

use crate::data::{TRAINING, column};
use crate::{APRIL, JULY};
use modelwatch_drift::baseline::{Hygiene, NumericProfile};
use modelwatch_drift::decision::{Measurement, Rule, Statistic};

fn measured(feature: &str) -> [Measurement; 2] {
    let training = column(TRAINING, feature);
    let missing = training.iter().filter(|value| value.is_none()).count() as u64;
    let values = training.into_iter().flatten().collect();
    let profile = NumericProfile::from_values(feature, values, missing, &Hygiene::default()).expect("a profile");
    [APRIL, JULY].map(|week| {
        let mut window = profile.bins().count();
        for value in column(week, feature) {
            window.add(profile.bins(), value);
        }
        Measurement::of_numeric(&profile, &window, Statistic::Psi).expect("a measurement")
    })
}

#[test]
fn psi_of_the_weeks_is_what_it_is_known_to_be() {
    for (feature, april, july) in [
        ("distance", 0.008, 0.022),
        ("hour", 0.002, 0.003),
        ("dep_delay", 0.020, 0.197),
    ] {
        let [spring, summer] = measured(feature);
        assert!((spring.score - april).abs() < 0.0005, "{feature} in April: {spring:?}");
        assert!((summer.score - july).abs() < 0.0005, "{feature} in July: {summer:?}");
    }
    for feature in ["temp", "dewp", "pressure"] {
        for week in measured(feature) {
            assert!(week.score > 2.0, "{feature}: {week:?}");
        }
    }
}

#[test]
fn what_moved_drifts_and_what_did_not_is_quiet() {
    let rule = Rule::default();
    for quiet in ["distance", "hour"] {
        assert!(measured(quiet).iter().all(|week| !week.drifts(&rule)), "{quiet}");
    }
    for seasonal in ["temp", "dewp", "pressure"] {
        assert!(measured(seasonal).iter().all(|week| week.drifts(&rule)), "{seasonal}");
    }
    let [april, july] = measured("dep_delay");
    assert!(!april.drifts(&rule) && july.drifts(&rule), "{april:?} {july:?}");
}
