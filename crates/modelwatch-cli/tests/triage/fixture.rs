//! An incident as Prometheus remembers it, and the command beside it.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{SystemTime, UNIX_EPOCH};

use modelwatch_testkit::{Prometheus, PrometheusOptions, Release, World};

/// A name that means something to every grammar it passes through.
pub(crate) const HOSTILE: &str = "a\"}\\ or <b>&'\u{e9}{{.}}`$(x)";
pub(crate) const ALERT: &str = "MLInferenceHighErrorRate";
pub(crate) const MINUTES: usize = 200;
/// The minute at which version 2 is released, and fails.
pub(crate) const ONSET: usize = 180;

/// Requests of two models; the hostile one's new version fails, and an alert says so.
pub(crate) fn incident() -> World {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let mut world = World::new((now / 60 * 60) as i64 - 60 * MINUTES as i64, MINUTES);
    for model in [HOSTILE, "quiet"] {
        for (version, from, requests, failing) in [("1", 0, 540.0, 0.002), ("2", ONSET, 60.0, 0.3)] {
            let failing = if model == "quiet" { 0.002 } else { failing };
            for (status, share) in [("success", 1.0 - failing), ("error", failing)] {
                for route in ["/predict", "/batch"] {
                    let labels = [
                        ("model_name", model),
                        ("model_version", version),
                        ("route", route),
                        ("status", status),
                        ("instance", "10.0.0.1:8000"),
                        ("job", "model-inference"),
                        ("environment", "production"),
                    ];
                    let growth = |minute| (minute >= from).then_some(requests * share / 2.0);
                    world.counter("ml_inference_requests_total", &labels, growth);
                }
            }
            let labels = [
                ("model_name", model),
                ("model_version", version),
                ("environment", "production"),
            ];
            world.gauge("ml_model_info", &labels, |minute| (minute >= from).then_some(1.0));
        }
    }
    let labels = [
        ("alertname", ALERT),
        ("alertstate", "firing"),
        ("model_name", HOSTILE),
        ("model_version", "2"),
        ("environment", "production"),
        ("team", "platform"),
    ];
    world.gauge("ALERTS", &labels, |minute| (minute >= ONSET + 5).then_some(1.0));
    world
}

/// A Prometheus that remembers it.
pub(crate) fn prometheus(release: Release, world: &World) -> Prometheus {
    let options = PrometheusOptions {
        history: world.history(),
        release,
        ..PrometheusOptions::default()
    };
    Prometheus::start(&options).unwrap()
}

/// A folder with a configuration.
pub(crate) fn folder(slack: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("slack"), slack).unwrap();
    let secret = folder.path().join("slack").display().to_string();
    let text = format!(
        r##"
        environment = "production"
        [links]
        grafana = "https://grafana.example.com"
        runbooks = "https://runbooks.example.com"
        prometheus = "http://127.0.0.1:1"
        [[prometheus.jobs]]
        job = "model-inference"
        plane = "inference"
        targets = ["model-api:8000"]
        [teams.platform]
        slack = {{ channel = "#platform", api_url_file = "{secret}" }}
        [owners]
        serving = "platform"
        model = "platform"
        data = "platform"
        [[models]]
        name = "quiet"
        routes = ["/predict", "/batch"]
        "##
    );
    std::fs::write(folder.path().join("modelwatch.toml"), text).unwrap();
    folder
}

/// The command, in a folder.
pub(crate) fn modelwatch(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_modelwatch")));
    command.args(arguments).current_dir(folder);
    command
}

/// Runs it: whether it succeeded, and all it said.
pub(crate) fn said(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let Output { status, stdout, stderr } = modelwatch(folder, arguments).output().unwrap();
    (
        status.success(),
        String::from_utf8_lossy(&[stdout, stderr].concat()).into_owned(),
    )
}
