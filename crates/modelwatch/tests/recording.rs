//! What is recorded is what is on the page.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant};

use modelwatch::{Feature, FeatureValue, Format, Model, Monitor, Stage, Status};
use modelwatch_testkit::{MetricsPage, prometheus_text_strict};

fn page(monitor: &Monitor) -> MetricsPage {
    MetricsPage::parse(&monitor.encode(Format::PrometheusText))
}

fn model(monitor: &Monitor) -> Model {
    monitor.model("m", "1").register().expect("valid")
}

#[test]
fn scores_that_are_no_numbers_are_counted_apart() {
    let monitor = Monitor::new();
    let model = model(&monitor);
    model.record_predictions(&[0.25, f64::NAN, f64::INFINITY, 0.5]);
    model.record_prediction(f64::NEG_INFINITY);
    model.record_prediction(0.25f32);
    let page = page(&monitor);
    assert_eq!(page.sum("ml_prediction_score_count", &[]), 3.0);
    assert_eq!(page.sum("ml_prediction_score_sum", &[]), 1.0);
    assert_eq!(page.sum("ml_prediction_non_finite_total", &[]), 3.0);
}

#[test]
fn a_sum_that_overflows_stays_a_number() {
    let monitor = Monitor::new();
    let model = model(&monitor);
    model.record_predictions(&[f64::MAX, f64::MAX]);
    thread::scope(|scope| {
        scope.spawn(|| model.record_predictions(&[f64::MIN, f64::MIN, f64::MIN]));
    });
    let page = page(&monitor);
    assert!(page.sum("ml_prediction_score_sum", &[]).is_finite());
    assert_eq!(page.sum("ml_prediction_score_count", &[]), 5.0);
}

#[test]
fn classes_count_by_name_and_by_handle_and_never_for_another_version() {
    let monitor = Monitor::new();
    let stable = monitor
        .model("m", "1")
        .classes(["cat", "dog"])
        .register()
        .expect("valid");
    let canary = monitor.model("m", "2").register().expect("valid");
    canary.record_prediction(0.1).class("bird");
    let dog = stable.class("dog");
    stable.record_prediction(0.1).class(&dog);
    stable.record_prediction(0.1).class("dog");
    // A handle of the other version names the class all the same.
    canary.record_prediction(0.1).class(&dog);
    let page = page(&monitor);
    let count = |version, class| {
        page.sum(
            "ml_prediction_class_total",
            &[("model_version", version), ("class", class)],
        )
    };
    assert_eq!(count("1", "dog"), 2.0);
    assert_eq!(count("2", "dog"), 1.0);
    assert_eq!(count("2", "bird"), 1.0);
    let declared = page.labels_of("ml_prediction_class_total", "class");
    assert!(declared.contains("cat"), "exposed from the start");
}

/// Observations, missing, defaulted, out of range.
fn counts(page: &MetricsPage, feature: &str) -> [f64; 4] {
    ["observations", "missing", "defaulted", "out_of_range"]
        .map(|what| page.sum(&format!("ml_feature_{what}_total"), &[("feature_name", feature)]))
}

fn with_features(monitor: &Monitor) -> Model {
    let features = [
        Feature::numeric("income").range(0.0..=100.0),
        Feature::categorical("channel").categories(["web", "phone"]),
        Feature::categorical("zipcode"),
    ];
    monitor.model("m", "1").features(features).register().expect("valid")
}

