//! What is logged of an outage: one warning, and when it is over that it is.

use std::fmt::{Debug, Write};
use std::fs::{self, File};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::{Duration, Instant};

use modelwatch::{Feature, Monitor};
use modelwatch_log::PredictionLog;
use tempfile::tempdir;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Metadata, Subscriber};

/// Keeps each event at its level, as text.
#[derive(Clone, Default)]
struct Listener(Arc<Mutex<Vec<(Level, String)>>>);

struct Text(String);

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        write!(self.0, "{field}={value:?} ").expect("memory");
    }
}

impl Subscriber for Listener {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        *metadata.level() <= Level::INFO
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut text = Text(String::new());
        event.record(&mut text);
        let level = *event.metadata().level();
        self.0.lock().expect("no panic").push((level, text.0));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

/// What everything in this process logs; each test finds its own.
fn listener() -> &'static Listener {
    static LISTENER: OnceLock<Listener> = OnceLock::new();
    LISTENER.get_or_init(|| {
        let listener = Listener::default();
        tracing::subscriber::set_global_default(listener.clone()).expect("the only one");
        listener
    })
}

impl Listener {
    fn told(&self, of: &str) -> Vec<(Level, String)> {
        let told = self.0.lock().expect("no panic");
        let of_predictions = told.iter().filter(|(_, text)| text.contains("predictions"));
        of_predictions.filter(|(_, text)| text.contains(of)).cloned().collect()
    }
}

#[test]
fn an_outage_is_told_once_and_so_is_its_end() {
    let listener = listener();
    let (folder, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let root = folder.path().join("log");
    let log = PredictionLog::builder(&root).start(&monitor).expect("a log");
    let model = monitor
        .model("claims", "1")
        .features([Feature::numeric("number")])
        .register()
        .expect("a model");
    let handle = log.model(&model).expect("a handle");
    fs::remove_dir(&root).expect("removed");
    File::create(&root).expect("a file in its place");
    for number in 0..3 {
        handle.record([number], 0.5);
        log.flush().expect_err("a file is no folder");
    }
    fs::remove_file(&root).expect("removed");
    handle.record([3], 0.5);
    log.flush().expect("it is made again");
    log.close().expect("a clean end");

    let told = listener.told(&root.to_string_lossy());
    let [(Level::WARN, outage), (Level::INFO, end)] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(
        outage.contains("can't write") && outage.contains("predictions=1"),
        "{outage}"
    );
    assert!(end.contains("writes again") && end.contains("predictions=2"), "{end}");
}

#[test]
fn a_queue_that_was_full_is_told_once_with_what_helps() {
    let listener = listener();
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let log = PredictionLog::builder(root.path())
        .queue(3)
        .start(&monitor)
        .expect("a log");
    let model = monitor.model("claims", "1").register().expect("a model");
    let handle = log.model(&model).expect("a handle");
    let of_the_queue = || listener.told("queue was full");
    let begun = Instant::now();
    while of_the_queue().is_empty() {
        assert!(
            begun.elapsed() < Duration::from_secs(60),
            "nothing is told of the queue"
        );
        (0..100).for_each(|_| _ = handle.record([0.0; 0], 0.5));
        thread::sleep(Duration::from_millis(1));
    }
    (0..100).for_each(|_| _ = handle.record([0.0; 0], 0.5));
    log.close().expect("a clean end");
    let told = of_the_queue();
    let [(Level::WARN, warning)] = &told[..] else {
        panic!("{told:?}")
    };
    assert!(
        warning.contains("queue=3") && warning.contains("a longer queue"),
        "{warning}"
    );
}
