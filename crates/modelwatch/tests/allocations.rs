//! Recording through a handle allocates nothing, once a thread has used it.

use std::hint::black_box;
use std::time::Duration;

use allocation_counter::measure;
use modelwatch::{Feature, FeatureValue, Limits, Monitor, Stage, Status};

#[test]
fn the_hot_path_allocates_nothing() {
    // So short a window is looked after all the time.
    let window = Duration::from_micros(20);
    let monitor = Monitor::builder().window(window).build().expect("valid");
    let versions: Vec<String> = (0..9).map(|number| number.to_string()).collect();
    let names: Vec<String> = (0..20).map(|number| format!("feature_{number}")).collect();
    let features = names.iter().map(|name| Feature::numeric(name).range(0.0..=10.0));
    let model = monitor
        .model("m", "1")
        .features(features)
        .classes(["a", "b"])
        .register()
        .expect("valid");
    let (route, other, class) = (model.route("predict"), model.route("explain"), model.class("a"));
    let row: Vec<Option<f64>> = (0..20)
        .map(|number| (number % 7 != 0).then_some(f64::from(number)))
        .collect();
    type Recording<'a> = Box<dyn Fn() + 'a>;
    let paths: Vec<(&str, Recording<'_>)> = vec![
        (
            "record",
            Box::new(|| route.record(Status::Success, Duration::from_millis(3))),
        ),
        ("start and finish", Box::new(|| route.start().finish(Status::Success))),
        ("start and drop", Box::new(|| drop(route.start()))),
        ("score", Box::new(|| _ = black_box(model.record_prediction(0.5)))),
        (
            "score that is no number",
            Box::new(|| _ = black_box(model.record_prediction(f64::NAN))),
        ),
        ("class by name", Box::new(|| model.record_prediction(0.5).class("b"))),
        (
            "class by handle",
            Box::new(|| model.record_prediction(0.5).class(&class)),
        ),
        ("batch", Box::new(|| model.record_predictions(&[0.1, 0.2, f64::NAN]))),
        ("row", Box::new(|| model.record_features(&row))),
        (
            "row by name",
            Box::new(|| model.record_named_features(names.iter().zip(&row))),
        ),
        (
            "one feature",
            Box::new(|| model.record_feature("feature_3", FeatureValue::Missing)),
        ),
        ("undeclared feature", Box::new(|| model.record_feature("stranger", 1.0))),
        ("outcome", Box::new(|| model.record_outcome("approved"))),
        ("stage", Box::new(|| drop(model.start_stage(Stage::Compute)))),
        ("batch size", Box::new(|| model.record_batch_size(8))),
        ("queue depth", Box::new(|| model.set_queue_depth(8))),
        (
            "model already seen",
            Box::new(|| drop(black_box(monitor.resolve("m", "1")))),
        ),
        (
            "more models than a thread remembers",
            Box::new(|| {
                versions
                    .iter()
                    .for_each(|name| drop(black_box(monitor.resolve(name, name))))
            }),
        ),
        (
            "handle cloned and moved to another",
            Box::new(|| {
                let mut request = route.clone().start();
                request.move_to(&other);
                request.finish(Status::Error);
            }),
        ),
        (
            "route already seen",
            Box::new(|| drop(black_box(model.route("predict")))),
        ),
    ];
    for (path, record) in &paths {
        record();
        let allocations = measure(|| (0..1000).for_each(|_| record())).count_total;
        assert_eq!(allocations, 0, "{path}");
    }
}

/// Allocations of a scrape of so many models with one route each, once its page has been written before.
fn allocations_of_a_page(models: usize) -> u64 {
    let monitor = Monitor::builder()
        .limits(Limits::new().models(models))
        .process_metrics(false)
        .build()
        .expect("valid");
    for number in 0..models {
        let model = monitor
            .model(format!("m{number}"), "1")
            .framework("onnx")
            .register()
            .expect("valid");
        model.route("predict").record(Status::Success, Duration::from_millis(3));
    }
    drop(monitor.scrape(None, None));
    drop(monitor.scrape(None, None));
    measure(|| drop(black_box(monitor.scrape(None, None)))).count_total
}

#[test]
fn a_page_of_many_models_allocates_as_rarely_as_one_of_few() {
    let (few, many) = (allocations_of_a_page(100), allocations_of_a_page(1_000));
    // Lists that grow by doubling.
    assert!(many <= few + 20, "{few} allocations with 100 models, {many} with 1,000");
}
