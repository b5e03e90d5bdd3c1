//! The events of failed requests.
//!
//! A program of their own: `tracing` remembers for each call site whether anybody listens, and a thread without a listener may have
//! the first word.
#![cfg(feature = "tracing")]

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use modelwatch::{ConfigError, Monitor, Status, TraceId};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Keeps the fields of the events about failures.
struct Failures(Arc<Mutex<Vec<BTreeMap<String, String>>>>);

struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0
            .insert(field.name().into(), format!("{value:?}").trim_matches('"').into());
    }
}

impl Subscriber for Failures {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "modelwatch::failures"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields(BTreeMap::new());
        event.record(&mut fields);
        self.0.lock().expect("no panic").push(fields.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn failures(record: impl FnOnce()) -> Vec<BTreeMap<String, String>> {
    let seen = Arc::new(Mutex::new(Vec::new()));
    tracing::subscriber::with_default(Failures(seen.clone()), record);
    std::mem::take(&mut *seen.lock().expect("no panic"))
}

#[test]
fn a_failed_request_has_one_event_with_the_labels_of_its_metric() {
    let current = || TraceId::try_from(0xabc).ok();
    let monitor = Monitor::builder().trace_id(current).build().expect("valid");
    let route = monitor
        .model("claims-risk", "1")
        .register()
        .expect("valid")
        .route("predict");
    let events = failures(|| {
        for status in [Status::Success, Status::ClientError, Status::Cancelled, Status::Error] {
            route.record(status, Duration::from_millis(300));
        }
    });
    let [event] = &events[..] else { panic!("{events:?}") };
    let field = |name: &str| event.get(name).map_or("", String::as_str);
    assert_eq!(field("model_name"), "claims-risk");
    assert_eq!(field("model_version"), "1");
    assert_eq!(field("route"), "predict");
    assert_eq!(field("status"), "error");
    assert_eq!(field("latency_seconds"), "0.3");
    assert_eq!(field("trace_id").len(), 32);
}

#[test]
fn events_are_sampled_evenly() {
    for (ratio, expected) in [(0.0, 0), (0.01, 10), (0.25, 250), (1.0, 1_000)] {
        let monitor = Monitor::builder().failure_events(ratio).build().expect("valid");
        let route = monitor.model("m", "1").register().expect("valid").route("predict");
        let events = failures(|| (0..1_000).for_each(|_| route.record(Status::Error, Duration::ZERO)));
        assert_eq!(events.len(), expected, "{ratio}");
    }
    for ratio in [-0.1, 1.1, f64::NAN] {
        let error = Monitor::builder().failure_events(ratio).build().expect_err("no share");
        assert!(matches!(error, ConfigError::EventRatio { .. }) && error.to_string().contains("between 0 and 1"));
    }
}