#[test]
fn a_row_counts_what_is_missing_defaulted_or_out_of_range() {
    use FeatureValue::{Category, Defaulted, Missing, Number};
    let cases: &[(&[FeatureValue<'_>], [[f64; 4]; 3])] = &[
        (&[Number(0.0), Category("web"), Category("1")], [[1., 0., 0., 0.]; 3]),
        (&[Number(100.0), Category("phone"), Category("")], [[1., 0., 0., 0.]; 3]),
        (&[Number(100.1), Category("fax"), Number(1.0)], [[1., 0., 0., 1.]; 3]),
        (
            &[Number(f64::NEG_INFINITY), Number(0.0), Number(0.0)],
            [[1., 0., 0., 1.]; 3],
        ),
        (&[Category("5"), Category("Web"), Number(0.0)], [[1., 0., 0., 1.]; 3]),
        (&[Number(f64::NAN), Missing, Number(f64::NAN)], [[1., 1., 0., 0.]; 3]),
        (&[Defaulted, Defaulted, Defaulted], [[1., 0., 1., 0.]; 3]),
        // A row that ends early has the rest missing.
        (&[], [[1., 1., 0., 0.]; 3]),
        // What comes after the last declared feature is nobody's.
        (
            &[Number(1.0), Category("web"), Category("1"), Missing, Number(1.0)],
            [[1., 0., 0., 0.]; 3],
        ),
    ];
    for (row, expected) in cases {
        let monitor = Monitor::new();
        with_features(&monitor).record_features(*row);
        let page = page(&monitor);
        for (feature, expected) in ["income", "channel", "zipcode"].into_iter().zip(expected) {
            assert_eq!(counts(&page, feature), *expected, "{feature} in {row:?}");
        }
    }
}

#[test]
fn rows_may_be_written_in_whatever_type_is_at_hand() {
    let monitor = Monitor::new();
    let model = monitor
        .model("m", "1")
        .features(["a", "b"].map(Feature::numeric))
        .register()
        .expect("valid");
    model.record_features([Some(1.0), None]);
    let row = [Some(1.0f32), None];
    model.record_features(row.iter());
    model.record_features(vec![1u8, 2]);
    model.record_features([1i32, 2]);
    model.record_features([true, false]);
    let numbers = vec![1.5, 2.5];
    model.record_features(&numbers);
    model.record_features(&numbers[..]);
    drop(numbers);
    let page = page(&monitor);
    assert_eq!(
        (counts(&page, "a"), counts(&page, "b")),
        ([7., 0., 0., 0.], [7., 2., 0., 0.])
    );
}

#[test]
fn a_row_by_name_has_missing_what_it_does_not_name() {
    let monitor = Monitor::new();
    let model = with_features(&monitor);
    let category = FeatureValue::Category;
    model.record_named_features([("zipcode", category("1")), ("income", FeatureValue::Number(-1.0))]);
    model.record_named_features([
        ("channel", category("web")),
        ("channel", category("fax")),
        ("stranger", category("x")),
    ]);
    model.record_named_features(Vec::<(String, f64)>::new());
    let page = page(&monitor);
    assert_eq!(counts(&page, "income"), [3., 2., 0., 1.]);
    assert_eq!(counts(&page, "channel"), [3., 2., 0., 0.], "the first of two wins");
    assert_eq!(counts(&page, "zipcode"), [3., 2., 0., 0.]);
    assert_eq!(counts(&page, "stranger"), [1., 0., 0., 0.]);
}

#[test]
fn one_feature_can_be_recorded_alone() {
    let monitor = Monitor::new();
    let model = with_features(&monitor);
    model.record_feature("income", 500.0);
    model.record_feature("income", None::<f64>);
    model.record_feature("unheard_of", FeatureValue::Defaulted);
    let page = page(&monitor);
    assert_eq!(counts(&page, "income"), [2., 1., 0., 1.]);
    assert_eq!(counts(&page, "unheard_of"), [1., 0., 1., 0.]);
    assert_eq!(counts(&page, "zipcode"), [0.; 4]);
}

#[test]
fn features_belong_to_the_model_and_survive_its_versions() {
    let monitor = Monitor::new();
    for version in ["1", "2", "3"] {
        let model = monitor
            .model("m", version)
            .features([Feature::numeric("a")])
            .register()
            .expect("valid");
        model.record_features([None::<f64>]);
        model.retire();
        for _ in 0..3 {
            let _ = monitor.encode(Format::PrometheusText);
        }
        assert!(
            !page(&monitor)
                .labels_of("ml_model_info", "model_version")
                .contains(version),
            "let go"
        );
    }
    assert_eq!(counts(&page(&monitor), "a"), [3., 3., 0., 0.]);
    // It comes back, and its rows are not counted twice.
    monitor.resolve("m", "2").record_features([1.0]);
    assert_eq!(counts(&page(&monitor), "a"), [4., 3., 0., 0.]);
}

#[test]
fn rows_recorded_through_a_handle_that_was_let_go_still_count() {
    let monitor = Monitor::new();
    let model = with_features(&monitor);
    model.record_features([FeatureValue::Missing]);
    model.retire();
    (0..3).for_each(|_| drop(monitor.encode(Format::PrometheusText)));
    (0..5).for_each(|_| model.record_features([FeatureValue::Missing]));
    let counted = page(&monitor);
    assert!(counted.labels_of("ml_model_info", "model_version").is_empty(), "let go");
    assert_eq!(counts(&counted, "income"), [6., 6., 0., 0.]);
    assert_eq!(
        counted.sum("ml_feature_missing_ratio", &[("feature_name", "income")]),
        1.0
    );
    // Nor are they lost when the version is forgotten, or counted twice when it comes back before.
    assert_eq!(with_features(&monitor).version(), "1");
    assert_eq!(counts(&page(&monitor), "income"), [6., 6., 0., 0.]);
    model.retire();
    for version in 2..60 {
        monitor.resolve("m", &version.to_string()).retire();
        (0..2).for_each(|_| drop(monitor.encode(Format::PrometheusText)));
    }
    assert_eq!(counts(&page(&monitor), "income"), [6., 6., 0., 0.]);
}

#[test]
fn judged_the_missing_ratio_slides_over_its_window() {
    let monitor = Monitor::builder()
        .window(Duration::from_millis(400))
        .build()
        .expect("valid");
    let model = monitor
        .model("m", "1")
        .features([Feature::numeric("a")])
        .register()
        .expect("valid");
    let ratio = || {
        let page = prometheus_text_strict(&monitor.encode(Format::PrometheusText)).expect("a page");
        page.iter()
            .find(|sample| sample.name == "ml_feature_missing_ratio")
            .map(|sample| sample.value)
    };
    assert_eq!(ratio(), None, "no observation, no ratio");
    (0..30).for_each(|_| model.record_features([None::<f64>]));
    (0..10).for_each(|_| model.record_features([1.0]));
    assert_eq!(ratio(), Some(0.75));
    let deadline = Instant::now() + Duration::from_secs(10);
    while ratio().is_some() {
        assert!(Instant::now() < deadline, "the observations never left the window");
        thread::sleep(Duration::from_millis(20));
    }
    (0..4).for_each(|_| model.record_features([1.0]));
    assert_eq!(ratio(), Some(0.0), "what has left the window does not come back");
    assert_eq!(
        counts(&page(&monitor), "a"),
        [44., 30., 0., 0.],
        "counters keep everything"
    );
}

#[test]
fn queue_batch_stage_and_outcome_are_recorded() {
    let monitor = Monitor::new();
    let model = model(&monitor);
    model.set_queue_depth(7);
    model.set_queue_depth(2);
    [0, 1, 5000].into_iter().for_each(|rows| model.record_batch_size(rows));
    model.record_stage(Stage::Queue, Duration::from_millis(20));
    {
        let _compute = model.start_stage(Stage::Compute);
        thread::sleep(Duration::from_millis(5));
    }
    model.record_outcome("approved");
    model.record_outcome("approved");
    model.set_pipeline_version("7");
    model.set_pipeline_version("8");
    let page = page(&monitor);
    assert_eq!(page.sum("ml_inference_queue_depth", &[]), 2.0);
    assert_eq!(page.sum("ml_inference_batch_size_sum", &[]), 5001.0);
    assert_eq!(page.sum("ml_inference_batch_size_bucket", &[("le", "1.0")]), 2.0);
    assert_eq!(page.sum("ml_inference_batch_size_bucket", &[("le", "1024.0")]), 2.0);
    assert_eq!(page.sum("ml_inference_stage_seconds_sum", &[("stage", "queue")]), 0.02);
    assert!(page.sum("ml_inference_stage_seconds_sum", &[("stage", "compute")]) >= 0.005);
    assert_eq!(page.sum("ml_business_outcome_total", &[("outcome", "approved")]), 2.0);
    assert_eq!(
        page.labels_of("ml_feature_pipeline_info", "pipeline_version"),
        ["8".to_owned()].into()
    );
}

#[test]
fn a_request_in_flight_ends_once() {
    let monitor = Monitor::new();
    let (stable, canary) = (model(&monitor), monitor.model("m", "2").register().expect("valid"));
    let route = stable.route("predict");
    let flying = || page(&monitor).sum("ml_inference_in_flight", &[]);
    let first = route.start();
    let second = route.start();
    assert_eq!(flying(), 2.0);
    first.finish(Status::ClientError);
    drop(second);
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let _third = route.start();
        panic!("while a request is in flight");
    }));
    panicked.expect_err("a panic");
    let mut fourth = route.start();
    fourth.move_to(&canary.route(fourth.route()));
    assert_eq!(
        page(&monitor).sum("ml_inference_in_flight", &[("model_version", "2")]),
        1.0
    );
    fourth.finish(Status::Success);
    page(&monitor).assert_counted(&[
        ("predict", "1", "client_error", 1),
        ("predict", "1", "cancelled", 1),
        ("predict", "1", "error", 1),
        ("predict", "2", "success", 1),
    ]);
}

