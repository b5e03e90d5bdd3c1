//! Performance on real drift: a model of late flights trained on the winter, its performance estimated for a week of April and one of
//! July without their labels, and what the labels say.
//!
//! `cargo run --release -p modelwatch-performance --example flights` prints a table; with a folder as its argument it also writes there,
//! as CSV, the scores that the table is of, for other tools.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use flights::data::{FEATURES, Flight, read};
use flights::model::DelayModel;
use modelwatch_performance::{BinaryCounts, Cbpe, Measured, PredictionCounts};

/// Scores and labels of flights whose end is known.
fn scored(model: &DelayModel, flights: &[Flight]) -> Vec<(f64, bool)> {
    flights
        .iter()
        .filter_map(|flight| Some((model.score(&flight.features), flight.late?)))
        .collect()
}

fn labelled(rows: &[(f64, bool)]) -> BinaryCounts {
    let mut counts = BinaryCounts::new();
    for (score, late) in rows {
        counts.add(Some(*score), Some(*score >= 0.5), *late);
    }
    counts
}

fn shown(measured: Measured) -> String {
    match measured.interval {
        Some(interval) => format!("{:.4} ({:.4} to {:.4})", measured.value, interval.low, interval.high),
        None => format!("{:.4}", measured.value),
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/data/flights");
    let winter = read(&folder.join("train-2013q1.parquet"))?;
    // What the model was trained on says too little of what it will get wrong.
    let (training, reference) = winter.split_at(winter.len() * 2 / 3);
    let model = DelayModel::train(training, &FEATURES)?;
    let reference = scored(&model, reference);
    let april = scored(&model, &read(&folder.join("replay-2013-04-08-week.parquet"))?);
    let july = scored(&model, &read(&folder.join("replay-2013-07-08-week.parquet"))?);

    if let Some(folder) = std::env::args().nth(1) {
        for (name, rows) in [("reference", &reference), ("april", &april), ("july", &july)] {
            let mut text = String::from("score,predicted,late\n");
            for (score, late) in rows {
                writeln!(text, "{score},{},{}", u8::from(*score >= 0.5), u8::from(*late))?;
            }
            fs::write(Path::new(&folder).join(format!("{name}.csv")), text)?;
        }
    }

    let before = labelled(&reference);
    let learned = Cbpe::learn(&before)?;
    let mut table = String::from(
        "| week | measure | reference | estimated | by labels | nearer to labels |\n| --- | --- | --: | --: | --: | --- |\n",
    );
    for (week, rows) in [("April", &april), ("July", &july)] {
        let realised = labelled(rows).performance();
        let mut unlabelled = PredictionCounts::new();
        for (score, _) in rows {
            unlabelled.add(Some(*score), Some(*score >= 0.5));
        }
        let estimate = learned.estimate(&unlabelled);
        for (measure, estimated) in estimate.performance.iter() {
            let (estimated, realised, before) =
                (estimated?, realised.get(measure)?, before.performance().get(measure)?);
            let distance = |value: f64| (value - realised.value).abs();
            let nearer = if distance(estimated.value) < distance(before.value) {
                "estimate"
            } else {
                "reference"
            };
            writeln!(
                table,
                "| {week} | {measure} | {:.4} | {} | {} | {nearer} |",
                before.value,
                shown(estimated),
                shown(realised)
            )?;
        }
        for doubt in estimate.doubts(Some(&realised)) {
            writeln!(table, "| {week} | doubt | | | | {doubt} |")?;
        }
    }
    std::io::Write::write_all(&mut std::io::stdout(), table.as_bytes())?;
    Ok(())
}
