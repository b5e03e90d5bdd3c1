//! Stages from spans: to the right version, whatever the filters of other layers hide.
#![cfg(feature = "stage-spans")]

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use modelwatch::{Limits, Model, Monitor, OTHER};
use tracing::{Instrument as _, field, info_span};
use tracing_subscriber::filter::LevelFilter;
use tracing_subscriber::fmt::format::FmtSpan;
use tracing_subscriber::prelude::*;

fn watched() -> (Monitor, Model) {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    (monitor, model)
}

fn count(monitor: &Monitor, version: &str, stage: &str) -> f64 {
    let labels = [("model_version", version), ("stage", stage)];
    monitor
        .value("ml_inference_stage_seconds_count", &labels)
        .expect("a metric")
}

/// What a layer that prints has printed.
#[derive(Clone, Default)]
struct Printed(Arc<Mutex<Vec<u8>>>);

impl Write for Printed {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend_from_slice(text);
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Printed {
    fn text(&self) -> String {
        String::from_utf8_lossy(&self.0.lock().unwrap_or_else(PoisonError::into_inner)).into_owned()
    }
}

/// Keeps the other tests of this program waiting.
///
/// `tracing` remembers for each call site whether anybody listens; where one subscriber begins while another thread comes first to
/// a call site, it remembers the answer of the other's filter alone.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Runs `work` under the layer, beside one that prints what its own filter lets through.
fn under(monitor: &Monitor, otherwise: Option<&Model>, filter: LevelFilter, work: impl FnOnce()) -> String {
    let _alone = alone();
    let printed = Printed::default();
    let writer = printed.clone();
    let print = tracing_subscriber::fmt::layer()
        .with_writer(move || writer.clone())
        // Another crate's features decide otherwise whether levels have colours.
        .with_ansi(false)
        .with_span_events(FmtSpan::CLOSE)
        .with_filter(filter);
    let subscriber = tracing_subscriber::registry()
        .with(monitor.stage_layer(otherwise))
        .with(print);
    tracing::subscriber::with_default(subscriber, work);
    printed.text()
}

#[tracing::instrument(level = "trace", fields(ml.stage = "feature_fetch"))]
fn fetch() {
    tracing::info!("fetching");
}

#[test]
fn a_stage_goes_to_the_version_of_the_span_around_it_whatever_others_filter() {
    for filter in [
        LevelFilter::OFF,
        LevelFilter::ERROR,
        LevelFilter::INFO,
        LevelFilter::TRACE,
    ] {
        let (monitor, model) = watched();
        let other = monitor.model("m", "2").register().expect("valid");
        let printed = under(&monitor, None, filter, || {
            model.span().in_scope(|| {
                info_span!("handler").in_scope(fetch);
                info_span!("rank", ml.stage = "rerank").in_scope(|| thread::sleep(Duration::from_millis(5)));
                // Nearer than the one around it.
                other.span().in_scope(fetch);
            });
        });
        assert_eq!(count(&monitor, "1", "feature_fetch"), 1.0, "{filter}");
        assert_eq!(count(&monitor, "1", "rerank"), 1.0, "{filter}");
        assert_eq!(count(&monitor, "2", "feature_fetch"), 1.0, "{filter}");
        let labels = [("stage", "rerank")];
        let seconds = monitor
            .value("ml_inference_stage_seconds_sum", &labels)
            .expect("a metric");
        assert!((0.005..5.0).contains(&seconds), "{seconds}");
        // The layer beside it prints what it would print without ours.
        assert_eq!(
            printed.contains("fetching"),
            filter >= LevelFilter::INFO,
            "{filter}: {printed}"
        );
        assert_eq!(
            printed.contains("TRACE "),
            filter >= LevelFilter::TRACE,
            "{filter}: {printed}"
        );
    }
}

#[test]
fn a_stage_without_a_version_goes_to_the_one_named_for_that_or_nowhere() {
    let (monitor, model) = watched();
    under(&monitor, None, LevelFilter::OFF, fetch);
    assert_eq!(monitor.value("ml_inference_stage_seconds_count", &[]), Ok(0.0));
    under(&monitor, Some(&model), LevelFilter::OFF, fetch);
    assert_eq!(count(&monitor, "1", "feature_fetch"), 1.0);
}

#[test]
fn a_stage_waits_until_the_version_is_chosen() {
    let (monitor, model) = watched();
    under(&monitor, Some(&model), LevelFilter::OFF, || {
        let request = info_span!("request", ml.model_name = "m", ml.model_version = field::Empty);
        request.in_scope(|| {
            fetch();
            assert_eq!(monitor.value("ml_inference_stage_seconds_count", &[]), Ok(0.0));
            request.record("ml.model_version", "2");
            assert_eq!(count(&monitor, "2", "feature_fetch"), 1.0);
            fetch();
        });
        // Never chosen: at its end there is nobody left to wait for.
        let undecided = info_span!("request", ml.model_name = "m", ml.model_version = field::Empty);
        undecided.in_scope(fetch);
    });
    assert_eq!(count(&monitor, "2", "feature_fetch"), 2.0);
    assert_eq!(count(&monitor, "1", "feature_fetch"), 1.0, "that of the layer");
}

#[test]
fn a_span_may_name_stage_and_version_at_once_and_in_any_kind_of_value() {
    let (monitor, _) = watched();
    under(&monitor, None, LevelFilter::OFF, || {
        let version = String::from("2");
        info_span!("a", ml.stage = "compute", ml.model_name = "m", ml.model_version = %version).in_scope(|| ());
        info_span!("a", ml.stage = %"queue", ml.model_name = %"m", ml.model_version = 3).in_scope(|| ());
    });
    assert_eq!(
        (count(&monitor, "2", "compute"), count(&monitor, "3", "queue")),
        (1.0, 1.0)
    );
}

#[test]
fn names_past_their_limits_overflow_and_the_warning_of_it_is_printed() {
    let limits = Limits::new().stages_per_version(1);
    let monitor = Monitor::builder().limits(limits).build().expect("valid");
    let model = monitor.model("m", "1").register().expect("valid");
    let printed = under(&monitor, None, LevelFilter::WARN, || {
        model.span().in_scope(|| {
            for stage in ["a", "b", "c"] {
                info_span!("stage", ml.stage = stage).in_scope(|| ());
            }
        });
    });
    assert_eq!((count(&monitor, "1", "a"), count(&monitor, "1", OTHER)), (1.0, 2.0));
    assert!(printed.contains("label is at its limit"), "{printed}");
}

#[test]
fn a_stage_of_a_future_ends_with_it_on_whichever_thread() {
    let _alone = alone();
    let (monitor, model) = watched();
    let subscriber = tracing_subscriber::registry().with(monitor.stage_layer(None));
    let dispatch = tracing::Dispatch::new(subscriber);
    tracing::dispatcher::with_default(&dispatch, || {
        let request = model.span();
        let work = async {}.instrument(request.in_scope(|| info_span!("compute", ml.stage = "compute")));
        let dispatch = dispatch.clone();
        drop(request);
        thread::spawn(move || tracing::dispatcher::with_default(&dispatch, || drop(work)))
            .join()
            .expect("no panic");
    });
    assert_eq!(count(&monitor, "1", "compute"), 1.0);
}

#[test]
fn a_filter_on_the_whole_subscriber_hides_the_spans_from_this_layer_too() {
    let _alone = alone();
    let (monitor, model) = watched();
    let subscriber = tracing_subscriber::registry()
        .with(monitor.stage_layer(Some(&model)))
        .with(LevelFilter::WARN);
    tracing::subscriber::with_default(subscriber, || {
        fetch();
        tracing::error_span!("stage", ml.stage = "compute").in_scope(|| ());
    });
    assert_eq!(
        count(&monitor, "1", "feature_fetch"),
        0.0,
        "as the page of `stage_layer` says"
    );
    assert_eq!(count(&monitor, "1", "compute"), 1.0);
}
