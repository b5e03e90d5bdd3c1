//! Edges whose answer is known without a computer.

use modelwatch_performance::{
    BinaryCounts, CannotEstimate, Cbpe, Classes, ClassesError, Dle, LossReference, Measure, MulticlassCbpe,
    MulticlassCounts, PredictionCounts, RegressionCounts, Undefined, Unmergeable,
};

fn binary(rows: &[(Option<f64>, Option<bool>, bool)]) -> BinaryCounts {
    let mut counts = BinaryCounts::new();
    for (score, predicted, actual) in rows {
        counts.add(*score, *predicted, *actual);
    }
    counts
}

#[test]
fn says_no_rows_when_nothing_is_labelled() {
    for performance in [
        BinaryCounts::new().performance(),
        RegressionCounts::new().performance(),
        MulticlassCounts::new(&Classes::new(["a", "b"]).expect("classes")).performance(),
    ] {
        for (measure, measured) in performance.iter() {
            assert_eq!(measured, Err(Undefined::NoRows), "{measure}");
        }
        assert!(performance.iter().count() > 0);
    }
}

#[test]
fn says_which_class_is_absent_when_labels_are_of_one() {
    let negatives = binary(&[(Some(0.2), Some(false), false), (Some(0.7), Some(false), false)]).performance();
    assert_eq!(negatives.get(Measure::RocAuc), Err(Undefined::OneClass));
    assert_eq!(negatives.get(Measure::Recall), Err(Undefined::NoneActual));
    assert_eq!(negatives.get(Measure::Precision), Err(Undefined::NonePredicted));
    assert_eq!(negatives.get(Measure::F1), Err(Undefined::NoneActual));
    assert_eq!(negatives.get(Measure::Accuracy).expect("rows").value, 1.0);
    assert!(negatives.get(Measure::LogLoss).is_ok());

    let missed = binary(&[(Some(0.2), Some(false), true)]).performance();
    assert_eq!(missed.get(Measure::F1).expect("a positive").value, 0.0);
    assert_eq!(missed.get(Measure::Precision), Err(Undefined::NonePredicted));
}

#[test]
fn leaves_out_what_is_no_number() {
    let counts = binary(&[
        (Some(f64::NAN), Some(true), true),
        (Some(f64::INFINITY), Some(true), false),
        (None, Some(false), false),
        (Some(0.3), None, false),
        (Some(0.6), None, true),
    ]);
    assert_eq!(
        (counts.rows(), counts.without_score(), counts.without_class()),
        (5, 3, 2)
    );
    let performance = counts.performance();
    assert_eq!(performance.get(Measure::Accuracy).expect("rows").rows, 3);
    assert_eq!(performance.get(Measure::RocAuc).expect("rows").rows, 2);
    assert_eq!(performance.get(Measure::RocAuc).expect("rows").value, 1.0);

    let mut numbers = RegressionCounts::new();
    for (predicted, actual) in [
        (f64::NAN, 1.0),
        (1.0, f64::NAN),
        (f64::INFINITY, 1.0),
        (1e200, 1.0),
        (3.0, 1.0),
    ] {
        numbers.add(predicted, actual);
    }
    assert_eq!((numbers.rows(), numbers.unusable()), (1, 4));
    assert_eq!(numbers.performance().get(Measure::Bias).expect("a row").value, 2.0);
    assert_eq!(numbers.performance().get(Measure::Bias).expect("a row").interval, None);
}

#[test]
fn refuses_probabilities_when_scores_are_none() {
    let counts = binary(&[
        (Some(-3.0), Some(false), false),
        (Some(0.5), Some(false), true),
        (Some(4.0), Some(true), true),
    ]);
    let performance = counts.performance();
    assert_eq!(performance.get(Measure::RocAuc).expect("an order is enough").value, 1.0);
    for measure in [Measure::LogLoss, Measure::BrierScore, Measure::CalibrationError] {
        assert_eq!(
            performance.get(measure),
            Err(Undefined::NotProbabilities { rows: 2 }),
            "{measure}"
        );
    }
    let classes = Classes::new(["a", "b", "c"]).expect("classes");
    let mut counts = MulticlassCounts::new(&classes);
    counts.add(Some(&[0.5, 0.5, 0.5]), Some("a"), "a");
    assert_eq!(
        counts.performance().get(Measure::LogLoss),
        Err(Undefined::NotProbabilities { rows: 1 })
    );
}

#[test]
fn counts_half_for_each_tie() {
    let tied = [(Some(0.5), Some(true), true), (Some(0.5), Some(true), false)];
    assert_eq!(
        binary(&tied).performance().get(Measure::RocAuc).expect("both").value,
        0.5
    );
    let zeros = [(Some(-0.0), Some(true), true), (Some(0.0), Some(true), false)];
    assert_eq!(
        binary(&zeros).performance().get(Measure::RocAuc).expect("both").value,
        0.5
    );
}

