//! `modelwatch log compact` as cron runs it, killed again and again while others read.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, SystemTime};
use std::{fs, thread};

use modelwatch::{Feature, Monitor};
use modelwatch_log::PredictionLog;
use modelwatch_testkit::MetricsPage;

const MODEL: &str = "claims-risk";
const KILLS: u64 = 20;
/// Files of a round, and rows of a file.
const FILES: u64 = 12;
const ROWS: u64 = 50;

fn modelwatch(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelwatch"));
    command.args(arguments).current_dir(folder);
    command
}

fn done(folder: &Path, arguments: &[&str]) -> String {
    let done = modelwatch(folder, arguments).output().expect("the program starts");
    assert!(
        done.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8_lossy(&done.stdout).into_owned()
}

/// 2026-04-01 at ten.
fn begin() -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(1_775_037_600)
}

/// As a service writes them: a file at each start.
fn write(root: &Path, files: u64) {
    for _ in 0..files {
        let monitor = Monitor::new();
        let model = monitor
            .model(MODEL, "1")
            .features([Feature::numeric("income")])
            .register()
            .expect("valid");
        let log = PredictionLog::builder(root)
            .queue(1_024)
            .start(&monitor)
            .expect("a log");
        let logged = log.model(&model).expect("a handle");
        for row in 0..ROWS {
            logged
                .record([f64::from(row as u32)], 0.5)
                .at(begin() + Duration::from_secs(row * 60));
        }
        log.close().expect("written");
    }
}

/// Rows of the hour as `drift once` counts them.
fn rows(folder: &Path) -> u64 {
    let page = done(folder, &["drift", "once", "--at", "2026-04-01T11:01:00Z"]);
    MetricsPage::parse(page.as_bytes()).sum("ml_drift_window_rows", &[]) as u64
}

#[test]
fn counts_each_row_once_when_compaction_is_killed_at_any_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let root = folder.join("prediction-log");
    write(&root, 2 * FILES);
    let baseline = [
        "baseline",
        "--model",
        MODEL,
        "--output",
        "baseline.json",
        "--without",
        "time,model_version,class,score",
    ];
    done(folder, &[&baseline[..], &["prediction-log"]].concat());
    done(folder, &["stack", "init"]);
    let toml = fs::read_to_string(folder.join("modelwatch.toml")).expect("a configuration");
    let (before, _) = toml.split_once("[[models]]").expect("a model");
    let model = format!(
        "[[models]]\nname = {MODEL:?}\nroutes = [\"/predict\"]\n[models.drift]\nbaseline = \"baseline.json\"\n\
         log = \"prediction-log\"\nwindow = \"1h\"\n"
    );
    fs::write(folder.join("modelwatch.toml"), format!("{before}{model}")).expect("written");
    let mut expected = 2 * FILES * ROWS;
    assert_eq!(rows(folder), expected);
    for kill in 0..KILLS {
        write(&root, FILES);
        expected += FILES * ROWS;
        let mut compaction = modelwatch(folder, &["log", "compact", "prediction-log"]);
        let mut compaction = compaction
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("it starts");
        // From before it has begun until after it is done.
        thread::sleep(Duration::from_millis(3 * kill));
        compaction.kill().expect("it may be over");
        compaction.wait().expect("it is over");
        assert_eq!(rows(folder), expected, "killed after {} ms", 3 * kill);
    }
    let said = done(folder, &["log", "compact", "prediction-log"]);
    assert!(said.contains("hours were looked at"), "{said}");
    assert_eq!(rows(folder), expected);
    let hour = root.join(format!("model={MODEL}/date=2026-04-01/hour=10"));
    let names = fs::read_dir(hour)
        .expect("a folder")
        .flatten()
        .map(|entry| entry.file_name());
    let whole = names.filter(|name| !name.to_string_lossy().starts_with('.'));
    assert_eq!(whole.count(), 1);
}
