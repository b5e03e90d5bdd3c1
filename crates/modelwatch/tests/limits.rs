//! Labels are bounded, whatever callers send, and nothing is lost.

use std::time::Duration;

use modelwatch::{Format, Limits, Monitor, OTHER, Status};
use modelwatch_testkit::MetricsPage;

fn page(monitor: &Monitor) -> MetricsPage {
    MetricsPage::parse(&monitor.encode(Format::PrometheusText))
}

fn overflow(page: &MetricsPage, label: &str) -> f64 {
    page.sum("ml_label_overflow_total", &[("label", label)])
}

const SMALL: Limits = Limits::new()
    .models(3)
    .versions_per_model(3)
    .routes_per_version(3)
    .routes(1_000)
    .features_per_model(3)
    .classes_per_version(3)
    .outcomes_per_version(3)
    .value_bytes(16);

fn small(limits: Limits) -> Monitor {
    Monitor::builder()
        .limits(limits)
        .keep_retired(Duration::ZERO)
        .process_metrics(false)
        .build()
        .expect("valid limits")
}

#[test]
fn each_label_takes_as_many_values_of_requests_as_its_limit_and_the_rest_overflows() {
    let monitor = small(SMALL);
    let model = monitor.model("m", "1").register().expect("valid");
    for number in 0..5 {
        let name = number.to_string();
        model.route(&name).record(Status::Success, Duration::ZERO);
        model.record_prediction(0.5).class(name.as_str());
        model.record_outcome(&name);
        model.record_feature(&name, 1.0);
    }
    let counted = page(&monitor);
    for (label, metric) in [
        ("route", "ml_inference_requests_total"),
        ("class", "ml_prediction_class_total"),
        ("outcome", "ml_business_outcome_total"),
        ("feature_name", "ml_feature_observations_total"),
    ] {
        let values = counted.labels_of(metric, label);
        assert_eq!(values, ["0", "1", "2", OTHER].map(str::to_owned).into(), "{label}");
        assert_eq!(counted.sum(metric, &[]), 5.0, "{label}");
        assert_eq!(counted.sum(metric, &[(label, OTHER)]), 2.0, "{label}");
        assert_eq!(overflow(&counted, label), 2.0, "{label}");
    }
    for number in 0..5 {
        monitor.resolve("m", &number.to_string()).record_prediction(0.5);
        monitor.resolve(&number.to_string(), "1").record_prediction(0.5);
    }
    let counted = page(&monitor);
    // "m" and "1" are declared, and take no place from what requests bring.
    assert_eq!(counted.labels_of("ml_model_info", "model_name").len(), 1 + 3 + 1);
    assert_eq!(
        counted.sum(
            "ml_prediction_score_count",
            &[("model_name", "m"), ("model_version", OTHER)]
        ),
        1.0
    );
    assert_eq!(counted.sum("ml_prediction_score_count", &[("model_name", OTHER)]), 2.0);
    assert_eq!(
        (overflow(&counted, "model_version"), overflow(&counted, "model_name")),
        (1.0, 2.0)
    );
    assert_eq!(counted.sum("ml_prediction_score_count", &[]), 15.0);
}

#[test]
fn a_value_called_like_the_overflow_overflows() {
    let monitor = small(SMALL);
    let model = monitor.resolve("m", "1");
    for name in [OTHER, "a", "b", "c", "d"] {
        model.route(name).record(Status::Success, Duration::ZERO);
        model.record_prediction(0.5).class(name);
        model.record_outcome(name);
        model.record_feature(name, 1.0);
        monitor.resolve(name, "1").record_batch_size(1);
        monitor.resolve("m", name).record_batch_size(1);
    }
    // A page with a series twice does not parse.
    let counted = page(&monitor);
    for (label, metric) in [
        ("route", "ml_inference_requests_total"),
        ("class", "ml_prediction_class_total"),
        ("outcome", "ml_business_outcome_total"),
        ("feature_name", "ml_feature_observations_total"),
    ] {
        assert_eq!(counted.sum(metric, &[(label, OTHER)]), 2.0, "{label}");
        assert_eq!(overflow(&counted, label), 2.0, "{label}");
    }
    assert_eq!(counted.sum("ml_inference_batch_size_count", &[]), 10.0);
}

