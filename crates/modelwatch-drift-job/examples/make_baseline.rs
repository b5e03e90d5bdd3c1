//! `make_baseline MODEL FILES BASELINE`: a baseline from training files, with nothing else said.

use std::error::Error;

use modelwatch_drift_job::TrainingOptions;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, files, baseline] = arguments.as_slice() else {
        return Err("usage: make_baseline MODEL FILES BASELINE".into());
    };
    let made = TrainingOptions::new(model, [files]).build(2, |_| {}).await?;
    std::fs::write(baseline, made.baseline.to_json()?)?;
    Ok(())
}
