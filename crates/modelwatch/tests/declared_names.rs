//! What code declares has its series, whatever names requests bring first.

use std::time::Duration;

use modelwatch::{Feature, Format, Limits, Monitor, OTHER, RegisterError, Status};
use modelwatch_testkit::MetricsPage;
use proptest::prelude::*;

fn page(monitor: &Monitor) -> MetricsPage {
    MetricsPage::parse(&monitor.encode(Format::PrometheusText))
}

fn small() -> Monitor {
    let limits = Limits::new()
        .models(3)
        .versions_per_model(3)
        .routes_per_version(3)
        .routes(20)
        .features_per_model(3)
        .classes_per_version(3)
        .outcomes_per_version(3);
    Monitor::builder()
        .limits(limits)
        .keep_retired(Duration::ZERO)
        .process_metrics(false)
        .build()
        .expect("valid limits")
}

/// Every label of every kind, as full of invented names as it gets.
fn flood(monitor: &Monitor) {
    for number in 0..50 {
        let name = format!("invented-{number}");
        for model in [
            monitor.resolve(&name, "1"),
            monitor.resolve("m", &name),
            monitor.resolve("m", "1"),
        ] {
            model.route(&name).record(Status::Success, Duration::ZERO);
            model.record_prediction(0.5).class(&name);
            model.record_outcome(&name);
            model.record_feature(&name, 1.0);
        }
    }
}

#[test]
fn has_its_series_when_requests_filled_every_label_before() {
    let monitor = small();
    flood(&monitor);
    let flooded = page(&monitor).sum("ml_inference_requests_total", &[]);
    let model = monitor
        .model("m", "declared")
        .features(["a", "b", "c"].map(Feature::numeric))
        .classes(["x", "y", "z"])
        .outcomes(["approved", "review", "escalated"])
        .routes(["predict", "explain"])
        .register()
        .expect("has its place");
    let own = monitor.model("mine", "1").register().expect("has its place");
    let late = model.declare_route("late").expect("has its place");
    assert_eq!((own.name(), model.version(), late.name()), ("mine", "declared", "late"));
    model.record_features([1.0, 2.0, 3.0]);
    for class in ["x", "y", "z"] {
        model.record_prediction(0.5).class(class);
    }
    model.record_outcome("approved");
    for route in ["predict", "explain", "late"] {
        model.route(route).record(Status::Success, Duration::ZERO);
    }
    let page = page(&monitor);
    let of =
        |metric: &str, label: &str, value: &str| page.sum(metric, &[("model_version", "declared"), (label, value)]);
    for route in ["predict", "explain", "late"] {
        assert_eq!(of("ml_inference_requests_total", "route", route), 1.0, "{route}");
    }
    for class in ["x", "y", "z"] {
        assert_eq!(of("ml_prediction_class_total", "class", class), 1.0, "{class}");
    }
    for feature in ["a", "b", "c"] {
        assert_eq!(
            of("ml_feature_observations_total", "feature_name", feature),
            1.0,
            "{feature}"
        );
    }
    assert_eq!(of("ml_business_outcome_total", "outcome", "approved"), 1.0);
    assert_eq!(
        page.sum("ml_inference_requests_total", &[]),
        flooded + 3.0,
        "nothing is lost"
    );
}

#[test]
fn keeps_its_counts_when_a_request_brought_the_name_first() {
    let monitor = small();
    let resolved = monitor.resolve("m", "1");
    resolved.route("predict").record(Status::Success, Duration::ZERO);
    resolved.record_prediction(0.5).class("x");
    flood(&monitor);
    let model = monitor
        .model("m", "1")
        .routes(["predict"])
        .classes(["x"])
        .register()
        .expect("has its place");
    model.route("predict").record(Status::Success, Duration::ZERO);
    model.record_prediction(0.5).class("x");
    let counted = page(&monitor);
    let labels = [("model_version", "1"), ("model_name", "m")];
    assert_eq!(
        counted.sum(
            "ml_inference_requests_total",
            &[labels[0], labels[1], ("route", "predict")]
        ),
        2.0
    );
    assert_eq!(
        counted.sum("ml_prediction_class_total", &[labels[0], labels[1], ("class", "x")]),
        2.0
    );
    // The places it had among the requests' names are free again.
    assert_eq!(monitor.resolve("m", "one more").version(), "one more");
    assert_eq!(model.route("one more").name(), "one more");
}

fn refused(result: Result<modelwatch::Model, RegisterError>, says: &[&str]) {
    let error = result.expect_err("there is no room");
    assert!(matches!(error, RegisterError::Limit { .. }), "{error:?}");
    let message = error.to_string();
    says.iter()
        .for_each(|part| assert!(message.contains(part), "{part:?} in {message:?}"));
}

