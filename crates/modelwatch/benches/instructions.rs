//! Instructions for each recording path, counted by callgrind: a figure that does not depend on the machine's mood.
//!
//! `cargo bench -p modelwatch --bench instructions` fails when a path takes a tenth more than `instructions.txt` beside
//! this file says; with `-- --update` it writes the file.

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use modelwatch::{Feature, Monitor, Status};
use modelwatch_testkit::compare_instructions;

const PATHS: [&str; 8] = [
    "record",
    "start_finish",
    "score",
    "score_class_handle",
    "score_class_name",
    "row_of_20",
    "named_row_of_20",
    "resolve_and_route",
];
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
    let run = |path: &dyn Fn()| (0..times).for_each(|_| path());
    match path {
        "record" => run(&|| route.record(Status::Success, black_box(Duration::from_micros(12_345)))),
        "start_finish" => run(&|| route.start().finish(Status::Success)),
        "score" => run(&|| _ = model.record_prediction(black_box(0.37))),
        "score_class_handle" => run(&|| model.record_prediction(black_box(0.37)).class(&class)),
        "score_class_name" => run(&|| model.record_prediction(black_box(0.37)).class("fraud")),
        "row_of_20" => run(&|| model.record_features(black_box(&row))),
        "named_row_of_20" => run(&|| model.record_named_features(black_box(&named).iter().copied())),
        "resolve_and_route" => run(&|| {
            drop(black_box(
                monitor.resolve("claims-risk", "2026-04-01").route("/predict"),
            ))
        }),
        unknown => return Err(format!("no path {unknown:?}; there are {}", PATHS.join(", ")).into()),
    }
    Ok(())
}
