//! The prediction log through its public door, judged by what stands on storage.

mod attached;
mod children;
mod identified;
mod killed;
mod on_storage;
mod outages;
mod properties;
mod retention;
mod row_files;
mod set_up;
mod shutdown;
mod written;

use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use modelwatch::{Feature, Model, Monitor};

/// Microseconds from the epoch to 2026-04-01T10:15:00Z.
const MORNING: u64 = 1_775_038_500_000_000;

fn morning() -> SystemTime {
    UNIX_EPOCH + Duration::from_micros(MORNING)
}

/// A model whose one feature tells records apart.
fn numbered(monitor: &Monitor) -> Model {
    let builder = monitor.model("claims", "1").features([Feature::numeric("number")]);
    builder.register().expect("a model")
}

/// Waits for what happens on another thread or in another process; a minute is more than enough.
fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "still waiting until {what}");
        thread::sleep(Duration::from_millis(1));
    }
}
