//! Buckets of any shape count every value where it belongs.

use std::time::Duration;

use modelwatch::{Format, Model, Monitor, Status};
use modelwatch_testkit::{
    NativeHistogram, Sample, Value, openmetrics_strict, prometheus_text_strict, promtool_check_metrics, protobuf_decode,
};
use proptest::prelude::*;

fn bounds() -> impl Strategy<Value = Vec<f64>> {
    let bound = prop_oneof![
        any::<f64>().prop_filter("finite", |bound| bound.is_finite()),
        -10.0..10.0f64,
        prop::sample::select(vec![
            0.0,
            1.0,
            -1.0,
            0.5,
            5e-324,
            1e-310,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            1e300,
            1e-300
        ]),
    ];
    prop::collection::vec(bound, 1..30).prop_map(|mut bounds| {
        bounds.sort_by(f64::total_cmp);
        bounds.dedup_by(|a, b| a == b);
        bounds
    })
}

/// On bounds, next to them, and anywhere.
#[expect(clippy::incompatible_msrv, reason = "the tests are built with the newest compiler")]
fn values(bounds: Vec<f64>) -> impl Strategy<Value = (Vec<f64>, Vec<f64>)> {
    let near = prop::sample::select(bounds.clone()).prop_flat_map(|bound| {
        prop::sample::select(vec![
            bound,
            bound.next_up(),
            bound.next_down(),
            bound * 2.0,
            -bound,
            0.0,
            -0.0,
        ])
    });
    let value = prop_oneof![near, any::<f64>(), -1.0..1.0f64].prop_filter("finite", |value: &f64| value.is_finite());
    (Just(bounds), prop::collection::vec(value, 0..200))
}

/// Whether a native bucket of schema 3 holds a value, by the definition of its bounds as powers of the eighth root of two.
/// Bounds are irrational or powers of two, so only those need to be exact.
fn native_holds(native: &NativeHistogram, value: f64) -> bool {
    if value.abs() <= native.zero_threshold {
        return native.zero_count > 0;
    }
    let exact = value.abs().log2() * 8.0;
    let near = [exact.ceil() as i32 - 1, exact.ceil() as i32, exact.ceil() as i32 + 1];
    let side = if value > 0.0 {
        &native.positive
    } else {
        &native.negative
    };
    let overflow = 1024 * 8 + 1;
    near.iter().any(|index| side.contains_key(index)) || side.contains_key(&overflow)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn classic_counts_are_those_of_counting_one_by_one((bounds, values) in bounds().prop_flat_map(values)) {
        let monitor = Monitor::builder().process_metrics(false).build().expect("valid");
        let model = monitor.model("m", "1").score_buckets(bounds.clone()).register().expect("valid bounds");
        model.record_predictions(&values);
        let families = protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).map_err(TestCaseError::fail)?;
        let scores = families.iter().find(|family| family.name == "ml_prediction_score").expect("scores");
        let Value::Histogram(histogram) = &scores.metrics[0].value else { panic!("a histogram") };
        prop_assert_eq!(histogram.count, values.len() as u64);
        for (bucket, bound) in histogram.buckets.iter().zip(bounds.iter().chain([&f64::INFINITY])) {
            prop_assert_eq!(bucket.upper_bound, *bound);
            let expected = values.iter().filter(|value| *value <= bound).count() as u64;
            prop_assert_eq!(bucket.cumulative_count, expected, "at {}", bound);
        }
        let native = histogram.native.as_ref().expect("native buckets");
        let sides = native.positive.values().chain(native.negative.values());
        prop_assert_eq!(native.zero_count + sides.sum::<u64>(), values.len() as u64);
        for value in values {
            prop_assert!(native_holds(native, value), "{} in {:?}", value, native);
        }
    }
}

/// The bounds of one histogram, as a text page spells them.
fn bounds_on(page: Vec<Sample>, name: &str) -> Vec<f64> {
    let buckets = page.into_iter().filter(|sample| sample.name == name);
    buckets
        .map(|sample| sample.labels["le"].parse().expect("a bound"))
        .collect()
}

#[test]
fn judged_bounds_of_any_size_are_spelt_so_that_every_parser_reads_them() {
    let scores = [
        vec![-0.0],
        vec![5e-324],
        vec![-5e-324, 5e-324],
        vec![-1e-310],
        vec![f64::MIN, f64::MAX],
        (-30..30).map(|exponent| 10f64.powi(exponent)).collect(),
        (1..=200).map(f64::from).collect(),
    ];
    let latencies = [
        vec![1e-9],
        vec![1e-9, 1.4e-9, 1.6e-9],
        vec![1e300, 1e301, f64::MAX],
        (1..=200).map(|milliseconds| f64::from(milliseconds) * 1e-3).collect(),
    ];
    let around = |bound: &f64| [bound.next_down(), *bound, bound.next_up()];
    let durations = [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_secs(1),
        Duration::MAX,
    ];
    let check = |monitor: Monitor, model: Model, name, bounds: Vec<f64>| {
        model.record_predictions(&bounds.iter().flat_map(around).collect::<Vec<_>>());
        for duration in durations {
            model.route("predict").record(Status::Success, duration);
            model.record_stage(modelwatch::Stage::Compute, duration);
        }
        let text = monitor.encode(Format::PrometheusText);
        promtool_check_metrics(&text).expect("promtool");
        let text = prometheus_text_strict(&text).expect("Prometheus text");
        let open = openmetrics_strict(&monitor.encode(Format::OpenMetricsText)).expect("OpenMetrics");
        protobuf_decode(&monitor.encode(Format::PrometheusProtobuf)).expect("protobuf");
        let expected = [&bounds[..], &[f64::INFINITY]].concat();
        assert_eq!(bounds_on(text, name), expected);
        assert_eq!(bounds_on(open, name), expected);
    };
    for bounds in scores {
        let monitor = Monitor::builder().process_metrics(false).build().expect("valid");
        let model = monitor
            .model("m", "1")
            .score_buckets(&bounds[..])
            .register()
            .expect("valid");
        check(monitor, model, "ml_prediction_score_bucket", bounds);
    }
    for bounds in latencies {
        let builder = Monitor::builder().process_metrics(false).latency_buckets(&bounds[..]);
        let monitor = builder.build().expect("valid");
        let model = monitor.resolve("m", "1");
        check(monitor, model, "ml_inference_latency_seconds_bucket", bounds);
    }
}
