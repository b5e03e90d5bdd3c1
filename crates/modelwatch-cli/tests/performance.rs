//! `modelwatch performance` as a user runs it, over a real prediction log and the outcomes beside it.

mod terminal;

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use modelwatch::{Feature, Monitor};
use modelwatch_log::PredictionLog;
use modelwatch_testkit::{Killed, Prometheus, PrometheusOptions, Release, promtool_check_metrics};

use crate::terminal::shown_on_terminal;

/// Runs it in a folder: whether it succeeded, what it printed, and what it complained of.
fn performance(folder: &Path, arguments: &[&str]) -> (bool, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_modelwatch"))
        .arg("performance")
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// A score for each row, all of them as likely, and whether its claim is fraud: as often as the score says.
fn rows(count: u32) -> impl Iterator<Item = (f64, bool)> {
    (0..count).map(|row| {
        let score = f64::from(row % 100) / 100.0 + 0.005;
        (score, f64::from(row / 100 * 37 % 100) / 100.0 < score)
    })
}

fn reference(folder: &Path) {
    let mut text = String::from("score,truth\n");
    for (score, fraud) in rows(10_000) {
        writeln!(text, "{score},{}", if fraud { "fraud" } else { "honest" }).expect("a string takes it");
    }
    fs::write(folder.join("reference.csv"), text).expect("a file");
}

const OF_LOG: [&str; 18] = [
    "reference.csv",
    "log/model=claims",
    "--label",
    "truth",
    "--positive",
    "fraud",
    "--score",
    "score",
    "--id",
    "prediction_id",
    "--time",
    "time",
    "--outcomes",
    "log/outcomes/model=claims",
    "--outcome-label",
    "label",
    "--outcome-time",
    "time",
];

/// Labels that the service handed over find their predictions in the log; a version whose labels are turned round stands out.
#[test]
fn judged_shows_performance_when_log_has_predictions_and_outcomes() {
    let folder = tempfile::tempdir().expect("a folder");
    reference(folder.path());
    let monitor = Monitor::new();
    let log = PredictionLog::builder(folder.path().join("log"))
        .start(&monitor)
        .expect("a log");
    let now = SystemTime::now();
    for version in ["1", "2"] {
        let model = monitor
            .model("claims", version)
            .features([Feature::numeric("income")])
            .register()
            .expect("a model");
        let claims = log.model(&model).expect("a handle");
        for (row, (score, fraud)) in rows(1_000).enumerate() {
            let id = claims.record([1.0], score).at(now).identified();
            let said = if fraud == (version == "1") { "fraud" } else { "honest" };
            match row % 100 {
                0 => drop(
                    claims
                        .record_outcome(id, said)
                        .at(now + Duration::from_secs(40 * 86_400)),
                ),
                1 => {}
                _ => drop(claims.record_outcome(id, said).at(now + Duration::from_secs(60))),
            }
        }
    }
    log.close().expect("a clean end");

    let mut command = OF_LOG.to_vec();
    command.extend(["--model-version", "model_version"]);
    let (done, said, complained) = performance(folder.path(), &command);
    assert!(done, "{complained}");
    for part in [
        "reference: 10000 labelled predictions",
        "labels by id: 1960 of 2000 predictions have one, 20 came too late, 0 predictions have none, 20 are waiting",
        "version 1: 1000 rows, 980 labels",
        "concept drift",
    ] {
        assert!(said.contains(part), "no {part:?} in\n{said}");
    }
    command.extend(["--json", "--model", "claims", "--textfile", "performance.prom"]);
    let (done, said, complained) = performance(folder.path(), &command);
    assert!(done, "{complained}");
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said["joined"]["matched"], 1_960);
    let area = |group: usize| {
        said["groups"][group]["realised"]["measures"]["roc_auc"]["value"]
            .as_f64()
            .expect("an area")
    };
    assert!(area(1) > 0.7 && area(2) < 0.3, "{} {}", area(1), area(2));
    let page = fs::read_to_string(folder.path().join("performance.prom")).expect("a page");
    promtool_check_metrics(page.as_bytes()).unwrap_or_else(|said| panic!("{said}"));
    for (series, value) in [
        (
            "ml_performance{model_name=\"claims\",model_version=\"1\",measure=\"roc_auc\"}",
            area(1),
        ),
        (
            "ml_performance{model_name=\"claims\",model_version=\"2\",measure=\"roc_auc\"}",
            area(2),
        ),
        (
            "ml_performance_labels{model_name=\"claims\",model_version=\"__all__\"}",
            1_960.0,
        ),
        (
            "ml_performance_predictions{model_name=\"claims\",model_version=\"2\"}",
            1_000.0,
        ),
    ] {
        let line = page.lines().find_map(|line| line.strip_prefix(series));
        assert_eq!(
            line.and_then(|value| value.trim().parse().ok()),
            Some(value),
            "{series} in\n{page}"
        );
    }
    for name in [
        "lower_bound",
        "estimate",
        "estimate_upper_bound",
        "reference",
        "last_success_timestamp_seconds",
    ] {
        assert!(
            page.contains(&format!("\nml_performance_{name}{{model_name=\"claims\"")),
            "{name} in\n{page}"
        );
    }
    assert_eq!(
        said["groups"][1]["doubts"].as_array().map(Vec::len),
        Some(0),
        "{}",
        said["groups"][1]
    );
}

