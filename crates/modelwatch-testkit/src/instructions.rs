//! Instructions of a path, counted by callgrind: a figure that does not depend on the machine's mood.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::Write;
use std::process::Command;

/// Repetitions in the shorter of two runs; the difference of the runs leaves out everything that happens once.
const TIMES: u64 = 20_000;
/// A path may take so much more than it did.
const TOLERANCE: f64 = 1.1;

/// The `main` of a benchmark that compares each path with what the file `figures` says of it. `repeat` takes a path so many times.
///
/// With the argument `--update` it writes the file. It runs itself under valgrind with `--run`, path and times.
///
/// # Errors
///
/// When a path takes a tenth more instructions than before, when valgrind is not there, or `repeat` fails.
pub fn compare_instructions(
    figures: &str,
    paths: &[&str],
    repeat: impl Fn(&str, u64) -> Result<(), Box<dyn Error>>,
) -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, run, path, times] = &arguments[..]
        && run == "--run"
    {
        // What the process does once takes a different time each time, as a clock that is measured does.
        repeat(path, 0)?;
        return counted_by_callgrind(|| repeat(path, times.parse()?));
    }
    let counted: BTreeMap<&str, f64> = paths
        .iter()
        .map(|path| Ok((*path, count(path)?)))
        .collect::<Result<_, Box<dyn Error>>>()?;
    let mut out = std::io::stdout().lock();
    if arguments.iter().any(|argument| argument == "--update") {
        let lines: Vec<_> = counted
            .iter()
            .map(|(path, count)| format!("{path} {count:.1}\n"))
            .collect();
        std::fs::write(figures, lines.concat())?;
    }
    let before = std::fs::read_to_string(figures).map_err(|error| format!("{figures}: {error}; run with --update"))?;
    let known: BTreeMap<&str, f64> = before
        .lines()
        .filter_map(|line| line.split_once(' '))
        .filter_map(|(path, n)| Some((path, n.parse().ok()?)))
        .collect();
    let mut grown = Vec::new();
    writeln!(out, "| path | instructions | before |\n| --- | --: | --: |")?;
    for (path, count) in counted {
        let before = *known
            .get(path)
            .ok_or_else(|| format!("{figures} has no {path}; run with --update"))?;
        writeln!(out, "| {path} | {count:.1} | {before:.1} |")?;
        if count > before * TOLERANCE {
            grown.push(format!("{path} from {before:.1} to {count:.1}"));
        }
    }
    if grown.is_empty() {
        Ok(())
    } else {
        let grown = grown.join(", ");
        Err(format!("a path takes over a tenth more instructions than before: {grown}").into())
    }
}

/// Instructions of one repetition.
fn count(path: &str) -> Result<f64, Box<dyn Error>> {
    Ok((collected(path, 2 * TIMES)? - collected(path, TIMES)?) / TIMES as f64)
}

/// Runs what is counted. Callgrind knows it by its name.
#[inline(never)]
fn counted_by_callgrind<T>(run: impl FnOnce() -> T) -> T {
    run()
}

fn collected(path: &str, times: u64) -> Result<f64, Box<dyn Error>> {
    let mut valgrind = Command::new("valgrind");
    valgrind.args([
        "--tool=callgrind",
        "--callgrind-out-file=/dev/null",
        "--collect-atstart=no",
        "--toggle-collect=*counted_by_callgrind*",
    ]);
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
