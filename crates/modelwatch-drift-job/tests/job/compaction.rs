//! The files of hours that are over become one, while others read and write.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, UNIX_EPOCH};

use arrow::array::RecordBatch;
use chrono::{DateTime, TimeDelta, Utc};
use modelwatch_drift::baseline::{Counts, NumericBins};
use modelwatch_drift_job::engine::{Bins, Column, Engine as _, GroupBy, WindowCounts, WindowQuery};
use modelwatch_drift_job::{Compacted, Compaction, CompactionError, PredictionLog, TableColumns, Tables, TimeWindow};
use modelwatch_log_format::{columns, files};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::log::{Log, Row, batch, minutes, random, time, write_file};

const MODEL: &str = "claims";
const START: &str = "2026-04-01T10:00:00Z";

/// Rows a second apart, in files of so many, named as the service names them.
fn write(log: &Log, from: DateTime<Utc>, rows: i64, of_file: usize, feature: &str) -> Vec<PathBuf> {
    let row = |second: i64| {
        let row = Row::at(from + TimeDelta::seconds(second)).with(feature, random(second as u64));
        let row = row.with("country", if second % 3 == 0 { "NO" } else { "SE" });
        match second % 2 {
            0 => row,
            _ => Row {
                version: "2".into(),
                score: Some(0.5),
                ..row
            },
        }
    };
    let rows: Vec<Row> = (0..rows).map(row).collect();
    let written = rows.chunks(of_file).enumerate().map(|(sequence, rows)| {
        let begun = UNIX_EPOCH + Duration::from_micros(rows[0].time.timestamp_micros().unsigned_abs());
        let path = log
            .hour(MODEL, rows[0].time)
            .join(files::name(begun, 7, sequence as u64));
        write_file(&path, MODEL, &batch(&rows.iter().collect::<Vec<_>>()));
        path
    });
    written.collect()
}

fn query(window: TimeWindow) -> WindowQuery {
    let even: Vec<f64> = (0..=100).map(|step| f64::from(step) / 100.0).collect();
    let bins = NumericBins::from_sorted("income", &even).expect("bins");
    let column = |name: &str| Column {
        name: columns::feature(name),
        bins: Bins::Numeric(bins.clone()),
    };
    WindowQuery {
        model: MODEL.into(),
        window: Some(window),
        columns: vec![column("income"), column("age")],
        groups: vec![GroupBy {
            column: columns::MODEL_VERSION.into(),
            values: None,
        }],
        joint: Vec::new(),
    }
}

async fn count(log: &str, window: TimeWindow) -> WindowCounts {
    let log = PredictionLog::open(log).expect("a folder");
    log.count(&query(window)).await.expect("counts")
}

/// What of counts does not depend on the order of the rows.
fn essence(counts: &WindowCounts) -> String {
    let columns = |columns: &[modelwatch_drift_job::engine::ColumnCounts]| -> Vec<String> {
        let told = columns.iter().map(|column| match &column.counts {
            Counts::Numeric(counts) => format!(
                "{} {:?} {} {} {:?}",
                counts.below, counts.bins, counts.above, counts.missing, counts.least
            ),
            Counts::Categorical(counts) => format!("{counts:?}"),
        });
        told.collect()
    };
    let groups: Vec<_> = counts.groups[0]
        .iter()
        .map(|group| (group.value.clone(), group.rows, columns(&group.columns)))
        .collect();
    format!(
        "{} rows, {:?}, {:?}, {groups:?}",
        counts.rows,
        counts.absent,
        columns(&counts.columns)
    )
}

fn compact(log: &Log) -> Compacted {
    let compaction = Compaction::new(log.address());
    compaction
        .run(time("2026-04-01T14:30:00Z"), |_| {})
        .expect("it is no error")
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().into_string().expect("text"))
        .collect();
    names.sort();
    names
}

