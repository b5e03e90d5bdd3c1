//! How often the rule is wrong: false alarms of windows drawn from the baseline itself, the share of real shifts that it
//! finds, and windows in the order of their times. Prints all tables of docs/drift.md; with `-- together` that of joint drift alone.
//!
//! `cargo run --release -p modelwatch-drift --example calibration`

#![expect(clippy::print_stdout, reason = "the tables are what it is for")]

use std::collections::BTreeMap;

use flights::data::FEATURES;
use modelwatch_drift::baseline::{CategoricalProfile, Hygiene};
use modelwatch_drift::decision::{Measurement, Rule, Statistic};
use parquet::record::Field;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};
use statrs::function::gamma::gamma_ur;

#[path = "../../tests/statistics/data.rs"]
mod data;
#[path = "../../tests/statistics/drawn.rs"]
mod drawn;
#[path = "../../tests/statistics/table.rs"]
mod table;
mod time_order;
mod together;

use data::{TRAINING, column, fields};
use drawn::{Drawn, normal};

const WINDOWS: u32 = 10_000;
const SEED: u64 = 20_130_101;

fn main() {
    if std::env::args().nth(1).as_deref() == Some("together") {
        return together::print();
    }
    let rule = Rule::default();
    println!(
        "{WINDOWS} windows a line, seed {SEED}, threshold {}, significance {}\n",
        rule.threshold, rule.significance
    );
    println!("| feature | rows | mean PSI | PSI > threshold | PSI beyond its chi-square | significant | detected |");
    println!("| --- | --: | --: | --: | --: | --: | --: |");
    for (feature, mut drawn) in numbers() {
        let bins = drawn.profile.decile_edges().count() - 1;
        let reference = drawn.profile.counts().present();
        false_alarms(feature, bins, reference, &rule, |rows| {
            drawn.measured(rows, 0.0, Statistic::Psi)
        });
    }
    for feature in ["carrier", "origin"] {
        let mut drawn = DrawnCategories::new(feature);
        let counts = drawn.profile.coarse(drawn.profile.counts());
        let bins = counts.iter().filter(|count| **count > 0).count();
        let reference = counts.iter().sum();
        false_alarms(feature, bins, reference, &rule, |rows| drawn.measured(rows));
    }

    println!("\n| feature | rows | shift in deviations | mean PSI | significant | detected |");
    println!("| --- | --: | --: | --: | --: | --: |");
    for (feature, mut drawn) in numbers() {
        for (rows, deviations) in [(100, 0.5), (100, 1.0), (1_000, 0.25), (1_000, 0.5), (10_000, 0.5)] {
            let (mut sum, mut significant, mut detected) = (0.0, 0, 0);
            for _ in 0..WINDOWS {
                let measured = drawn.measured(rows, deviations, Statistic::Psi);
                sum += measured.score;
                significant += u32::from(measured.p_value < rule.significance);
                detected += u32::from(measured.drifts(&rule));
            }
            println!(
                "| {feature} | {rows} | {deviations} | {:.3} | {} | {} |",
                sum / f64::from(WINDOWS),
                share(significant),
                share(detected)
            );
        }
    }
    time_order::print();
    together::print();
}

/// Prints a feature's lines: windows of each size drawn from its training rows.
fn false_alarms(
    feature: &str,
    bins: usize,
    reference: u64,
    rule: &Rule,
    mut measured: impl FnMut(usize) -> Measurement,
) {
    for rows in [100, 1_000, 10_000] {
        let (mut sum, mut above, mut beyond, mut significant, mut detected) = (0.0, 0, 0, 0, 0);
        for _ in 0..WINDOWS {
            let measured = measured(rows);
            let values = measured.values.expect("there are values");
            sum += values.score;
            above += u32::from(measured.score > rule.threshold);
            beyond += u32::from(asymptotic(values.score, bins, reference, rows) < rule.significance);
            significant += u32::from(values.p_value < rule.significance);
            detected += u32::from(measured.drifts(rule));
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

fn numbers() -> impl Iterator<Item = (&'static str, Drawn)> {
    let flights = FEATURES.into_iter().map(|feature| (feature, column(TRAINING, feature)));
    flights
        .chain([("a normal one", normal(SEED))])
        .map(|(feature, rows)| (feature, Drawn::new(feature, rows, SEED)))
}

/// A categorical feature's training rows and their profile.
struct DrawnCategories {
    profile: CategoricalProfile,
    rows: Vec<Option<String>>,
    random: SmallRng,
}

impl DrawnCategories {
    fn new(feature: &str) -> Self {
        let rows = fields(TRAINING, feature, |field| match field {
            Field::Str(category) => Some(category.clone()),
            Field::Null => None,
            other => panic!("{feature} is no category: {other}"),
        });
        let mut counts = BTreeMap::new();
        for category in rows.iter().flatten() {
            *counts.entry(category.clone()).or_insert(0) += 1;
        }
        let missing = rows.iter().filter(|category| category.is_none()).count() as u64;
        Self {
            profile: CategoricalProfile::new(feature, counts, missing, &Hygiene::default()).expect("a profile"),
            rows,
            random: SmallRng::seed_from_u64(SEED),
        }
    }

    fn measured(&mut self, rows: usize) -> Measurement {
        let mut window = self.profile.bins().count();
        for _ in 0..rows {
            let category = &self.rows[self.random.random_range(0..self.rows.len())];
            window.add(self.profile.bins(), category.as_deref());
        }
        Measurement::of_categorical(&self.profile, &window, Statistic::Psi).expect("a window of rows can be measured")
    }
}

/// The p-value of the index by its asymptotic distribution, which small windows do not keep to.
fn asymptotic(psi: f64, bins: usize, reference: u64, rows: usize) -> f64 {
    let chi_square = psi / (1.0 / rows as f64 + 1.0 / reference as f64);
    if bins < 2 || chi_square <= 0.0 {
        1.0
    } else {
        gamma_ur((bins - 1) as f64 / 2.0, chi_square / 2.0)
    }
}

fn share(windows: u32) -> String {
    format!("{:.2} %", f64::from(windows) * 100.0 / f64::from(WINDOWS))
}
