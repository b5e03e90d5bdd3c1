//! How often the rule is wrong: false alarms of windows drawn from the baseline itself, and the share of real shifts that
//! it finds. Prints the tables of docs/drift.md.
//!
//! `cargo run --release -p modelwatch-drift --example calibration`

#![expect(clippy::print_stdout, reason = "the tables are what it is for")]

use modelwatch_drift::decision::{Rule, Statistic};
use statrs::function::gamma::gamma_ur;

#[path = "../tests/common/mod.rs"]
mod common;
#[path = "../tests/common/drawn.rs"]
mod drawn;

use common::{TRAINING, column};
use drawn::{Drawn, normal};

const WINDOWS: u32 = 10_000;
const SEED: u64 = 20_130_101;
const FEATURES: [&str; 10] = [
    "dep_delay",
    "distance",
    "hour",
    "temp",
    "dewp",
    "humid",
    "wind_speed",
    "precip",
    "pressure",
    "visib",
];

fn main() {
    let rule = Rule::default();
    println!(
        "{WINDOWS} windows a line, seed {SEED}, threshold {}, significance {}\n",
        rule.threshold, rule.significance
    );
    println!("| feature | rows | mean PSI | PSI > threshold | PSI beyond its chi-square | significant | detected |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
    for (feature, mut drawn) in all() {
        for rows in [100, 1_000, 10_000] {
            let (mut sum, mut above, mut beyond, mut significant, mut detected) = (0.0, 0, 0, 0, 0);
            for _ in 0..WINDOWS {
                let measured = drawn.measured(rows, 0.0, Statistic::Psi);
                let values = measured.values.expect("there are values");
                sum += values.score;
                above += u32::from(measured.score > rule.threshold);
                beyond += u32::from(asymptotic(&drawn, values.score, rows) < rule.significance);
                significant += u32::from(values.p_value < rule.significance);
                detected += u32::from(measured.drifts(&rule));
            }
            println!(
                "| {feature} | {rows} | {:.4} | {} | {} | {} | {} |",
                sum / f64::from(WINDOWS),
                share(above),
                share(beyond),
                share(significant),
                share(detected)
            );
        }
    }
    println!("\n| feature | rows | shift in deviations | mean PSI | detected |");
    println!("| --- | --: | --: | --: | --: |");
    for (feature, mut drawn) in all() {
        for (rows, deviations) in [(100, 0.5), (100, 1.0), (1_000, 0.25), (1_000, 0.5), (10_000, 0.5)] {
            let (mut sum, mut detected) = (0.0, 0);
            for _ in 0..WINDOWS {
                let measured = drawn.measured(rows, deviations, Statistic::Psi);
                sum += measured.score;
                detected += u32::from(measured.drifts(&rule));
            }
            let mean = sum / f64::from(WINDOWS);
            println!(
                "| {feature} | {rows} | {deviations} | {mean:.3} | {} |",
                share(detected)
            );
        }
    }
}

fn all() -> impl Iterator<Item = (&'static str, Drawn)> {
    let flights = FEATURES.into_iter().map(|feature| (feature, column(TRAINING, feature)));
    flights
        .chain([("a normal one", normal(SEED))])
        .map(|(feature, rows)| (feature, Drawn::new(feature, rows, SEED)))
}

/// The p-value of the index of so many rows by its asymptotic distribution, which small windows do not keep to.
fn asymptotic(drawn: &Drawn, psi: f64, rows: usize) -> f64 {
    let degrees = drawn.profile.decile_edges().count() as f64 - 2.0;
    let reference = drawn.profile.counts().present() as f64;
    let chi_square = psi / (1.0 / rows as f64 + 1.0 / reference);
    if degrees < 1.0 || chi_square <= 0.0 {
        1.0
    } else {
        gamma_ur(degrees / 2.0, chi_square / 2.0)
    }
}

fn share(windows: u32) -> String {
    format!("{:.2} %", f64::from(windows) * 100.0 / f64::from(WINDOWS))
}
