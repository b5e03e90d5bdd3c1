//! `modelwatch drift` on a prediction log that a real Apache Spark counts, as a user runs it, beside the same log counted here.

mod training;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use modelwatch_testkit::{Killed, SparkCluster, free_port, http_get, tool};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::training::{WEEK, baseline_arguments, flights};

/// Where the address is: in the environment of the command alone.
const VARIABLE: &str = "FLIGHTS_SPARK";
/// How long something may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

fn command(folder: &Path, address: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelwatch"));
    command.args(arguments).current_dir(folder).env(VARIABLE, address);
    command
}

fn modelwatch(folder: &Path, address: &str, arguments: &[&str]) -> Output {
    command(folder, address, arguments)
        .output()
        .expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with a week's prediction log and training's baseline.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let code = "import sys, os, pyarrow as pa, pyarrow.parquet as pq\n\
                rows = pq.read_table(sys.argv[1])\n\
                kept = {'event_time': 'time', 'late': 'score'}\n\
                rows = rows.rename_columns([kept.get(name, 'feature.' + name) for name in rows.column_names])\n\
                rows = rows.append_column('model_version', pa.array(['1'] * len(rows)))\n\
                os.makedirs(sys.argv[2])\n\
                pq.write_table(rows, sys.argv[2] + '/week.parquet')\n";
    let done = tool(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python"))
        .args(["-c", code])
        .arg(flights("replay-2013-07-08-week.parquet"))
        .arg(folder.path().join("log/model=flight-delay/date=2013-07-08/hour=04"))
        .output()
        .expect("Python runs");
    assert!(done.status.success(), "{}", text(&done.stderr));
    let arguments = baseline_arguments(&["carrier"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let made = modelwatch(folder.path(), "", &arguments);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let made = modelwatch(folder.path(), "", &["stack", "init"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    folder
}

/// Says how the model's rows are counted.
fn configure(folder: &Path, rows: &str) {
    let toml = folder.join("modelwatch.toml");
    let written = fs::read_to_string(&toml).expect("a configuration");
    let (before, _) = written.split_once("[[models]]").expect("a model");
    let model = format!(
        "[[models]]\nname = \"flight-delay\"\nroutes = [\"/predict\"]\n[models.drift]\nbaseline = \"baseline.json\"\n\
         window = \"7d\"\ninterval = \"1h\"\nconsecutive_windows = 1\nsegments = [\"origin\"]\n{rows}\n"
    );
    fs::write(toml, format!("{before}{model}")).expect("written");
}

fn report(folder: &Path, address: &str) -> Json {
    let arguments = [&["drift", "report", "--history", "0", "--json"][..], &WEEK[..]].concat();
    let done = modelwatch(folder, address, &arguments);
    assert!(done.status.success(), "{}", text(&done.stderr));
    let mut report: Json = serde_json::from_slice(&done.stdout).expect("JSON");
    // A sample of the rows stays with Spark: how features go together is judged here, and more is known of a change.
    without(&mut report, &["explanation", "joint"]);
    report
}

fn without(json: &mut Json, keys: &[&str]) {
    match json {
        Json::Object(object) => {
            object.retain(|key, _| !keys.contains(&key.as_str()));
            object.values_mut().for_each(|value| without(value, keys));
        }
        Json::Array(items) => items.iter_mut().for_each(|item| without(item, keys)),
        _ => {}
    }
}

const LOG: &str = "log = \"log\"";

#[test]
fn judged_reports_the_same_when_spark_counts_the_log() {
    let cluster = SparkCluster::start(1);
    let address = cluster.address(SparkCluster::TOKEN);
    let folder = folder();
    configure(folder.path(), LOG);
    let here = report(folder.path(), "");
    configure(
        folder.path(),
        &format!("{LOG}\n[models.drift.spark]\nuri_from = \"{VARIABLE}\""),
    );
    let there = report(folder.path(), &address);
    assert_eq!(there, here);
    assert_eq!(there[0]["rows"], 6759);

    let once = ["drift", "once", "--at", "2013-07-15T04:01:00Z"];
    let run = modelwatch(folder.path(), &address, &once);
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert!(text(&run.stdout).contains("ml_drift_window_rows{model_name=\"flight-delay\"} 6759"));

    // What can't be looked at ends with 2, in a line that has no secret.
    let down = format!("sc://127.0.0.1:{}/;token=another-hush", free_port());
    for (address, says) in [
        (down.as_str(), "Connection refused"),
        (&cluster.address("another-hush"), "refuses who asks: "),
        ("", "does not begin with sc://"),
    ] {
        let run = modelwatch(folder.path(), address, &once);
        let said = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{said}");
        assert!(said.contains(says), "{says}: {said}");
        assert!(said.contains("the prediction log log in Spark: "), "{said}");
        assert!(!said.contains("hush") && !text(&run.stdout).contains("hush"), "{said}");
    }

    let serving = ["drift", "serve", "--listen", "127.0.0.1:0"];
    let mut serving = command(folder.path(), &address, &serving)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(serving.stderr.take().expect("piped")).lines();
    let _serving = Killed::from(serving);
    let at: SocketAddr = loop {
        let line = lines.next().expect("it says where it serves").expect("text");
        if let Some((_, rest)) = line.split_once("http://") {
            break rest.trim_end_matches("/metrics").parse().expect("an address");
        }
    };
    // Whatever it says later, its pipe stays open.
    thread::spawn(move || lines.for_each(drop));
    let deadline = Instant::now() + PATIENCE;
    // Its window is of today, which the log has not.
    let ran = "ml_drift_window_rows{model_name=\"flight-delay\"} 0";
    loop {
        let page = http_get(at, "/metrics", &[]);
        let page = page.map(|page| text(&page.body)).unwrap_or_default();
        if page.contains(ran) {
            break;
        }
        assert!(Instant::now() < deadline, "{page}");
        thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn refuses_configuration_when_spark_is_told_two_things_or_a_secret() {
    let folder = tempfile::tempdir().expect("a folder");
    let made = modelwatch(folder.path(), "", &["stack", "init"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    for (rows, says) in [
        (
            "[models.drift.spark]\nuri_from = \"X\"\n[models.drift.warehouse]\ndialect = \"spark\"\ntable = \"t\"\nprofile = \"p\"",
            "models[0].drift has both spark and warehouse",
        ),
        (
            "log = \"log\"\n[models.drift.spark]\nuri_from = \"X\"\n[models.drift.columns]\ntime = \"at\"",
            "models[0].drift has both spark and columns",
        ),
        (
            "log = \"log\"\n[models.drift.spark]\nuri_from = \"sc://spark/;token=hush\"",
            "uri_from is not the name of an environment variable",
        ),
        (
            "log = \"log\"\n[models.drift.spark]\ntimeout = \"1m\"",
            "does not say how to reach Spark Connect",
        ),
        (
            "log = \"log\"\n[models.drift.spark]\nuri_from = \"X\"\ntoken = \"hush\"",
            "unknown key",
        ),
        ("[models.drift.spark]\nuri_from = \"X\"", "models[0].drift has no log"),
    ] {
        configure(folder.path(), rows);
        let done = modelwatch(folder.path(), "", &["drift", "report"]);
        let said = text(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.contains(says), "{says}: {said}");
        assert!(!said.contains("hush"), "{said}");
    }
}
