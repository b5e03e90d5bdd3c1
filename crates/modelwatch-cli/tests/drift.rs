//! `modelwatch baseline` and `modelwatch drift` as a user runs them, on a week of real flights.

mod terminal;
mod training;

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime};
use std::{fs, thread};

use flights::data::{self, FEATURES};
use modelwatch::{Feature, Monitor, row};
use modelwatch_log::PredictionLog;
use modelwatch_testkit::{Killed, MetricsPage, free_port, http_get, promtool_check_metrics, tool};
use tempfile::TempDir;

use crate::terminal::shown_on_terminal;
use crate::training::{WEEK, baseline_arguments, flights};

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelwatch"));
    command.args(arguments).current_dir(folder);
    command
}

/// Runs it in a folder: whether it succeeded, what it printed, and what it complained of.
fn modelwatch(folder: &Path, arguments: &[&str]) -> (bool, String, String) {
    let output = command(folder, arguments).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.success(), text(output.stdout), text(output.stderr))
}

/// The baseline of the training quarter, made once for all tests.
fn baseline() -> &'static str {
    static BASELINE: OnceLock<String> = OnceLock::new();
    BASELINE.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let baseline = baseline_arguments(&[]);
        let baseline: Vec<&str> = baseline.iter().map(String::as_str).collect();
        let (done, said, complained) = modelwatch(folder.path(), &baseline);
        assert!(done, "{complained}");
        assert!(said.contains("of flight-delay, 80789 rows, 10 features"), "{said}");
        fs::read_to_string(folder.path().join("baseline.json")).expect("a baseline")
    })
}

/// A folder with the July week in a prediction log, its baseline, and a modelwatch.toml that names both.
fn july() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let monitor = Monitor::new();
    let features = FEATURES.map(Feature::numeric);
    let model = monitor
        .model("flight-delay", "2013q1")
        .features(features)
        .register()
        .expect("valid");
    let log = PredictionLog::builder(folder.path().join("prediction-log"));
    let log = log.queue(8_192).start(&monitor).expect("a log");
    let logged = log.model(&model).expect("a handle");
    for flight in data::read(&flights("replay-2013-07-08-week.parquet")).expect("flights") {
        logged.record(flight.features, 0.5).at(flight.scheduled);
    }
    log.close().expect("written");
    fs::write(folder.path().join("baseline.json"), baseline()).expect("written");
    let (done, _, complained) = modelwatch(folder.path(), &["stack", "init"]);
    assert!(done, "{complained}");
    let toml = folder.path().join("modelwatch.toml");
    let text = fs::read_to_string(&toml).expect("a configuration");
    let (before, _) = text.split_once("[[models]]").expect("a model");
    let model = "[[models]]\nname = \"flight-delay\"\nroutes = [\"/predict\"]\n[models.drift]\nbaseline = \"baseline.json\"\n\
                 log = \"prediction-log\"\nwindow = \"7d\"\ninterval = \"1h\"\nconsecutive_windows = 1\n\
                 [models.drift.features.distance]\nthreshold = 0.01\n";
    fs::write(toml, format!("{before}{model}")).expect("written");
    folder
}

#[test]
fn a_report_has_the_known_drift_of_the_week_and_thresholds_come_from_the_file() {
    let folder = july();
    let arguments = [
        &["drift", "report", "--history", "0", "--html", "drift.html"],
        &WEEK[..],
    ]
    .concat();
    let (done, table, complained) = modelwatch(folder.path(), &arguments);
    assert!(done, "{complained}");
    assert!(table.contains("6759 rows"), "{table}");
    let line = |feature: &str| {
        let line = table
            .lines()
            .find(|line| line.trim_start().starts_with(feature))
            .expect(feature);
        line.split_whitespace().map(str::to_owned).collect::<Vec<_>>()
    };
    for (feature, score, threshold, drifts) in [
        ("dep_delay", "0.1966", "0.1554", true),
        ("distance", "0.0217", "0.01", true),
        ("hour", "0.0026", "0.15", false),
    ] {
        let cells = line(feature);
        assert_eq!((cells[1].as_str(), cells[3].as_str()), ("psi", threshold), "{table}");
        assert_eq!(cells[2], score, "{table}");
        assert_eq!(cells.last().is_some_and(|word| word == "DRIFT"), drifts, "{table}");
    }
    let page = fs::read_to_string(folder.path().join("drift.html")).expect("a page");
    assert!(page.contains("<svg") && page.contains("dep_delay"), "{page}");
}