#[test]
fn a_handle_of_the_overflow_goes_on_counting() {
    let monitor = small(SMALL.models(1));
    let _ = monitor.resolve("m", "1");
    let other = monitor.resolve("n", "1");
    assert_eq!((other.name(), other.version()), (OTHER, OTHER));
    let (route, class) = (other.route("predict"), other.class("a"));
    for _ in 0..3 {
        route.start().finish(Status::Success);
        other.record_prediction(0.5).class(&class);
    }
    let counted = page(&monitor);
    assert_eq!(
        counted.sum("ml_inference_requests_total", &[("model_name", OTHER)]),
        3.0
    );
    assert_eq!(
        counted.sum("ml_prediction_class_total", &[("model_name", OTHER), ("class", "a")]),
        3.0
    );
    assert_eq!(overflow(&counted, "model_name"), 1.0, "names, not measurements");
}

#[test]
fn a_value_longer_than_the_limit_overflows() {
    let monitor = small(SMALL);
    let model = monitor.model("m", "1").register().expect("valid");
    for name in ["x".repeat(16), "x".repeat(17), "x".repeat(1 << 20)] {
        model.route(&name).record(Status::Success, Duration::ZERO);
    }
    page(&monitor).assert_counted(&[(&"x".repeat(16), "1", "success", 1), (OTHER, "1", "success", 2)]);
    assert_eq!(overflow(&page(&monitor), "route"), 2.0);
}

#[test]
fn routes_are_bounded_over_all_versions_too() {
    let monitor = small(SMALL.routes(4));
    for version in ["1", "2", "3"] {
        let model = monitor.resolve("m", version);
        for route in ["a", "b", "c"] {
            model.route(route).record(Status::Success, Duration::ZERO);
        }
    }
    let counted = page(&monitor);
    assert_eq!(counted.sum("ml_inference_requests_total", &[]), 9.0);
    assert_eq!(counted.sum("ml_inference_requests_total", &[("route", OTHER)]), 5.0);
    // A version that goes gives the places of its routes back.
    monitor.resolve("m", "1").retire();
    (0..3).for_each(|_| drop(monitor.encode(Format::PrometheusText)));
    assert_eq!(monitor.resolve("m", "3").route("a").name(), "a");
}

#[test]
fn a_handle_of_a_version_let_go_takes_no_place_from_the_others() {
    let monitor = small(SMALL.routes(4));
    let scrape = || (0..3).for_each(|_| drop(monitor.encode(Format::PrometheusText)));
    for version in 0..50 {
        let model = monitor.resolve("m", &version.to_string());
        assert_eq!(model.route("predict").name(), "predict", "version {version}");
        model.retire();
        scrape();
        assert_eq!(model.route("late").name(), "late");
        if version % 5 == 0 {
            // It comes back with both, and gives both back.
            let back = monitor.resolve("m", &version.to_string());
            assert_eq!(back.route("late").name(), "late");
            back.retire();
            scrape();
        }
    }
    let model = monitor.resolve("n", "1");
    let names = ["a", "b", "c"].map(|name| model.route(name).name().to_owned());
    assert_eq!(names, ["a", "b", "c"], "every place is free");
    assert_eq!(monitor.resolve("o", "1").route("a").name(), "a");
    assert_eq!(monitor.resolve("o", "2").route("a").name(), OTHER, "and no more");
}

#[test]
fn a_retired_version_gives_its_place_to_the_next() {
    let monitor = small(SMALL);
    for version in 0..50 {
        let model = monitor.resolve("m", &version.to_string());
        assert_eq!(model.version(), version.to_string(), "a place is free");
        model.route("predict").record(Status::Success, Duration::ZERO);
        model.retire();
        let last = page(&monitor);
        let labels = [("model_version", model.version())];
        assert_eq!(
            last.sum("ml_inference_requests_total", &labels),
            1.0,
            "its last values are scraped"
        );
        assert_eq!(
            page(&monitor).labels_of("ml_model_info", "model_version").len(),
            0,
            "and then it is gone"
        );
    }
    assert_eq!(overflow(&page(&monitor), "model_version"), 0.0);
}

