//! What is recorded is what is on the page.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use modelwatch::{Feature, FeatureValue, Format, Limits, Model, Monitor, Stage, Status};
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

/// The page spells sums digit by digit as far as a float holds them, and as floats beyond.
#[test]
fn a_latency_sum_is_on_the_page_as_it_is_by_value() {
    let sums = [
        Duration::ZERO,
        Duration::from_nanos(1),
        Duration::from_millis(10),
        Duration::new(0, 999_999_999),
        Duration::from_secs(12),
        Duration::new(12, 345_678_901),
        Duration::from_nanos(1 << 53),
        Duration::from_nanos((1 << 53) + 1),
        Duration::from_secs(200 * 365 * 24 * 3600),
    ];
    for sum in sums {
        let monitor = Monitor::new();
        model(&monitor).route("predict").record(Status::Success, sum);
        let shown = page(&monitor).sum("ml_inference_latency_seconds_sum", &[]);
        let value = monitor.value("ml_inference_latency_seconds_sum", &[]).expect("a sum");
        assert_eq!(shown, value, "{sum:?}");
        assert!(
            (shown - sum.as_secs_f64()).abs() <= sum.as_secs_f64() * 1e-15,
            "{sum:?} is {shown}"
        );
    }
}

/// As many features as there may be, so that the table of names is as full as it gets.
#[test]
fn a_row_by_name_counts_each_feature_in_any_order() {
    let most = Limits::MOST_FEATURES;
    let limits = Limits::new().features_per_model(most);
    let monitor = Monitor::builder().limits(limits).build().expect("valid");
    let names: Vec<String> = (0..most).map(|number| format!("feature_{number}")).collect();
    let features = names.iter().map(|name| Feature::numeric(name).range(0.0..=1e6));
    let model = monitor.model("m", "1").features(features).register().expect("valid");
    let orders: [&dyn Fn(usize) -> usize; 4] = [
        &|place| place,
        &|place| most - 1 - place,
        &|place| place * 617 % most,
        // Two by two: every other name comes where it is expected.
        &|place| (place / 2 * 77 % (most / 2)) * 2 + place % 2,
    ];
    for order in orders {
        // All but one in seven, and one in five of the rest out of range.
        let row = (0..most).map(order).filter(|position| position % 7 != 0);
        model
            .record_named_features(row.map(|position| (&*names[position], if position % 5 == 0 { -1.0 } else { 1.0 })));
    }
    let page = page(&monitor);
    for (position, name) in names.iter().enumerate() {
        let missing = if position % 7 == 0 { 4.0 } else { 0.0 };
        let outside = if position % 7 != 0 && position % 5 == 0 {
            4.0
        } else {
            0.0
        };
        assert_eq!(counts(&page, name), [4.0, missing, 0.0, outside], "{name}");
    }
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

/// Retires a version and scrapes until it is on the page no more.
fn let_go(monitor: &Monitor, model: &Model) {
    model.retire();
    for _ in 0..3 {
        let _ = monitor.encode(Format::PrometheusText);
    }
    let live = page(monitor).labels_of("ml_model_info", "model_version");
    assert!(!live.contains(model.version()), "{live:?}");
}

fn of_version(page: &MetricsPage, version: &str) -> [f64; 4] {
    ["observations", "missing", "defaulted", "out_of_range"].map(|what| {
        let labels = [("model_version", version), ("feature_name", "a")];
        page.sum(&format!("ml_feature_{what}_total"), &labels)
    })
}

#[test]
fn counts_features_by_version_and_goes_on_when_it_comes_back() {
    let monitor = Monitor::builder().keep_retired(Duration::ZERO).build().expect("valid");
    let register = |version| {
        let features = [Feature::numeric("a").range(0.0..=1.0)];
        monitor
            .model("m", version)
            .features(features)
            .register()
            .expect("valid")
    };
    let (one, two) = (register("1"), register("2"));
    one.record_features([None::<f64>]);
    two.record_features([5.0]);
    two.record_features([FeatureValue::Defaulted]);
    monitor.resolve("m", "undeclared").record_feature("a", 5.0);
    let before = page(&monitor);
    assert_eq!(of_version(&before, "1"), [1., 1., 0., 0.]);
    assert_eq!(of_version(&before, "2"), [2., 0., 1., 1.]);
    assert_eq!(of_version(&before, "undeclared"), [1., 0., 0., 0.]);
    let_go(&monitor, &one);
    assert_eq!(counts(&page(&monitor), "a"), [3., 0., 1., 1.]);
    one.record_features([None::<f64>]);
    let back = register("1");
    back.record_features([0.5]);
    assert_eq!(of_version(&page(&monitor), "1"), [3., 2., 0., 0.]);
}

#[test]
fn a_feature_declared_and_one_seen_alone_are_on_the_page_of_that_version_only() {
    let monitor = Monitor::new();
    let features = [Feature::numeric("a")];
    let one = monitor.model("m", "1").features(features).register().expect("valid");
    let two = monitor.model("m", "2").register().expect("valid");
    two.record_feature("b", 1.0);
    one.record_named_features([("c", 1.0)]);
    let page = page(&monitor);
    let series = |version| {
        let features = page
            .labels_of("ml_feature_observations_total", "feature_name")
            .into_iter();
        let labels = |feature: &String| {
            let labels = [("model_version", version), ("feature_name", feature.as_str())];
            page.sum("ml_feature_observations_total", &labels)
        };
        features.map(|feature| labels(&feature)).collect::<Vec<_>>()
    };
    assert_eq!(series("1"), [1., 0., 1.]);
    assert_eq!(series("2"), [0., 1., 0.]);
    assert_eq!(page.count("ml_feature_observations_total"), 3);
}

#[test]
fn the_missing_ratio_is_over_all_versions_those_that_went_included() {
    let monitor = Monitor::builder().keep_retired(Duration::ZERO).build().expect("valid");
    let model = with_features(&monitor);
    let ratio = || page(&monitor).sum("ml_feature_missing_ratio", &[("feature_name", "income")]);
    model.record_features([FeatureValue::Missing]);
    let_go(&monitor, &model);
    (0..2).for_each(|_| model.record_features([FeatureValue::Missing]));
    assert_eq!(ratio(), 1.0);
    let other = monitor
        .model("m", "other")
        .features([Feature::numeric("income")])
        .register()
        .expect("valid");
    other.record_features([1.0]);
    assert_eq!(ratio(), 0.75);
    // More than are remembered come and go: the first is forgotten, what it counted is not.
    for version in 2..60 {
        let_go(&monitor, &monitor.resolve("m", &version.to_string()));
    }
    assert_eq!(ratio(), 0.75);
}

#[test]
fn says_when_a_version_was_first_registered() {
    let seconds = || {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .expect("after 1970")
            .as_secs_f64()
    };
    let before = seconds();
    let monitor = Monitor::builder()
        .limits(Limits::new().versions_per_model(2))
        .build()
        .expect("valid");
    let model = monitor.model("m", "1").register().expect("valid");
    let after = seconds();
    for version in ["2", "3", "past the limit"] {
        let _ = monitor.resolve("m", version);
    }
    let registered = || page(&monitor).sum("ml_model_registered_timestamp_seconds", &[("model_version", "1")]);
    let first = registered();
    assert!((before..=after).contains(&first), "{before} {first} {after}");
    model.retire();
    let _ = monitor.model("m", "1").register().expect("valid");
    assert_eq!(registered(), first, "it came back");
    let versions = page(&monitor).labels_of("ml_model_registered_timestamp_seconds", "model_version");
    assert_eq!(
        versions,
        ["1", "2", "3"].map(str::to_owned).into(),
        "the overflow is no version"
    );
}

#[test]
fn the_digest_differs_with_whatever_was_declared() {
    let digest = |features: Vec<Feature>| {
        let monitor = Monitor::new();
        monitor.model("m", "1").features(features).register().expect("valid");
        let digests = page(&monitor).labels_of("ml_model_features_info", "features_digest");
        assert_eq!(digests.len(), 1);
        digests.into_iter().next().expect("one")
    };
    let cases: Vec<Vec<Feature>> = vec![
        vec![],
        vec![Feature::numeric("a")],
        vec![Feature::numeric("b")],
        vec![Feature::categorical("a")],
        vec![Feature::categorical("a").categories(["x", "y"])],
        vec![Feature::categorical("a").categories(["xy"])],
        vec![Feature::categorical("a").categories(Vec::<String>::new())],
        vec![Feature::numeric("a").range(0.0..=1.0)],
        vec![Feature::numeric("a").range(0.0..=2.0)],
        vec![Feature::numeric("a"), Feature::numeric("b")],
        vec![Feature::numeric("b"), Feature::numeric("a")],
        vec![Feature::numeric("ab")],
    ];
    let digests: Vec<_> = cases.iter().cloned().map(digest).collect();
    let distinct: std::collections::BTreeSet<_> = digests.iter().collect();
    assert_eq!(distinct.len(), cases.len(), "{digests:?}");
    assert_eq!(cases.iter().cloned().map(digest).collect::<Vec<_>>(), digests);
    let sorted = vec![Feature::categorical("a").categories(["y", "x", "x"])];
    assert_eq!(digest(sorted), digests[4], "the order of categories says nothing");
    let zero = vec![Feature::numeric("a").range(-0.0..=1.0)];
    assert_eq!(digest(zero), digests[7], "one zero");
    // A value that rules and dashboards compare between releases.
    assert_eq!(digests[7], "137a37e566e8602a");
}

#[test]
fn a_version_without_declared_features_has_no_digest() {
    let monitor = Monitor::new();
    let _ = monitor.model("m", "1").register().expect("valid");
    assert!(
        page(&monitor)
            .labels_of("ml_model_features_info", "features_digest")
            .is_empty()
    );
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