#[test]
fn judged_one_run_leaves_a_textfile_that_prometheus_can_read() {
    let folder = july();
    let now = ["--at", "2013-07-15T04:01:00Z"];
    let textfile = ["drift", "once", "--textfile", "drift.prom"];
    let (done, _, complained) = modelwatch(folder.path(), &[&textfile[..], &now].concat());
    assert!(done, "{complained}");
    let page = fs::read(folder.path().join("drift.prom")).expect("a page");
    promtool_check_metrics(&page).expect("promtool is content");
    let parsed = MetricsPage::parse(&page);
    let score = parsed.sum("ml_data_drift_score", &[("feature_name", "dep_delay")]);
    assert!((0.19..0.20).contains(&score), "{score}");
    assert_eq!(parsed.sum("ml_data_drift_detected", &[("feature_name", "hour")]), 0.0);
    // Without a place, the page is printed.
    let (done, printed, _) = modelwatch(folder.path(), &[&["drift", "once"][..], &now].concat());
    assert!(done && printed.contains("ml_data_drift_score{"), "{printed}");
}

#[test]
fn the_sidecar_serves_scores_and_takes_a_changed_file_into_use() {
    let folder = july();
    let mut serve = command(folder.path(), &["drift", "serve", "--listen", "127.0.0.1:0"]);
    let mut serving = serve.stderr(Stdio::piped()).spawn().expect("the program starts");
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
    let runs_within = |result: &str, model: &str| {
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            let page = http_get(address, "/metrics", &[]).expect("a page");
            let page = MetricsPage::parse(&page.body);
            if page.sum("ml_drift_runs_total", &[("result", result), ("model_name", model)]) >= 1.0 {
                return page;
            }
            assert!(Instant::now() < deadline, "no run of {model} with {result}");
            thread::sleep(Duration::from_millis(100));
        }
    };
    // The flights of 2013 are not in the week that ended last.
    let page = runs_within("no_rows", "flight-delay");
    assert_eq!(page.sum("ml_drift_window_rows", &[]), 0.0);
    assert!(
        page.labels_of("ml_data_drift_score", "feature_name").is_empty(),
        "no score"
    );
    let toml = folder.path().join("modelwatch.toml");
    let text = fs::read_to_string(&toml).expect("a configuration");
    fs::write(&toml, text.replace("name = \"flight-delay\"", "name = \"claims-risk\"")).expect("written");
    runs_within("failure", "claims-risk");
}

#[test]
fn what_is_wrong_is_named_with_its_mend() {
    let folder = july();
    for (arguments, parts) in [
        (
            &["drift", "report", "--model", "claims"][..],
            &["no model is called \"claims\"; there are flight-delay"][..],
        ),
        (&["drift", "report", "--config", "nowhere.toml"], &["nowhere.toml"]),
        (
            &["drift", "report", "--from", WEEK[3], "--to", WEEK[1]],
            &["when it begins; swap --from and --to"],
        ),
        (&["drift", "once", "--textfile", "scores.txt"], &["must end in .prom"]),
        (
            &["drift", "once", "--pushgateway", "ftp://gateway"],
            &["must begin with http://"],
        ),
        (
            &["baseline", "--model", "m", "--output", "b.json", "nowhere/*.parquet"],
            &["nowhere/*.parquet"],
        ),
    ] {
        let (done, _, complained) = modelwatch(folder.path(), arguments);
        assert!(!done, "{arguments:?}");
        parts
            .iter()
            .for_each(|part| assert!(complained.contains(part), "{arguments:?}: no {part:?} in {complained}"));
    }
}

