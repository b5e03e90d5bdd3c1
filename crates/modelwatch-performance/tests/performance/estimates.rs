//! Estimates: when they follow the truth, and when they say that they can't.

use modelwatch_performance::{
    BinaryCounts, Cbpe, Classes, Dle, Doubt, LossCounts, LossReference, Measure, MulticlassCbpe, MulticlassCounts,
    MulticlassPredictionCounts, PredictionCounts, RegressionCounts, Unmergeable,
};

use crate::drawn::Draw;

fn reference(draw: &mut Draw, rows: usize) -> BinaryCounts {
    let mut reference = BinaryCounts::new();
    for _ in 0..rows {
        let score = draw.share();
        reference.add(Some(score), Some(score > 0.5), draw.happens(score));
    }
    reference
}

/// The relation of scores and labels turns round: nothing shows it before labels come, and then it is said.
#[test]
fn doubts_the_estimate_when_labels_refute_it() {
    let mut draw = Draw::new(21);
    let learned = Cbpe::learn(&reference(&mut draw, 20_000)).expect("both classes");
    for (turned, doubted) in [(false, false), (true, true)] {
        let (mut window, mut labelled) = (PredictionCounts::new(), BinaryCounts::new());
        for _ in 0..2_000 {
            let score = draw.share();
            window.add(Some(score), Some(score > 0.5));
            labelled.add(
                Some(score),
                Some(score > 0.5),
                draw.happens(if turned { 0.5 } else { score }),
            );
        }
        let estimate = learned.estimate(&window);
        assert!(estimate.doubts(None).is_empty());
        let doubts = estimate.doubts(Some(&labelled.performance()));
        let refuted = |doubt: &Doubt| {
            matches!(
                doubt,
                Doubt::Refuted {
                    measure: Measure::Accuracy,
                    ..
                }
            )
        };
        assert_eq!(doubts.iter().any(refuted), doubted, "{doubts:?}");
        if doubted {
            let said = doubts
                .iter()
                .find(|doubt| refuted(doubt))
                .expect("it is there")
                .to_string();
            assert!(
                said.contains("accuracy is 0.") && said.contains("concept drift"),
                "{said}"
            );
        } else {
            assert!(doubts.is_empty(), "{doubts:?}");
        }
    }
}

/// Scores that the reference never had are counted, and one in a hundred of them is enough to doubt.
#[test]
fn doubts_the_estimate_when_scores_are_beyond_the_reference() {
    let mut learned_from = BinaryCounts::new();
    for row in 0..1_000 {
        learned_from.add(Some(0.3 + f64::from(row) / 5_000.0), None, row % 3 == 0);
    }
    let learned = Cbpe::learn(&learned_from).expect("both classes");
    let mut window = PredictionCounts::new();
    for row in 0..1_000 {
        window.add(Some(if row < 11 { 0.9 } else { 0.4 }), None);
    }
    let estimate = learned.estimate(&window);
    assert_eq!(estimate.doubts(None), [Doubt::Beyond { rows: 11, of: 1_000 }]);
}

