//! How often windows of the training quarter are called drift together, in the order of their times: learned of the quarter and judged on
//! it, and learned of January and February and judged on March, which takes no part in what is usual.

use chrono::{DateTime, TimeDelta, Utc};
use modelwatch_drift::joint::{JointProfile, JointReference};
use modelwatch_drift::sketch::RowSample;

use crate::data::TRAINING;
use crate::table::Table;

const HOURS: [i64; 5] = [2, 6, 12, 24, 168];

pub(crate) fn print() {
    let quarter = Table::read(TRAINING);
    let march: DateTime<Utc> = DateTime::from_timestamp(1_362_114_000, 0).expect("a time");
    let winter = quarter.rows(|row| quarter.times[row] < march);
    let spring = quarter.rows(|row| quarter.times[row] >= march);
    println!(
        "\n| judged together | 2 hours | 6 hours | 12 hours | day | week |\n| --- | --: | --: | --: | --: | --: |"
    );
    line("the quarter by itself", &quarter, &quarter);
    line("March by January and February", &winter, &spring);
}

fn learned(table: &Table) -> JointProfile {
    let mut reference = JointReference::new(table.len() as u64, table.numbers.len());
    for (name, values) in &table.numbers {
        let values: Vec<f64> = values.iter().map(|value| value.unwrap_or(f64::NAN)).collect();
        reference.add(reference.column(name, &values));
    }
    let profile = reference.learn(2, |row| table.times.get(row).copied());
    profile.expect("the flights go together")
}

/// A cell has the windows that are above what is usual for their length, and those of them that are so by the error and by a pair.
fn line(what: &str, reference: &Table, table: &Table) {
    let profile = learned(reference);
    let cells = HOURS.map(|hours| {
        let length = TimeDelta::hours(hours);
        let windows = table.spans(length);
        let [mut drifting, mut by_error, mut by_pair] = [0_u32; 3];
        for rows in &windows {
            let mut sample = RowSample::new(profile.features().len());
            sample.offer(rows.len(), |places| {
                let column = |name: &str| -> Vec<f64> {
                    let values = &table.numbers[name];
                    let value = |place: &usize| values[rows[*place]].unwrap_or(f64::NAN);
                    places.iter().map(value).collect()
                };
                profile.features().iter().map(|feature| column(&feature.name)).collect()
            });
            let measured = profile.measure(&sample, Some(length)).expect("a window of enough rows");
            drifting += u32::from(measured.drifts());
            by_error += u32::from(measured.error_drifts());
            by_pair += u32::from(!measured.pairs.is_empty());
        }
        let share = 100.0 * f64::from(drifting) / windows.len().max(1) as f64;
        format!(
            "{drifting} of {} ({share:.1} %; error {by_error}, pairs {by_pair})",
            windows.len()
        )
    });
    println!("| {what} | {} |", cells.join(" | "));
}
