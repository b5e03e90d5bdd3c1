//! One cluster, and everything that is asked of it: to start one takes longer than all questions.

use std::fs;
use std::io::{Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;
use std::thread;
use std::time::{Duration, Instant};

use arrow::datatypes::{DataType, TimeUnit};
use modelwatch_drift::baseline::NumericBins;
use modelwatch_drift_job::engine::{Column, Engine, Reason, WindowCounts, WindowQuery};
use modelwatch_drift_job::{PredictionLog, TableColumns, Tables};
use modelwatch_log_format::metadata;
use modelwatch_testkit::SparkCluster;
use modelwatch_warehouse::{Access, Dialect, SparkLog, Warehouse};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::log::{Log, MODEL, changed, feature, name, named, put, with_time};
use crate::rows::{Row, VALUES, batch, by, columns, essence, query, row, training, write};

/// What Spark says of a task that an executor begins.
const STARTED: &str = "Starting task";
/// What it says of a statement that is cancelled.
const CANCELLED: &str = "Asked to cancel jobs with tag";
/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

struct Stage {
    cluster: SparkCluster,
    runtime: Runtime,
    folder: TempDir,
    bins: NumericBins,
    runner: TestRunner,
}

impl Stage {
    fn start() -> Self {
        let mut runner = TestRunner::deterministic();
        let edges = training().new_tree(&mut runner).expect("values").current();
        Self {
            cluster: SparkCluster::start(2),
            runtime: Runtime::new().expect("a runtime"),
            folder: tempfile::tempdir().expect("a folder"),
            bins: NumericBins::from_sorted("income", &edges).expect("bins"),
            runner,
        }
    }

    /// So many rows, other ones at every call.
    fn rows(&mut self, rows: usize) -> Vec<Row> {
        let rows = proptest::collection::vec(row(self.bins.edges().to_vec()), rows..=rows);
        rows.new_tree(&mut self.runner).expect("rows").current()
    }

    /// How the cluster is reached with this token.
    fn access(&self, token: &str) -> Access {
        let profile: PathBuf = self.folder.path().join(format!("spark-{}.toml", token.len()));
        let address = self.cluster.address(token);
        let text = format!("profile_version = 1\ndriver = \"spark\"\n[Options]\nuri = {address:?}\n");
        fs::write(&profile, text).expect("a profile");
        Access::Profile(profile.to_str().expect("text").into())
    }

    fn spark(&self, log: &Log) -> SparkLog {
        SparkLog::new(log.address(), self.access(SparkCluster::TOKEN))
    }

    fn count(&self, engine: &dyn Engine, query: &WindowQuery) -> Result<WindowCounts, String> {
        let counted = self.runtime.block_on(engine.count(query));
        counted.map_err(|error| error.to_string())
    }

    /// Whether Spark counts the log as this machine does; with the counts.
    fn same(&self, case: &str, log: &Log, query: &WindowQuery) -> WindowCounts {
        let files = PredictionLog::open(&log.address()).expect("a log");
        let expected = self.count(&files, query).expect("counts");
        let counted = self.count(&self.spark(log), query);
        let counted = counted.unwrap_or_else(|problem| panic!("{case}: {problem}"));
        for (counted, expected) in essence(&counted).iter().zip(&essence(&expected)) {
            assert_eq!(counted, expected, "{case}");
        }
        assert_eq!(essence(&counted).len(), essence(&expected).len(), "{case}");
        assert_eq!(counted.files, expected.files, "{case}");
        assert_eq!(counted.looked, expected.looked, "{case}");
        let about = |counts: &WindowCounts| -> Vec<_> {
            let files = counts.left_out.files.iter();
            files.map(|file| (file.file.clone(), file.reason, file.rows)).collect()
        };
        assert_eq!(about(&counted), about(&expected), "{case}");
        counted
    }

    /// What is said, in one line and without the token.
    fn says(&self, engine: &dyn Engine, query: &WindowQuery, parts: &[&str]) {
        let said = self.count(engine, query).expect_err("it can't be counted");
        assert!(!said.contains('\n') && said.len() < 900, "{said}");
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("hush"), "{said}");
    }
}

/// A question about the log's own columns: each is a number in one and a category in the other.
fn asked(bins: &NumericBins, timed: bool, groups: &[&str], numbers: bool) -> WindowQuery {
    let all = query(
        bins,
        false,
        timed,
        groups.iter().map(|column| by(column, None)).collect(),
    );
    let columns = (0..VALUES.len()).map(|place| {
        // Of each value a number, then a category.
        let of = &all.columns[2 * place + usize::from(!numbers)];
        Column {
            name: feature(place),
            bins: of.bins.clone(),
        }
    });
    let beside = ["feature.huge", "feature.nowhere", "hour", "score"].map(|name| Column {
        name: name.into(),
        bins: all.columns[usize::from(!numbers)].bins.clone(),
    });
    WindowQuery {
        model: MODEL.into(),
        columns: columns.chain(beside).collect(),
        ..all
    }
}

