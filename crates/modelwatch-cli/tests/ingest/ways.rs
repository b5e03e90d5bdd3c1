//! The scripts of `examples/three-ways`, as they stand there.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use modelwatch_testkit::{KafkaBroker, http_get};
use rskafka::chrono::Utc;
use tempfile::TempDir;

use super::topics::{Sent, json, produce};
use super::{Running, modelwatch, page_of, until};

const DRIFTED: &str = "ml_data_drift_detected{model_name=\"claims\",feature_name=\"income\"} 1";

/// A script that finds the command, and a configuration in its folder.
fn script(name: &str, folder: &Path, environment: &[(&str, &str)]) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_modelwatch")).parent().expect("a folder");
    let path = std::env::var("PATH").expect("a path");
    let script = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/three-ways")
        .join(name);
    let mut command = Command::new(script);
    command
        .current_dir(folder)
        .env("PATH", format!("{}:{path}", program.display()))
        .env_remove("RUST_LOG")
        .envs(environment.iter().copied());
    command
}

/// Training's baseline, and a model whose windows are hours.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let run = |arguments: &[&str]| {
        let done = modelwatch(folder.path(), arguments).output().expect("it starts");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    };
    let rows: String = (0..1_000).map(|row| format!("{}\n", row % 100)).collect();
    fs::write(folder.path().join("training.csv"), format!("income\n{rows}")).expect("a file");
    run(&[
        "baseline",
        "--model",
        "claims",
        "--output",
        "baseline.json",
        "training.csv",
    ]);
    run(&["stack", "init"]);
    let toml = folder.path().join("modelwatch.toml");
    let written = fs::read_to_string(&toml).expect("a configuration");
    let (before, _) = written.split_once("[[models]]").expect("a model");
    let model = "[[models]]\nname = \"claims\"\nroutes = [\"/predict\"]\n[models.drift]\nbaseline = \"baseline.json\"\nlog = \"prediction-log\"\n\
                 window = \"1h\"\ninterval = \"1h\"\nconsecutive_windows = 1\n";
    fs::write(toml, format!("{before}{model}")).expect("written");
    folder
}

/// Rows that differ from training, in the hour that ended last and in this one, so that the hour may end while the test runs.
fn records() -> Vec<Sent> {
    let hour = Utc::now().timestamp() / 3_600 * 3_600;
    let record = |row: i64| {
        let time = hour - 3_600 + row % 7_200;
        json(format!(
            "{{\"model\": \"claims\", \"time\": {time}, \"prediction_id\": \"{row}\", \"income\": {}}}",
            500 + row % 100
        ))
    };
    (0..2_000).map(|row| record(row * 18)).collect()
}

/// Waits until the page of the drift job, which is that of so many, tells of drift.
fn tells_of_drift(running: &mut Running, pages: usize) {
    let pages: Vec<SocketAddr> = (0..pages)
        .map(|_| page_of(&running.says("serving on http://")))
        .collect();
    let has = |page: &SocketAddr| {
        http_get(*page, "/metrics", &[]).is_ok_and(|page| String::from_utf8_lossy(&page.body).contains(DRIFTED))
    };
    until("it tells of drift", || pages.iter().any(has));
}

#[test]
fn judged_tells_of_drift_when_run_in_each_of_three_ways() {
    let broker = KafkaBroker::start();
    broker.create_topic("predictions", 2);
    produce(&broker.address(), "predictions", 0, records());
    let folder = folder();
    let (brokers, textfile) = (broker.address(), folder.path().join("drift.prom"));
    let kafka = [("BROKERS", brokers.as_str()), ("TOPIC", "predictions")];

    let listen = [("LISTEN", "127.0.0.1:0"), ("INGEST_LISTEN", "127.0.0.1:0")];
    let mut alone = Running::start(script("stand-alone.sh", folder.path(), &[&kafka[..], &listen].concat()));
    tells_of_drift(&mut alone, 2);
    alone.end();

    // The log is there now, as a service would have written it.
    let mut sidecar = Running::start(script("sidecar.sh", folder.path(), &listen));
    tells_of_drift(&mut sidecar, 1);
    sidecar.end();

    let to = textfile.to_str().expect("text");
    let run = script(
        "triggered.sh",
        folder.path(),
        &[&kafka[..], &[("TEXTFILE", to)]].concat(),
    )
    .output();
    let run = run.expect("it starts");
    assert!(run.status.success(), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(fs::read_to_string(&textfile).expect("a file").contains(DRIFTED));
}
