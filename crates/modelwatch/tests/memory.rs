//! What a series takes: `cargo test -p modelwatch --test memory -- --nocapture` prints it.

use std::thread;
use std::time::Duration;

use allocation_counter::measure;
use modelwatch::{Monitor, Status};

#[test]
fn a_latency_series_of_two_threads_fits_in_four_kilobytes() {
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