#[test]
fn judged_spark_counts_as_one_machine_does_and_says_what_is_wrong() {
    let mut stage = Stage::start();
    counts_a_hostile_log_as_one_machine_does(&mut stage);
    counts_once_what_was_merged_and_leaves_out_what_is_broken(&mut stage);
    counts_a_table_of_its_catalogue_as_files(&mut stage);
    says_what_is_wrong(&mut stage);
    counts_the_same_when_a_machine_dies(&mut stage);
}

fn counts_a_hostile_log_as_one_machine_does(stage: &mut Stage) {
    let log = Log::new();
    // So few that each category that training did not name is counted apart, and not some of them.
    let rows = named(&batch(&stage.rows(9)));
    log.put(&name(1), &rows, &[]);
    log.put(&name(2), &named(&batch(&stage.rows(9))), &[]);
    // Files of others, each with something else about it.
    let other = named(&batch(&stage.rows(5)));
    let dictionary = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
    let odd = changed(&changed(&other, &feature(4), Some(&dictionary)), &feature(5), None);
    let odd = changed(&odd, &feature(1), Some(&DataType::Utf8));
    let odd = with_time(&odd, TimeUnit::Millisecond, None);
    log.put("part 0#%41,{1}.snappy.parquet", &odd, &[]);
    log.put(
        "part-2.parquet",
        &with_time(&other, TimeUnit::Nanosecond, Some("UTC")),
        &[],
    );
    log.put_into("date=2026-04-01/hour=09", &name(3), &rows);
    log.put_into("date=2026-04-02/hour=10", &name(4), &rows);
    for (timed, groups, numbers) in [(true, &["model_version"][..], true), (false, &[][..], false)] {
        let case = format!("columns of every kind, {timed}, {groups:?}, {numbers}");
        let counted = stage.same(&case, &log, &asked(&stage.bins, timed, groups, numbers));
        assert!(
            counted.left_out.files.is_empty() && counted.left_out.rows_without_time > 0 || !timed,
            "{case}"
        );
    }
}

fn counts_once_what_was_merged_and_leaves_out_what_is_broken(stage: &mut Stage) {
    let log = Log::new();
    let rows = named(&batch(&stage.rows(80)));
    let question = asked(&stage.bins, true, &[], true);
    // Nothing there yet: Spark need not be asked.
    assert_eq!(stage.same("no file", &log, &question).rows, 0);
    for sequence in 1..4 {
        log.put(&name(sequence), &rows, &[]);
    }
    let replaced = [name(1), name(2)].join("/");
    let merged = modelwatch_log_format::files::merged(&name(2), 5).expect("a name");
    log.put(&merged, &rows, &[(metadata::REPLACES, &replaced)]);
    log.put("other.parquet", &rows, &[(metadata::MODEL, "another")]);
    log.put("older.parquet", &rows, &[(metadata::FORMAT, "0")]);
    fs::write(log.path(".hidden.parquet.tmp"), "half").expect("a file");
    fs::write(log.path("empty.parquet"), "").expect("a file");
    fs::write(log.path("text.parquet"), "no Parquet at all").expect("a file");
    let counted = stage.same("merged", &log, &question);
    assert_eq!((counted.files, counted.left_out.files.len()), (2, 4));
    // A file whose footer is whole, and whose pages are not.
    log.put("torn.parquet", &rows, &[]);
    let mut torn = fs::OpenOptions::new()
        .write(true)
        .open(log.path("torn.parquet"))
        .expect("a file");
    torn.seek(SeekFrom::Start(4)).expect("a place");
    torn.write_all(&[0xff; 4_000]).expect("written");
    let files = PredictionLog::open(&log.address()).expect("a log");
    let expected = stage.count(&files, &question).expect("counts");
    // Spark opens no file whose name begins so, and says nothing of it.
    log.put("_odd.parquet", &rows, &[]);
    let counted = stage.count(&stage.spark(&log), &question).expect("counts");
    assert_eq!(essence(&counted), essence(&expected));
    assert_eq!((counted.files, expected.files), (2, 2));
    let left_out = |name: &str| {
        let file = counted.left_out.files.iter().find(|left| left.file.ends_with(name));
        let file = file.unwrap_or_else(|| panic!("{name} is not left out"));
        (file.reason, file.rows, file.problem.as_str())
    };
    let (reason, rows, problem) = left_out("/torn.parquet");
    assert_eq!((reason, rows), (Reason::Broken, Some(80)));
    assert!(problem.starts_with("breaks while it is read: "), "{problem}");
    let (reason, rows, problem) = left_out("/_odd.parquet");
    assert_eq!((reason, rows), (Reason::Unreadable, Some(80)));
    assert!(problem.contains("does not begin with _"), "{problem}");
    assert_eq!(counted.left_out.files.len(), 6);
}