#[test]
fn a_retired_version_waits_for_a_scrape_of_all_it_recorded() {
    let monitor = small(SMALL);
    let model = monitor.resolve("m", "1");
    let route = model.route("predict");
    let request = route.start();
    model.retire();
    let versions = || page(&monitor).labels_of("ml_model_info", "model_version");
    for _ in 0..3 {
        assert_eq!(versions().len(), 1, "a request is in flight");
    }
    request.finish(Status::Success);
    assert_eq!(
        page(&monitor).sum("ml_inference_requests_total", &[]),
        1.0,
        "the scrape that has it"
    );
    assert_eq!(versions().len(), 0);

    let model = monitor.resolve("m", "2");
    model.retire();
    assert_eq!(versions().len(), 1);
    model.record_prediction(0.5);
    assert_eq!(
        page(&monitor).sum("ml_prediction_score_count", &[]),
        1.0,
        "recorded after the last scrape"
    );
    assert_eq!(versions().len(), 0);
}

#[test]
fn where_nobody_scrapes_places_are_given_back_all_the_same() {
    let monitor = small(SMALL);
    for version in 0..50 {
        let model = monitor.resolve("m", &version.to_string());
        assert_eq!(model.version(), version.to_string());
        model.retire();
    }
    assert_eq!(page(&monitor).labels_of("ml_model_info", "model_version").len(), 3);
}

#[test]
fn a_version_that_comes_back_counts_on() {
    let monitor = small(SMALL);
    let scrape = || page(&monitor).sum("ml_inference_requests_total", &[("model_version", "1")]);
    for round in 1..=5 {
        let model = monitor.model("m", "1").register().expect("valid");
        model.route("predict").record(Status::Success, Duration::ZERO);
        assert_eq!(scrape(), f64::from(round));
        model.retire();
        (0..3).for_each(|_| assert!(scrape() <= f64::from(round)));
        assert_eq!(scrape(), 0.0, "gone");
    }
}

/// Resident memory, in bytes.
fn resident() -> f64 {
    let statm = std::fs::read_to_string("/proc/self/statm").expect("Linux");
    statm
        .split(' ')
        .nth(1)
        .and_then(|pages| pages.parse::<f64>().ok())
        .expect("a number")
        * 4096.0
}

#[test]
fn a_million_of_everything_fits_in_bounded_memory() {
    const MILLION: u32 = 1_000_000;
    let monitor = Monitor::builder().process_metrics(false).build().expect("valid");
    let stable = monitor.resolve("m", "stable");
    let mut after_a_tenth = 0.0;
    for number in 0..MILLION {
        let name = number.to_string();
        let latency = Duration::from_micros(number.into());
        stable.route(&name).record(Status::Success, latency);
        stable.record_feature(&name, 1.0);
        for model in [monitor.resolve(&name, "1"), monitor.resolve("m", &name)] {
            model.route("predict").record(Status::Success, latency);
        }
        if number == MILLION / 10 {
            after_a_tenth = resident();
        }
    }
    let grown = resident() - after_a_tenth;
    let counted = page(&monitor);
    eprintln!(
        "{:.1} MiB after 100,000 of each, {:.2} MiB more after 1,000,000",
        after_a_tenth / 1048576.0,
        grown / 1048576.0
    );
    assert!(grown < 4e6, "memory grew by {grown} bytes over the last 900,000");
    let million = f64::from(MILLION);
    assert_eq!(counted.sum("ml_inference_requests_total", &[]), 3.0 * million);
    assert_eq!(counted.sum("ml_inference_latency_seconds_count", &[]), 3.0 * million);
    assert_eq!(counted.sum("ml_feature_observations_total", &[]), million);
    // Each label takes its limit, of which "m" and "stable" have one place, and folds the rest. Routes have one name more,
    // the other versions' "predict".
    for (label, metric, places, taken, more) in [
        ("model_name", "ml_model_info", 200, 1, 0),
        ("model_version", "ml_model_info", 20, 1, 0),
        ("route", "ml_inference_requests_total", 50, 0, 1),
        ("feature_name", "ml_feature_observations_total", 200, 0, 0),
    ] {
        assert_eq!(overflow(&counted, label), million - (places - taken) as f64, "{label}");
        assert_eq!(counted.labels_of(metric, label).len(), places + 1 + more, "{label}");
    }
    let folded = |metric, labels| counted.sum(metric, labels);
    assert_eq!(
        folded(
            "ml_inference_requests_total",
            &[("model_version", "stable"), ("route", OTHER)]
        ),
        overflow(&counted, "route")
    );
    assert_eq!(
        folded("ml_feature_observations_total", &[("feature_name", OTHER)]),
        overflow(&counted, "feature_name")
    );
}
