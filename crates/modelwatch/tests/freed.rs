//! A dropped monitor frees everything it made.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use modelwatch::{Feature, FinishReason, Format, Monitor, Stage, Status, Tokens};

/// Every kind of series, recorded, scraped in every format, retired, evicted and brought back.
fn use_everything(monitor: &Monitor) {
    let guard = Arc::new(());
    let held = guard.clone();
    monitor.add_source(move |_| drop(Arc::clone(&held)));
    for version in ["1", "2", "3"] {
        let model = monitor
            .model("claims-risk", version)
            .framework("xgboost")
            .features([
                Feature::numeric("income").range(0.0..=1e6),
                Feature::categorical("zipcode"),
            ])
            .classes(["fraud", "fair"])
            .score_buckets([0.5, 1.0])
            .pipeline_version("7")
            .register()
            .expect("valid");
        let (route, other) = (model.route("predict"), model.route("explain"));
        let mut request = route.start();
        request.first_chunk();
        request.move_to(&other);
        request.finish(Status::Success);
        drop(route.start());
        model.record_features([Some(1.0), None]);
        model.record_named_features([("income", 1.0), ("stranger", 2.0)]);
        model.record_prediction(0.7).class("fraud");
        model.record_prediction(f64::NAN).class(model.class("fair"));
        model.record_outcome("approved");
        model.record_batch_size(8);
        model.set_queue_depth(2);
        model.record_stage(Stage::Compute, Duration::from_millis(2));
        let mut generation = model.start_generation();
        generation.token();
        let mut tokens = Tokens::default();
        (tokens.input, tokens.output) = (Some(3), Some(4));
        generation.finish(FinishReason::Stop, tokens);
        monitor.resolve("claims-risk", version).retire();
        for format in [
            Format::OpenMetricsText,
            Format::PrometheusText,
            Format::PrometheusProtobuf,
        ] {
            drop(monitor.encode(format));
        }
    }
    for number in 0..300 {
        let name = number.to_string();
        monitor
            .resolve(&name, "1")
            .route(&name)
            .record(Status::Success, Duration::ZERO);
        monitor.resolve("claims-risk", &name).record_outcome(&name);
    }
    drop(monitor.scrape(Some("text/plain"), Some("gzip")));
    drop(monitor.scrape(None, None));
}

#[test]
fn frees_every_byte_when_monitor_and_handles_are_dropped() {
    // What is made once in a process or a thread: lanes, statics, the buffers of the log.
    use_everything(&Monitor::new());
    let left = measure(|| use_everything(&Monitor::new()));
    assert!(left.count_total > 1_000, "{left:?}");
    assert_eq!((left.count_current, left.bytes_current), (0, 0), "{left:?}");
}

#[test]
fn frees_everything_when_the_handles_outlive_the_monitor() {
    let all = || {
        let monitor = Monitor::new();
        let model = monitor.model("claims-risk", "1").register().expect("valid");
        let (resolved, route, class) = (monitor.resolve("n", "1"), model.route("predict"), model.class("fraud"));
        let request = route.start();
        drop(monitor);
        request.finish(Status::Success);
        route.clone().record(Status::Error, Duration::ZERO);
        model.clone().record_prediction(0.5).class(&class);
        resolved.route("late").record(Status::Success, Duration::ZERO);
    };
    all();
    let left = measure(all);
    assert_eq!((left.count_current, left.bytes_current), (0, 0), "{left:?}");
}

#[test]
fn frees_everything_when_other_threads_have_used_it() {
    // Dropped with the last of what holds it.
    let witness = Arc::new(());
    let held = witness.clone();
    let monitor = Monitor::new();
    monitor.add_source(move |_| drop(Arc::clone(&held)));
    let (said, heard) = std::sync::mpsc::channel::<()>();
    let used = monitor.clone();
    let (done, wait) = std::sync::mpsc::channel();
    let worker = thread::spawn(move || {
        use_everything(&used);
        drop(used);
        done.send(()).expect("somebody waits");
        // Alive, with whatever it remembers, while the monitor goes.
        heard.recv().expect("told to end");
    });
    wait.recv().expect("used");
    drop(monitor);
    assert_eq!(Arc::strong_count(&witness), 1);
    said.send(()).expect("it waits");
    worker.join().expect("no panic");
}
