//! The training quarter of the flights, and the command line that makes a baseline of it.

use std::path::{Path, PathBuf};

use flights::data::FEATURES;

pub(crate) const WEEK: [&str; 4] = ["--from", "2013-07-08T04:00:00Z", "--to", "2013-07-15T04:00:00Z"];

pub(crate) fn flights(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/data/flights")
        .join(name)
}

/// Arguments that write `baseline.json` with the model's features and these.
pub(crate) fn baseline_arguments(more: &[&str]) -> Vec<String> {
    let training = flights("train-2013q1.parquet");
    let fixed = [
        "baseline",
        "--model",
        "flight-delay",
        "--output",
        "baseline.json",
        "--time",
        "event_time",
    ];
    let mut arguments = fixed.map(str::to_owned).to_vec();
    for feature in FEATURES.iter().chain(more) {
        arguments.extend(["--feature".to_owned(), (*feature).to_owned()]);
    }
    arguments.push(training.to_str().expect("text").to_owned());
    arguments
}
