//! What is removed, and what is not.

use std::fs;
use std::path::Path;
use std::time::Duration;

use modelwatch::Monitor;
use modelwatch_log::{PredictionLog, PredictionLogBuilder};
use tempfile::{TempDir, tempdir};

use crate::on_storage::{all_rows, files, name, numbers, visible};
use crate::{morning, numbered};

const HOUR: &str = "model=claims/date=2026-04-01/hour=10";
/// A name as the log gives it, of a file begun long ago.
const OLD: &str = "modelwatch-20200101T000000000000Z-0123456789abcdef-000001.parquet";

/// A log with files of three rotations, the numbers 1 to 3.
fn three_files() -> TempDir {
    let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
    let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
    let handle = log.model(&numbered(&monitor)).expect("a handle");
    for number in 1..=3 {
        handle.record([number], 0.5).at(morning());
        log.flush().expect("all is written");
    }
    root
}

/// A log looks at what there is when it starts, and has done so when it has ended.
fn look(root: &Path, settings: impl FnOnce(PredictionLogBuilder) -> PredictionLogBuilder) {
    let log = settings(PredictionLog::builder(root))
        .start(&Monitor::new())
        .expect("a log");
    log.close().expect("a clean end");
}

#[test]
fn the_oldest_files_go_until_the_rest_is_small_enough() {
    let root = three_files();
    let sizes: Vec<u64> = visible(root.path())
        .iter()
        .map(|path| path.metadata().expect("a file").len())
        .collect();
    look(root.path(), |log| log.retain_bytes(sizes.iter().sum()));
    assert_eq!(numbers(&all_rows(root.path())), [1.0, 2.0, 3.0]);
    look(root.path(), |log| log.retain_bytes(sizes[1] + sizes[2]));
    assert_eq!(numbers(&all_rows(root.path())), [2.0, 3.0]);
    look(root.path(), |log| log.retain_bytes(1));
    assert_eq!(
        fs::read_dir(root.path()).expect("the root").count(),
        0,
        "empty folders go too"
    );
}

#[test]
fn files_begun_too_long_ago_go_whatever_times_their_records_have() {
    let root = three_files();
    fs::write(root.path().join(HOUR).join(OLD), "old").expect("a file");
    look(root.path(), |log| log.retain_for(Duration::from_secs(3600)));
    assert_eq!(numbers(&all_rows(root.path())), [1.0, 2.0, 3.0]);
    look(root.path(), |log| log.retain_for(Duration::from_nanos(1)));
    assert_eq!(files(root.path()).len(), 0);
}

#[test]
fn foreign_and_broken_files_hurt_neither_the_writer_nor_retention_and_stay() {
    let root = three_files();
    let hour = root.path().join(HOUR);
    let whole = fs::read(&visible(root.path())[0]).expect("a file");
    let foreign = [
        "notes.txt",
        ".notes.tmp",
        "part-0.parquet",
        "modelwatch-20200101T000000000000Z-0123456789abcdef-000001.parquet.bak",
        "modelwatch-20200101T000000000000Z-0123456789abcdeg-000001.parquet",
        "modelwatch-2020010aT000000000000Z-0123456789abcdef-000001.parquet",
        "modelwatch-20200101T000000000000Z-0123456789abcdef-1.parquet",
    ];
    for name in foreign {
        fs::write(hour.join(name), "PAR1 and no more").expect("a file");
    }
    for folder in [
        "other/date=2026-04-01/hour=10",
        "model=claims/2026/hour=10",
        "model=claims/date=2026-04-01/10",
    ] {
        let folder = root.path().join(folder);
        fs::create_dir_all(&folder).expect("a folder");
        fs::write(folder.join(OLD), "not ours").expect("a file");
    }
    // One of ours, cut off by something that was not us.
    let broken = hour.join(OLD);
    fs::write(&broken, &whole[..100]).expect("a file");

    let monitor = Monitor::new();
    let log = PredictionLog::builder(root.path())
        .retain_for(Duration::from_secs(3600))
        .start(&monitor)
        .expect("a log");
    log.model(&numbered(&monitor))
        .expect("a handle")
        .record([4.0], 0.5)
        .at(morning());
    log.close().expect("a clean end");
    assert!(!broken.exists(), "ours, and old");
    look(root.path(), |log| log.retain_bytes(1));
    let left: Vec<String> = files(root.path()).iter().map(|path| name(path)).collect();
    assert_eq!(left.len(), foreign.len() + 3);
    assert!(foreign.iter().all(|name| left.iter().any(|left| left == name)));
}