/// On a terminal, one line says how far the work is, and is gone before the table. Elsewhere, and for whoever wants errors alone, short
/// work says nothing.
#[test]
fn judged_shows_how_far_it_is_when_there_is_a_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    reference(folder.path());
    fs::write(folder.path().join("current.csv"), "id,score\n1,0.9\n2,0.8\n3,0.1\n").expect("a file");
    fs::write(folder.path().join("known.csv"), "id,truth\n1,fraud\n2,honest\n").expect("a file");
    let arguments = [
        "reference.csv",
        "current.csv",
        "--label",
        "truth",
        "--positive",
        "fraud",
        "--score",
        "score",
        "--outcomes",
        "known.csv",
    ];
    let (done, table, complained) = performance(folder.path(), &arguments);
    assert!(done && complained.is_empty(), "{complained}");

    let on_terminal = |more: &str| {
        let line = format!("performance {} {more}", arguments.join(" "));
        shown_on_terminal(folder.path(), &line, "").replace("\r\n", "\n")
    };
    let shown = on_terminal("");
    let (steps, answer) = shown.rsplit_once("\r\x1b[K").expect("a line that is written over");
    assert_eq!(answer, table);
    for step in [
        "reference: looking at file 1 of 1: reference.csv",
        "\r\x1b[K20000 rows read; reference: file 1 of 1: reference.csv",
        "\r\x1b[K20003 rows read; predictions: file 1 of 1: current.csv",
        "\r\x1b[K20005 rows read; outcomes: file 1 of 1: known.csv",
        "\r\x1b[Kjoining labels: 0 of ",
    ] {
        assert!(steps.contains(step), "{step:?}: {steps:?}");
    }
    let quiet = on_terminal("--quiet");
    assert_eq!(quiet.trim_start_matches("\r\x1b[K"), table);
}

/// What is missing is named, with the option that names it, and the exit code tells.
#[test]
fn says_what_to_name_when_columns_are_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    reference(folder.path());
    for (arguments, expected) in [
        (
            &["reference.csv", "reference.csv", "--label", "late"][..],
            "reference.csv has no column \"late\"; name another with --label",
        ),
        (
            &["reference.csv", "reference.csv", "--label", "truth"],
            "labels are fraud and honest and nothing says which of them is the positive class; name it with --positive",
        ),
        (
            &[
                "reference.csv",
                "reference.csv",
                "--label",
                "truth",
                "--positive",
                "fraud",
            ],
            "there is no column of scores or of predicted classes; name its column with --score or --class",
        ),
        (
            &["reference.csv", "reference.csv", "--label", "truth", "--horizon", "1"],
            "write a duration as Prometheus does",
        ),
        (
            &["reference.csv", "reference.csv", "--label", "truth", "--window", "1d"],
            "--time",
        ),
    ] {
        let (done, _, complained) = performance(folder.path(), arguments);
        assert!(!done && complained.contains(expected), "{complained}");
    }
}

