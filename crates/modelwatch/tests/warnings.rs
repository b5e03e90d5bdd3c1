//! What is logged: one warning for each label that overflows, and nothing that a subscriber could trip over.

use std::fmt::{Debug, Write};
use std::sync::{Arc, Mutex, OnceLock, mpsc};
use std::thread;
use std::time::Duration;

use modelwatch::{Feature, Format, Limits, Monitor, Serving, Status, Watched};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

/// Hands each event to a closure, as text.
struct Listener<F>(F);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").expect("memory");
    }
}

impl<F: Fn(String) + 'static> Subscriber for Listener<F> {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        (self.0)(text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

fn cramped() -> Monitor {
    let limits = Limits::new()
        .models(2)
        .versions_per_model(2)
        .routes_per_version(1)
        .routes(2)
        .features_per_model(1)
        .classes_per_version(1)
        .outcomes_per_version(1)
        .value_bytes(1000);
    Monitor::builder().limits(limits).build().expect("valid")
}

fn overflow_everything(monitor: &Monitor) {
    for number in 0..5 {
        let name = format!("{number}{}", "é".repeat(400));
        for model in [monitor.resolve(&name, "1"), monitor.resolve("m", &name)] {
            model.route(&name).record(Status::Success, Duration::ZERO);
            model.record_prediction(0.5).class(&name);
            model.record_outcome(&name);
            model.record_feature(&name, 1.0);
            model.record_features([1.0]);
        }
        let declared = monitor.model("m", &name).features([Feature::numeric(&name)]);
        let _ = declared.classes([&name]).register();
    }
}

#[test]
fn each_label_that_overflows_is_warned_of_once() {
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = events.clone();
    let listener = Listener(move |event| heard.lock().expect("heard").push(event));
    tracing::subscriber::with_default(listener, || overflow_everything(&cramped()));
    let events = events.lock().expect("heard");
    for (label, limit) in [
        ("model_name", "models"),
        ("model_version", "versions_per_model"),
        ("route", "routes_per_version or routes"),
        ("feature_name", "features_per_model"),
        ("class", "classes_per_version"),
        ("outcome", "outcomes_per_version"),
    ] {
        let of_label: Vec<_> = events
            .iter()
            .filter(|event| event.contains(&format!("label={label:?}")))
            .collect();
        assert_eq!(of_label.len(), 1, "{label}: {of_label:?}");
        assert!(of_label[0].contains(&format!("Limits::{limit},")), "{}", of_label[0]);
        assert!(of_label[0].len() < 500, "the value is cut: {}", of_label[0]);
    }
}

#[test]
fn a_subscriber_may_record_and_scrape_from_within_a_warning() {
    let (done, finished) = mpsc::channel();
    thread::spawn(move || {
        let monitor = cramped();
        let inner = OnceLock::from(monitor.clone());
        let listener = Listener(move |_| {
            let monitor = inner.get().expect("set");
            let model = monitor.resolve("logger", "1");
            model.route("log").record(Status::Success, Duration::ZERO);
            model.record_features([1.0]);
            drop(monitor.encode(Format::PrometheusText));
        });
        tracing::subscriber::with_default(listener, || overflow_everything(&monitor));
        done.send(()).expect("waited for");
    });
    finished
        .recv_timeout(Duration::from_secs(20))
        .expect("a warning is given with no lock held");
}

/// The panic goes no further than the choice: the handler goes on, and its request is counted once, where it was.
#[test]
fn counts_a_request_where_it_was_when_a_subscriber_panics_at_the_warning_of_its_choice() {
    let monitor = cramped();
    let [stable, canary] = ["1", "2"].map(|version| monitor.model("m", version).register().expect("valid"));
    let _ = canary.route("first");
    let mut request = Watched::new(stable.route("predict").start());
    let broken = Listener(|_| panic!("a broken subscriber"));
    tracing::subscriber::with_default(broken, || {
        request.poll(|| Serving::current().by(&canary));
    });
    assert!(!request.is_over());
    request.finish(Status::Success);
    let value = |metric, version| monitor.value(metric, &[("model_version", version)]).expect("a metric");
    assert_eq!(value("ml_inference_requests_total", "1"), 1.0);
    assert_eq!(value("ml_inference_requests_total", "2"), 0.0);
    assert_eq!(value("ml_inference_in_flight", "1"), 0.0);
    assert_eq!(value("ml_inference_in_flight", "2"), 0.0);
}
