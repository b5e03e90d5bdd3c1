//! `modelwatch stack` as a user runs it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};
use std::{env, fs, process};

use modelwatch_testkit::{Killed, MetricsServer, Page, Prometheus, PrometheusOptions, Release, tool};

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
    ] {
        assert!(said.contains(&expected), "{expected}: {said}");
    }
    assert_eq!(said.lines().count(), 2, "{said}");
}

#[test]
fn judged_check_names_rules_that_wait_for_metrics_nothing_shows() {
    let folder = Folder::new();
    modelwatch(&folder.0, &["stack", "init"]);
    modelwatch(&folder.0, &["stack", "generate"]);
    let server = MetricsServer::start(|scrape| Page {
        content_type: "text/plain; version=0.0.4".to_owned(),
        // The start goes back and forth, as it does when replicas answer by turns.
        body: format!(
            "ml_inference_requests_total{{model_name=\"m\",model_version=\"1\",route=\"r\",status=\"success\"}} 1\n\
             ml_model_info{{model_name=\"claims-risk\",model_version=\"1\",framework=\"\"}} 1\n\
             process_start_time_seconds {}\n",
            turn(&scrape.path),
        )
        .into_bytes(),
        ..Page::default()
    });
    let prometheus = Prometheus::start(&PrometheusOptions::scraping(server.address())).unwrap();
    let patience = Duration::from_secs(30);
    let seen = |result: &[_]| !result.is_empty();
    prometheus
        .wait_for("resets(process_start_time_seconds[1h]) > 0", seen, patience)
        .unwrap();
    let url = format!("http://{}", prometheus.address());
    let (done, said) = modelwatch(&folder.0, &["stack", "check", "--prometheus", &url]);
    assert!(!done);
    for expected in [
        "ml_inference_latency_seconds_bucket: no scrape shows it; ",
        "not seen, and no fault where no service has them: ",
        "nothing serves the model my-model, and the file does not name claims-risk; was it renamed?",
        "is several replicas behind one name",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    for metric in ["ml_inference_requests_total", "ml_prediction_class_total", "up"] {
        assert!(!said.contains(&format!("{metric}: no scrape")), "{metric}: {said}");
    }
    assert_eq!(
        said.matches("my-model").count(),
        1,
        "one line for a renamed model: {said}"
    );
}

/// 1 and 2 by turns.
fn turn(_: &str) -> u32 {
    static TURN: AtomicU32 = AtomicU32::new(0);
    1 + TURN.fetch_add(1, Ordering::Relaxed) % 2
}

/// A Prometheus behind TLS and a password, which goes with this value.
struct Guarded {
    _process: Killed,
    url: String,
}

impl Guarded {
    /// Its certificate is `cert.pem` in the folder, for `localhost`, and its password `test`.
    fn start(folder: &Folder) -> Self {
        let path = |below: &str| folder.path(below).display().to_string();
        let made = tool("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
            ])
            .args([
                "-addext",
                "subjectAltName=DNS:localhost",
                "-addext",
                "basicConstraints=critical,CA:FALSE",
            ])
            .args(["-keyout", &path("key.pem"), "-out", &path("cert.pem")])
            .output()
            .unwrap_or_else(|error| panic!("openssl can't be run ({error}): run `make setup`"));
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        fs::write(
            folder.path("web.yml"),
            // bcrypt of `test`.
            "tls_server_config: {cert_file: cert.pem, key_file: key.pem}\n\
             basic_auth_users: {admin: $2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay}\n",
        )
        .unwrap();
        fs::write(folder.path("prometheus.yml"), "").unwrap();
        let log = fs::File::create(folder.path("log")).unwrap();
        let process = Release::Newer
            .tool("prometheus")
            .args([
                "--config.file=prometheus.yml",
                "--web.config.file=web.yml",
                "--storage.tsdb.path=data",
            ])
            .arg("--web.listen-address=127.0.0.1:0")
            .current_dir(&folder.0)
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("prometheus can't be run ({error}): run `make setup`"));
        let mut guarded = Self {
            _process: process.into(),
            url: String::new(),
        };
        let deadline = Instant::now() + Duration::from_secs(30);
        while guarded.url.is_empty() {
            let log = fs::read_to_string(folder.path("log")).unwrap();
            assert!(Instant::now() < deadline, "{log}");
            let line = log.lines().find(|line| line.contains("\"Listening on\""));
            if let Some(port) = line.and_then(|line| line.rsplit_once(':')) {
                guarded.url = format!("https://localhost:{}", port.1.trim());
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        guarded
    }
}

#[test]
fn judged_check_reaches_a_prometheus_behind_tls_and_a_password() {
    let folder = Folder::new();
    modelwatch(&folder.0, &["stack", "init"]);
    modelwatch(&folder.0, &["stack", "generate"]);
    let prometheus = Guarded::start(&folder);
    fs::write(folder.path("password"), "test\n").unwrap();
    fs::write(folder.path("wrong"), "guess\n").unwrap();
    let check = |more: &[&str]| {
        let arguments = [&["stack", "check", "--prometheus", &prometheus.url], more].concat();
        modelwatch(&folder.0, &arguments).1
    };
    let said = check(&[
        "--ca-file",
        "cert.pem",
        "--user",
        "admin",
        "--password-file",
        "password",
    ]);
    // It answers, and it scrapes nothing.
    assert!(
        said.contains("ml_inference_requests_total: no scrape shows it"),
        "{said}"
    );
    for (more, expected) in [
        (&["--user", "admin", "--password-file", "password"][..], "--ca-file"),
        (
            &["--ca-file", "cert.pem"],
            "give --token-file, --user and --password-file, or --authorization-file",
        ),
        (
            &["--ca-file", "cert.pem", "--user", "admin", "--password-file", "wrong"],
            "give --token-file, --user and --password-file, or --authorization-file",
        ),
        (&["--ca-file", "password"], "has no certificate"),
        (&["--token-file", "nowhere"], "nowhere: can't be read"),
    ] {
        let said = check(more);
        assert!(said.contains(expected), "{more:?}: {expected}: {said}");
    }
}

#[test]
fn judged_triage_reaches_a_prometheus_behind_tls_and_a_password() {
    let folder = Folder::new();
    modelwatch(&folder.0, &["stack", "init"]);
    let prometheus = Guarded::start(&folder);
    fs::write(folder.path("password"), "test\n").unwrap();
    let triage = |more: &[&str]| {
        let arguments = [
            &["triage", "--model", "claims-risk", "--prometheus", &prometheus.url],
            more,
        ]
        .concat();
        modelwatch(&folder.0, &arguments).1
    };
    for (more, expected) in [
        (
            &[
                "--ca-file",
                "cert.pem",
                "--user",
                "admin",
                "--password-file",
                "password",
            ][..],
            "unknown: there are no series of this model",
        ),
        (&["--user", "admin", "--password-file", "password"], "--ca-file"),
        (&["--ca-file", "cert.pem"], "give --token-file"),
    ] {
        let said = triage(more);
        assert!(said.contains(expected), "{more:?}: {expected}: {said}");
    }
}

#[test]
fn generate_leaves_files_alone_that_it_did_not_write() {
    let folder = Folder::new();
    modelwatch(&folder.0, &["stack", "init"]);
    fs::create_dir_all(folder.path("monitoring/prometheus")).unwrap();
    let theirs = folder.path("monitoring/prometheus/prometheus.yml");
    fs::write(&theirs, "scrape_configs: []\n").unwrap();
    let (done, said) = modelwatch(&folder.0, &["stack", "generate"]);
    assert!(!done);
    let expected = "monitoring/prometheus/prometheus.yml: is there, and modelwatch did not write it; move it away, or leave it \
                    alone with [prometheus] manage = false";
    assert!(
        said.contains(expected) && said.contains("nothing was written; --overwrite"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "scrape_configs: []\n");
    let (done, said) = modelwatch(&folder.0, &["stack", "generate", "--overwrite"]);
    assert!(done, "{said}");
    let (done, said) = modelwatch(&folder.0, &["stack", "check"]);
    assert!(done, "{said}");
}