/// The exit code, what is printed, and what is complained of.
fn exit(folder: &Path, arguments: &[&str]) -> (Option<i32>, String, String) {
    let output = command(folder, arguments).output().expect("the program starts");
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Whoever has two files has an answer by one command, and a script has it by the exit code.
#[test]
fn compares_two_files_when_nothing_is_configured() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = |moved: u32| -> String {
        let line = |row: u32| {
            format!(
                "{};{};id-{row}\n",
                (row * 7919) % 1_000 + moved,
                ["a", "b"][(row % 2) as usize]
            )
        };
        (0..3_000).map(line).collect()
    };
    for (name, moved) in [("old.csv", 0), ("same.csv", 0), ("moved.csv", 300)] {
        fs::write(
            folder.path().join(name),
            format!("income;kind;customer_id\n{}", lines(moved)),
        )
        .expect("a file");
    }
    let compare = |current: &str, more: &[&str]| {
        let arguments = [
            &["drift", "compare", "old.csv", current, "--without", "customer_id"],
            more,
        ]
        .concat();
        exit(folder.path(), &arguments)
    };
    let (code, table, _) = compare("moved.csv", &[]);
    assert!(code == Some(0) && table.contains("DRIFT"), "{code:?} {table}");
    let (code, _, _) = compare("moved.csv", &["--fail-on-drift", "--html", "drift.html"]);
    assert_eq!(code, Some(1));
    let page = fs::read_to_string(folder.path().join("drift.html")).expect("a page");
    assert!(page.contains("DRIFT in 1 of 2: income"), "{page}");
    let (code, table, _) = compare("same.csv", &["--fail-on-drift"]);
    assert!(code == Some(0) && !table.contains("DRIFT"), "{code:?} {table}");
    let (code, json, _) = compare("moved.csv", &["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(
        (code, &json[0]["verdict"]),
        (Some(0), &serde_json::Value::from("drift"))
    );
    let (code, _, complained) = compare("same.csv", &["--without", "custmer_id"]);
    assert_eq!(code, Some(2));
    assert!(
        complained.contains("no column \"custmer_id\"; did you mean customer_id?"),
        "{complained}"
    );
    let (_, _, complained) = compare("same.csv", &["--without", "colour"]);
    assert!(
        complained.contains("no column \"colour\"; it has income, kind, customer_id"),
        "{complained}"
    );
    let (code, _, complained) = compare("nowhere.csv", &["--fail-on-drift"]);
    assert!(
        code == Some(2) && complained.contains("nowhere.csv"),
        "{code:?} {complained}"
    );
}

/// Files without a row are one error, and what was left out of them is a warning; there is no table to read.
#[test]
fn says_once_that_files_have_no_rows() {
    let folder = tempfile::tempdir().expect("a folder");
    let rows: String = (0..2_000)
        .map(|row| format!("{},{}\n", row * 7 % 997, row % 2))
        .collect();
    fs::write(folder.path().join("old.csv"), format!("income,kind\n{rows}")).expect("a file");
    fs::create_dir(folder.path().join("now")).expect("a folder");
    fs::write(folder.path().join("now/empty.csv"), "income,kind\n").expect("a file");
    let compare = |more: &[&str]| exit(folder.path(), &[&["drift", "compare", "old.csv", "now"], more].concat());

    let (code, table, complained) = compare(&[]);
    assert_eq!((code, &*table), (Some(2), ""), "{complained}");
    assert_eq!(complained.matches("no rows").count(), 1, "{complained}");

    fs::write(folder.path().join("now/broken.parquet"), "PAR1 no more").expect("a file");
    let (code, table, complained) = compare(&["--html", "drift.html"]);
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        matches!(lines[..], [line] if line.starts_with("warning: left out: ") && line.contains("broken.parquet")),
        "{table}"
    );
    assert_eq!(code, Some(2));
    assert_eq!(complained.matches("no rows").count(), 1, "{complained}");
    let page = fs::read_to_string(folder.path().join("drift.html")).expect("a page");
    assert!(page.contains("there are no rows"), "{page}");

    let (code, json, complained) = compare(&["--json"]);
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!((code, &json[0]["rows"]), (Some(2), &serde_json::Value::from(0)));
    assert_eq!(complained.matches("no rows").count(), 1, "{complained}");
}