fn rows_of(folder: &Path) -> BTreeMap<String, RecordBatch> {
    let read = |name: String| {
        let file = fs::File::open(folder.join(&name)).expect("a file");
        let reader = ParquetRecordBatchReaderBuilder::try_new(file)
            .expect("Parquet")
            .with_batch_size(1 << 20);
        let batch = reader
            .build()
            .expect("a reader")
            .next()
            .expect("rows")
            .expect("a batch");
        (name, batch)
    };
    names(folder).into_iter().map(read).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn counts_the_same_when_hours_are_compacted() {
    let log = Log::new();
    write(&log, time(START), 3_600, 100, "income");
    write(&log, time("2026-04-01T10:20:00Z"), 600, 50, "age");
    write(&log, time("2026-04-01T13:00:00Z"), 600, 100, "income");
    let windows = [
        minutes(START, 15),
        minutes("2026-04-01T10:13:20Z", 30),
        minutes(START, 24 * 60),
    ];
    let mut before = Vec::new();
    for window in windows {
        before.push(essence(&count(&log.address(), window).await));
    }
    let done = compact(&log);
    assert_eq!(
        (done.hours, done.merged, done.into, done.rows, done.left),
        (1, 48, 2, 4_200, Vec::new())
    );
    assert!(
        done.bytes_after < done.bytes_before / 2,
        "{} of {}",
        done.bytes_after,
        done.bytes_before
    );
    // One file for each set of features; the hour that ended less than an hour ago has its own still.
    assert_eq!(names(&log.hour(MODEL, time(START))).len(), 2);
    assert_eq!(names(&log.hour(MODEL, time("2026-04-01T13:00:00Z"))).len(), 6);
    for (window, before) in windows.into_iter().zip(before) {
        assert_eq!(essence(&count(&log.address(), window).await), before, "{window}");
    }
    let done = compact(&log);
    assert_eq!((done.merged, done.into), (0, 0));
}

/// Rows come in the order of their files, with the types they had.
#[test]
fn keeps_every_row_as_it_was_when_files_become_one() {
    let log = Log::new();
    let folder = log.hour(MODEL, time(START));
    write(&log, time(START), 300, 30, "income");
    let before: Vec<RecordBatch> = rows_of(&folder).into_values().collect();
    let whole = arrow::compute::concat_batches(&before[0].schema(), &before).expect("one batch");
    let newest = names(&folder).pop().expect("files");
    compact(&log);
    let after = rows_of(&folder);
    let (name, rows) = after.first_key_value().expect("a file");
    assert_eq!((after.len(), rows.columns()), (1, whole.columns()));
    // By its name it is as old as the newest of them, and not older: retention goes by names.
    assert_eq!(name[..34], newest[..34]);
    assert!(files::is_name(name), "{name}");
}

#[tokio::test(flavor = "multi_thread")]
async fn merges_what_came_late_when_it_is_run_again() {
    let log = Log::new();
    write(&log, time(START), 600, 100, "income");
    compact(&log);
    write(&log, time("2026-04-01T10:30:00Z"), 600, 100, "income");
    let before = essence(&count(&log.address(), minutes(START, 60)).await);
    let done = compact(&log);
    assert_eq!((done.merged, done.into, done.rows), (7, 1, 1_200));
    assert_eq!(essence(&count(&log.address(), minutes(START, 60)).await), before);
}

/// As if the run had been ended after each of its steps.
#[tokio::test(flavor = "multi_thread")]
async fn counts_each_row_once_when_run_was_ended_at_any_step() {
    let log = Log::new();
    let written = write(&log, time(START), 600, 100, "income");
    let before = essence(&count(&log.address(), minutes(START, 60)).await);
    let aside = tempfile::tempdir().expect("a folder");
    let kept: Vec<(PathBuf, PathBuf)> = written
        .iter()
        .map(|path| (path.clone(), aside.path().join(path.file_name().expect("a name"))))
        .collect();
    kept.iter()
        .for_each(|(path, copy)| _ = fs::copy(path, copy).expect("a copy"));
    compact(&log);
    for removed in 0..=kept.len() {
        for (path, copy) in &kept[removed..] {
            fs::copy(copy, path).expect("a copy");
        }
        assert_eq!(
            essence(&count(&log.address(), minutes(START, 60)).await),
            before,
            "{removed} were removed"
        );
        // Who reads the log as plain files, such as training, sees each row once, too.
        let files = Tables::new([log.address()], TableColumns::default());
        let counted = files.count(&query(minutes(START, 60))).await.expect("counts");
        assert_eq!((counted.rows, counted.files), (600, 1), "{removed} were removed");
        let done = compact(&log);
        assert_eq!((done.merged, done.left_behind), (0, kept.len() - removed));
        assert_eq!(names(&log.hour(MODEL, time(START))).len(), 1);
        assert_eq!(essence(&count(&log.address(), minutes(START, 60)).await), before);
    }
}

/// A reader never sees a row twice or not at all, whatever becomes of the files while it reads.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn counts_the_same_when_compaction_runs_meanwhile() {
    for _ in 0..5 {
        let log = Log::new();
        for hour in 0..3 {
            write(&log, time(START) + TimeDelta::hours(hour), 3_600, 60, "income");
        }
        let window = minutes(START, 180);
        let expected = essence(&count(&log.address(), window).await);
        let (address, done) = (log.address(), AtomicBool::new(false));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                let compaction = Compaction::new(address.as_str());
                let compacted = compaction
                    .run(time("2026-04-01T15:00:00Z"), |_| {})
                    .expect("it is no error");
                done.store(true, Ordering::Release);
                assert_eq!((compacted.merged, compacted.into), (180, 3));
            });
            let runtime = tokio::runtime::Runtime::new().expect("a runtime");
            std::thread::scope(|reading| {
                reading.spawn(|| {
                    let mut last = false;
                    while !last {
                        last = done.load(Ordering::Acquire);
                        let counted = essence(&runtime.block_on(count(&address, window)));
                        assert_eq!(counted, expected);
                    }
                });
            });
            runtime.shutdown_background();
        });
    }
}

