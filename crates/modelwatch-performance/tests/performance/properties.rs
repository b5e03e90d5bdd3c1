//! What holds for any rows, in any order, merged in any way.

use modelwatch_performance::{
    BinaryCounts, Cbpe, Classes, Measure, Measured, MulticlassCounts, Performance, PredictionCounts, RegressionCounts,
    Undefined,
};
use proptest::prelude::*;

type Row = (Option<f64>, Option<bool>, bool);

fn score() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        6 => (0.0..=1.0).prop_map(Some),
        3 => (0_u8..=10).prop_map(|tenths| Some(f64::from(tenths) / 10.0)),
        1 => prop_oneof![Just(None), Just(Some(f64::NAN)), Just(Some(0.0)), Just(Some(1.0)), Just(Some(f64::MIN_POSITIVE))],
    ]
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    proptest::collection::vec((score(), any::<Option<bool>>(), any::<bool>()), 0..120)
}

fn binary(rows: &[Row]) -> BinaryCounts {
    let mut counts = BinaryCounts::new();
    for (score, predicted, actual) in rows {
        counts.add(*score, *predicted, *actual);
    }
    counts
}

fn merged(parts: &[BinaryCounts]) -> BinaryCounts {
    let mut all = BinaryCounts::new();
    for part in parts {
        all.merge(part);
    }
    all
}

/// Every value is inside of its interval, and both are where the measure can be.
fn assert_bounds(performance: &Performance) -> Result<(), TestCaseError> {
    for (measure, measured) in performance.iter() {
        let Ok(Measured {
            value,
            interval,
            within,
            ..
        }) = measured
        else {
            continue;
        };
        prop_assert!(value.is_finite(), "{measure}: {value}");
        prop_assert!(within == 0.0, "{measure}: {within}");
        let (low, high) = match measure {
            Measure::Bias => (f64::NEG_INFINITY, f64::INFINITY),
            Measure::RSquared => (f64::NEG_INFINITY, 1.0),
            Measure::MeanAbsoluteError | Measure::RootMeanSquaredError | Measure::LogLoss => (0.0, f64::INFINITY),
            Measure::BrierScore => (0.0, 2.0),
            _ => (0.0, 1.0),
        };
        prop_assert!(low <= value && value <= high, "{measure}: {value}");
        let Some(interval) = interval else { continue };
        // What chance adds to a calibration error is taken away for its interval.
        if measure != Measure::CalibrationError {
            prop_assert!(interval.contains(value), "{measure}: {value} {interval:?}");
        }
        prop_assert!(
            low <= interval.low && interval.low <= interval.high,
            "{measure}: {interval:?}"
        );
        if measure != Measure::BrierScore {
            prop_assert!(interval.high <= high, "{measure}: {interval:?}");
        }
    }
    Ok(())
}

