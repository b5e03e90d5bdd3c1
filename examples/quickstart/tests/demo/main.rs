//! The program, as its user starts it.

mod drift_job;

use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::num::NonZero;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use modelwatch_testkit::{Prometheus, PrometheusOptions, openmetrics_strict};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;

fn demo(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_quickstart"));
    command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

fn finished(arguments: &[&str]) -> (Output, String) {
    let output = demo(arguments).output().expect("the program starts");
    let text = String::from_utf8(output.stdout.clone()).expect("text");
    (output, text)
}

/// A demo that goes on serving.
struct Running {
    child: Child,
    lines: BufReader<ChildStdout>,
    address: SocketAddr,
}

impl Running {
    fn start(arguments: &[&str]) -> Self {
        let mut child = demo(arguments)
            .args(["--port", "0", "--keep"])
            .spawn()
            .expect("the program starts");
        let mut lines = BufReader::new(child.stdout.take().expect("piped"));
        let serving = line_with(&mut lines, "serving on http://");
        let address = serving
            .trim_start_matches("serving on http://")
            .split(": ")
            .next()
            .expect("an address");
        Self {
            child,
            address: address.parse().expect("an address"),
            lines,
        }
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Status and body.
    fn predict(&self, body: &str) -> (u16, String) {
        let config = ureq::config::Config::builder().http_status_as_error(false).build();
        let request = ureq::Agent::new_with_config(config).post(self.url("/predict"));
        let mut answer = request
            .header("content-type", "application/json")
            .send(body)
            .expect("an answer");
        (
            answer.status().as_u16(),
            answer.body_mut().read_to_string().expect("text"),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.child.kill().expect("killed");
        self.child.wait().expect("ended");
    }
}

fn line_with(lines: &mut impl BufRead, what: &str) -> String {
    let mut seen = String::new();
    loop {
        let mut line = String::new();
        assert!(
            lines.read_line(&mut line).expect("text") > 0,
            "no line with {what:?} in:\n{seen}"
        );
        if line.contains(what) {
            return line;
        }
        seen += &line;
    }
}

#[test]
fn every_request_is_counted_and_the_table_is_readable() {
    let (output, text) = finished(&["--port", "0", "--seconds", "10", "--rate", "25"]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        text.contains(
            "250 requests were answered; ml_inference_requests_total counts 250, and the latency histogram 250\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("area under the curve 0.910 in February, 0.918 in July\n"),
        "{text}"
    );
    for part in [
        "flights of 18 to 24 February 2013",
        "flights of 8 to 14 July 2013",
        "req/s",
        "p95",
        "in flight",
        "median score",
        "2013q1-noweather",
        "most missing: dep_delay",
    ] {
        assert!(text.contains(part), "no {part:?} in:\n{text}");
    }
    assert!(!text.contains('\x1b'), "terminal control where there is no terminal");
    assert!(!text.contains("!!"), "nothing was wrong:\n{text}");
}

#[test]
fn the_whole_weeks_drift_as_far_as_is_known_for_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let log = folder.path().to_str().expect("text");
    let (output, text) = finished(&["--port", "0", "--seconds", "12", "--log", log]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(
        text.contains("\n13140 requests were answered;"),
        "each flight once:\n{text}"
    );
    let (_, weeks) = text.split_once("drift from training").expect("a table of the weeks");
    for (feature, february, july) in [
        ("dep_delay", "0.022", "0.197 !"),
        ("distance", "0.001", "0.021"),
        ("hour", "0.001", "0.003"),
        ("temp", "0.430", "19.124 !"),
    ] {
        let line = weeks.lines().find(|line| line.starts_with(feature)).expect(feature);
        let figures: Vec<_> = line
            .split("  ")
            .map(str::trim)
            .filter(|part| !part.is_empty())
            .collect();
        assert_eq!(figures, [feature, february, july]);
    }
    // No day of February differs more than days of the training quarter do among themselves. July does.
    let (quiet, _) = text.split_once("flights of 8 to 14 July").expect("July");
    assert!(!quiet.contains("~~"), "a quiet week is quiet:\n{text}");
    assert!(
        quiet.contains(" flights, as usual: "),
        "its distances are those of any day:\n{text}"
    );
    let mut lines = text
        .lines()
        .skip_while(|line| !line.starts_with("drift on 13 July 2013"));
    assert!(lines.next().is_some(), "the last day that is over is told of:\n{text}");
    let moved = lines.next().unwrap_or_default();
    assert!(
        moved.starts_with("~~ no longer as in training: temp, dewp"),
        "winter is over:\n{text}"
    );
    assert!(
        !text.contains("!!") && !text.contains(MESSAGE),
        "nothing breaks, so nobody is paged:\n{text}"
    );
    assert!(folder.path().join("baseline.json").is_file());
    assert!(
        folder
            .path()
            .join("prediction-log/model=flight-delay/date=2013-02-18")
            .is_dir()
    );
}

/// With which the line above a message begins.
const MESSAGE: &str = "\nmessage to #";

/// What the demo prints from its start until the team is told, and after the Ctrl-C that follows.
fn until_somebody_is_told(incident: &str) -> String {
    // The weeks change after a minute, in which the team is told.
    let arguments = [
        "--port",
        "0",
        "--seconds",
        "120",
        "--rate",
        "150",
        "--mixed",
        "--incident-after",
        "9",
    ];
    let mut child = demo(&[&arguments[..], &["--incident", incident]].concat())
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"));
    let mut text = String::new();
    while !text.contains(MESSAGE) {
        assert!(
            lines.read_line(&mut text).expect("text") > 0,
            "nobody gets a message:\n{text}"
        );
    }
    interrupt(&child);
    lines.read_to_string(&mut text).expect("text");
    assert!(child.wait().expect("ended").success(), "{text}");
    text
}

fn interrupt(child: &Child) {
    let kill = Command::new("sh")
        .args(["-c", &format!("kill -INT {}", child.id())])
        .status();
    assert!(kill.expect("a shell").success());
}

#[test]
fn an_incident_is_marked_and_the_team_is_told_what_changed() {
    let cases: [(&str, &str, &[&str]); 3] = [
        (
            "canary-errors",
            "!! 2013q1-noweather answers ",
            &[
                "MLCanaryErrorRateHigh · model flight-delay · errors",
                "Yes: version 2013q1-noweather",
                "shift traffic away from version 2013q1-noweather",
            ],
        ),
        (
            "canary-slow",
            "!! 2013q1-noweather is slow: p95 ",
            &[
                "MLCanaryLatencyHigh · model flight-delay · slow requests",
                "Yes: version 2013q1-noweather",
                "The request path: no feature is missing more, out of range or in drift.",
            ],
        ),
        (
            "feature-missing",
            "!! temp is missing in ",
            &[
                "MLFeatureMissingRatioHigh · model flight-delay · missing feature temp",
                "The input data: requests succeed",
                "Yes: feature pipeline flights-2013.2",
                "data-platform (data): roll back feature pipeline flights-2013.2",
            ],
        ),
    ];
    // Side by side: they wait most of the time.
    let texts = std::thread::scope(|scope| {
        let running = cases.map(|(incident, ..)| scope.spawn(move || until_somebody_is_told(incident)));
        running.map(|running| running.join().expect("the program ends"))
    });
    for ((incident, mark, told), text) in cases.into_iter().zip(texts) {
        let marks: Vec<_> = text.lines().filter(|line| line.starts_with("!!")).collect();
        assert!(!marks.is_empty(), "{incident} is not marked:\n{text}");
        assert!(
            marks.iter().all(|line| line.starts_with(mark)),
            "nothing else is wrong:\n{text}"
        );
        let (_, message) = text.split_once(MESSAGE).expect("somebody gets a message");
        for part in told {
            assert!(message.contains(part), "{incident}: no {part:?} in:\n{text}");
        }
        let (before, _) = text.split_once("; incident: ").expect("a heading says so");
        assert!(!before.contains("!!"), "nothing was wrong before:\n{text}");
        assert!(
            text.contains("\nNext:\n") && text.contains(&format!("make demo-stack ARGS='--incident {incident}'")),
            "three commands to type next:\n{text}"
        );
    }
}

const LINES: NonZero<u16> = NonZero::new(40).expect("more than none");
const COLUMNS: NonZero<u16> = NonZero::new(100).expect("more than none");

/// A terminal with the demo in it.
struct Terminal {
    child: Child,
    typed: ChildStdin,
    drawn: ChildStdout,
    screen: vt100::Parser,
}

impl Terminal {
    fn start(lines: NonZero<u16>, columns: NonZero<u16>, arguments: &str) -> Self {
        let program = env!("CARGO_BIN_EXE_quickstart");
        let command = format!("stty cols {columns} rows {lines}; exec {program} {arguments}");
        let mut child = Command::new("script")
            .args(["-qec", &command, "/dev/null"])
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("util-linux's `script` starts");
        Self {
            typed: child.stdin.take().expect("piped"),
            drawn: child.stdout.take().expect("piped"),
            screen: vt100::Parser::new(lines, columns, 200),
            child,
        }
    }

    /// Takes what is drawn next; false at the end.
    fn draws(&mut self) -> bool {
        let mut some = [0; 4096];
        let length = self.drawn.read(&mut some).unwrap_or(0); // an error is how a pseudo-terminal ends
        self.screen.process(&some[..length]);
        length > 0
    }

    /// Waits until the screen shows a text.
    fn shows(&mut self, text: &str) -> String {
        loop {
            let shown = self.screen.screen().contents();
            if shown.contains(text) {
                return shown;
            }
            assert!(self.draws(), "no {text:?} in:\n{shown}");
        }
    }

    fn types(&mut self, key: &str) {
        self.typed.write_all(key.as_bytes()).expect("typed");
    }
}

#[test]
fn a_terminal_shows_the_break_the_message_and_the_mend() {
    let mut terminal = Terminal::start(LINES, COLUMNS, "--port 0 --seconds 600 --rate 150 --mixed");
    terminal.shows("nothing is wrong");
    assert!(terminal.screen.screen().alternate_screen());
    terminal.types("1");
    terminal.shows("INCIDENT for ");
    // A frame is read in parts.
    let told = terminal.shows("Yes: version 2013q1-noweather");
    assert!(told.contains("message to #ml-observability"), "{told}");
    terminal.types("f");
    terminal.shows("message to #ml-observability, which is over");
    terminal.types("q");
    while terminal.draws() {}
    let left = terminal.screen.screen().contents();
    assert!(terminal.child.wait().expect("ended").success(), "{left}");
    assert!(!terminal.screen.screen().alternate_screen(), "the screen is given back");
    for part in ["requests were answered; ", "Next:", "make demo-stack"] {
        assert!(left.contains(part), "no {part:?} in:\n{left}");
    }
}

/// The drift job compares a day when it is over, and the screen says so until its owner gets a message.
#[test]
fn the_last_key_changes_a_unit_and_says_what_the_message_waits_for() {
    let number = |lines| NonZero::new(lines).expect("more than none");
    let mut terminal = Terminal::start(number(24), number(80), "--port 0 --seconds 600 --rate 150 --mixed");
    terminal.shows(" 1  canary fails  2  canary slow  3  feature missing  4  drift  f  fix  q  quit");
    terminal.shows("nothing is wrong");
    terminal.types("4");
    terminal.shows("distance comes in kilometres instead of miles");
    terminal.shows("no message yet: the drift job compares each day when it is over");
    terminal.shows("no longer as in training: distance");
    terminal.shows("message to #applied-ml-alerts");
    let shown = terminal.shows("roll back feature pipeline flights-2013.2");
    assert!(shown.contains("Who      applied-ml (model)"), "{shown}");
    terminal.types("q");
    while terminal.draws() {}
    assert!(terminal.child.wait().expect("ended").success());
}

/// A terminal as it opens, and one that is far too small: the message says whom to ask and what to do in both.
#[test]
fn a_small_terminal_shows_who_acts_and_leaves_out_nothing_in_silence() {
    let number = |lines| NonZero::new(lines).expect("more than none");
    let sizes = [(24, 80), (10, 40)];
    std::thread::scope(|scope| {
        for (lines, columns) in sizes {
            scope.spawn(move || {
                let mut terminal = Terminal::start(
                    number(lines),
                    number(columns),
                    "--port 0 --seconds 600 --rate 150 --mixed --incident canary-errors --incident-after 9",
                );
                terminal.shows("errors 0.0 %");
                terminal.shows(" q  quit");
                terminal.shows("/modelwatch");
                terminal.shows("INCIDENT for ");
                terminal.shows("message to #ml-observability");
                let shown = terminal.shows("shift traffic away from");
                for part in ["Who      ml-platform (serving)", ", in short", " q  quit"] {
                    assert!(shown.contains(part), "{lines} lines: no {part:?} in:\n{shown}");
                }
                // In ten lines, what to do has the room.
                assert_eq!(shown.contains("% of requests fail; 0% before"), lines == 24, "{shown}");
                terminal.types("q");
                while terminal.draws() {}
                assert!(terminal.child.wait().expect("ended").success());
            });
        }
    });
}

/// As after `| head -3`.
#[test]
fn ends_quietly_when_nobody_reads_any_more() {
    let mut child = demo(&["--port", "0", "--seconds", "600", "--rate", "20"])
        .spawn()
        .expect("the program starts");
    let mut lines = BufReader::new(child.stdout.take().expect("piped"));
    line_with(&mut lines, "serving on http://");
    drop(lines);
    let output = child.wait_with_output().expect("ended");
    let error = String::from_utf8(output.stderr).expect("text");
    assert_eq!((output.status.code(), &*error), (Some(0), ""));
}

#[test]
fn what_stops_it_is_one_line_with_the_mend_and_exit_code_2() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    let folder = std::env::temp_dir().join(format!("quickstart-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let training = folder.join("train-2013q1.parquet");
    std::fs::write(&training, "PAR1 is how it begins").expect("a file");
    let folder = folder.to_str().expect("text");
    let cases: &[(&[&str], &[&str])] = &[
        (
            &["--port", &port],
            &["can't serve on 127.0.0.1:", &port, "name another port with --port"],
        ),
        (
            &["--port", "0", "--data", "/nowhere"],
            &[
                "/nowhere/train-2013q1.parquet",
                "name the folder of the flight files with --data",
            ],
        ),
        (
            &["--port", "0", "--data", folder],
            &[
                "train-2013q1.parquet is no Parquet file of flights",
                "copy the file again",
            ],
        ),
    ];
    for (arguments, parts) in cases {
        let (output, _) = finished(arguments);
        let error = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert_eq!(error.lines().count(), 1, "{arguments:?}: {error}");
        parts
            .iter()
            .for_each(|part| assert!(error.contains(part), "{arguments:?}: no {part:?} in {error}"));
    }
    std::fs::remove_dir_all(folder).expect("removed");
}

/// `scripts/demo-stack` has flags of its own, and those of its user come after them.
#[test]
fn the_last_flag_of_a_name_holds() {
    let first = ["--port", "0", "--plain", "--seconds", "3600", "--rate", "50"];
    let (output, text) = finished(&[&first[..], &["--plain", "--seconds", "2", "--rate", "25"]].concat());
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(text.contains("50 requests were answered"), "{text}");
}

#[test]
fn names_flag_and_fix_when_an_argument_is_of_no_use() {
    let cases: &[(&[&str], &[&str])] = &[
        (&["--port", "80000"], &["'80000'", "--port <PORT>", "0..=65535"]),
        (
            &["--rate", "-1"],
            &["'-1'", "--rate <RATE>", "above 0 and up to 100000"],
        ),
        (
            &["--rate", "NaN"],
            &["'NaN'", "--rate <RATE>", "above 0 and up to 100000"],
        ),
        (
            &["--seconds", "0"],
            &["'0'", "--seconds <SECONDS>", "above 0 and up to 86400"],
        ),
        (
            &["--seconds", "1e300"],
            &["--seconds <SECONDS>", "above 0 and up to 86400"],
        ),
        (
            &["--incident", "fire"],
            &[
                "'fire'",
                "--incident <NAME>",
                "canary-errors, canary-slow, feature-missing",
            ],
        ),
        (&["--colour"], &["'--colour'", "--help"]),
    ];
    for (arguments, parts) in cases {
        let (output, _) = finished(arguments);
        let error = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        parts
            .iter()
            .for_each(|part| assert!(error.contains(part), "{arguments:?}: no {part:?} in {error}"));
    }
}

#[test]
fn a_truncated_file_names_itself() {
    let folder = std::env::temp_dir().join(format!("quickstart-truncated-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let whole = std::fs::read(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../data/flights/train-2013q1.parquet"
    ))
    .expect("flights");
    // The footer is there and the pages before it are not what they were.
    let mut damaged = whole.clone();
    let middle = whole.len() / 2;
    damaged[middle - 20_000..middle].fill(0xA5);
    std::fs::write(folder.join("train-2013q1.parquet"), damaged).expect("a file");
    let (output, _) = finished(&["--port", "0", "--data", folder.to_str().expect("text")]);
    let error = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("train-2013q1.parquet") && error.lines().count() == 1,
        "{error}"
    );
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn a_week_without_flights_names_its_file() {
    let flights = Path::new(env!("CARGO_MANIFEST_DIR")).join("../data/flights");
    let folder = std::env::temp_dir().join(format!("quickstart-empty-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let training = "train-2013q1.parquet";
    std::fs::copy(flights.join(training), folder.join(training)).expect("copied");
    let schema = parse_message_type("message flights { optional double temp; }").expect("a schema");
    let file = File::create(folder.join("replay-2013-07-08-week.parquet")).expect("a file");
    let writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::default()).expect("a writer");
    writer.close().expect("written");
    let (output, _) = finished(&["--port", "0", "--data", folder.to_str().expect("text")]);
    let error = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.contains("replay-2013-07-08-week.parquet holds no flights; copy the file again"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
    std::fs::remove_dir_all(folder).expect("removed");
}

#[test]
fn the_service_answers_for_any_features() {
    let running = Running::start(&["--seconds", "0.1"]);
    let (status, answer) =
        running.predict(r#"{"features": {"dep_delay": 90, "distance": 1000, "hour": 17, "temp": null}}"#);
    assert_eq!(status, 200, "{answer}");
    let answer: serde_json::Value = serde_json::from_str(&answer).expect("JSON");
    assert!(answer["probability_late"].as_f64().expect("a number") > 0.9, "{answer}");
    assert_eq!(running.predict(r#"{"features": {}}"#).0, 200);
    let (status, answer) = running.predict(r#"{"features": {"colour": 1}}"#);
    assert!(
        status == 422 && answer.contains("no feature \"colour\"; there are dep_delay"),
        "{status} {answer}"
    );
    for malformed in ["{", "[]", r#"{"features": {"temp": "warm"}}"#] {
        let (status, answer) = running.predict(malformed);
        assert!(
            (400..500).contains(&status) && !answer.is_empty(),
            "{malformed}: {status} {answer}"
        );
    }
    let health = ureq::get(running.url("/healthz"))
        .call()
        .expect("healthy")
        .body_mut()
        .read_to_string();
    assert_eq!(health.expect("text"), "ok\n");
}

#[test]
fn judged_a_real_prometheus_counts_what_was_sent() {
    let mut running = Running::start(&["--seconds", "2", "--rate", "150"]);
    line_with(&mut running.lines, "300 requests were answered");
    let prometheus = Prometheus::start(&PrometheusOptions::scraping(running.address)).expect("prometheus");
    let wait = Duration::from_secs(20);
    prometheus
        .wait_for("up == 1", |found| found.len() == 1, wait)
        .expect("up");
    let exactly = |query: &str| {
        let found = prometheus
            .wait_for(query, |found| !found.is_empty(), wait)
            .expect(query);
        assert_eq!(found[0].1, 300.0, "{query}");
    };
    exactly("sum(ml_inference_requests_total)");
    exactly("sum(ml_inference_latency_seconds_count)");
    exactly(r#"sum(ml_inference_latency_seconds_bucket{le="+Inf"})"#);
    exactly("sum(ml_prediction_score_count)");
    exactly("sum(ml_prediction_class_total)");
    exactly(r#"sum(ml_feature_observations_total{feature_name="dep_delay"})"#);
    let canary = prometheus.query(r#"sum(ml_inference_requests_total{model_version="2013q1-noweather"})"#);
    assert_eq!(canary.expect("an answer")[0].1, 30.0, "one in ten");

    let mut page = Vec::new();
    let request = ureq::get(running.url("/metrics")).header("accept", "application/openmetrics-text; version=1.0.0");
    request
        .call()
        .expect("a page")
        .body_mut()
        .as_reader()
        .read_to_end(&mut page)
        .expect("read");
    openmetrics_strict(&page).expect("OpenMetrics");
}