/// Several classes, more often of one than in the reference: the estimate follows what labels say.
#[test]
fn follows_the_truth_when_classes_are_several() {
    const NAMES: [&str; 3] = ["a", "b", "c"];
    let classes = Classes::new(NAMES).expect("classes");
    let mut draw = Draw::new(22);
    let mut row = |lean: f64| {
        let weights = [0.0, lean, 0.3].map(|centre: f64| (centre + 1.3 * draw.normal()).exp());
        let sum: f64 = weights.iter().sum();
        let scores = weights.map(|weight| weight / sum);
        let mut left = draw.share();
        let drawn = scores.iter().position(|score| {
            left -= score;
            left <= 0.0
        });
        let highest = (0..3)
            .max_by(|one, other| scores[*one].total_cmp(&scores[*other]))
            .expect("three");
        (scores, NAMES[highest], NAMES[drawn.unwrap_or(2)])
    };
    let mut learned_from = MulticlassCounts::new(&classes);
    for _ in 0..30_000 {
        let (scores, predicted, actual) = row(0.0);
        learned_from.add(Some(&scores), Some(predicted), actual);
    }
    let learned = MulticlassCbpe::learn(&learned_from).expect("every class");
    let (mut labelled, mut window) = (
        MulticlassCounts::new(&classes),
        MulticlassPredictionCounts::new(&classes),
    );
    for _ in 0..20_000 {
        let (scores, predicted, actual) = row(1.5);
        labelled.add(Some(&scores), Some(predicted), actual);
        window.add(&scores, predicted);
    }
    window.add(&[0.1, 0.9], "a");
    assert_eq!(window.left_out(), 1);
    let (realised, of_reference) = (labelled.performance(), learned_from.performance());
    let estimate = learned.estimate(&window).expect("the same classes");
    assert_eq!(estimate.rows, 20_000);
    for (measure, estimated) in estimate.performance.iter() {
        let value = |measured: Result<modelwatch_performance::Measured, _>| measured.expect("it is defined").value;
        let (estimated, realised, before) = (
            value(estimated),
            value(realised.get(measure)),
            value(of_reference.get(measure)),
        );
        assert!(
            (estimated - realised).abs() < 0.015,
            "{measure}: {estimated}, {realised}"
        );
        let moved = (realised - before).abs();
        assert!(
            moved < 0.02 || (estimated - realised).abs() < moved / 2.0,
            "{measure}: {estimated}, {realised}, {before} before"
        );
    }
    let others = MulticlassPredictionCounts::new(&Classes::new(["a", "b"]).expect("classes"));
    assert_eq!(learned.estimate(&others).err(), Some(Unmergeable::Classes));
}

/// Errors that depend on a feature, a category and a missing value are followed as those come more often; merged parts say
/// the same.
#[test]
fn follows_the_truth_when_errors_depend_on_features() {
    let mut draw = Draw::new(23);
    let mut row = |often: f64| {
        let risky = draw.happens(often);
        let missing = draw.happens(often / 2.0);
        let noise = if risky { 5.0 } else { 1.0 } + if missing { 3.0 } else { 0.0 };
        let features = [
            f64::from(u8::from(risky)),
            if missing { f64::NAN } else { draw.normal() },
            draw.normal(),
        ];
        let predicted = 100.0 + 10.0 * draw.normal();
        (features, predicted, predicted + noise * draw.normal())
    };
    let mut reference = LossReference::new(3);
    let mut before = RegressionCounts::new();
    for _ in 0..20_000 {
        let (features, predicted, actual) = row(0.1);
        reference.add(&features, predicted, actual).expect("three features");
        before.add(predicted, actual);
    }
    let learned = Dle::learn(&reference).expect("enough rows");
    let mut labelled = RegressionCounts::new();
    let (mut window, mut part) = (LossCounts::new(), LossCounts::new());
    let mut whole = LossCounts::new();
    for place in 0..20_000 {
        let (features, predicted, actual) = row(0.6);
        labelled.add(predicted, actual);
        learned.count(&mut whole, &features, predicted);
        learned.count(
            if place % 3 == 0 { &mut part } else { &mut window },
            &features,
            predicted,
        );
    }
    learned.count(&mut window, &[1.0], 1.0);
    learned.count(&mut window, &[1.0, 1.0, 1.0], f64::NAN);
    window.merge(&part);
    assert_eq!(window.left_out(), 2);
    let estimate = learned.estimate(&window);
    assert_eq!(estimate, learned.estimate(&whole));
    for measure in [Measure::MeanAbsoluteError, Measure::RootMeanSquaredError] {
        let estimated = estimate.performance.get(measure).expect("rows").value;
        let realised = labelled.performance().get(measure).expect("rows").value;
        let before = before.performance().get(measure).expect("rows").value;
        assert!(realised > 1.5 * before, "{measure}: {realised} after {before}");
        assert!(
            (estimated / realised - 1.0).abs() < 0.06,
            "{measure}: {estimated}, {realised}"
        );
    }
}
