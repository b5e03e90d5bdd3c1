//! What a record adds to a request: a row of 20 features, two of them categories, with a score and a class.
//!
//! The floor reads the system's clock and copies the row's numbers. Records go in bursts that the queue has room for, and
//! between them the writer gets the time to take them, so that none is dropped, which would cost less.

use std::hint::black_box;
use std::sync::Barrier;
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use criterion::{Criterion, criterion_group, criterion_main};
use modelwatch::{Feature, FeatureValue, Monitor};
use modelwatch_log::PredictionLog;

const NUMBERS: usize = 18;
/// Records between two pauses of a thread.
const BURST: u64 = 1000;

fn row() -> [FeatureValue<'static>; NUMBERS + 2] {
    let mut row = [FeatureValue::Number(0.5); NUMBERS + 2];
    row[NUMBERS..].copy_from_slice(&["UA".into(), "EWR".into()]);
    row
}

/// The time of one call, added up over so many bursts, without that of the pauses.
fn bursts(number: u64, run: impl Fn(), pause: impl Fn()) -> Duration {
    let mut took = Duration::ZERO;
    for _ in 0..number {
        let started = Instant::now();
        (0..BURST).for_each(|_| run());
        took += started.elapsed();
        pause();
    }
    took / BURST as u32
}

fn record(criterion: &mut Criterion) {
    let folder = std::env::temp_dir().join(format!("modelwatch-bench-{}", std::process::id()));
    let monitor = Monitor::new();
    let numbers = (0..NUMBERS).map(|number| Feature::numeric(format!("number_{number}")));
    let features = numbers.chain(["carrier", "origin"].map(Feature::categorical));
    let model = monitor
        .model("flights", "1")
        .features(features)
        .register()
        .expect("a model");
    let log = PredictionLog::builder(&folder).start(&monitor).expect("a log");
    let flights = log.model(&model).expect("a handle");
    let row = row();
    // Two looks of the writer at its queue.
    let pause = || thread::sleep(Duration::from_millis(20));
    let run = || _ = black_box(flights.record(black_box(row), black_box(0.25)).class("late"));

    let mut group = criterion.benchmark_group("log");
    group.bench_function("floor", |bencher| {
        bencher.iter(|| {
            let numbers = black_box(&row).map(|value| match value {
                FeatureValue::Number(number) => number,
                _ => f64::NAN,
            });
            black_box((SystemTime::now(), numbers))
        });
    });
    group.bench_function("prediction_and_features_counted", |bencher| {
        bencher.iter(|| {
            model.record_features(black_box(&row));
            model.record_prediction(black_box(0.25)).class("late");
        });
    });
    group.bench_function("record", |bencher| {
        bencher.iter_custom(|number| bursts(number, run, pause));
    });
    group.bench_function("record_two_threads", |bencher| {
        bencher.iter_custom(|number| {
            let start = Barrier::new(2);
            let together = || {
                bursts(number, run, || {
                    pause();
                    start.wait();
                })
            };
            thread::scope(|scope| {
                let other = scope.spawn(together);
                together().max(other.join().expect("no panic"))
            })
        });
    });
    group.finish();
    log.close().expect("a good storage");
    std::fs::remove_dir_all(folder).expect("its own folder");
}

fn settings() -> Criterion {
    Criterion::default()
        .sample_size(20)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_secs(2))
        .configure_from_args()
}

criterion_group!(name = benches; config = settings(); targets = record);
criterion_main!(benches);
