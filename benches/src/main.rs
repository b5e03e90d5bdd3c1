//! Prints what the benchmarks measured last, as Markdown tables of medians and ratios: `cargo run -p benches`.

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

/// Median nanoseconds by group and name.
type Medians = BTreeMap<String, BTreeMap<String, f64>>;

/// A group, its title, and what the others are compared with.
const TABLES: [(&str, &str, &str); 15] = [
    ("record_with_clock", "One request recorded, clock included", "floor"),
    ("record", "One request recorded, without the clock", "floor"),
    (
        "record_two_threads",
        "The same by two threads at once, time of one record",
        "floor",
    ),
    (
        "record_log_normal",
        "One request recorded, clock included, latencies from a log-normal table",
        "floor",
    ),
    (
        "record_sixteen_threads",
        "One request recorded, by sixteen threads: more than there are lanes",
        "floor",
    ),
    ("prediction", "A prediction", "score and class"),
    ("features", "A row of features", "20 of a row"),
    ("features_1000", "A row of 1,000 features", "by name, as declared"),
    ("tower", "A request to a bare tower service", "bare"),
    (
        "tower_one_thread",
        "A request, the service cloned for it, from one thread",
        "bare",
    ),
    (
        "tower_two_threads",
        "The same from two threads at once, time of one request",
        "bare",
    ),
    (
        "tower_shapes",
        "Many routes, many models, a choice before the work",
        "bare",
    ),
    ("axum", "A request to an axum router", "identity layer"),
    ("tonic", "A unary call of a tonic service", "no layer"),
    ("actix", "A request to an actix application", "no middleware"),
];

/// A group of pages and its title.
const PAGES: [(&str, &str); 2] = [
    ("scrape", "A page of 10,000 counters and 1,000 histograms"),
    (
        "scrape_models",
        "A page of 1,000 models with one route each: 4,000 counters and 1,000 histograms",
    ),
];

fn main() -> Result<(), Box<dyn Error>> {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| PathBuf::from("target"), PathBuf::from);
    let folder = target.join("criterion");
    let medians = read(&folder).map_err(|error| format!("{}: {error}; run `make bench` first", folder.display()))?;
    let mut out = std::io::stdout().lock();
    for (group, title, base) in TABLES {
        let Some(rows) = medians.get(group) else { continue };
        let base_median = rows.get(base).copied();
        let adds = base != "floor";
        writeln!(
            out,
            "| {title} | ns | {} |\n| --- | --: | --: |",
            if adds { "ns added" } else { "x floor" }
        )?;
        let mut sorted: Vec<_> = rows.iter().collect();
        sorted.sort_by(|a, b| a.1.total_cmp(b.1));
        for (name, median) in sorted {
            let compared = base_median.map_or_else(String::new, |base| {
                if adds {
                    format!("{:+.1}", median - base)
                } else {
                    format!("{:.2}", median / base)
                }
            });
            writeln!(out, "| {name} | {median:.1} | {compared} |")?;
        }
        writeln!(out)?;
    }
    for (group, title) in PAGES {
        let Some(rows) = medians.get(group) else { continue };
        let floor = rows.get("floor").copied().unwrap_or(f64::NAN);
        writeln!(out, "| {title} | µs | x floor |\n| --- | --: | --: |")?;
        let mut sorted: Vec<_> = rows.iter().collect();
        sorted.sort_by(|a, b| a.1.total_cmp(b.1));
        for (name, median) in sorted {
            writeln!(out, "| {name} | {:.0} | {:.2} |", median / 1e3, median / floor)?;
        }
        writeln!(out)?;
    }
    Ok(())
}

fn read(folder: &Path) -> Result<Medians, Box<dyn Error>> {
    let mut medians = Medians::new();
    for group in fs::read_dir(folder)? {
        let group = group?.path();
        if !group.is_dir() {
            continue;
        }
        for bench in fs::read_dir(group)? {
            let latest = bench?.path().join("new");
            if !latest.join("benchmark.json").exists() {
                continue;
            }
            let json = |name: &str| -> Result<Value, Box<dyn Error>> {
                Ok(serde_json::from_slice(&fs::read(latest.join(name))?)?)
            };
            let (about, estimates) = (json("benchmark.json")?, json("estimates.json")?);
            let text = |key: &str| {
                about[key]
                    .as_str()
                    .map(str::to_owned)
                    .ok_or_else(|| format!("no {key}"))
            };
            let median = estimates["median"]["point_estimate"].as_f64().ok_or("no median")?;
            medians
                .entry(text("group_id")?)
                .or_default()
                .insert(text("function_id")?, median);
        }
    }
    Ok(medians)
}
