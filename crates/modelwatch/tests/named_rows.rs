//! Rows that name their features: the counts are those of the values, in whatever order names come and however it changes.

use std::collections::BTreeMap;
use std::sync::Barrier;

use modelwatch::{Feature, FeatureValue, Format, Limits, Monitor};
use modelwatch_testkit::MetricsPage;
use proptest::prelude::*;

const DECLARED: usize = 70;
const STRANGERS: usize = 3;

/// By name: observed, missing, out of range.
type Counts = BTreeMap<String, [f64; 3]>;

fn name(number: usize) -> String {
    // Alike, and of lengths from 2 to 39.
    format!("f{:0width$}", number, width = 1 + number % 38)
}

fn counts_of(monitor: &Monitor) -> Counts {
    let page = MetricsPage::parse(&monitor.encode(Format::PrometheusText));
    let families = [
        "ml_feature_observations_total",
        "ml_feature_missing_total",
        "ml_feature_out_of_range_total",
    ];
    let names = page.labels_of(families[0], "feature_name");
    let count = |name: &String| families.map(|family| page.sum(family, &[("feature_name", name)]));
    names.iter().map(|name| (name.clone(), count(name))).collect()
}

/// What a row is to count, found the slow way.
fn expect(counts: &mut Counts, row: &[(usize, FeatureValue<'_>)]) {
    for (position, (number, value)) in row.iter().enumerate() {
        let declared = *number < DECLARED;
        let again = row[..position].iter().any(|(earlier, _)| earlier == number);
        if declared && again {
            continue;
        }
        let [observed, missing, out_of_range] = counts.entry(name(*number)).or_default();
        *observed += 1.0;
        match value {
            FeatureValue::Missing => *missing += 1.0,
            FeatureValue::Number(number) if declared && *number < 0.0 => *out_of_range += 1.0,
            _ => {}
        }
    }
    for number in (0..DECLARED).filter(|number| row.iter().all(|(named, _)| named != number)) {
        let [observed, missing, _] = counts.entry(name(number)).or_default();
        (*observed, *missing) = (*observed + 1.0, *missing + 1.0);
    }
}

fn monitor() -> Monitor {
    let limits = Limits::new().features_per_model(DECLARED);
    Monitor::builder()
        .limits(limits)
        .process_metrics(false)
        .build()
        .expect("valid limits")
}

fn declared() -> impl Iterator<Item = Feature> {
    (0..DECLARED).map(|number| Feature::numeric(name(number)).range(0.0..=1.0))
}

fn value() -> impl Strategy<Value = FeatureValue<'static>> {
    prop_oneof![
        8 => Just(FeatureValue::Number(0.5)),
        1 => Just(FeatureValue::Number(-1.0)),
        1 => Just(FeatureValue::Missing),
    ]
}

/// In the declared order, in another one, or at random with names twice and names nobody declared; some of the row only.
fn row() -> impl Strategy<Value = Vec<(usize, FeatureValue<'static>)>> {
    let order = prop_oneof![
        Just((0..DECLARED).collect::<Vec<_>>()),
        Just((0..DECLARED).map(|number| number * 27 % DECLARED).collect()),
        Just((0..DECLARED + STRANGERS).collect::<Vec<_>>()).prop_shuffle(),
        prop::collection::vec(0..DECLARED + STRANGERS, 0..2 * DECLARED),
    ];
    (order, 0..=2 * DECLARED, value(), any::<prop::sample::Index>()).prop_map(|(mut order, len, value, at)| {
        order.truncate(len);
        let mut row: Vec<_> = order
            .into_iter()
            .map(|number| (number, FeatureValue::Number(0.5)))
            .collect();
        if !row.is_empty() {
            at.get_mut(&mut row).1 = value;
        }
        row
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Each row some times in turn, so that its order is learned, and forgotten for another.
    #[test]
    fn counts_each_value_whatever_order_names_come_in(rows in prop::collection::vec((row(), 1..70usize), 1..8)) {
        let monitor = monitor();
        let model = monitor.model("m", "1").features(declared()).register().expect("valid");
        let mut expected: Counts = declared().map(|feature| (feature.name().to_owned(), [0.0; 3])).collect();
        for (row, times) in &rows {
            let named: Vec<_> = row.iter().map(|(number, value)| (name(*number), *value)).collect();
            for _ in 0..*times {
                model.record_named_features(named.iter().map(|(name, value)| (name, *value)));
                expect(&mut expected, row);
            }
        }
        prop_assert_eq!(counts_of(&monitor), expected);
    }
}

#[test]
fn counts_each_value_when_threads_name_features_in_orders_of_their_own() {
    const ROWS: usize = 2_000;
    let monitor = monitor();
    let model = monitor.model("m", "1").features(declared()).register().expect("valid");
    // None has a divisor in common with the number of features.
    let steps = [1, 3, 27, 69];
    let begin = Barrier::new(steps.len());
    std::thread::scope(|scope| {
        for step in steps {
            let (model, begin) = (&model, &begin);
            scope.spawn(move || {
                let numbers = (0..DECLARED).map(|number| number * step % DECLARED);
                let row: Vec<_> = numbers
                    .map(|number| (name(number), if number == step { -1.0 } else { 0.5 }))
                    .collect();
                begin.wait();
                (0..ROWS).for_each(|_| model.record_named_features(row.iter().map(|(name, value)| (name, *value))));
            });
        }
    });
    let (rows, counted) = (ROWS as f64, counts_of(&monitor));
    for number in 0..DECLARED {
        let out_of_range = if steps.contains(&number) { rows } else { 0.0 };
        assert_eq!(
            counted[&name(number)],
            [4.0 * rows, 0.0, out_of_range],
            "{}",
            name(number)
        );
    }
}
