//! How often windows of the training quarter are called drift in the order of their times, with one threshold for all and
//! with what was learned of the reference.

use chrono::{DateTime, TimeDelta, Utc};
use modelwatch_drift::baseline::Profile;
use modelwatch_drift::decision::{Measurement, Rule, Statistic};

use crate::data::TRAINING;
use crate::table::Table;

const LENGTHS: [(&str, TimeDelta); 5] = [
    ("2 hours", TimeDelta::hours(2)),
    ("6 hours", TimeDelta::hours(6)),
    ("12 hours", TimeDelta::hours(12)),
    ("day", TimeDelta::days(1)),
    ("week", TimeDelta::days(7)),
];

pub(crate) fn print() {
    let quarter = Table::read(TRAINING);
    let learned = quarter.learned();
    println!("\nLearned of the quarter, judged on it; each cell: one threshold for all, learned.\n");
    head();
    for (name, profile) in &learned {
        line(name, profile, &quarter);
    }
    let march: DateTime<Utc> = DateTime::from_timestamp(1_362_114_000, 0).expect("a time");
    let winter = quarter.rows(|row| quarter.times[row] < march);
    let spring = quarter.rows(|row| quarter.times[row] >= march);
    println!("\nLearned of January and February, judged on March.\n");
    head();
    for (name, profile) in &winter.learned() {
        line(name, profile, &spring);
    }
    println!("\n| feature | threshold for weeks | April | July |\n| --- | --: | --: | --: |");
    let weeks = ["replay-2013-04-08-week.parquet", "replay-2013-07-08-week.parquet"].map(Table::read);
    for (name, profile) in &learned {
        let rule = Rule::default().for_windows(profile, Some(TimeDelta::days(7)));
        let cells = weeks.each_ref().map(|week| {
            let measured = Measurement::of(profile, &week.counts(name, profile), Statistic::Psi).expect("a week");
            let drift = if measured.drifts(&rule) { " drift" } else { "" };
            format!("{:.3}{drift}", measured.score)
        });
        println!("| {name} | {:.3} | {} | {} |", rule.threshold, cells[0], cells[1]);
    }
}

fn head() {
    let names = LENGTHS.map(|(name, _)| name).join(" | ");
    println!("| feature | {names} |\n| --- |{}", " --: |".repeat(LENGTHS.len()));
}

fn line(name: &str, profile: &Profile, table: &Table) {
    let cells = LENGTHS.map(|(_, length)| {
        let windows = table.windows(name, profile, length);
        let drifts = |rule: Rule| {
            let measured = windows
                .iter()
                .map(|counts| Measurement::of(profile, counts, rule.statistic));
            let drifts = measured.filter(|measured| measured.as_ref().is_ok_and(|measured| measured.drifts(&rule)));
            100.0 * drifts.count() as f64 / windows.len().max(1) as f64
        };
        let rule = Rule::default();
        format!(
            "{:.1} %, {:.1} %",
            drifts(rule),
            drifts(rule.for_windows(profile, Some(length)))
        )
    });
    println!("| {name} | {} |", cells.join(" | "));
}