#[test]
fn refuses_what_has_no_room_among_what_is_declared_and_changes_nothing() {
    let monitor = small();
    for version in ["1", "2", "3"] {
        monitor.model("m", version).register().expect("room");
    }
    refused(
        monitor.model("m", "4").register(),
        &[
            "\"m\"",
            "4 versions in use",
            "Limits::versions_per_model is 3",
            "Model::retire",
        ],
    );
    monitor
        .model("n", "1")
        .features([Feature::numeric("a"), Feature::numeric("b")])
        .register()
        .expect("room");
    refused(
        monitor
            .model("n", "2")
            .features(["b", "c", "d"].map(Feature::numeric))
            .register(),
        &["\"n\"", "declares 4", "Limits::features_per_model is 3"],
    );
    monitor
        .model("o", "1")
        .classes(["a", "b"])
        .outcomes(["a", "b"])
        .routes(["a", "b"])
        .register()
        .expect("room");
    refused(monitor.model("p", "1").register(), &["\"p\"", "Limits::models is 3"]);
    let again = || monitor.model("o", "1");
    refused(
        again().classes(["b", "c", "d"]).register(),
        &["declares 4", "Limits::classes_per_version is 3"],
    );
    refused(
        again().outcomes(["c", "d"]).register(),
        &["declares 4", "Limits::outcomes_per_version is 3"],
    );
    refused(
        again().routes(["c", "d"]).register(),
        &["declares 4", "Limits::routes_per_version is 3"],
    );
    let counted = page(&monitor);
    assert_eq!(counted.labels_of("ml_model_info", "model_version").len(), 3);
    assert_eq!(counted.labels_of("ml_model_info", "model_name").len(), 3);
    assert_eq!(counted.labels_of("ml_prediction_class_total", "class").len(), 2);
    let declared = again()
        .register()
        .expect("known")
        .declare_route("c")
        .expect("room for one");
    assert_eq!(declared.name(), "c");
    let error = again()
        .register()
        .expect("known")
        .declare_route("d")
        .expect_err("and no more");
    assert!(error.to_string().contains("Limits::routes_per_version is 3"), "{error}");
}

#[test]
fn refuses_routes_past_the_limit_over_all_versions() {
    let limits = Limits::new().routes(2);
    let monitor = Monitor::builder().limits(limits).build().expect("valid");
    monitor.model("m", "1").routes(["a", "b"]).register().expect("room");
    refused(
        monitor.model("m", "2").routes(["a"]).register(),
        &["declares 3", "Limits::routes is 2"],
    );
    assert_eq!(page(&monitor).labels_of("ml_model_info", "model_version").len(), 1);
    // The routes that requests bring have as many places of their own.
    let model = monitor.model("m", "1").register().expect("known");
    let names: Vec<_> = ["c", "d", "e"].map(|name| model.route(name).name().to_owned()).into();
    assert_eq!(names, ["c", "d", OTHER]);
}

#[test]
fn has_its_series_at_every_rollout_when_clients_still_name_the_retired_versions() {
    let monitor = small();
    for rollout in 0..50 {
        let version = rollout.to_string();
        let model = monitor
            .model("m", &version)
            .register()
            .expect("each rollout has its place");
        assert_eq!(model.version(), version);
        model.route("predict").record(Status::Success, Duration::ZERO);
        model.retire();
        // A late client for each version there ever was.
        for late in 0..=rollout {
            let late = monitor.resolve("m", &late.to_string());
            late.route("predict").record(Status::Success, Duration::ZERO);
        }
        if rollout % 7 == 0 {
            drop(page(&monitor));
        }
    }
}

#[test]
fn counts_a_late_request_for_the_retired_version_without_reviving_it() {
    let monitor = small();
    let model = monitor.model("m", "1").register().expect("valid");
    model.route("predict").record(Status::Success, Duration::ZERO);
    model.retire();
    let requests = || page(&monitor).sum("ml_inference_requests_total", &[("model_version", "1")]);
    assert_eq!(requests(), 1.0);
    for late in [monitor.resolve("m", "1"), monitor.find("m", "1").expect("exposed")] {
        late.route("predict").record(Status::Success, Duration::ZERO);
    }
    assert_eq!(requests(), 3.0, "a scrape has them");
    assert_eq!(requests(), 0.0, "and then it goes, as nobody registered it");
    // Long gone, and only remembered.
    monitor
        .resolve("m", "1")
        .route("predict")
        .record(Status::Success, Duration::ZERO);
    assert_eq!(requests(), 4.0);
    assert_eq!(requests(), 0.0);
    monitor.model("m", "1").register().expect("back in use");
    (0..3).for_each(|_| assert_eq!(requests(), 4.0));
}