/// A certain prediction that is wrong costs much, and not infinitely much; one that is right costs nothing to speak of.
#[test]
fn clips_loss_when_probability_is_certain() {
    let wrong = binary(&[(Some(1.0), Some(true), false)]).performance();
    let loss = wrong.get(Measure::LogLoss).expect("a row").value;
    assert!((36.0..36.1).contains(&loss), "{loss}");
    let right = binary(&[(Some(1.0), Some(true), true), (Some(0.0), Some(false), false)]).performance();
    assert!(right.get(Measure::LogLoss).expect("rows").value < 1e-15);
}

/// An area of 1 is not certain because few rows say so.
#[test]
fn keeps_an_interval_when_every_pair_is_right() {
    let rows: Vec<_> = (0..20)
        .map(|row| (Some(f64::from(row) / 20.0), None, row >= 10))
        .collect();
    let area = binary(&rows).performance().get(Measure::RocAuc).expect("both");
    assert_eq!(area.value, 1.0);
    let interval = area.interval.expect("an interval");
    assert!(interval.low < 0.9 && interval.high == 1.0, "{interval:?}");
}

#[test]
fn has_no_r_squared_when_target_is_constant() {
    let mut counts = RegressionCounts::new();
    for predicted in [1.0, 2.0, 3.0] {
        counts.add(predicted, 0.1);
    }
    assert_eq!(
        counts.performance().get(Measure::RSquared),
        Err(Undefined::ConstantTarget)
    );
    assert!(counts.performance().get(Measure::RootMeanSquaredError).is_ok());
    assert_eq!(counts.performance().get(Measure::F1), Err(Undefined::OtherTask));
}

#[test]
fn counts_unknown_classes_apart() {
    let classes = Classes::new(["a", "b", "c"]).expect("classes");
    let mut counts = MulticlassCounts::new(&classes);
    counts.add(None, Some("a"), "a");
    counts.add(None, Some("d"), "a");
    counts.add(None, Some("a"), "d");
    counts.add(Some(&[0.2, 0.8]), None, "b");
    assert_eq!(
        (
            counts.rows(),
            counts.unknown(),
            counts.without_class(),
            counts.without_scores()
        ),
        (3, 1, 2, 3)
    );
    assert_eq!(Classes::new(["a"]), Err(ClassesError::Number { classes: 1 }));
    assert_eq!(
        Classes::new(["a", "b", "a"]),
        Err(ClassesError::Twice { class: "a".into() })
    );
    assert_eq!(
        Classes::new((0..1_001).map(|class| class.to_string())),
        Err(ClassesError::Number { classes: 1_001 })
    );
    let other = MulticlassCounts::new(&Classes::new(["a", "c", "b"]).expect("classes"));
    assert_eq!(counts.merge(&other), Err(Unmergeable::Classes));
    assert_eq!(
        RegressionCounts::around(1.0).merge(&RegressionCounts::new()),
        Err(Unmergeable::Around)
    );
}

#[test]
fn cannot_learn_when_reference_lacks_a_class() {
    let reference = binary(&[(Some(0.2), None, false), (None, None, true)]);
    assert_eq!(
        Cbpe::learn(&reference).err(),
        Some(CannotEstimate::OneClass { class: None })
    );

    let classes = Classes::new(["a", "b", "c"]).expect("classes");
    let mut counts = MulticlassCounts::new(&classes);
    counts.add(Some(&[0.2, 0.3, 0.5]), None, "a");
    counts.add(Some(&[0.2, 0.3, 0.5]), None, "b");
    let said = MulticlassCbpe::learn(&counts).expect_err("no row is of c").to_string();
    assert!(said.contains("\"c\""), "{said}");

    let mut reference = LossReference::new(2);
    assert_eq!(
        reference.add(&[1.0], 1.0, 1.0),
        Err(CannotEstimate::Ragged { values: 1, wanted: 2 })
    );
    reference.add(&[1.0, 2.0], 1.0, f64::NAN).expect("left out");
    assert_eq!(
        Dle::learn(&reference).err(),
        Some(CannotEstimate::TooFewRows { rows: 0, least: 200 })
    );
}

#[test]
fn estimates_nothing_when_no_row_was_predicted() {
    let reference = binary(&[(Some(0.2), None, false), (Some(0.4), None, true)]);
    let learned = Cbpe::learn(&reference).expect("both classes");
    let mut window = PredictionCounts::new();
    window.add(Some(f64::NAN), Some(true));
    window.add(None, Some(true));
    assert_eq!(window.without_score(), 2);
    let estimate = learned.estimate(&window);
    assert!(
        estimate
            .performance
            .iter()
            .all(|(_, measured)| measured == Err(Undefined::NoRows))
    );
    assert!(estimate.doubts(None).is_empty());

    // Without a class nothing is said of classes, and all of scores.
    window.add(Some(0.3), None);
    window.add(Some(0.9), None);
    let estimate = learned.estimate(&window);
    assert_eq!(estimate.performance.get(Measure::Precision), Err(Undefined::NoRows));
    assert_eq!(estimate.performance.get(Measure::BrierScore).expect("scores").rows, 2);
    assert_eq!((estimate.rows, estimate.beyond, estimate.doubts(None).len()), (2, 1, 1));
}