#[test]
fn leaves_what_is_broken_or_foreign_and_names_it() {
    let log = Log::new();
    let written = write(&log, time(START), 600, 100, "income");
    fs::write(&written[1], b"PAR1 and no more").expect("a file");
    fs::write(&written[2], b"").expect("a file");
    let folder = log.hour(MODEL, time(START));
    let rows = batch(&[&Row::at(time(START)).with("income", 0.5)]);
    write_file(&written[3], "another", &rows);
    let foreign = [
        "part-0.parquet",
        "notes.txt",
        ".modelwatch-20260401T100000000000Z-0000000000000007-000001.parquet.tmp",
    ];
    for name in foreign {
        fs::write(folder.join(name), b"what somebody put there").expect("a file");
    }
    let done = compact(&log);
    assert_eq!((done.merged, done.into), (3, 1));
    let left = done.left.join("\n");
    for (path, says) in [
        (&written[1], "is no whole Parquet file"),
        (&written[2], "is empty"),
        (&written[3], "is of another model or format"),
    ] {
        assert!(left.contains(&format!("{} {says}", path.display())), "{left}");
        assert!(path.exists());
    }
    let there = names(&folder);
    assert!(
        foreign.iter().all(|name| there.iter().any(|there| there == name)),
        "{there:?}"
    );
}

#[test]
fn refuses_second_run_and_what_is_no_folder() {
    let log = Log::new();
    write(&log, time(START), 60, 10, "income");
    compact(&log);
    let lock = fs::File::open(log.root().join(".modelwatch-compaction.lock")).expect("it stays");
    lock.lock().expect("a lock");
    let refused = Compaction::new(log.address()).run(Utc::now(), |_| {});
    assert!(matches!(refused, Err(CompactionError::Busy { .. })), "{refused:?}");
    for address in ["/no/such/folder", "s3://bucket/log"] {
        let refused = Compaction::new(address).run(Utc::now(), |_| {});
        let said = refused.expect_err("there is none").to_string();
        assert!(
            said.starts_with(&format!("{address}: there is no such folder")),
            "{said}"
        );
    }
}