/// A service may go on with a handle of a version that it has retired.
#[test]
fn counts_what_an_old_handle_records_after_its_version_has_gone() {
    let monitor = small();
    let model = monitor.model("m", "1").routes(["predict"]).register().expect("valid");
    let route = model.route("predict");
    let requests = || page(&monitor).sum("ml_inference_requests_total", &[("model_version", "1")]);
    route.record(Status::Success, Duration::ZERO);
    model.retire();
    assert_eq!((requests(), requests()), (1.0, 0.0), "gone");
    let request = route.start();
    let in_flight = page(&monitor).sum("ml_inference_in_flight", &[("model_version", "1")]);
    assert_eq!(in_flight, 1.0);
    request.finish(Status::Error);
    assert_eq!(
        (requests(), requests()),
        (2.0, 0.0),
        "a scrape has it, and then it goes again"
    );
    // Where there is no room on the page it waits.
    for version in ["2", "3", "4"] {
        let waiting = monitor.model("m", version).register().expect("valid");
        waiting.record_prediction(0.5);
        waiting.retire();
    }
    model.record_prediction(0.5);
    let scores = || page(&monitor).sum("ml_prediction_score_count", &[("model_version", "1")]);
    let seen = [(); 4].map(|()| scores());
    assert_eq!(seen, [0.0, 1.0, 0.0, 0.0], "on the page after that of the others");
}

/// Names that are one when they are exposed are one version, wherever it is.
#[test]
fn counts_what_old_handles_of_many_models_record_when_scrapes_take_turns() {
    let monitor = Monitor::builder()
        .limits(Limits::new().models(300).routes(600))
        .keep_retired(Duration::ZERO)
        .process_metrics(false)
        .build()
        .expect("valid limits");
    let models: Vec<_> = (0..300)
        .map(|number| monitor.model(number.to_string(), "1").register().expect("valid"))
        .collect();
    models.iter().for_each(|model| model.retire());
    let seen = || page(&monitor).labels_of("ml_inference_requests_total", "model_name");
    seen();
    assert_eq!(seen().len(), 0, "gone");
    for model in &models {
        model.route("predict").record(Status::Success, Duration::ZERO);
    }
    let scrapes = [seen(), seen(), seen(), seen()];
    assert!(scrapes[0].len() >= 200, "{} of 300", scrapes[0].len());
    let all: Vec<_> = scrapes.iter().flatten().collect();
    assert_eq!(all.len(), 300, "each once");
}

#[test]
fn resolves_a_name_that_is_made_safe_to_the_version_it_had() {
    let monitor = small();
    let asked = "a\u{1}b";
    let requests = || page(&monitor).sum("ml_inference_requests_total", &[]);
    for round in 1..=3 {
        let model = monitor.resolve("m", asked);
        model.route("predict").record(Status::Success, Duration::ZERO);
        assert_eq!(requests(), f64::from(round));
        model.retire();
        while requests() > 0.0 {}
    }
    assert_eq!(monitor.find("m", asked), Some(monitor.resolve("m", asked)));
}

#[test]
fn finds_what_there_is_and_creates_nothing() {
    let monitor = small();
    monitor.model("m", "1").register().expect("valid");
    for (name, version) in [("m", "2"), ("n", "1"), ("", ""), (OTHER, OTHER)] {
        assert!(monitor.find(name, version).is_none(), "{name} {version}");
    }
    assert_eq!(monitor.find("m", "1").expect("registered").version(), "1");
    assert_eq!(page(&monitor).labels_of("ml_model_info", "model_version").len(), 1);
    assert_eq!(page(&monitor).sum("ml_label_overflow_total", &[]), 0.0);
}

#[test]
fn keeps_the_last_values_for_a_second_scraper() {
    let scrape = |monitor: &Monitor| page(monitor).sum("ml_inference_requests_total", &[]);
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    model.route("predict").record(Status::Success, Duration::ZERO);
    model.retire();
    (0..10).for_each(|_| assert_eq!(scrape(&monitor), 1.0, "five minutes are not over"));

    let brief = Duration::from_millis(50);
    let monitor = Monitor::builder().keep_retired(brief).build().expect("valid");
    let model = monitor.model("m", "1").register().expect("valid");
    model.route("predict").record(Status::Success, Duration::ZERO);
    model.retire();
    // Nobody has scraped it yet, so the time does not run.
    std::thread::sleep(2 * brief);
    assert_eq!(scrape(&monitor), 1.0);
    std::thread::sleep(2 * brief);
    assert_eq!(scrape(&monitor), 0.0);
}

