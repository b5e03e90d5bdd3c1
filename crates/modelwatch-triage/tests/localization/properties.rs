//! What holds of any table.

use modelwatch_triage::localization::{Settings, Table, localize};
use proptest::collection::vec;
use proptest::prelude::*;

/// Counts as a broken source may have them.
fn count() -> impl Strategy<Value = f64> {
    prop_oneof![
        8 => 0.0..200.0,
        1 => Just(0.0),
        1 => proptest::num::f64::ANY,
    ]
}

fn quick() -> Settings {
    let mut settings = Settings::default();
    settings.replicates = 9;
    settings
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_figure_is_a_number_in_its_range(
        rows in vec(("[ab\"\\\\\n]{0,2}", "[xyz]", 0..5_usize, count(), count()), 0..40),
    ) {
        let mut table = Table::new(["a", "b"], 4);
        for (a, b, back, events, trials) in &rows {
            match back {
                0 => table.add_now(&[a, b], *events, *trials),
                back => table.add_past(*back, &[a, b], *events, *trials),
            }
        }
        let found = localize(&table, &quick());
        for candidate in &found.ranked {
            prop_assert!((0.0..=1.0).contains(&candidate.share), "{candidate:?}");
            prop_assert!(candidate.p_value > 0.0 && candidate.p_value <= 1.0, "{candidate:?}");
            prop_assert!(candidate.events > candidate.expected, "{candidate:?}");
            prop_assert!(candidate.log_likelihood_ratio > 0.0, "{candidate:?}");
        }
    }

    #[test]
    fn distinct_answers_are_no_relatives(
        rows in vec((0..3_usize, 0..3_usize, 0..3_usize, 0.0..200.0), 1..40),
    ) {
        let mut table = Table::new(["a", "b", "c"], 1);
        for (a, b, c, events) in &rows {
            let values = [a, b, c].map(ToString::to_string);
            table.add_past(1, &values, 1.0, 100.0);
            table.add_now(&values, *events, 100.0);
        }
        let found = localize(&table, &quick());
        let distinct = found.distinct();
        prop_assert_eq!(distinct.first().copied(), found.ranked.first());
        for (index, one) in distinct.iter().enumerate() {
            for other in &distinct[..index] {
                let within = |narrow: &[(String, String)], wide: &[(String, String)]| wide.iter().all(|label| narrow.contains(label));
                prop_assert!(!within(&one.labels, &other.labels) && !within(&other.labels, &one.labels));
            }
        }
    }

    #[test]
    fn rows_of_the_same_values_add_up(events in vec(0.0..50.0, 1..6)) {
        let (mut split, mut whole) = (Table::new(["a"], 1), Table::new(["a"], 1));
        for table in [&mut split, &mut whole] {
            table.add_past(1, &["x"], 5.0, 500.0);
            table.add_past(1, &["y"], 5.0, 500.0);
        }
        for &number in &events {
            split.add_now(&["x"], number, 100.0);
        }
        whole.add_now(&["x"], events.iter().sum(), 100.0 * events.len() as f64);
        let (split, whole) = (localize(&split, &quick()), localize(&whole, &quick()));
        prop_assert_eq!(split.ranked.len(), whole.ranked.len());
        for (one, other) in split.ranked.iter().zip(&whole.ranked) {
            prop_assert_eq!(&one.labels, &other.labels);
            prop_assert!((one.expected - other.expected).abs() < 1e-6);
        }
    }
}
