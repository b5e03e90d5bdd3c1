//! How often an interval holds the truth: in 93 to 97 % of 1,000 windows.

use modelwatch_performance::{
    BinaryCounts, Cbpe, Classes, Dle, Estimate, LossCounts, LossReference, Measure, MulticlassCounts, Performance,
    PredictionCounts, RegressionCounts,
};

use crate::drawn::{Draw, logistic, logit};

const WINDOWS: usize = 1_000;

/// How often the intervals of measures held what is true.
#[derive(Default)]
struct Held {
    windows: Vec<(Measure, usize)>,
}

impl Held {
    fn add(&mut self, measures: &Performance, truth: impl Fn(Measure) -> f64) {
        for (measure, measured) in measures.iter() {
            let measured = measured.unwrap_or_else(|undefined| panic!("{measure}: {undefined}"));
            let held = measured.interval.expect("an interval").contains(truth(measure));
            match self.windows.iter_mut().find(|(known, _)| *known == measure) {
                Some((_, windows)) => *windows += usize::from(held),
                None => self.windows.push((measure, usize::from(held))),
            }
        }
    }

    fn assert(&self, name: &str, least: f64, most: f64, conservative: &[Measure]) {
        for (measure, windows) in &self.windows {
            let share = *windows as f64 / WINDOWS as f64;
            eprintln!(
                "{name}: the interval of {measure} holds the truth in {:.1} %",
                100.0 * share
            );
            let most = if conservative.contains(measure) { 1.0 } else { most };
            assert!(
                (least..=most).contains(&share),
                "{name}: the interval of {measure} holds the truth in {share}"
            );
        }
        assert!(!self.windows.is_empty());
    }
}

/// A row of a model whose scores are too sure of themselves.
fn binary_row(draw: &mut Draw, centre: f64) -> (f64, bool, bool) {
    let score = draw.score(centre, 1.5);
    let actual = draw.happens(logistic(0.7 * logit(score) - 0.2));
    (score, score >= 0.4, actual)
}

#[test]
fn holds_the_truth_in_95_of_100_windows_when_classes_are_two() {
    let mut draw = Draw::new(11);
    let mut all = BinaryCounts::new();
    for _ in 0..400_000 {
        let (score, predicted, actual) = binary_row(&mut draw, -1.0);
        all.add(Some(score), Some(predicted), actual);
    }
    let truth = all.performance();
    let mut held = Held::default();
    for _ in 0..WINDOWS {
        let mut window = BinaryCounts::new();
        for _ in 0..800 {
            let (score, predicted, actual) = binary_row(&mut draw, -1.0);
            window.add(Some(score), Some(predicted), actual);
        }
        held.add(&window.performance(), |measure| {
            truth.get(measure).expect("it is defined").value
        });
    }
    held.assert("binary", 0.93, 0.97, &[]);
}

/// Scores that mean what they say: whatever calibration error there is comes of chance, and the interval begins at 0.
#[test]
fn holds_zero_in_95_of_100_windows_when_scores_are_calibrated() {
    let mut draw = Draw::new(12);
    let mut held = 0;
    for _ in 0..WINDOWS {
        let mut window = BinaryCounts::new();
        for _ in 0..800 {
            let score = draw.score(-1.0, 1.5);
            window.add(Some(score), None, draw.happens(score));
        }
        let error = window.performance().get(Measure::CalibrationError).expect("rows");
        held += usize::from(error.interval.expect("an interval").contains(0.0));
    }
    assert!((930..=970).contains(&held), "{held}");
}

#[test]
fn holds_the_truth_in_95_of_100_windows_when_classes_are_several() {
    const NAMES: [&str; 4] = ["a", "b", "c", "d"];
    let classes = Classes::new(NAMES).expect("classes");
    let row = |draw: &mut Draw, counts: &mut MulticlassCounts| {
        let weights: Vec<f64> = (0..4)
            .map(|class| (1.2 * draw.normal() - 0.4 * f64::from(class)).exp())
            .collect();
        let sum: f64 = weights.iter().sum();
        let scores: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
        let mut left = draw.share();
        let drawn = scores.iter().position(|score| {
            left -= score;
            left <= 0.0
        });
        let actual = if draw.happens(0.15) {
            draw.below(4)
        } else {
            drawn.unwrap_or(3)
        };
        let highest = (0..4)
            .max_by(|one, other| scores[*one].total_cmp(&scores[*other]))
            .expect("four");
        counts.add(Some(&scores), Some(NAMES[highest]), NAMES[actual]);
    };
    let mut draw = Draw::new(13);
    let mut all = MulticlassCounts::new(&classes);
    for _ in 0..200_000 {
        row(&mut draw, &mut all);
    }
    let truth = all.performance();
    let mut held = Held::default();
    for _ in 0..WINDOWS {
        let mut window = MulticlassCounts::new(&classes);
        for _ in 0..800 {
            row(&mut draw, &mut window);
        }
        held.add(&window.performance(), |measure| {
            truth.get(measure).expect("it is defined").value
        });
    }
    held.assert("several classes", 0.93, 0.97, &[Measure::RocAuc]);
}