/// A folder with a model of whose carriers one got worse, and outcomes that lie aside as `later`.
fn watched() -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name);
    let carrier = |row: usize| if row % 8 < 7 { "AA" } else { "UA" };
    let row = |row: usize| {
        let score = (row / 8 % 100) as f64 / 100.0 + 0.005;
        (score, (row / 800 * 37 % 100) as f64 / 100.0 < score)
    };
    let mut reference = String::from("carrier,score,late\n");
    let mut predictions = String::from("id,time,version,carrier,score\n");
    let mut outcomes = String::from("id,known,late\n");
    let now = chrono::Utc::now() - chrono::TimeDelta::hours(2);
    for number in 0..8_000 {
        let (score, late) = row(number);
        let of = carrier(number);
        writeln!(reference, "{of},{score},{}", u8::from(late)).expect("a string takes it");
        writeln!(predictions, "{number},{},2,{of},{score}", now.to_rfc3339()).expect("a string takes it");
        let known = now + chrono::TimeDelta::hours(1);
        let said = late != (of == "UA");
        writeln!(outcomes, "{number},{},{}", known.to_rfc3339(), u8::from(said)).expect("a string takes it");
    }
    fs::write(path("reference.csv"), reference).expect("written");
    fs::write(path("predictions.csv"), predictions).expect("written");
    fs::create_dir(path("later")).expect("a folder");
    fs::write(path("later/labels.csv"), outcomes).expect("written");
    fs::write(path("slack"), "https://hooks.slack.com/services/T/B/x").expect("written");
    let text = r##"
        environment = "production"
        [links]
        grafana = "https://grafana.example.com"
        runbooks = "https://runbooks.example.com"
        prometheus = "http://127.0.0.1:1"
        [prometheus]
        scrape_interval = "1s"
        evaluation_interval = "1s"
        [[prometheus.jobs]]
        job = "model-inference"
        plane = "inference"
        targets = ["model-api:8000"]
        [teams.platform]
        slack = { channel = "#platform", api_url_file = "slack" }
        [owners]
        serving = "platform"
        model = "platform"
        data = "platform"
        [[models]]
        name = "flights"
        routes = ["/predict"]
        [models.performance]
        reference = "reference.csv"
        predictions = "predictions.csv"
        outcomes = "outcomes"
        label = "late"
        score = "score"
        time = "time"
        outcome_time = "known"
        version = "version"
        segments = ["carrier"]
        interval = "1s"
    "##;
    fs::write(path("modelwatch.toml"), text).expect("written");
    folder
}

/// The exporter tells what is expected while outcomes are missing, and counts that; when they come, Prometheus has the segment that got worse, and
/// triage names version, measure and segment.
#[test]
fn judged_exporter_serves_performance_and_triage_names_version_measure_and_segment() {
    let folder = watched();
    let serving = Command::new(env!("CARGO_BIN_EXE_modelwatch"))
        .args(["drift", "serve", "--listen", "127.0.0.1:0"])
        .current_dir(folder.path())
        .stderr(Stdio::piped())
        .spawn();
    let mut serving = serving.expect("the program starts");
    let mut lines = BufReader::new(serving.stderr.take().expect("piped")).lines();
    let _serving = Killed::from(serving);
    let address: SocketAddr = loop {
        let line = lines.next().expect("it says where it serves").expect("text");
        if let Some((_, rest)) = line.split_once("http://") {
            break rest.trim_end_matches("/metrics").parse().expect("an address");
        }
    };
    // Whatever it says later, its pipe stays open.
    thread::spawn(move || lines.for_each(drop));
    let labels = vec![("environment".to_owned(), "production".to_owned())];
    let scraping = Release::ALL.map(|release| {
        let mut options = PrometheusOptions::scraping(address).release(release);
        // Triage looks at steps as short as the service is watched.
        options.jobs = vec![("model-inference".to_owned(), address)];
        options.target_labels.clone_from(&labels);
        Prometheus::start(&options).expect("Prometheus")
    });
    let wait = |query: &str| {
        for prometheus in &scraping {
            let found = prometheus.wait_for(query, |found| !found.is_empty(), Duration::from_secs(60));
            found.unwrap_or_else(|said| panic!("{said}"));
        }
    };
    wait("ml_performance_runs_total{result=\"outcomes\"} > 0 unless ml_performance_last_success_timestamp_seconds");
    wait("ml_performance_estimate{model_version=\"__all__\",measure=\"accuracy\"} > 0.5");
    fs::rename(folder.path().join("later"), folder.path().join("outcomes")).expect("renamed");
    wait("ml_performance_labels{model_version=\"__all__\"} == 8000");
    wait("ml_segment_performance_loss_growth{segment=\"carrier\",segment_value=\"UA\",measure=\"accuracy\"} > 0.5");
    let parts = [
        "requests are as usual, and what is below is not",
        "version 2 is less often right of 8000 labels",
        "carrier UA is less often right of 1000 labels: ",
        "of what the model lost",
    ];
    for prometheus in &scraping {
        let address = format!("http://{}", prometheus.address());
        // The figures may be younger than the last whole step that triage asks for.
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let triage = Command::new(env!("CARGO_BIN_EXE_modelwatch"))
                .args(["triage", "--model", "flights", "--prometheus", &address])
                .current_dir(folder.path())
                .output()
                .expect("the program starts");
            let said = String::from_utf8_lossy(&triage.stdout).into_owned();
            assert!(
                triage.status.success(),
                "{said}{}",
                String::from_utf8_lossy(&triage.stderr)
            );
            assert!(!said.contains("carrier AA is"), "{said}");
            if parts.iter().all(|part| said.contains(part)) {
                break;
            }
            assert!(Instant::now() < deadline, "not all of {parts:?} in\n{said}");
            thread::sleep(Duration::from_millis(200));
        }
    }
}
