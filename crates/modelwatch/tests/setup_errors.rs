//! What can be wrong at set-up: typed, with the culprit and the mend in the message, and nothing done.

use std::time::Duration;

use modelwatch::{
    BucketsError, ConfigError, Feature, Format, Limits, ModelBuilder, Monitor, MonitorBuilder, RegisterError, Status,
};

fn config_error(builder: MonitorBuilder) -> ConfigError {
    builder.build().expect_err("an error")
}

fn says(message: impl ToString, parts: &[&str]) {
    let message = message.to_string();
    parts
        .iter()
        .for_each(|part| assert!(message.contains(part), "no {part:?} in {message:?}"));
}

#[test]
fn a_limit_of_zero_names_the_limit() {
    type Set = fn(Limits, usize) -> Limits;
    let zeros: [(&str, Set); 9] = [
        ("models", Limits::models),
        ("versions_per_model", Limits::versions_per_model),
        ("routes_per_version", Limits::routes_per_version),
        ("routes", Limits::routes),
        ("features_per_model", Limits::features_per_model),
        ("classes_per_version", Limits::classes_per_version),
        ("outcomes_per_version", Limits::outcomes_per_version),
        ("stages_per_version", Limits::stages_per_version),
        ("value_bytes", Limits::value_bytes),
    ];
    for (limit, set) in zeros {
        let error = config_error(Monitor::builder().limits(set(Limits::new(), 0)));
        assert_eq!(error, ConfigError::ZeroLimit { limit });
        says(error, &[limit, "0", "at least 1"]);
    }
}

#[test]
fn a_limit_that_no_table_could_hold_is_refused() {
    type Set = fn(Limits, usize) -> Limits;
    let bounded: [(&str, usize, Set); 5] = [
        ("features_per_model", 1024, Limits::features_per_model),
        ("routes_per_version", 65_536, Limits::routes_per_version),
        ("classes_per_version", 65_536, Limits::classes_per_version),
        ("outcomes_per_version", 65_536, Limits::outcomes_per_version),
        ("stages_per_version", 65_536, Limits::stages_per_version),
    ];
    for (limit, most, set) in bounded {
        Monitor::builder()
            .limits(set(Limits::new(), most))
            .build()
            .expect("the most there may be");
        for requested in [most + 1, usize::MAX] {
            let error = config_error(Monitor::builder().limits(set(Limits::new(), requested)));
            assert_eq!(error, ConfigError::LimitTooHigh { limit, requested, most });
            says(error, &[&format!("{limit} is {requested}"), &format!("at most {most}")]);
        }
    }
    let endless = Limits::new()
        .models(usize::MAX)
        .versions_per_model(usize::MAX)
        .routes(usize::MAX)
        .value_bytes(usize::MAX);
    let monitor = Monitor::builder().limits(endless).build().expect("no table of these");
    assert_eq!(monitor.resolve("m", "1").route("predict").name(), "predict");
}

#[test]
fn no_window_is_refused() {
    says(
        config_error(Monitor::builder().window(Duration::ZERO)),
        &["window", "MonitorBuilder::window"],
    );
}

#[test]
fn bucket_bounds_say_which_one_is_wrong() {
    let cases: &[(&[f64], BucketsError, &[&str])] = &[
        (&[], BucketsError::Empty, &["no bucket bounds", "at least one"]),
        (
            &[0.1, 0.1],
            BucketsError::NotIncreasing {
                position: 1,
                before: 0.1,
                bound: 0.1,
            },
            &["0.1 at position 1", "sort"],
        ),
        (
            &[0.5, 1.0, 0.7],
            BucketsError::NotIncreasing {
                position: 2,
                before: 1.0,
                bound: 0.7,
            },
            &["0.7 at position 2", "not above 1"],
        ),
        (
            &[0.5, f64::INFINITY],
            BucketsError::NotFinite {
                position: 1,
                bound: f64::INFINITY,
            },
            &["inf at position 1", "leave it out"],
        ),
    ];
    for (bounds, error, parts) in cases {
        let latency = config_error(Monitor::builder().latency_buckets(*bounds));
        assert_eq!(latency, ConfigError::Buckets(error.clone()));
        says(latency, parts);
        assert_eq!(
            config_error(Monitor::builder().score_buckets(*bounds)),
            ConfigError::Buckets(error.clone())
        );
        let register = Monitor::new()
            .model("m", "1")
            .score_buckets(*bounds)
            .register()
            .expect_err("an error");
        says(register, &[&["score buckets of model \"m\""], *parts].concat());
        let register = Monitor::new()
            .model("m", "1")
            .latency_buckets(*bounds)
            .register()
            .expect_err("an error");
        says(register, &[&["latency buckets of model \"m\""], *parts].concat());
    }
    says(
        config_error(Monitor::builder().score_buckets([f64::NAN])),
        &["NaN at position 0"],
    );
    let many: Vec<f64> = (0..201).map(f64::from).collect();
    says(
        config_error(Monitor::builder().score_buckets(many)),
        &["201", "at most 200"],
    );
    says(
        config_error(Monitor::builder().latency_buckets([0.0, 1.0])),
        &["0 is no duration", "nanosecond"],
    );
    says(
        config_error(Monitor::builder().latency_buckets([-1.0, 1.0])),
        &["-1 is no duration"],
    );
}

