//! An ingest that is killed again and again, while compaction runs beside it.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use modelwatch_testkit::KafkaBroker;

use super::stored::{letters, rows, text};
use super::topics::{json, produce};
use super::{ingest_kafka, modelwatch};

const PARTITIONS: i32 = 3;
const RECORDS: u64 = 2_000;
const KILLS: u64 = 24;

/// Of two models and two hours; every fiftieth is none.
fn record(partition: i32, number: u64) -> String {
    match number % 50 {
        49 => format!("garbage {partition}-{number}"),
        _ => format!(
            "{{\"model\": \"m{}\", \"time\": \"2026-04-01T1{}:00:00Z\", \"score\": 0.5, \"prediction_id\": \"{partition}-{number}\", \
             \"income\": {number}}}",
            number % 2,
            number % 3 % 2
        ),
    }
}

#[test]
fn judged_has_each_record_once_when_killed_at_any_moment() {
    let broker = KafkaBroker::start();
    broker.create_topic("killed", 3);
    for partition in 0..PARTITIONS {
        let records = (0..RECORDS).map(|number| json(record(partition, number)));
        produce(&broker.address(), "killed", partition, records.collect());
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    // Small commits, so that the topic lasts for all kills.
    let ingest = || ingest_kafka(folder, &broker.address(), "killed", &["--commit-rows", "100", "--once"]);
    let mut committed = Vec::new();
    for kill in 0..KILLS {
        let mut ingest = ingest()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        // Spread over its start and its first commits.
        thread::sleep(Duration::from_millis(15 + 7 * kill));
        ingest.kill().expect("it may be over");
        ingest.wait().expect("it is over");
        // On a busy machine none may have come as far as a folder yet.
        if kill % 8 == 7 && folder.join("prediction-log").exists() {
            committed.push(rows(&folder.join("prediction-log")).len());
            let done = modelwatch(folder, &["log", "compact", "prediction-log"])
                .output()
                .expect("it starts");
            assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
        }
    }
    let done = ingest().output().expect("it starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let root = folder.join("prediction-log");
    let mut often: BTreeMap<String, u32> = BTreeMap::new();
    for (_, row) in rows(&root) {
        *often
            .entry(text(&row, "prediction_id").expect("an id").to_owned())
            .or_default() += 1;
    }
    for letter in letters(&root) {
        let id = format!("letter {}-{}", letter["partition"], letter["offset"]);
        *often.entry(id).or_default() += 1;
    }
    let numbers = (0..PARTITIONS).flat_map(|partition| (0..RECORDS).map(move |number| (partition, number)));
    let expected: BTreeMap<String, u32> = numbers
        .map(|(partition, number)| match number % 50 {
            49 => (format!("letter {partition}-{number}"), 1),
            _ => (format!("{partition}-{number}"), 1),
        })
        .collect();
    let wrong = expected
        .iter()
        .filter(|(id, count)| often.get(*id) != Some(count))
        .take(5);
    let wrong: Vec<_> = wrong.map(|(id, _)| (id, often.get(id))).collect();
    assert!(wrong.is_empty(), "not once: {wrong:?}; after kills: {committed:?}");
    assert_eq!(often.len(), expected.len());
}
