//! Counts one window of a prediction log and measures it: the part of the speed comparison that is ours.
//!
//! `count_window BASELINE LOG FROM TO`, times in RFC 3339. Prints the seconds of the run, the rows and the sum of all
//! features' PSI, so that nobody counts less than the others.

#![allow(clippy::print_stdout, reason = "its output is what it is for")]

use std::error::Error;

use modelwatch_drift::baseline::Baseline;
use modelwatch_drift_job::{Clock, DriftJob, ModelSettings, TimeWindow};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [baseline, log, from, to] = arguments.as_slice() else {
        return Err("usage: count_window BASELINE LOG FROM TO".into());
    };
    let model = Baseline::from_json(&std::fs::read_to_string(baseline)?)?
        .about()
        .model
        .clone();
    let window = TimeWindow::new(from.parse()?, to.parse()?).ok_or("the window ends before it begins")?;
    let mut job = DriftJob::new([ModelSettings::new(&model, baseline, log)], Clock::system());
    let report = job.run_window(&model, window).await?;
    let subjects = report.verdict.subjects().iter();
    let psi: f64 = subjects
        .flat_map(|subject| &subject.measurement)
        .map(|measurement| measurement.score)
        .sum();
    println!("{:.3} {} {psi:.6}", report.took.as_secs_f64(), report.rows);
    Ok(())
}