proptest! {
    /// To the last bit, whoever counted which rows in which order.
    #[test]
    fn counts_the_same_when_rows_are_shuffled_and_merged(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        one in 0.0..1.0_f64,
        other in 0.0..1.0_f64,
    ) {
        let whole = binary(&rows).performance();
        let cut = |share: f64| (share * shuffled.len() as f64) as usize;
        let (first, second) = (cut(one.min(other)), cut(one.max(other)));
        let parts = [binary(&shuffled[..first]), binary(&shuffled[first..second]), binary(&shuffled[second..])];
        let left = merged(&[merged(&parts[..2]), parts[2].clone()]);
        let right = merged(&[parts[0].clone(), merged(&parts[1..])]);
        prop_assert_eq!(&left.performance(), &whole);
        prop_assert_eq!(&right.performance(), &whole);
        assert_bounds(&whole)?;
    }

    #[test]
    fn counts_numbers_the_same_when_rows_are_shuffled_and_merged(
        (rows, shuffled) in proptest::collection::vec((-1e6..1e6_f64, -1e3..1e3_f64), 0..100)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        cut in 0.0..1.0_f64,
        around in -1e3..1e3_f64,
    ) {
        let count = |rows: &[(f64, f64)]| {
            let mut counts = RegressionCounts::around(around);
            for (predicted, actual) in rows {
                counts.add(*predicted, *actual);
            }
            counts
        };
        let whole = count(&rows).performance();
        let cut = (cut * rows.len() as f64) as usize;
        let mut merged = count(&shuffled[cut..]);
        merged.merge(&count(&shuffled[..cut])).expect("around one number");
        prop_assert_eq!(&merged.performance(), &whole);
        assert_bounds(&whole)?;
    }

    #[test]
    fn counts_classes_the_same_when_rows_are_shuffled_and_merged(
        (rows, shuffled) in proptest::collection::vec((proptest::collection::vec(0.01..1.0_f64, 4), 0_usize..4, 0_usize..4), 0..100)
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle())),
        cut in 0.0..1.0_f64,
    ) {
        let names = ["a", "b", "c", "d"];
        let classes = Classes::new(names).expect("classes");
        let count = |rows: &[(Vec<f64>, usize, usize)]| {
            let mut counts = MulticlassCounts::new(&classes);
            for (weights, predicted, actual) in rows {
                let sum: f64 = weights.iter().sum();
                let scores: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
                counts.add(Some(&scores), Some(names[*predicted]), names[*actual]);
            }
            counts
        };
        let whole = count(&rows).performance();
        let cut = (cut * rows.len() as f64) as usize;
        let mut merged = count(&shuffled[cut..]);
        merged.merge(&count(&shuffled[..cut])).expect("the same classes");
        prop_assert_eq!(&merged.performance(), &whole);
        assert_bounds(&whole)?;
    }

    /// A score's order is all that the area knows of it.
    #[test]
    fn keeps_area_when_scores_are_rescaled(rows in rows()) {
        let rescaled: Vec<Row> = rows
            .iter()
            .map(|(score, predicted, actual)| (score.map(|score| 8.0 * score - 4.0), *predicted, *actual))
            .collect();
        // Scores that rounding makes equal are another matter.
        let distinct = |rows: &[Row]| {
            let mut bits: Vec<u64> = rows.iter().filter_map(|row| row.0).map(|score| (score + 0.0).to_bits()).collect();
            bits.sort_unstable();
            bits.dedup();
            bits.len()
        };
        prop_assume!(distinct(&rows) == distinct(&rescaled));
        let area = |rows: &[Row]| binary(rows).performance().get(Measure::RocAuc);
        prop_assert_eq!(area(&rows), area(&rescaled));
    }

    /// An estimate of any window is where its measures can be, whatever was learned.
    #[test]
    fn estimates_within_bounds_when_window_is_any(reference in rows(), window in rows()) {
        let Ok(learned) = Cbpe::learn(&binary(&reference)) else {
            return Ok(());
        };
        let mut counts = PredictionCounts::new();
        for (score, predicted, _) in &window {
            counts.add(*score, *predicted);
        }
        let mut before = 0.0;
        for step in -2..=12 {
            let probability = learned.probability(f64::from(step) / 10.0);
            prop_assert!((before..=1.0).contains(&probability), "{step}: {probability} after {before}");
            before = probability;
        }
        assert_bounds(&learned.estimate(&counts).performance)?;
    }
}

/// A class of which there is none says so, and does not pass as 0.
#[test]
fn has_no_area_when_a_class_never_happens() {
    let mut counts = MulticlassCounts::new(&Classes::new(["a", "b", "c"]).expect("classes"));
    for actual in ["a", "b", "a"] {
        counts.add(Some(&[0.3, 0.3, 0.4]), Some("a"), actual);
    }
    assert_eq!(counts.performance().get(Measure::RocAuc), Err(Undefined::OneClass));
    assert_eq!(counts.performance().get(Measure::Recall).expect("rows").value, 0.5);
}
