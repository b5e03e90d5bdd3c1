//! `modelwatch stack` as a user runs it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use modelwatch_testkit::{MetricsServer, Page, Prometheus, PrometheusOptions};

struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("modelwatch-cli-{}-{number}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn path(&self, below: &str) -> PathBuf {
        self.0.join(below)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs it in a folder: whether it succeeded, and all it said.
fn modelwatch(folder: &Path, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_modelwatch"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn init_then_generate_then_check_has_nothing_to_mend() {
    let folder = Folder::new();
    let steps: [&[&str]; 3] = [&["stack", "init"], &["stack", "generate"], &["stack", "check"]];
    for step in steps {
        let (done, said) = modelwatch(&folder.0, step);
        assert!(done, "{step:?}: {said}");
    }
    let (_, said) = modelwatch(&folder.0, &["stack", "generate"]);
    assert!(said.contains(" 0 of them new or changed"), "{said}");
    let (done, said) = modelwatch(&folder.0, &["stack", "init"]);
    assert!(!done && said.contains("is there already"), "{said}");
}

#[test]
fn a_mistake_is_told_with_file_line_and_mend() {
    let folder = Folder::new();
    modelwatch(&folder.0, &["stack", "init"]);
    let file = folder.path("modelwatch.toml");
    let text = fs::read_to_string(&file).unwrap();
    let line = text.lines().position(|line| line.starts_with("routes")).unwrap() + 1;
    fs::write(&file, text.replace("routes =", "rutes =")).unwrap();
    let (done, said) = modelwatch(&folder.0, &["stack", "check"]);
    assert!(!done);
    let expected = format!("modelwatch.toml:{line}:1: unknown key models[0].rutes; did you mean routes?");
    assert!(said.contains(&expected), "{said}");
}

#[test]
fn check_names_what_differs_on_disk() {
    let folder = Folder::new();
    modelwatch(&folder.0, &["stack", "init"]);
    modelwatch(&folder.0, &["stack", "generate"]);
    let rules = folder.path("monitoring/prometheus/rules/ml-alert-rules.yml");
    let text = fs::read_to_string(&rules).unwrap();
    fs::write(&rules, text.replacen("for: 10m", "for: 99m", 1)).unwrap();
    fs::remove_file(folder.path("monitoring/alertmanager/alertmanager.yml")).unwrap();
    fs::write(folder.path("monitoring/prometheus/tests/mine.yml"), "").unwrap();
    let (done, said) = modelwatch(&folder.0, &["stack", "check"]);
    assert!(!done);
    let line = text.lines().position(|line| line.trim() == "for: 10m").unwrap() + 1;
    for expected in [
        format!("prometheus/rules/ml-alert-rules.yml:{line}: differs"),
        "alertmanager/alertmanager.yml: is not there".to_owned(),
        "prometheus/tests/mine.yml: is not generated any more".to_owned(),
    ] {
        assert!(said.contains(&expected), "{expected}: {said}");
    }
    assert_eq!(said.lines().count(), 3, "{said}");
}

#[test]
fn judged_check_names_rules_that_wait_for_metrics_nothing_shows() {
    let folder = Folder::new();
    modelwatch(&folder.0, &["stack", "init"]);
    modelwatch(&folder.0, &["stack", "generate"]);
    let server = MetricsServer::start(|_| Page {
        content_type: "text/plain; version=0.0.4".to_owned(),
        body: b"ml_inference_requests_total{model_name=\"m\",model_version=\"1\",route=\"r\",status=\"success\"} 1\n"
            .to_vec(),
        ..Page::default()
    });
    let prometheus = Prometheus::start(&PrometheusOptions::scraping(server.address())).unwrap();
    prometheus
        .wait_for(
            "ml_inference_requests_total",
            |result| !result.is_empty(),
            std::time::Duration::from_secs(30),
        )
        .unwrap();
    let url = format!("http://{}", prometheus.address());
    let (done, said) = modelwatch(&folder.0, &["stack", "check", "--prometheus", &url]);
    assert!(!done);
    assert!(
        said.contains("ml_prediction_class_total: no scrape shows it; "),
        "{said}"
    );
    assert!(!said.contains("ml_inference_requests_total: no scrape"), "{said}");
    assert!(!said.contains("\nup: no scrape"), "{said}");
}
