//! What a series takes: `cargo test -p modelwatch --test memory -- --nocapture` prints it.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use modelwatch::{Monitor, Status};

/// Keeps the other tests of this program waiting: threads have lanes of their own as long as there are few of them.
fn alone() -> MutexGuard<'static, ()> {
    static ALONE: Mutex<()> = Mutex::new(());
    ALONE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Waits for a lock once. The table of threads that wait for any lock of the process grows when a thread first does, and stays: it is
/// nothing that a series takes, whichever thread happens to wait.
fn park() {
    let nobody_notifies = parking_lot::Condvar::new();
    let lock = parking_lot::Mutex::new(());
    nobody_notifies.wait_for(&mut lock.lock(), Duration::from_millis(1));
}

#[test]
fn a_latency_series_of_two_threads_fits_in_four_kilobytes() {
    let _alone = alone();
    let monitor = Monitor::new();
    let model = monitor.model("claims-risk", "2026-04-01").register().expect("valid");
    let _ = model.route("first");
    let made = measure(|| drop(model.route("predict"))).bytes_current;
    let route = model.route("predict");
    let record = || measure(|| route.record(Status::Success, Duration::from_millis(20))).bytes_current;
    // The second while the first is alive: one that is gone leaves its cells to the next.
    let lanes = thread::scope(|scope| {
        let first = scope.spawn(|| record() + thread::scope(|scope| scope.spawn(record).join().expect("recorded")));
        first.join().expect("recorded")
    });
    eprintln!(
        "a latency series, bytes: idle {made}, written by two threads {}",
        made + lanes
    );
    assert!(made <= 1024, "an idle series takes {made} bytes");
    assert!(
        lanes > 0 && made + lanes <= 4096,
        "a series of two threads takes {} bytes",
        made + lanes
    );
}

#[test]
fn a_thread_writes_three_lines_of_a_series_without_native_buckets() {
    let _alone = alone();
    let monitor = Monitor::builder().native_histograms(false).build().expect("valid");
    let model = monitor.model("claims-risk", "2026-04-01").register().expect("valid");
    let route = model.route("predict");
    let made = measure(|| route.record(Status::Success, Duration::from_millis(20))).bytes_current;
    eprintln!("a latency series without native buckets, bytes written by one thread: {made}");
    assert!(made > 0 && made <= 192, "{made} bytes");
    assert_eq!(
        monitor.value("ml_inference_latency_seconds_bucket", &[("le", "0.025")]),
        Ok(1.0)
    );
}

#[test]
fn a_series_that_a_request_named_takes_one_lane_however_many_threads_write_it() {
    let _alone = alone();
    const THREADS: usize = 64;
    let monitor = Monitor::new();
    let route = monitor
        .resolve("claims-risk", "whatever a client sends")
        .route("predict");
    let all_at_once = std::sync::Barrier::new(THREADS);
    let record = || {
        park();
        all_at_once.wait();
        let made = measure(|| route.record(Status::Success, Duration::from_millis(20))).bytes_current;
        all_at_once.wait();
        made
    };
    let made: i64 = thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(record)).collect();
        threads.into_iter().map(|thread| thread.join().expect("recorded")).sum()
    });
    eprintln!("a latency series of a request's name, bytes written by {THREADS} threads: {made}");
    assert!(made > 0 && made <= 2048, "{made} bytes");
}
