//! A process that is told to end loses nothing: real signals, in processes of the tests' own.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, ExitStatus, Stdio};
use std::time::Duration;

use modelwatch::Monitor;
use modelwatch_log::PredictionLog;
use tempfile::tempdir;
use tokio::signal::unix::{SignalKind, signal};

use crate::on_storage::{all_rows, numbers, visible};
use crate::{children, numbered};

/// Runs a test of this file in a process of its own, sends it a SIGTERM when it says that it is ready, and waits for its end.
fn terminated(test: &str, root: &std::path::Path) -> ExitStatus {
    let mut child = children::child(test, root)
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let out = BufReader::new(child.stdout.take().expect("its output"));
    let mut lines = out.lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "ready"), "it never was ready");
    let pid = child.id().to_string();
    let sent = Command::new("kill")
        .args(["-TERM", &pid])
        .status()
        .expect("the program kill");
    assert!(sent.success());
    lines.for_each(drop);
    child.wait().expect("it ends")
}

/// A log that writes nothing by itself before the process has ended, and 1,000 predictions in it.
fn recorded() -> (PredictionLog, modelwatch::Model) {
    let monitor = Monitor::new();
    let builder = PredictionLog::builder(children::root()).rotate_after(Duration::from_secs(3600));
    let (log, model) = (builder.start(&monitor).expect("a log"), numbered(&monitor));
    log.attach(&model).expect("attached");
    record(&model, 0..1000);
    (log, model)
}

fn record(model: &modelwatch::Model, numbers: std::ops::Range<u32>) {
    numbers.for_each(|number| drop(model.record([number], 0.5)));
}

fn ready() {
    writeln!(std::io::stdout(), "ready").expect("somebody reads");
}

#[test]
fn a_signal_flushes_the_log_and_the_rest_comes_with_its_end() {
    let root = tempdir().expect("a folder");
    let status = terminated("shutdown::ends_in_good_order", root.path());
    assert!(status.success(), "{status}");
    let numbers = numbers(&all_rows(root.path()));
    assert_eq!(numbers, (0..1010).map(f64::from).collect::<Vec<_>>());
}

#[tokio::test]
#[ignore = "told to end by another test"]
async fn ends_in_good_order() {
    let (log, model) = recorded();
    let mut sigterm = signal(SignalKind::terminate()).expect("a signal");
    let shutdown = log.flush_on(async move { sigterm.recv().await });
    ready();
    assert_eq!(shutdown.await, Some(()), "what the signal returned");
    assert_eq!(
        numbers(&all_rows(&children::root())).len(),
        1000,
        "before anything ended"
    );
    // The last requests.
    record(&model, 1000..1010);
}

#[test]
fn a_signal_flushes_the_log_though_the_process_leaves_at_once() {
    let root = tempdir().expect("a folder");
    let status = terminated("shutdown::leaves_at_once", root.path());
    assert_eq!(status.code(), Some(7), "{status}");
    assert_eq!(numbers(&all_rows(root.path())).len(), 1000);
}

#[tokio::test]
#[ignore = "told to end by another test"]
async fn leaves_at_once() {
    let (log, _model) = recorded();
    let mut sigterm = signal(SignalKind::terminate()).expect("a signal");
    let shutdown = log.flush_on(async move { sigterm.recv().await });
    ready();
    shutdown.await;
    // No destructor runs: whatever the log had not written is lost.
    std::process::exit(7);
}

/// What the others show is not so by itself.
#[test]
fn without_it_a_signal_loses_what_was_in_no_file_yet() {
    let root = tempdir().expect("a folder");
    let status = terminated("shutdown::knows_no_signal", root.path());
    assert_eq!(status.code(), None, "{status}");
    assert_eq!(visible(root.path()).len(), 0);
}

#[test]
#[ignore = "told to end by another test"]
fn knows_no_signal() {
    let (_log, _model) = recorded();
    ready();
    std::thread::sleep(Duration::from_secs(60));
}

#[tokio::test]
async fn a_signal_after_the_end_of_the_log_waits_for_nobody() {
    let root = tempdir().expect("a folder");
    let log = PredictionLog::builder(root.path())
        .start(&Monitor::new())
        .expect("a log");
    let shutdown = log.flush_on(std::future::ready("told"));
    log.close().expect("a clean end");
    assert_eq!(shutdown.await, "told");
}