/// What a warning says to type is understood, and the columns that it speaks of are what it says.
#[test]
fn compares_what_the_warnings_of_two_files_say_to_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines = |month: u32, scale: u32| -> String {
        let line = |row: u32| {
            let (day, score) = (row % 28 + 1, (row * 31) % 997);
            format!(
                "2026-{month:02}-{day:02};{},{};0.{score:03}\n",
                (row * 7919) % 1_000 * scale,
                row % 100
            )
        };
        (0..3_000).map(line).collect()
    };
    for (name, month, scale) in [("january.csv", 1, 1), ("february.csv", 2, 3)] {
        let text = format!("signed_up;income;probability\n{}", lines(month, scale));
        fs::write(folder.path().join(name), text).expect("a file");
    }
    let compare = |more: &[&str]| {
        let arguments = [&["drift", "compare", "january.csv", "february.csv"], more].concat();
        let (code, table, said) = exit(folder.path(), &arguments);
        assert_eq!(code, Some(0), "{said}");
        (table, said)
    };
    let (table, said) = compare(&[]);
    // Every day of February is new, which is no drift.
    assert!(!table.contains("signed_up"), "{table}");
    for part in [
        "--time signed_up if",
        "--score probability if",
        "\"income\" has numbers with commas",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    let (table, said) = compare(&[
        "--time",
        "signed_up",
        "--score",
        "probability",
        "--categorical",
        "income",
    ]);
    assert_eq!(
        said.lines().filter(|line| line.starts_with("warning:")).count(),
        0,
        "{said}"
    );
    assert!(table.contains("prediction") && table.contains("income"), "{table}");
    let (table, _) = compare(&["--categorical", "signed_up"]);
    assert!(table.contains("signed_up"), "{table}");
}

