//! How much the prediction log takes: a steady stream of predictions of a model with 20 features, and what became of them.
//!
//!     cargo run --release -p modelwatch-log --example throughput -- [seconds] [predictions a second] [threads] [folder]
//!
//! Unless told otherwise: 60 seconds, 100,000 a second from 2 threads, into a folder below the one for temporary files
//! that is removed in the end.

use std::env;
use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use modelwatch::{Feature, FeatureValue, Format, Monitor};
use modelwatch_log::{ModelLog, PredictionLog};

const NUMBERS: usize = 18;
const CATEGORIES: [&str; 8] = ["AA", "B6", "DL", "EV", "MQ", "UA", "US", "WN"];

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = env::args().skip(1);
    let seconds = argument(&mut arguments, "seconds", 60u64)?;
    let rate = argument(&mut arguments, "predictions a second", 100_000u64)?;
    let threads = argument(&mut arguments, "threads", 2u64)?.max(1);
    let own_folder = env::temp_dir().join(format!("modelwatch-throughput-{}", std::process::id()));
    let given = arguments.next().map(PathBuf::from);
    let root = given.clone().unwrap_or_else(|| own_folder.clone());

    let monitor = Monitor::new();
    let numbers = (0..NUMBERS).map(|number| Feature::numeric(format!("number_{number}")));
    let texts = ["carrier", "origin"].map(Feature::categorical);
    let model = monitor
        .model("throughput", "1")
        .features(numbers.chain(texts))
        .register()?;
    let log = PredictionLog::builder(&root).start(&monitor)?;
    let handle = log.model(&model)?;

    let begun = Instant::now();
    let recording: Vec<_> = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads)
            .map(|seed| {
                let handle = &handle;
                scope.spawn(move || record(handle, Duration::from_secs(seconds), rate / threads, seed))
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap_or_default())
            .collect()
    });
    let took = begun.elapsed();
    let ending = Instant::now();
    log.close()?;

    let sent: u64 = recording.iter().map(|(sent, _)| sent).sum();
    let busy: Duration = recording.iter().map(|(_, busy)| *busy).sum();
    let [written, dropped] = ["written", "dropped"].map(|result| {
        let series = format!("ml_prediction_log_records_total{{model_name=\"throughput\",result=\"{result}\"}} ");
        value(&monitor, &series) as u64
    });
    let processor = value(&monitor, "process_cpu_seconds_total ") - busy.as_secs_f64();
    let (files, bytes) = size(&root)?;
    let mut out = io::stdout().lock();
    writeln!(
        out,
        "sent           {sent} in {:.1} s, {:.0} a second",
        took.as_secs_f64(),
        sent as f64 / took.as_secs_f64()
    )?;
    writeln!(out, "written        {written}")?;
    writeln!(out, "dropped        {dropped}")?;
    writeln!(
        out,
        "a record costs {:.0} ns of its thread",
        busy.as_nanos() as f64 / sent as f64
    )?;
    writeln!(
        out,
        "beside it      {:.1} % of a processor: the writer, and waking for every millisecond's predictions",
        100.0 * processor / took.as_secs_f64()
    )?;
    writeln!(
        out,
        "files          {files}, {:.1} MB, {:.0} bytes a row",
        bytes as f64 / 1e6,
        bytes as f64 / written as f64
    )?;
    writeln!(
        out,
        "the last file took {:.2} s to finish",
        ending.elapsed().as_secs_f64()
    )?;
    if let Ok(usage) = fs::read_to_string("/proc/self/status") {
        let peak = usage.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        writeln!(out, "memory at most {}", peak.unwrap_or("unknown").trim())?;
    }
    if given.is_none() {
        fs::remove_dir_all(&own_folder)?;
    }
    Ok(())
}

/// Every millisecond as many predictions as are due. Returns how many there were, and the time their recording took.
fn record(handle: &ModelLog, duration: Duration, rate: u64, seed: u64) -> (u64, Duration) {
    let (mut state, mut sent, mut busy) = (seed.wrapping_add(1), 0, Duration::ZERO);
    let begun = Instant::now();
    let mut row = [FeatureValue::Missing; NUMBERS + 2];
    while begun.elapsed() < duration {
        let due = (begun.elapsed().as_secs_f64() * rate as f64) as u64;
        let round = Instant::now();
        for _ in sent..due {
            for value in &mut row[..NUMBERS] {
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                // A tenth is missing.
                *value = match (state >> 33) % 10 {
                    0 => FeatureValue::Missing,
                    _ => ((state >> 11) as f64 / 2f64.powi(53)).into(),
                };
            }
            let category = |shift: u32| CATEGORIES[(state >> shift) as usize % CATEGORIES.len()];
            (row[NUMBERS], row[NUMBERS + 1]) = (category(40).into(), category(44).into());
            let score = (state >> 11) as f64 / 2f64.powi(53);
            handle
                .record(row, score)
                .class(if score > 0.5 { "late" } else { "on time" });
        }
        busy += round.elapsed();
        sent = sent.max(due);
        thread::sleep(Duration::from_millis(1));
    }
    (sent, busy)
}

/// Of a series on the monitor's own page.
fn value(monitor: &Monitor, series: &str) -> f64 {
    let page = monitor.encode(Format::PrometheusText);
    let page = String::from_utf8_lossy(&page);
    let value = page.lines().find_map(|line| line.strip_prefix(series));
    value.and_then(|value| value.parse().ok()).unwrap_or(f64::NAN)
}

fn size(folder: &Path) -> io::Result<(u64, u64)> {
    let (mut files, mut bytes) = (0, 0);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let (more_files, more_bytes) = match entry.file_type()?.is_dir() {
            true => size(&entry.path())?,
            false => (1, entry.metadata()?.len()),
        };
        (files, bytes) = (files + more_files, bytes + more_bytes);
    }
    Ok((files, bytes))
}

fn argument<T: FromStr<Err: Display>>(
    arguments: &mut impl Iterator<Item = String>,
    name: &str,
    default: T,
) -> Result<T, String> {
    let Some(given) = arguments.next() else {
        return Ok(default);
    };
    given.parse().map_err(|error| format!("{name}: {given:?}: {error}"))
}
