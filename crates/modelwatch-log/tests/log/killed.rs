//! What a process that is killed leaves.

use std::fs;
use std::io::{self, BufRead, BufReader, Write};
use std::process::Stdio;
use std::thread;
use std::time::Duration;

use modelwatch::Monitor;
use modelwatch_log::PredictionLog;
use tempfile::tempdir;

use crate::on_storage::{all_rows, counted, files, name, numbers, visible};
use crate::{children, morning, numbered, until};

#[test]
fn a_killed_process_loses_its_last_rotation_alone_and_leaves_no_broken_file() {
    let root = tempdir().expect("a folder");
    let mut child = children::child("killed::records_until_it_is_killed", root.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("a child");
    let out = BufReader::new(child.stdout.take().expect("its output"));
    let told = out.lines().map_while(Result::ok);
    // Of the ten first rotations, then it is killed somewhere in the next.
    let finished = told
        .filter_map(|line| line.strip_prefix("finished ")?.parse::<u64>().ok())
        .nth(9);
    let finished = finished.expect("ten rotations");
    child.kill().expect("it lives");
    child.wait().expect("it is dead");

    let numbers = numbers(&all_rows(root.path()));
    assert!(numbers.len() as u64 >= finished, "{} of {finished}", numbers.len());
    assert!(
        (0..)
            .zip(&numbers)
            .all(|(expected, number)| f64::from(expected) == *number),
        "no gap before the last rotation"
    );
}

#[test]
#[ignore = "killed by another test"]
fn records_until_it_is_killed() {
    let monitor = Monitor::new();
    let builder = PredictionLog::builder(children::root()).rotate_after(Duration::from_millis(20));
    let log = builder.start(&monitor).expect("a log");
    let handle = log.model(&numbered(&monitor)).expect("a handle");
    let mut told = 0;
    for number in 0u64..10_000_000 {
        handle.record([number], 0.5).at(morning());
        let [finished, lost] = counted(&monitor, "claims");
        assert_eq!(lost, 0);
        if finished > told {
            told = finished;
            writeln!(io::stdout(), "finished {finished}").expect("somebody reads");
        }
    }
}

#[test]
fn what_a_killed_process_left_unfinished_is_removed_at_the_next_start_and_what_a_living_one_has_is_not() {
    let root = tempdir().expect("a folder");
    let all_hidden = || {
        files(root.path())
            .into_iter()
            .filter(|path| name(path).starts_with('.'))
    };
    let hidden = || all_hidden().count();
    // A file is locked before anything is written to it, and until then it is nobody's.
    let held = || {
        let sizes = all_hidden().filter_map(|path| Some(fs::metadata(path).ok()?.len()));
        sizes.filter(|size| *size > 0).count()
    };
    let begin = || {
        let before = held();
        let child = children::child("killed::waits_with_an_unfinished_file", root.path());
        let child = child_quiet(child).spawn().expect("a child");
        until("it writes a file", || held() > before);
        child
    };
    let (mut dead, mut living) = (begin(), begin());
    dead.kill().expect("it lives");
    dead.wait().expect("it is dead");
    assert_eq!(hidden(), 2);

    PredictionLog::builder(root.path())
        .start(&Monitor::new())
        .expect("a log")
        .close()
        .expect("a clean end");
    assert_eq!(hidden(), 1);
    living.kill().expect("it lives");
    living.wait().expect("it is dead");
    PredictionLog::builder(root.path())
        .start(&Monitor::new())
        .expect("a log")
        .close()
        .expect("a clean end");
    assert_eq!(hidden(), 0);
    assert_eq!(visible(root.path()).len(), 0);
}

fn child_quiet(mut child: std::process::Command) -> std::process::Command {
    child.stdout(Stdio::null()).stderr(Stdio::null());
    child
}

#[test]
#[ignore = "killed by another test"]
fn waits_with_an_unfinished_file() {
    let monitor = Monitor::new();
    let builder = PredictionLog::builder(children::root())
        .queue(100_000)
        .rotate_after(Duration::from_secs(3600));
    let log = builder.start(&monitor).expect("a log");
    let handle = log.model(&numbered(&monitor)).expect("a handle");
    // A row group, which is written before its file is due.
    (0..70_000).for_each(|number| _ = handle.record([number], 0.5).at(morning()));
    thread::sleep(Duration::from_secs(300));
}
