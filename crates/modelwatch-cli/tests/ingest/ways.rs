//! The scripts of `examples/three-ways`, as they stand there, and the CronJob that `stack generate` writes.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;

use modelwatch_testkit::{KafkaBroker, http_get, inbox};
use rskafka::chrono::Utc;
use serde_json::Value as Json;
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
    cron_job_tells_of_drift(folder.path());
}

/// Runs the command line of the CronJob as a container would: in another folder, with the configuration and the data where they are mounted.
fn cron_job_tells_of_drift(data: &Path) {
    let (gateway, pushed) = inbox(|_| "HTTP/1.1 202 Accepted\r\nconnection: close\r\ncontent-length: 0\r\n\r\n");
    let mounted = tempfile::tempdir().expect("a folder");
    let toml = fs::read_to_string(data.join("modelwatch.toml")).expect("a configuration");
    let at = |name: &str| data.join(name).display().to_string();
    let toml = toml
        .replace("\"baseline.json\"", &format!("{:?}", at("baseline.json")))
        .replace("\"prediction-log\"", &format!("{:?}", at("prediction-log")))
        + &format!(
            "[kubernetes.drift]\nimage = \"registry.example.com/modelwatch:0.1.0\"\nvolume_claim = \"claims\"\nmount_path = {:?}\n\
             schedule = \"*/15 * * * *\"\npushgateway = \"http://{gateway}\"\n",
            data.display().to_string()
        );
    fs::write(mounted.path().join("modelwatch.toml"), toml).expect("written");
    let generated = modelwatch(mounted.path(), &["stack", "generate"])
        .output()
        .expect("it starts");
    assert!(
        generated.status.success(),
        "{}",
        String::from_utf8_lossy(&generated.stderr)
    );
    let manifest = mounted.path().join("monitoring/kubernetes/drift/cron-job.yml");
    let manifest = fs::read_to_string(manifest).expect("a manifest");
    let manifest: Json = serde_saphyr::from_str(&manifest).expect("YAML");
    let pod = &manifest["spec"]["jobTemplate"]["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    let words = |of: &str| -> Vec<String> {
        let words = container[of].as_array().expect("a list").iter();
        words.map(|word| word.as_str().expect("a text").to_owned()).collect()
    };
    // Of the volumes, that of the configuration is elsewhere on this machine.
    let mounts = container["volumeMounts"].as_array().expect("a list");
    let mount = mounts.iter().find(|mount| mount["name"] == "config").expect("a mount");
    let of_config = mount["mountPath"].as_str().expect("a path");
    assert!(
        mounts
            .iter()
            .any(|mount| mount["mountPath"] == data.display().to_string())
    );
    let here = mounted.path().display().to_string();
    let arguments: Vec<String> = words("args")
        .iter()
        .map(|word| word.replace(of_config, &here))
        .collect();
    assert_eq!(words("command"), ["modelwatch"]);
    let run = Command::new(env!("CARGO_BIN_EXE_modelwatch"))
        .args(&arguments)
        .env_clear()
        .current_dir("/")
        .output()
        .expect("it starts");
    assert!(
        run.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&run.stderr)
    );
    let pushed: Vec<_> = pushed.try_iter().collect();
    let tells = |body: &[u8]| String::from_utf8_lossy(body).contains(DRIFTED);
    assert!(pushed.iter().any(|posted| tells(&posted.body)), "{pushed:?}");
}
