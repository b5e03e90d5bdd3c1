//! Recording allocates nothing, once the log has warmed up.

use allocation_counter::measure;
use modelwatch::{Feature, FeatureValue, Monitor};
use modelwatch_log::PredictionLog;
use tempfile::tempdir;

#[test]
fn a_record_allocates_nothing_on_the_serving_thread() {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let numbers = (0..18).map(|number| Feature::numeric(format!("number_{number}")));
    let texts = ["carrier", "origin"].map(Feature::categorical);
    let model = monitor
        .model("flights", "1")
        .features(numbers.chain(texts))
        .register()
        .expect("a model");
    let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
    let flights = log.model(&model).expect("a handle");
    let mut row = [FeatureValue::Number(0.5); 20];
    row[18..].copy_from_slice(&["UA".into(), "EWR".into()]);
    let record = || _ = flights.record(row, 0.25).class("late");
    (0..100).for_each(|_| record());
    log.flush().expect("a good storage");

    let allocated = measure(|| (0..100).for_each(|_| record()));
    assert_eq!((allocated.count_total, allocated.bytes_total), (0, 0));

    log.attach(&model).expect("attached");
    let record = || _ = model.record(row, 0.25).class("late");
    (0..100).for_each(|_| record());
    log.flush().expect("a good storage");
    let allocated = measure(|| (0..100).for_each(|_| record()));
    assert_eq!((allocated.count_total, allocated.bytes_total), (0, 0), "attached");
    log.close().expect("a clean end");
}