/// A look that sees nothing is none: it says where it looked, and ends with the exit code of one that could not look.
/// The commands of the README's chapter about drift, in a folder with nothing but what it says you have.
#[test]
fn the_readme_s_commands_lead_to_a_verdict_when_typed_as_they_stand() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path();
    let rows = |scale: f64, labelled: bool| {
        let mut text = format!("customer_id,income,channel{}\n", if labelled { ",label" } else { "" });
        for row in 0..2_000 {
            let income = scale * f64::from(20_000 + row * 7919 % 60_000);
            let channel = ["web", "phone", "branch"][row as usize % 3];
            text += &format!("{row},{income},{channel}{}\n", if labelled { ",0" } else { "" });
        }
        text
    };
    fs::write(path.join("january.csv"), rows(1.0, false)).expect("written");
    fs::write(path.join("february.csv"), rows(0.001, false)).expect("written");
    fs::create_dir(path.join("train")).expect("a folder");
    let training = rows(1.0, true).replace("customer_id,", "seconds,");
    fs::write(path.join("train/part-1.csv"), training).expect("written");
    log_incomes_in_cents(path);

    let readme = include_str!("../../../README.md");
    let (_, chapter) = readme.split_once("\n## Watch for drift").expect("the chapter");
    let (chapter, _) = chapter.split_once("\n## ").expect("another after it");
    let blocks = chapter.split("```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let mut said = Vec::new();
    // The first is how this binary came to be, and the last does not end.
    for line in lines.filter(|line| !line.starts_with("cargo install") && !line.starts_with("modelwatch drift serve")) {
        let bin = Path::new(env!("CARGO_BIN_EXE_modelwatch")).parent().expect("a folder");
        let paths = format!("{}:{}", bin.display(), std::env::var("PATH").expect("a path"));
        let output = Command::new("sh")
            .args(["-c", line])
            .env("PATH", paths)
            .current_dir(path)
            .output();
        let output = output.expect("a shell");
        assert!(
            output.status.success(),
            "{line}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        said.push(String::from_utf8(output.stdout).expect("text"));
    }
    assert_eq!(said.len(), 5, "{said:?}");
    assert!(
        said[0].contains("DRIFT in 1 of 2: income") && said[0].contains("income is divided by 1000"),
        "{}",
        said[0]
    );
    assert!(said[4].contains("income is multiplied by 100"), "{}", said[4]);
    assert!(path.join("drift.html").is_file() && path.join("monitoring/runbooks").is_dir());
    // A window that is named by how long ago it began has whole seconds.
    let (_, report, _) = modelwatch(path, &["drift", "report", "--from", "2h", "--history", "0"]);
    let heading = report.lines().next().unwrap_or_default();
    assert!(heading.contains(" rows of ") && !heading.contains('.'), "{heading}");
}

/// An hour of predictions of the README's model until now, whose incomes came in cents.
fn log_incomes_in_cents(folder: &Path) {
    let monitor = Monitor::new();
    let features = [
        Feature::numeric("seconds"),
        Feature::numeric("income"),
        Feature::categorical("channel"),
    ];
    let model = monitor
        .model("claims-risk", "2026-04-01")
        .features(features)
        .register()
        .expect("valid");
    let log = PredictionLog::builder(folder.join("prediction-log"))
        .queue(8_192)
        .start(&monitor)
        .expect("a log");
    let logged = log.model(&model).expect("a handle");
    let now = SystemTime::now();
    for row in 0..3_600_u32 {
        let income = 100.0 * f64::from(20_000 + row * 7919 % 60_000);
        let channel = ["web", "phone", "branch"][row as usize % 3];
        let at = now - Duration::from_secs(u64::from(row));
        logged.record(row![f64::from(row % 2_000), income, channel], 0.5).at(at);
    }
    log.close().expect("written");
}

#[test]
fn says_where_it_looked_when_log_has_no_rows() {
    let folder = july();
    let (code, table, _) = exit(
        folder.path(),
        &[&["drift", "report", "--history", "0", "--fail-on-drift"], &WEEK[..]].concat(),
    );
    assert_eq!(code, Some(1), "{table}");
    for command in [&["drift", "once"][..], &["drift", "report", "--history", "0"]] {
        let (code, _, complained) = exit(folder.path(), command);
        assert_eq!(code, Some(2), "{complained}");
        for part in [
            "no rows",
            "prediction-log/model=flight-delay/date=",
            "hours from date=2013-07-08/hour=09",
        ] {
            assert!(complained.contains(part), "{command:?}: {complained}");
        }
    }
    fs::rename(
        folder.path().join("prediction-log/model=flight-delay"),
        folder.path().join("prediction-log/model=flights"),
    )
    .expect("another name");
    let (code, _, complained) = exit(folder.path(), &["drift", "once"]);
    assert!(
        code == Some(2) && complained.contains("have a folder are flights"),
        "{complained}"
    );
    fs::remove_dir_all(folder.path().join("prediction-log")).expect("it is there");
    let (code, _, complained) = exit(folder.path(), &["drift", "once"]);
    assert!(
        code == Some(2) && complained.contains("there is no such folder"),
        "{complained}"
    );
}

/// On a terminal somebody is asked what columns are that look like no feature; elsewhere a line says which flags to give.
#[test]
fn judged_asks_of_columns_that_look_like_no_feature_when_there_is_a_terminal() {
    let folder = tempfile::tempdir().expect("a folder");
    let row = |row: u32| {
        format!(
            "{},{},{}.5,{}\n",
            row + 1,
            row % 2,
            row % 97,
            f64::from(row % 100) / 100.0
        )
    };
    let rows: String = (0..2_000).map(row).collect();
    fs::write(
        folder.path().join("train.csv"),
        format!("account,label,age,score\n{rows}"),
    )
    .expect("written");
    let arguments = ["baseline", "--model", "m", "--output", "m.json", "train.csv"];
    let features = || {
        let text = fs::read_to_string(folder.path().join("m.json")).expect("a baseline");
        let json: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let names = json["features"].as_array().expect("features").iter();
        let names: Vec<String> = names
            .map(|feature| feature["name"].as_str().expect("a name").to_owned())
            .collect();
        (names, !json["score"].is_null())
    };

    let (done, _, complained) = modelwatch(folder.path(), &arguments);
    assert!(done, "{complained}");
    for flag in [
        "--without account",
        "--without label",
        "--score score",
        "--numeric or --categorical label",
    ] {
        assert!(complained.contains(flag), "{flag}: {complained}");
    }
    assert_eq!(features().0, ["account", "label", "age", "score"]);

    for (typed, expected) in [
        ("\n\n\n", (vec!["age"], true)),
        // Of names first, in the order of the columns, and then of what their values say.
        ("y\nn\nn\n", (vec!["account", "age", "score"], false)),
    ] {
        let shown = shown_on_terminal(folder.path(), &arguments.join(" "), typed);
        assert!(shown.contains("looks like the label"), "{shown}");
        let (names, score) = features();
        assert_eq!(
            (names.iter().map(String::as_str).collect::<Vec<_>>(), score),
            expected,
            "{shown}"
        );
    }
}

/// Long work says how far it is, in one line that its answer takes the place of.
#[test]
fn judged_shows_progress_when_there_is_a_terminal() {
    let folder = july();
    let week = WEEK.join(" ");
    for (command, steps) in [
        (
            format!("drift report --history 2 {week}"),
            [
                "flight-delay: window 1 of 3, 2013-07-08T02:00:00Z to 2013-07-15T02:00:00Z",
                "\r\x1b[Kflight-delay: window 3 of 3, 2013-07-08T04:00:00Z to 2013-07-15T04:00:00Z",
            ],
        ),
        (
            "drift once --at 2013-07-15T04:01:00Z".to_owned(),
            [
                "flight-delay: window 1 of 1",
                "2013-07-08T04:00:00Z to 2013-07-15T04:00:00Z",
            ],
        ),
        (
            "log compact prediction-log".to_owned(),
            ["hour 1 of ", "\r\x1b[Khour 2 of "],
        ),
    ] {
        let shown = shown_on_terminal(folder.path(), &command, "");
        let (told, answer) = shown.rsplit_once("\r\x1b[K").expect("a line that is written over");
        assert!(!answer.trim().is_empty(), "{shown:?}");
        for step in steps {
            assert!(told.contains(step), "{step:?}: {shown:?}");
        }
        let quiet = shown_on_terminal(folder.path(), &format!("{command} --quiet"), "");
        assert!(!quiet.contains(steps[0]), "{quiet:?}");
    }
}

/// A Pushgateway of Debian's over https, with a password, and a certificate that was made for it alone.
struct Gateway {
    folder: TempDir,
    _process: Killed,
    port: u16,
}

impl Gateway {
    const USER: &str = "admin";
    const PASSWORD: &str = "test";

    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(
            folder.path().join("names"),
            "subjectAltName=DNS:localhost\nbasicConstraints=critical,CA:FALSE\n",
        )
        .expect("written");
        let authority = [
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "2",
            "-subj",
            "/CN=authority",
        ];
        let asked = ["req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"];
        let signed = [
            "x509",
            "-req",
            "-in",
            "asked.pem",
            "-days",
            "2",
            "-extfile",
            "names",
            "-CAcreateserial",
        ];
        for (command, files) in [
            (&authority[..], ["-keyout", "authority.key", "-out", "ca.pem"]),
            (&asked, ["-keyout", "key.pem", "-out", "asked.pem"]),
            (
                &[&signed[..], &["-CA", "ca.pem"]].concat(),
                ["-CAkey", "authority.key", "-out", "cert.pem"],
            ),
        ] {
            let made = tool("openssl")
                .args(command)
                .args(files)
                .current_dir(folder.path())
                .output();
            let made = made.expect("openssl starts");
            assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        }
        // The hash is of the password, by bcrypt, as Prometheus' documentation has it.
        let web = "tls_server_config:\n  cert_file: cert.pem\n  key_file: key.pem\nbasic_auth_users:\n  \
                   admin: $2b$12$hNf2lSsxfm0.i4a.1kVpSOVyBCfIB51VRjgBUyv6kdnyTlgWj81Ay\n";
        fs::write(folder.path().join("web.yml"), web).expect("written");
        let port = free_port();
        let process = tool("prometheus-pushgateway")
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--web.config.file=web.yml")
            .current_dir(folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("`make setup` installs prometheus-pushgateway");
        let gateway = Self {
            folder,
            _process: process.into(),
            port,
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < deadline, "the Pushgateway does not listen");
            thread::sleep(Duration::from_millis(50));
        }
        gateway
    }

    fn url(&self, password: &str) -> String {
        format!("https://{}:{password}@localhost:{}", Self::USER, self.port)
    }

    fn certificate(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The page that a Prometheus would scrape, by a client that is not ours.
    fn page(&self) -> Vec<u8> {
        let mut client = tool("openssl")
            .args(["s_client", "-quiet", "-verify_return_error", "-CAfile"])
            .arg(self.certificate())
            .args([
                "-connect",
                &format!("127.0.0.1:{}", self.port),
                "-servername",
                "localhost",
            ])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl starts");
        let mut keys = client.stdin.take().expect("a pipe");
        // admin:test
        let request = "GET /metrics HTTP/1.0\r\nHost: localhost\r\nAuthorization: Basic YWRtaW46dGVzdA==\r\n\r\n";
        keys.write_all(request.as_bytes()).expect("asked");
        let answer = client.wait_with_output().expect("it ends").stdout;
        drop(keys);
        let end = b"\r\n\r\n";
        let head = answer
            .windows(end.len())
            .position(|bytes| bytes == end)
            .expect("a head");
        assert!(answer.starts_with(b"HTTP/1.0 200") || answer.starts_with(b"HTTP/1.1 200"));
        answer[head + end.len()..].to_vec()
    }
}

/// What a real Pushgateway has of a job with a slash in its name is that job's alone, continued from run to run, over https with a
/// certificate that only this machine trusts; and no error shows the password.
#[test]
fn judged_a_real_pushgateway_keeps_each_jobs_group_when_pushed_over_https() {
    let folder = july();
    let gateway = Gateway::start();
    let once = |job: &str, password: &str, trusts: &Path| {
        let url = gateway.url(password);
        let arguments = [
            "drift",
            "once",
            "--at",
            "2013-07-15T04:01:00Z",
            "--pushgateway",
            &url,
            "--job",
            job,
        ];
        let output = command(folder.path(), &arguments)
            .env("SSL_CERT_FILE", trusts)
            .output()
            .expect("the program starts");
        (output.status.code(), String::from_utf8(output.stderr).expect("text"))
    };
    let certificate = gateway.certificate();
    for job in ["team/drift", "team/drift", "other drift"] {
        let (code, complained) = once(job, Gateway::PASSWORD, &certificate);
        assert_eq!(code, Some(0), "{complained}");
    }
    let page = MetricsPage::parse(&gateway.page());
    let runs = |job| page.sum("ml_drift_runs_total", &[("job", job), ("result", "success")]);
    assert_eq!((runs("team/drift"), runs("other drift")), (2.0, 1.0));
    let detected = [("job", "team/drift"), ("feature_name", "temp")];
    assert_eq!(page.sum("ml_data_drift_detected", &detected), 1.0);

    let other = tempfile::tempdir().expect("a folder");
    let unknown = other.path().join("empty.pem");
    fs::write(&unknown, "").expect("written");
    for (password, trusts) in [("hunter2", &certificate), (Gateway::PASSWORD, &unknown)] {
        let (code, complained) = once("team/drift", password, trusts);
        assert_eq!(code, Some(2), "{complained}");
        assert!(
            complained.contains("localhost") && !complained.contains("hunter2"),
            "{complained}"
        );
        assert!(!complained.contains(":test@"), "{complained}");
    }
}
