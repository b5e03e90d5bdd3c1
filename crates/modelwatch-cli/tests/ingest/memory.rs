//! What a topic takes in memory whose records are much longer than what lies at the broker.

use std::fs;

use modelwatch_testkit::KafkaBroker;
use rskafka::client::partition::Compression;

use super::stored::rows;
use super::topics::{Sent, json, produce_batches};
use super::{Running, ingest_kafka, page_of, until};

const PARTITIONS: i32 = 4;
/// Records of a partition, each of 100 kB: 80 MB in all, and one at the broker.
const RECORDS: usize = 200;

/// The most memory a process has had, in megabytes.
fn peak(running: &Running) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", running.child.id())).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).expect("a peak");
    let kilobytes = line
        .split_whitespace()
        .nth(1)
        .and_then(|number| number.parse::<u64>().ok());
    kilobytes.expect("a number") / 1_000
}

#[test]
fn judged_keeps_memory_bounded_when_records_grow_in_it() {
    let broker = KafkaBroker::start();
    let address = broker.address();
    broker.create_topic("grows", u32::try_from(PARTITIONS).expect("few"));
    // Two of a hundred letters are any.
    let mut drawn = 7_u64;
    let mut any = || {
        drawn = drawn
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        format!("{:016x}", drawn ^ (drawn >> 29))
    };
    let mut long = || (0..125).map(|_| any() + &"x".repeat(784)).collect::<String>();
    for partition in 0..PARTITIONS {
        let record = |number| {
            let long = long();
            json(format!(
                r#"{{"model": "m", "prediction_id": "{partition}-{number}", "long": "{long}"}}"#
            ))
        };
        let records: Vec<Sent> = (0..RECORDS).map(record).collect();
        produce_batches(&address, "grows", partition, records, 20, &[Compression::Zstd]);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let more = [
        "--leave-out",
        "long",
        "--commit-after",
        "1",
        "--buffer",
        "16",
        "--listen",
        "127.0.0.1:0",
    ];
    let mut ingest = Running::start(ingest_kafka(folder.path(), &address, "grows", &more));
    page_of(&ingest.says("serving on http://"));
    let all = PARTITIONS as usize * RECORDS;
    until("it has read all", || {
        rows(&folder.path().join("prediction-log")).len() == all
    });
    let peak = peak(&ingest);
    ingest.end();
    assert!(peak < 105, "it took {peak} MB at its peak");
}
