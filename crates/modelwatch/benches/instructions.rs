//! Instructions for each recording path, counted by callgrind: a figure that does not depend on the machine's mood.
//!
//! `cargo bench -p modelwatch --bench instructions` fails when a path takes a tenth more than `instructions.txt` beside
//! this file says; with `-- --update` it writes the file. What a wide row and a large page take is counted for each of their thousand names
//! or models.

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use modelwatch::contract::LATENCY_BUCKETS;
use modelwatch::{Feature, Format, Limits, Model, Monitor, Status};
use modelwatch_testkit::compare_instructions;

const PATHS: [&str; 12] = [
    "record",
    "start_finish",
    "score",
    "score_class_handle",
    "score_class_name",
    "row_of_20",
    "named_row_of_20",
    "resolve_and_route",
    "name_of_1000",
    "name_of_1000_in_another_order",
    "model_of_1000_on_a_page",
    "model_of_1000_on_a_rendered_page",
];

const MANY: usize = 1_000;
const FIGURES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/instructions.txt");

fn main() -> Result<(), Box<dyn Error>> {
    compare_instructions(FIGURES, &PATHS, repeat)
}

fn repeat(path: &str, times: u64) -> Result<(), Box<dyn Error>> {
    let monitor = Monitor::new();
    let names: Vec<String> = (0..20).map(|number| format!("feature_{number}")).collect();
    let features = names.iter().map(|name| Feature::numeric(name).range(0.0..=100.0));
    let model = monitor
        .model("claims-risk", "2026-04-01")
        .features(features)
        .register()?;
    let (route, class) = (model.route("/predict"), model.class("fraud"));
    let row: [Option<f64>; 20] = std::array::from_fn(|number| Some(number as f64));
    let named: Vec<(&str, f64)> = names.iter().map(|name| (name.as_str(), 1.0)).collect();
    match path {
        "record" => repeated(times, || {
            route.record(Status::Success, black_box(Duration::from_micros(12_345)))
        }),
        "start_finish" => repeated(times, || route.start().finish(Status::Success)),
        "score" => repeated(times, || _ = model.record_prediction(black_box(0.37))),
        "score_class_handle" => repeated(times, || model.record_prediction(black_box(0.37)).class(&class)),
        "score_class_name" => repeated(times, || model.record_prediction(black_box(0.37)).class("fraud")),
        "row_of_20" => repeated(times, || model.record_features(black_box(&row))),
        "named_row_of_20" => repeated(times, || model.record_named_features(black_box(&named).iter().copied())),
        "resolve_and_route" => repeated(times, || {
            drop(black_box(
                monitor.resolve("claims-risk", "2026-04-01").route("/predict"),
            ))
        }),
        "name_of_1000" => wide_row(times, |names| names),
        "name_of_1000_in_another_order" => wide_row(times, |names| {
            // Each of them: 617 has no divisor in common with 1,000.
            (0..MANY).map(|number| names[number * 617 % MANY].clone()).collect()
        }),
        "model_of_1000_on_a_page" => page_of_models(times),
        "model_of_1000_on_a_rendered_page" => rendered_page(times),
        unknown => return Err(format!("no path {unknown:?}; there are {}", PATHS.join(", ")).into()),
    }
    Ok(())
}

/// A loop that no build puts together otherwise than another.
#[inline(never)]
fn repeated(times: u64, path: impl Fn()) {
    for _ in 0..times {
        path();
    }
}

/// A row by name, for every thousandth time.
fn wide_row(times: u64, in_order: impl FnOnce(Vec<String>) -> Vec<String>) {
    let limits = Limits::new().features_per_model(MANY);
    let monitor = Monitor::builder().limits(limits).build().expect("valid");
    let names: Vec<String> = (0..MANY).map(|number| format!("feature_{number}")).collect();
    let features = names.iter().map(|name| Feature::numeric(name).range(0.0..=100.0));
    let model: Model = monitor
        .model("claims-risk", "2026-04-01")
        .features(features)
        .register()
        .expect("valid");
    let row: Vec<(String, f64)> = in_order(names).into_iter().map(|name| (name, 1.0)).collect();
    let row = || row.iter().map(|(name, value)| (name.as_str(), *value));
    (0..times / MANY as u64).for_each(|_| model.record_named_features(black_box(row())));
}

/// A page of a thousand models with one route each, for every thousandth time.
fn page_of_models(times: u64) {
    let monitor = Monitor::builder()
        .limits(Limits::new().models(MANY))
        .process_metrics(false)
        .build()
        .expect("valid");
    for number in 0..MANY {
        let model = monitor.model(format!("model-{number}"), "1").register().expect("valid");
        let route = model.route("/predict");
        (0..100).for_each(|request| route.record(Status::Success, Duration::from_micros(1_000 + 37 * request)));
    }
    (0..times / MANY as u64).for_each(|_| drop(black_box(monitor.encode(Format::PrometheusText))));
}

/// The same counters and histograms, everything but their values rendered before: what no encoder can do without.
fn rendered_page(times: u64) {
    let mut lines: Vec<String> = Vec::new();
    for number in 0..MANY {
        let labels = format!("model_name=\"model-{number}\",model_version=\"1\",route=\"/predict\"");
        let bounds = LATENCY_BUCKETS.iter().map(|bound| format!("{bound:?}"));
        let buckets = bounds.chain(["+Inf".to_owned()]);
        lines.extend(buckets.map(|le| format!("ml_inference_latency_seconds_bucket{{{labels},le=\"{le}\"}} ")));
        lines.extend(["sum", "count"].map(|part| format!("ml_inference_latency_seconds_{part}{{{labels}}} ")));
        let statuses = Status::ALL.map(|status| status.as_str());
        lines.extend(statuses.map(|status| format!("ml_inference_requests_total{{{labels},status=\"{status}\"}} ")));
    }
    for _ in 0..times / MANY as u64 {
        let mut page = Vec::with_capacity(16 * 1024);
        for line in &lines {
            page.extend_from_slice(line.as_bytes());
            page.extend_from_slice(itoa::Buffer::new().format(black_box(100u64)).as_bytes());
            page.push(b'\n');
        }
        drop(black_box(page));
    }
}