#[test]
fn resolves_each_name_to_its_own_however_alike_and_long_they_are() {
    let limits = Limits::new()
        .models(4)
        .versions_per_model(400)
        .routes_per_version(400)
        .routes(1_000);
    let monitor = Monitor::builder().limits(limits).build().expect("valid limits");
    // For each length, one name and those that differ from it in one byte, at either end and in the middle.
    for length in (0..=40).chain([63, 64, 65, 100]) {
        let name = "n".repeat(length);
        let mut alike = vec![name.clone()];
        alike.extend(
            [0, 1, length / 2, length.saturating_sub(2), length.saturating_sub(1)].map(|at| {
                let mut bytes = name.clone().into_bytes();
                bytes.iter_mut().skip(at).take(1).for_each(|byte| *byte = b'x');
                String::from_utf8(bytes).expect("letters")
            }),
        );
        alike.push(format!("{name}n"));
        alike.retain(|name| !name.is_empty());
        for pair in alike
            .iter()
            .flat_map(|one| alike.iter().map(move |other| [one, other]))
            .flatten()
        {
            let model = monitor.resolve("m", pair);
            assert_eq!(model.version(), pair);
            assert_eq!(monitor.find("m", pair), Some(model.clone()));
            assert_eq!(model.route(pair).name(), pair);
            assert_eq!(monitor.resolve("m", "all").route(pair).name(), pair);
        }
    }
}

#[test]
fn resolves_on_a_thread_that_ends() {
    struct Late(Monitor);
    impl Drop for Late {
        fn drop(&mut self) {
            for name in ["1", "2", "1"] {
                self.0
                    .resolve("m", name)
                    .route("predict")
                    .record(Status::Success, Duration::ZERO);
            }
        }
    }
    thread_local! {
        static LATE: std::cell::RefCell<Option<Late>> = const { std::cell::RefCell::new(None) };
    }
    let monitor = Monitor::new();
    for remembers_before in [false, true] {
        let monitor = monitor.clone();
        let live = move || {
            if remembers_before {
                drop(monitor.resolve("m", "1"));
            }
            LATE.with(|late| *late.borrow_mut() = Some(Late(monitor.clone())));
            drop(monitor.resolve("m", "2"));
        };
        std::thread::spawn(live).join().expect("no panic");
    }
    assert_eq!(page(&monitor).sum("ml_inference_requests_total", &[]), 6.0);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    /// Whatever order requests, registrations, retirements and scrapes come in.
    #[test]
    fn has_its_series_and_nothing_is_lost_whatever_requests_bring(
        steps in prop::collection::vec((0..5u8, 0..6u8, 0..6u8), 1..60)
    ) {
        let monitor = small();
        let anchor = monitor.model("m0", "v0").routes(["predict"]).register().expect("the first");
        let mut recorded = 0.0;
        let name = |number: u8| (format!("m{}", number % 3), format!("v{}", number % 5));
        for (step, first, second) in steps {
            let (model, _) = name(first);
            let (_, version) = name(second);
            match step {
                0 | 1 => {
                    monitor.resolve(&model, &version).route(&format!("r{second}")).record(Status::Success, Duration::ZERO);
                    recorded += 1.0;
                }
                2 => match monitor.model(&model, &version).routes(["predict"]).register() {
                    Ok(registered) => {
                        prop_assert_eq!((registered.name(), registered.version()), (model.as_str(), version.as_str()));
                        registered.route("predict").record(Status::Success, Duration::ZERO);
                        recorded += 1.0;
                    }
                    Err(error) => {
                        let is_limit = matches!(error, RegisterError::Limit { .. });
                        prop_assert!(is_limit, "{}", error);
                    }
                },
                3 if (model.as_str(), version.as_str()) != ("m0", "v0") => {
                    if let Some(found) = monitor.find(&model, &version) {
                        found.retire();
                    }
                }
                _ => drop(monitor.encode(Format::PrometheusProtobuf)),
            }
        }
        anchor.route("predict").record(Status::Success, Duration::ZERO);
        let page = page(&monitor);
        let of_anchor = [("model_name", "m0"), ("model_version", "v0"), ("route", "predict")];
        prop_assert!(page.sum("ml_inference_requests_total", &of_anchor) >= 1.0);
        // What was retired may be off the page by now; nothing is on it twice.
        prop_assert!(page.sum("ml_inference_requests_total", &[]) <= recorded + 1.0);
    }
}
