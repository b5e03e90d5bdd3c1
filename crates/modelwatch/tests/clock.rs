//! Durations, whatever they are read from, are those of the system's clock.

use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use modelwatch::{InFlight, Monitor, Status};

fn latency(monitor: &Monitor) -> f64 {
    monitor
        .value("ml_inference_latency_seconds_sum", &[])
        .expect("a request ended")
}

/// A hundredth, for a clock whose speed was measured in a millisecond; it has no more to do with how busy the machine is.
const TOLERANCE: f64 = 0.01;

#[test]
fn measures_what_the_systems_clock_does_when_a_request_ends() {
    let monitor = Monitor::new();
    let model = monitor.model("claims-risk", "1").register().expect("valid");
    let route = model.route("/predict");
    let around = Instant::now();
    let request = route.start();
    let within = Instant::now();
    thread::sleep(Duration::from_millis(300));
    let within = within.elapsed().as_secs_f64();
    request.finish(Status::Success);
    let around = around.elapsed().as_secs_f64();
    let measured = latency(&monitor);
    assert!(
        (within * (1.0 - TOLERANCE)..=around * (1.0 + TOLERANCE)).contains(&measured),
        "{measured} s is not between {within} and {around}"
    );
}

/// A thread on another core may read a counter that is behind by some ticks: that is no time, and not centuries.
#[test]
fn takes_no_longer_than_the_whole_when_requests_end_on_another_thread() {
    const REQUESTS: u32 = 20_000;
    let monitor = Monitor::new();
    let model = monitor.model("claims-risk", "1").register().expect("valid");
    let route = model.route("/predict");
    let (begun, ends) = mpsc::sync_channel::<InFlight>(8);
    let around = Instant::now();
    let other = thread::spawn(move || ends.into_iter().for_each(|request| request.finish(Status::Success)));
    for _ in 0..REQUESTS {
        begun.send(route.start()).expect("the other thread takes them");
    }
    drop(begun);
    other.join().expect("no panic");
    // No more than ten wait at a time.
    let most = 10.0 * around.elapsed().as_secs_f64() * (1.0 + TOLERANCE);
    let measured = latency(&monitor);
    assert!((0.0..=most).contains(&measured), "{measured} s in {most}");
}