/// A row of a model of numbers: a feature, the prediction, and a target whose noise grows with the feature.
fn number_row(draw: &mut Draw, centre: f64) -> (f64, f64, f64) {
    let feature = centre + draw.normal();
    let predicted = 10.0 + 3.0 * feature;
    let noise = 0.5 + logistic(2.0 * feature);
    (feature, predicted, predicted + 0.1 + noise * draw.normal())
}

#[test]
fn holds_the_truth_in_95_of_100_windows_when_numbers_are_predicted() {
    let mut draw = Draw::new(14);
    let mut all = RegressionCounts::around(10.0);
    for _ in 0..400_000 {
        let (_, predicted, actual) = number_row(&mut draw, 0.0);
        all.add(predicted, actual);
    }
    let truth = all.performance();
    let mut held = Held::default();
    for _ in 0..WINDOWS {
        let mut window = RegressionCounts::around(10.0);
        for _ in 0..500 {
            let (_, predicted, actual) = number_row(&mut draw, 0.0);
            window.add(predicted, actual);
        }
        held.add(&window.performance(), |measure| {
            truth.get(measure).expect("it is defined").value
        });
    }
    held.assert("numbers", 0.93, 0.97, &[]);
}

/// Inputs of another kind come more often, and mean what they meant: the estimate's interval holds what labels say later.
#[test]
fn holds_what_labels_say_in_95_of_100_windows_when_scores_are_estimated() {
    for centre in [-1.0, 0.5] {
        let mut draw = Draw::new(15);
        let learn = |draw: &mut Draw| {
            let mut reference = BinaryCounts::new();
            for _ in 0..20_000 {
                let (score, predicted, actual) = binary_row(draw, -1.0);
                reference.add(Some(score), Some(predicted), actual);
            }
            Cbpe::learn(&reference).expect("both classes")
        };
        let mut learned = learn(&mut draw);
        let mut held = Held::default();
        for window in 0..WINDOWS {
            // What a reference got wrong, all its windows have.
            if window % 20 == 0 {
                learned = learn(&mut draw);
            }
            let (mut labelled, mut window) = (BinaryCounts::new(), PredictionCounts::new());
            for _ in 0..800 {
                let (score, predicted, actual) = binary_row(&mut draw, centre);
                labelled.add(Some(score), Some(predicted), actual);
                window.add(Some(score), Some(predicted));
            }
            let realised = labelled.performance();
            let estimate: Estimate = learned.estimate(&window);
            held.add(&estimate.performance, |measure| {
                realised.get(measure).expect("it is defined").value
            });
        }
        held.assert(&format!("estimated around {centre}"), 0.93, 0.97, &[]);
    }
}

#[test]
fn holds_what_targets_say_in_95_of_100_windows_when_errors_are_estimated() {
    for centre in [0.0, 0.7] {
        let mut draw = Draw::new(16);
        let mut reference = LossReference::new(1);
        for _ in 0..20_000 {
            let (feature, predicted, actual) = number_row(&mut draw, 0.0);
            reference.add(&[feature], predicted, actual).expect("one feature");
        }
        let learned = Dle::learn(&reference).expect("enough rows");
        let mut held = Held::default();
        for _ in 0..WINDOWS {
            let (mut labelled, mut window) = (RegressionCounts::new(), LossCounts::new());
            for _ in 0..250 {
                let (feature, predicted, actual) = number_row(&mut draw, centre);
                labelled.add(predicted, actual);
                learned.count(&mut window, &[feature], predicted);
            }
            let realised = labelled.performance();
            held.add(&learned.estimate(&window).performance, |measure| {
                realised.get(measure).expect("it is defined").value
            });
        }
        held.assert(&format!("errors estimated around {centre}"), 0.93, 0.97, &[]);
    }
}