/// Registering fails, and the page is as it was.
fn refused(monitor: &Monitor, builder: ModelBuilder<'_>, parts: &[&str]) -> RegisterError {
    let page = || {
        let page = String::from_utf8(monitor.encode(Format::PrometheusText)).expect("text");
        page.lines()
            .filter(|line| line.starts_with("ml_"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let before = page();
    let error = builder.register().expect_err("an error");
    says(&error, parts);
    assert_eq!(page(), before, "a failed registration leaves no trace");
    error
}

#[test]
fn a_name_that_is_no_label_value_says_why() {
    let monitor = Monitor::new();
    let long = "x".repeat(257);
    let cases: &[(&str, &[&str])] = &[
        ("", &["is empty", "give it a name"]),
        ("__other__", &["\"__other__\"", "reserved", "choose another"]),
        (&long, &["longer than Limits::value_bytes", "shorten"]),
        ("a\u{0}b", &["control characters", "leave them out"]),
        ("a\rb", &["control characters"]),
    ];
    for (name, parts) in cases {
        refused(&monitor, monitor.model(*name, "1"), &[&["model_name"], *parts].concat());
        refused(
            &monitor,
            monitor.model("m", *name),
            &[&["model_version"], *parts].concat(),
        );
        refused(
            &monitor,
            monitor.model("m", "1").framework(*name),
            &[&["framework"], *parts].concat(),
        );
        refused(
            &monitor,
            monitor.model("m", "1").classes([*name]),
            &[&["class"], *parts].concat(),
        );
        refused(
            &monitor,
            monitor.model("m", "1").pipeline_version(*name),
            &[&["pipeline_version"], *parts].concat(),
        );
        let features = [Feature::numeric(*name)];
        refused(
            &monitor,
            monitor.model("m", "1").features(features),
            &[&["feature_name"], *parts].concat(),
        );
    }
}

#[test]
fn a_contradictory_declaration_says_what_contradicts() {
    let limits = Limits::new().features_per_model(2).classes_per_version(2);
    let monitor = Monitor::builder().limits(limits).build().expect("valid");
    let model = || monitor.model("m", "1");
    refused(
        &monitor,
        model().features(["a", "a"].map(Feature::numeric)),
        &["feature_name \"a\" twice"],
    );
    refused(&monitor, model().classes(["a", "a"]), &["class \"a\" twice"]);
    refused(
        &monitor,
        model().features(["a", "b", "c"].map(Feature::numeric)),
        &["3", "features_per_model is 2"],
    );
    refused(
        &monitor,
        model().classes(["a", "b", "c"]),
        &["3", "classes_per_version is 2"],
    );
    let reversed = Feature::numeric("a").range(1.0..=0.0);
    refused(
        &monitor,
        model().features([reversed]),
        &["feature \"a\" of model \"m\"", "1 to 0", "lower bound first"],
    );
    refused(
        &monitor,
        model().features([Feature::numeric("a").range(f64::NAN..=1.0)]),
        &["NaN to 1"],
    );
}

#[test]
fn the_same_version_can_not_be_two_things() {
    let monitor = Monitor::new();
    let declare = || {
        monitor
            .model("m", "1")
            .framework("xgboost")
            .features([Feature::numeric("a").range(0.0..=1.0)])
            .score_buckets([1.0])
    };
    let first = declare().register().expect("valid");
    let _ = first.route("predict");
    let again = declare().register().expect("the same again");
    again.record_prediction(0.5);
    let again = monitor
        .model("m", "1")
        .register()
        .expect("saying less is no contradiction");
    again.record_prediction(0.5);
    let page = String::from_utf8(monitor.encode(Format::PrometheusText)).expect("text");
    assert!(
        page.contains("ml_prediction_score_count{model_name=\"m\",model_version=\"1\"} 2\n"),
        "one model:\n{page}"
    );

    let error = refused(
        &monitor,
        declare().framework("onnx"),
        &["\"m\"", "\"1\"", "framework xgboost, not onnx", "version of its own"],
    );
    assert!(matches!(error, RegisterError::Conflict { what: "framework", .. }));
    refused(
        &monitor,
        declare().features([Feature::numeric("b")]),
        &["features [\"a\" from 0 to 1], not [\"b\"]"],
    );
    refused(
        &monitor,
        declare().features([Feature::numeric("a").range(0.0..=2.0)]),
        &["[\"a\" from 0 to 1], not [\"a\" from 0 to 2]"],
    );
    refused(
        &monitor,
        declare().features([Feature::categorical("a").categories(["x", "y"])]),
        &["not [\"a\" of [\"x\", \"y\"]]"],
    );
    refused(
        &monitor,
        declare().score_buckets([2.0]),
        &["score buckets [1.0], not [2.0]"],
    );
    monitor
        .model("m", "2")
        .framework("onnx")
        .register()
        .expect("another version may differ");
}

#[test]
fn a_refused_registration_does_not_bring_a_retired_version_back() {
    let monitor = Monitor::builder().keep_retired(Duration::ZERO).build().expect("valid");
    let versions = || {
        let page = String::from_utf8(monitor.encode(Format::PrometheusText)).expect("text");
        page.lines().filter(|line| line.starts_with("ml_model_info")).count()
    };
    let again = || monitor.model("m", "1").framework("onnx").register();
    let model = monitor.model("m", "1").framework("xgboost").register().expect("valid");
    model.retire();
    again().expect_err("a conflict while its last values wait for a scrape");
    assert_eq!(versions(), 1);
    assert_eq!(versions(), 0);
    again().expect_err("a conflict after it was let go");
    assert_eq!(versions(), 0);
    monitor
        .model("m", "1")
        .framework("xgboost")
        .register()
        .expect("the same");
    assert_eq!(versions(), 1);
}

#[test]
fn a_version_that_requests_named_first_can_be_declared_later() {
    let monitor = Monitor::new();
    let _ = monitor.resolve("m", "1").route("predict");
    monitor
        .model("m", "1")
        .framework("onnx")
        .features([Feature::numeric("a")])
        .register()
        .expect("valid");
    let page = String::from_utf8(monitor.encode(Format::PrometheusText)).expect("text");
    assert!(
        page.contains("ml_model_info{model_name=\"m\",model_version=\"1\",framework=\"onnx\"} 1\n"),
        "{page}"
    );
}

#[test]
fn other_latency_buckets_conflict_with_those_declared_and_those_in_use() {
    let monitor = Monitor::new();
    let register = |version: &str, bounds: &[f64]| monitor.model("m", version).latency_buckets(bounds).register();
    register("1", &[0.1, 0.3]).expect("new");
    register("1", &[0.1, 0.3]).expect("the same again");
    monitor.model("m", "1").register().expect("says nothing of buckets");
    let error = register("1", &[0.1, 0.5]).expect_err("a conflict");
    says(
        &error,
        &["latency buckets [0.1, 0.3], not [0.1, 0.5]", "\"m\"", "\"1\""],
    );
    assert!(matches!(
        error,
        RegisterError::Conflict {
            what: "latency buckets",
            ..
        }
    ));
    // A request has made a histogram with the buckets of the monitor.
    monitor
        .resolve("m", "2")
        .route("predict")
        .record(Status::Success, Duration::ZERO);
    says(register("2", &[0.3]).expect_err("a conflict"), &["not [0.3]"]);
    register("2", modelwatch::contract::LATENCY_BUCKETS).expect("those it has");
    let own = monitor.resolve("m", "1");
    own.route("predict").record(Status::Success, Duration::from_millis(200));
    let below = |version, le| {
        let labels = [("model_version", version), ("le", le)];
        monitor.value("ml_inference_latency_seconds_bucket", &labels)
    };
    assert_eq!(
        (below("1", "0.1"), below("1", "0.3"), below("2", "0.35")),
        (Ok(0.0), Ok(1.0), Ok(1.0))
    );
}
