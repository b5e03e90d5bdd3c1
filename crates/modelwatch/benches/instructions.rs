//! Instructions for each recording path, counted by callgrind: a figure that does not depend on the machine's mood.
//!
//! `cargo bench -p modelwatch --bench instructions` fails when a path takes a tenth more than `instructions.txt` beside
//! this file says; with `-- --update` it writes the file.

use std::collections::BTreeMap;
use std::error::Error;
use std::hint::black_box;
use std::io::Write;
use std::process::Command;
use std::time::Duration;

use modelwatch::{Feature, Monitor, Status};

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
/// Repetitions in the shorter of two runs; the difference of the runs leaves out everything that happens once.
const TIMES: u64 = 20_000;
/// A path may take so much more than it did.
const TOLERANCE: f64 = 1.1;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, run, path, times] = &arguments[..]
        && run == "--run"
    {
        return repeat(path, times.parse()?);
    }
    let counted: BTreeMap<&str, f64> = PATHS
        .into_iter()
        .map(|path| Ok((path, count(path)?)))
        .collect::<Result<_, Box<dyn Error>>>()?;
    let mut out = std::io::stdout().lock();
    if arguments.iter().any(|argument| argument == "--update") {
        let lines: Vec<_> = counted
            .iter()
            .map(|(path, count)| format!("{path} {count:.1}\n"))
            .collect();
        std::fs::write(FIGURES, lines.concat())?;
    }
    let figures = std::fs::read_to_string(FIGURES).map_err(|error| format!("{FIGURES}: {error}; run with --update"))?;
    let known: BTreeMap<&str, f64> = figures
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(path, n)| Some((path, n.parse().ok()?)))
        .collect();
    let mut grown = Vec::new();
    writeln!(out, "| path | instructions | before |\n| --- | --: | --: |")?;
    for (path, count) in counted {
        let before = *known
            .get(path)
            .ok_or_else(|| format!("{FIGURES} has no {path}; run with --update"))?;
        writeln!(out, "| {path} | {count:.1} | {before:.1} |")?;
        if count > before * TOLERANCE {
            grown.push(format!("{path} from {before:.1} to {count:.1}"));
        }
    }
    if grown.is_empty() {
        Ok(())
    } else {
        Err(format!(
            "recording takes more than a tenth more instructions: {}",
            grown.join(", ")
        )
        .into())
    }
}

/// Instructions of one repetition.
fn count(path: &str) -> Result<f64, Box<dyn Error>> {
    Ok((collected(path, 2 * TIMES)? - collected(path, TIMES)?) / TIMES as f64)
}

fn collected(path: &str, times: u64) -> Result<f64, Box<dyn Error>> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--callgrind-out-file=/dev/null"]);
    valgrind
        .arg(std::env::current_exe()?)
        .args(["--run", path, &times.to_string()]);
    let output = valgrind
        .output()
        .map_err(|error| format!("can't start valgrind: {error}; run `make setup`"))?;
    let report = String::from_utf8_lossy(&output.stderr);
    let count = report
        .lines()
        .find_map(|line| line.split_once("Collected : ")?.1.trim().parse().ok());
    count.ok_or_else(|| format!("valgrind counted nothing for {path}:\n{report}").into())
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
