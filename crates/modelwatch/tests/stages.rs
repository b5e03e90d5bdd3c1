//! Stages: timed on any thread, around calls and futures, and more than the five.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::Duration;

use modelwatch::{Limits, Model, Monitor, OTHER, Stage};

fn watched() -> (Monitor, Model) {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    (monitor, model)
}

fn count(monitor: &Monitor, stage: &str) -> f64 {
    let labels = [("stage", stage)];
    monitor
        .value("ml_inference_stage_seconds_count", &labels)
        .expect("a metric")
}

fn sum(monitor: &Monitor, stage: &str) -> f64 {
    let labels = [("stage", stage)];
    monitor
        .value("ml_inference_stage_seconds_sum", &labels)
        .expect("a metric")
}

#[test]
fn a_timer_ends_on_the_thread_that_drops_it() {
    let (monitor, model) = watched();
    let queued = model.start_stage(Stage::Queue);
    drop(model);
    thread::spawn(move || {
        thread::sleep(Duration::from_millis(10));
        assert_eq!(count(&monitor, "queue"), 0.0);
        drop(queued);
        assert_eq!(count(&monitor, "queue"), 1.0);
        assert!(sum(&monitor, "queue") >= 0.01);
    })
    .join()
    .expect("no panic");
}

#[test]
fn a_call_is_timed_whatever_ends_it() {
    let (monitor, model) = watched();
    let slept = model.stage(Stage::Compute, || {
        thread::sleep(Duration::from_millis(5));
        42
    });
    assert_eq!(slept, 42);
    let failed: Result<(), &str> = model.stage(Stage::Compute, || Err("no"));
    assert_eq!(failed, Err("no"));
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        model.stage(Stage::Compute, || panic!("in a stage"))
    }));
    panicked.expect_err("a panic");
    assert_eq!(count(&monitor, "compute"), 3.0);
    assert!(sum(&monitor, "compute") >= 0.005);
}

#[test]
fn a_future_is_timed_from_its_first_poll_and_when_it_is_dropped() {
    let (monitor, model) = watched();
    let mut polls = 0;
    let work = std::future::poll_fn(|_| {
        polls += 1;
        if polls == 3 { Poll::Ready("done") } else { Poll::Pending }
    });
    let mut context = Context::from_waker(Waker::noop());
    {
        let mut timed = pin!(model.stage_async(Stage::FeatureFetch, work));
        assert!(timed.as_mut().poll(&mut context).is_pending());
        thread::sleep(Duration::from_millis(5));
        assert!(timed.as_mut().poll(&mut context).is_pending());
        assert_eq!(count(&monitor, "feature_fetch"), 0.0);
        assert_eq!(timed.as_mut().poll(&mut context), Poll::Ready("done"));
    }
    assert_eq!(count(&monitor, "feature_fetch"), 1.0);
    assert!(sum(&monitor, "feature_fetch") >= 0.005);
    drop(model.stage_async(Stage::Queue, std::future::pending::<()>()));
    assert_eq!(count(&monitor, "queue"), 0.0, "never polled, it never began");
    {
        let mut timed = pin!(model.stage_async(Stage::Queue, std::future::pending::<()>()));
        assert!(timed.as_mut().poll(&mut context).is_pending());
    }
    assert_eq!(count(&monitor, "queue"), 1.0, "dropped before its end");
}

#[test]
fn a_service_has_stages_of_its_own_up_to_the_limit() {
    let limits = Limits::new().stages_per_version(2);
    let monitor = Monitor::builder().limits(limits).build().expect("valid");
    let model = monitor.model("m", "1").register().expect("valid");
    for stage in ["rerank", "tokenize", "rerank", "embed", "store", &"long".repeat(100)] {
        model.record_stage(stage, Duration::from_millis(2));
    }
    model.record_stage(String::from("compute"), Duration::from_millis(2));
    model.record_stage(Stage::Compute, Duration::from_millis(2));
    drop(model.start_stage("tokenize"));
    assert_eq!(
        ["rerank", "tokenize", OTHER, "compute"].map(|stage| count(&monitor, stage)),
        [2.0, 2.0, 3.0, 2.0],
        "a stage called like one of the five is that one"
    );
    assert_eq!(monitor.value("ml_label_overflow_total", &[("label", "stage")]), Ok(3.0));
    // Another version has places of its own.
    monitor.resolve("m", "2").record_stage("embed", Duration::ZERO);
    assert_eq!(count(&monitor, "embed"), 1.0);
}

#[test]
fn the_last_value_of_an_own_stage_survives_a_retirement() {
    let monitor = Monitor::builder().keep_retired(Duration::ZERO).build().expect("valid");
    let model = monitor.model("m", "1").register().expect("valid");
    model.retire();
    model.record_stage("rerank", Duration::ZERO);
    let page = |monitor: &Monitor| String::from_utf8(monitor.encode(modelwatch::Format::PrometheusText)).expect("text");
    assert!(page(&monitor).contains("stage=\"rerank\""));
    assert!(!page(&monitor).contains("stage=\"rerank\""));
}