fn counts_a_table_of_its_catalogue_as_files(stage: &mut Stage) {
    let path = stage.folder.path().join("table.parquet");
    write(&path, &batch(&stage.rows(120)));
    let path = path.to_str().expect("text").to_owned();
    let question = query(&stage.bins, false, true, vec![by("model_version", None)]);
    let expected = stage
        .count(&Tables::new([&path], columns()), &question)
        .expect("counts");
    let table =
        |parts: &[&str]| Warehouse::new(Dialect::Spark, parts.iter().copied(), stage.access(SparkCluster::TOKEN));
    let counted = stage
        .count(&table(&["parquet", &path]).columns(columns()), &question)
        .expect("counts");
    assert_eq!(essence(&counted), essence(&expected));
    stage.says(
        &table(&["nowhere"]),
        &question,
        &[
            "the spark table nowhere: can't be read: ",
            "[TABLE_OR_VIEW_NOT_FOUND]",
            "does it exist, spelt so",
        ],
    );
    let no_time = TableColumns {
        time: Some("at".into()),
        ..columns()
    };
    stage.says(
        &table(&["parquet", &path]).columns(no_time),
        &question,
        &["has no column \"at\" of times"],
    );
}

fn says_what_is_wrong(stage: &mut Stage) {
    let log = Log::new();
    let question = asked(&stage.bins, true, &[], true);
    log.put(&name(1), &named(&batch(&stage.rows(20))), &[]);
    let refused = SparkLog::new(log.address(), stage.access("another-hush-token"));
    stage.says(
        &refused,
        &question,
        &["refuses who asks: ", "put the right token into the ADBC profile"],
    );
    let elsewhere = stage.spark(&log).seen_by_spark("file:///nowhere/at/all");
    stage.says(
        &elsewhere,
        &question,
        &[
            "Spark does not see a file that is there: ",
            "file:/nowhere/at/all",
            "log = in [models.drift.spark]",
        ],
    );
}

/// A log that Spark counts for some seconds.
fn large(stage: &mut Stage) -> Log {
    let log = Log::new();
    let rows: Vec<Row> = stage.rows(500);
    let rows: Vec<Row> = (0..8_000).map(|row| rows[row % rows.len()].clone()).collect();
    let first = log.path(&name(0));
    put(&first, &named(&batch(&rows)), &[]);
    for sequence in 1..12 {
        fs::copy(&first, log.path(&name(sequence))).expect("a copy");
    }
    log
}

fn counts_the_same_when_a_machine_dies(stage: &mut Stage) {
    let log = large(stage);
    let question = asked(&stage.bins, true, &[], true);
    let files = PredictionLog::open(&log.address()).expect("a log");
    let expected = essence(&stage.count(&files, &question).expect("counts"));
    let hasty = stage.spark(&log).timeout(Duration::from_millis(10));
    stage.says(
        &hasty,
        &question,
        &["did not answer within 10ms and was cancelled", "modelwatch log compact"],
    );
    // What nobody waits for any more is cancelled, and the cluster is free for the next.
    let (started, cancelled) = (stage.cluster.server_said(STARTED), stage.cluster.server_said(CANCELLED));
    let (spark, asked) = (stage.spark(&log), question.clone());
    let counting = stage.runtime.spawn(async move { spark.count(&asked).await.is_ok() });
    // Some of them are of what comes before the statement.
    until(|| stage.cluster.server_said(STARTED) > started + 3);
    counting.abort();
    until(|| stage.cluster.server_said(CANCELLED) > cancelled);
    let spark = stage.spark(&log);
    let started = stage.cluster.server_said(STARTED);
    thread::scope(|scope| {
        let counting = scope.spawn(|| stage.runtime.block_on(spark.count(&question)));
        until(|| stage.cluster.server_said(STARTED) > started + 4);
        stage.cluster.kill_worker(0);
        assert!(!counting.is_finished(), "it was over before the machine died");
        let counted = counting.join().expect("no panic").expect("the other machine counts");
        assert_eq!(essence(&counted), expected);
    });
    stage.cluster.start_worker(0);
    assert_eq!(essence(&stage.count(&spark, &question).expect("counts")), expected);
}

#[track_caller]
fn until(is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "it does not happen");
        thread::sleep(Duration::from_millis(20));
    }
}
