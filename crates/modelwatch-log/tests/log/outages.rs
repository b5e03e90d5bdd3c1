//! Storage that fails, and comes back.

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;

use modelwatch::Monitor;
use modelwatch_log::{ModelLog, PredictionLog};
use tempfile::tempdir;

use crate::on_storage::{all_rows, counted, files, numbers, visible};
use crate::{children, morning, numbered};

/// Records one good prediction, one while the storage fails and one when it is well again: the first and the last are
/// there in the end, the one between is counted, and nothing else is left of it.
fn survives(root: &Path, fail: impl FnOnce(), mend: impl FnOnce()) {
    let monitor = Monitor::new();
    let log = PredictionLog::builder(root).start(&monitor).expect("a log");
    let handle = log.model(&numbered(&monitor)).expect("a handle");
    let record = |handle: &ModelLog, number: u32| _ = handle.record([number], 0.5).at(morning());
    record(&handle, 1);
    log.flush().expect("a good storage");
    fail();
    record(&handle, 2);
    let error = log.flush().expect_err("a storage that fails");
    assert_eq!(error.records(), 1);
    assert!(error.to_string().contains("1 predictions are lost"), "{error}");
    assert_eq!(counted(&monitor, "claims"), [1, 1]);
    mend();
    record(&handle, 3);
    log.flush().expect("a good storage");
    log.close().expect("a clean end");
    assert_eq!(counted(&monitor, "claims"), [2, 1]);
    assert_eq!(files(root), visible(root), "no unfinished file");
}

#[test]
fn a_root_in_whose_place_a_file_stands_loses_predictions_until_it_is_a_folder_again() {
    let folder = tempdir().expect("a folder");
    let [root, aside] = ["log", "aside"].map(|name| folder.path().join(name));
    let fail = || {
        fs::rename(&root, &aside).expect("moved");
        File::create(&root).expect("a file");
    };
    let mend = || {
        fs::remove_file(&root).expect("removed");
        fs::rename(&aside, &root).expect("moved");
    };
    survives(&root, fail, mend);
    assert_eq!(numbers(&all_rows(&root)), [1.0, 3.0]);
}

#[test]
fn folders_that_were_removed_are_made_again() {
    let root = tempdir().expect("a folder");
    let monitor = Monitor::new();
    let log = PredictionLog::builder(root.path().join("log"))
        .start(&monitor)
        .expect("a log");
    let handle = log.model(&numbered(&monitor)).expect("a handle");
    for number in 1..=2 {
        handle.record([number], 0.5).at(morning());
        log.flush().expect("a good storage");
        if number == 1 {
            fs::remove_dir_all(root.path().join("log")).expect("removed");
        }
    }
    assert_eq!(numbers(&all_rows(root.path())), [2.0]);
}

#[test]
fn a_full_storage_loses_predictions_until_there_is_room_again() {
    let root = tempdir().expect("a folder");
    children::succeeds(children::child_with_storage(
        "outages::on_a_storage_that_is_full",
        root.path(),
    ));
}

#[test]
#[ignore = "needs a storage of its own, which another test gives it"]
fn on_a_storage_that_is_full() {
    let root = children::root();
    let ballast = root.join("ballast");
    let fail = || {
        let mut file = File::create(&ballast).expect("a file");
        while file.write(&[0; 4096]).is_ok() {}
    };
    survives(&root, fail, || fs::remove_file(&ballast).expect("removed"));
    assert_eq!(numbers(&all_rows(&root)), [1.0, 3.0]);
}

#[test]
fn a_storage_that_fills_in_the_middle_of_a_file_leaves_no_broken_one() {
    let root = tempdir().expect("a folder");
    children::succeeds(children::child_with_storage(
        "outages::on_a_storage_too_small",
        root.path(),
    ));
}

#[test]
#[ignore = "needs a storage of its own, which another test gives it"]
fn on_a_storage_too_small() {
    let (root, monitor) = (children::root(), Monitor::new());
    let log = PredictionLog::builder(&root)
        .queue(200_000)
        .start(&monitor)
        .expect("a log");
    let handle = log.model(&numbered(&monitor)).expect("a handle");
    // Each row group has about a megabyte of numbers and scores that no two rows share.
    let record = |number: u32| _ = handle.record([number], f64::from(number).sqrt()).at(morning());
    (0..180_000).for_each(record);
    log.flush().expect_err("a storage that is full");
    let [written, dropped] = counted(&monitor, "claims");
    assert_eq!((written + dropped, files(&root)), (180_000, visible(&root)));
    assert_eq!(all_rows(&root).len() as u64, written);
    record(180_000);
    log.flush().expect("room again, as the unfinished file is gone");
    assert_eq!(counted(&monitor, "claims"), [written + 1, dropped]);
}

#[test]
fn a_storage_that_may_be_read_only_loses_predictions_until_it_may_be_written() {
    let root = tempdir().expect("a folder");
    children::succeeds(children::child_with_storage(
        "outages::on_a_storage_to_read",
        root.path(),
    ));
}

#[test]
#[ignore = "needs a storage of its own, which another test gives it"]
fn on_a_storage_to_read() {
    let root = children::root();
    survives(
        &root,
        || mount(&["-o", "remount,ro"], &root),
        || mount(&["-o", "remount,rw"], &root),
    );
    assert_eq!(numbers(&all_rows(&root)), [1.0, 3.0]);
}

fn mount(options: &[&str], at: &Path) {
    let status = Command::new("mount")
        .args(options)
        .arg(at)
        .status()
        .expect("the program mount");
    assert!(status.success(), "mount {options:?} {}", at.display());
}