#[test]
fn a_request_may_end_on_another_thread() {
    let monitor = Monitor::new();
    let route = model(&monitor).route("predict");
    let requests: Vec<_> = (0..100).map(|_| route.start()).collect();
    thread::spawn(move || requests.into_iter().for_each(|request| request.finish(Status::Success)))
        .join()
        .expect("ended");
    page(&monitor).assert_counted(&[("predict", "1", "success", 100)]);
}

#[test]
fn latencies_of_any_length_are_counted() {
    let monitor = Monitor::new();
    let route = model(&monitor).route("predict");
    for latency in [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_secs(100_000),
        Duration::MAX,
    ] {
        route.record(Status::Success, latency);
    }
    let page = page(&monitor);
    assert_eq!(page.sum("ml_inference_latency_seconds_count", &[]), 4.0);
    assert_eq!(page.sum("ml_inference_latency_seconds_bucket", &[("le", "0.01")]), 2.0);
    assert_eq!(page.sum("ml_inference_latency_seconds_bucket", &[("le", "5.0")]), 2.0);
}

#[test]
fn the_global_monitor_is_one() {
    modelwatch::global()
        .model("global", "1")
        .register()
        .expect("valid")
        .record_prediction(0.5);
    modelwatch::global().resolve("global", "1").record_prediction(0.5);
    let page = MetricsPage::parse(&modelwatch::global().scrape(None, None).body);
    assert_eq!(page.sum("ml_prediction_score_count", &[("model_name", "global")]), 2.0);
    assert_eq!(
        self::page(modelwatch::global()).sum("ml_prediction_score_count", &[("model_name", "global")]),
        2.0
    );
}
