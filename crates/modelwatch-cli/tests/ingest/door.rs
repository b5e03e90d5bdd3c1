//! Events by HTTP.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use modelwatch_testkit::{HttpResponse, MetricsPage, http_get, http_request};
use serde_json::Value as Json;
use tempfile::TempDir;

use super::stored::{number, row, rows, text};
use super::{Running, modelwatch};

const TOKEN: &str = "s3cret-hush";

struct Door {
    running: Running,
    events: SocketAddr,
    page: SocketAddr,
    root: PathBuf,
}

impl Door {
    fn open(folder: &Path, more: &[&str]) -> Self {
        fs::write(folder.join("token"), format!("{TOKEN}\n")).expect("written");
        let arguments = [
            &[
                "ingest",
                "http",
                "--listen",
                "127.0.0.1:0",
                "--metrics-listen",
                "127.0.0.1:0",
                "--token-file",
                "token",
                "--commit-after",
                "20",
            ],
            more,
        ]
        .concat();
        let mut running = Running::start(modelwatch(folder, &arguments));
        let line = running.says("taking events on");
        let mut addresses = line.split("http://").skip(1).map(|rest| {
            let address = rest.split('/').next().expect("an address");
            address.parse().expect("an address")
        });
        Self {
            events: addresses.next().expect("an address"),
            page: addresses.next().expect("an address"),
            root: folder.join("prediction-log"),
            running,
        }
    }

    fn post(&self, headers: &[(&str, &str)], body: &str) -> HttpResponse {
        self.post_to("/", headers, body)
    }

    fn post_to(&self, path: &str, headers: &[(&str, &str)], body: &str) -> HttpResponse {
        let authorization = format!("Bearer {TOKEN}");
        let headers = [&[("authorization", &*authorization)], headers].concat();
        http_request(self.events, "POST", path, &headers, body.as_bytes()).expect("an answer")
    }
}

const STRUCTURED: (&str, &str) = ("content-type", "application/cloudevents+json");
const BATCH: (&str, &str) = ("content-type", "application/cloudevents-batch+json; charset=utf-8");

fn event(id: &str, data: &str) -> String {
    format!(
        r#"{{"specversion": "1.0", "id": "{id}", "source": "s", "type": "t", "time": "2026-04-01T10:00:00Z", "data": {data}}}"#
    )
}

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

#[test]
fn has_rows_on_storage_when_it_answers() {
    let folder = folder();
    let door = Door::open(folder.path(), &[]);
    let answer = door.post(
        &[STRUCTURED],
        &event("one", r#"{"model": "m", "score": 0.5, "income": 3}"#),
    );
    assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
    let (_, one) = row(&door.root, "one");
    assert_eq!(
        (number(&one, "score"), number(&one, "feature.income")),
        (Some(0.5), Some(3.0))
    );
    let binary = [
        ("content-type", "application/json"),
        ("ce-specversion", "1.0"),
        ("ce-id", "two"),
        ("ce-source", "s"),
        ("ce-type", "t"),
        ("ce-inferenceservicename", "m"),
    ];
    assert_eq!(door.post(&binary, r#"{"zip": "0150"}"#).status, 202);
    assert_eq!(text(&row(&door.root, "two").1, "feature.zip"), Some("0150"));
    let batch = format!(
        "[{}, {}]",
        event("three", r#"{"model": "m"}"#),
        event("four", r#"{"model": "n"}"#)
    );
    assert_eq!(door.post(&[BATCH], &batch).status, 202);
    assert_eq!(row(&door.root, "four").0, "model=n");
    assert_eq!(door.post(&[BATCH], "[]").status, 202);
    let kserve = |kind: &str, body: &str| {
        let kind = format!("org.kubeflow.serving.inference.{kind}");
        let headers = [
            ("content-type", "application/json"),
            ("ce-specversion", "1.0"),
            ("ce-id", "five"),
            ("ce-source", "s"),
            ("ce-type", &*kind),
            ("ce-inferenceservicename", "iris"),
        ];
        door.post(&headers, body).status
    };
    assert_eq!(kserve("request", r#"{"instances": [{"a": 1}]}"#), 202);
    assert_eq!(kserve("response", r#"{"predictions": [0.5]}"#), 202);
    assert_eq!(number(&row(&door.root, "five").1, "feature.a"), Some(1.0));
    let metrics = MetricsPage::parse(&http_get(door.page, "/metrics", &[]).expect("a page").body);
    assert_eq!(
        metrics.sum("ml_ingest_records_total", &[("source", "http"), ("result", "written")]),
        6.0
    );
    assert_eq!(metrics.sum("ml_ingest_rows_total", &[]), 5.0);
    door.running.end();
}

#[test]
fn names_what_is_wrong_and_keeps_nothing_of_it() {
    let folder = folder();
    let door = Door::open(folder.path(), &["--body-bytes", "2000"]);
    let bad = |headers: &[(&str, &str)], body: &str| {
        let answer = door.post(headers, body);
        let json: Json = serde_json::from_slice(&answer.body).expect("JSON");
        assert!(
            json["error"].as_str().is_some_and(|line| !line.contains('\n')),
            "{json}"
        );
        (answer.status, json)
    };
    for (headers, body, status, field) in [
        (
            vec![STRUCTURED],
            event("a", r#"{"model": "m", "score": "x"}"#),
            400,
            "score",
        ),
        (vec![STRUCTURED], event("a", r#"{"score": 1}"#), 400, "model"),
        (
            vec![STRUCTURED],
            r#"{"specversion": "1.0", "source": "s", "type": "t"}"#.into(),
            400,
            "id",
        ),
        (vec![STRUCTURED], event("a", "[1]"), 400, "data"),
        (
            vec![("content-type", "application/json")],
            r#"{"model": "m"}"#.into(),
            400,
            "specversion",
        ),
        (vec![STRUCTURED], "{".into(), 400, ""),
        (vec![STRUCTURED], "x".repeat(2001), 413, ""),
        (vec![("content-type", "text/csv")], "a,b".into(), 415, ""),
        (vec![], "a".into(), 415, ""),
        (vec![STRUCTURED, ("content-encoding", "gzip")], "a".into(), 415, ""),
        (vec![BATCH], "{}".into(), 400, ""),
    ] {
        let (got, json) = bad(&headers, &body);
        assert_eq!(
            (got, json["field"].as_str().unwrap_or_default()),
            (status, field),
            "{body}: {json}"
        );
    }
    // All of a batch or nothing.
    let batch = format!(
        "[{}, {}]",
        event("x", r#"{"model": "m"}"#),
        event("y", r#"{"model": 1.5}"#)
    );
    let (status, json) = bad(&[BATCH], &batch);
    assert_eq!(
        (status, &json["event"], &json["field"]),
        (400, &1.into(), &"model".into()),
        "{json}"
    );
    for authorization in ["", "Bearer", "Bearer wrong", "Basic s3cret-hush"] {
        let headers = [("authorization", authorization), STRUCTURED];
        let body = event("z", r#"{"model": "m"}"#);
        let answer = http_request(door.events, "POST", "/", &headers, body.as_bytes()).expect("an answer");
        assert_eq!(
            (answer.status, answer.header("www-authenticate")),
            (401, Some("Bearer")),
            "{authorization:?}"
        );
        assert!(!String::from_utf8_lossy(&answer.body).contains(TOKEN));
    }
    assert_eq!(http_get(door.events, "/", &[]).expect("an answer").status, 405);
    assert!(rows(&door.root).is_empty());
    door.running.end();
}

#[test]
fn refuses_events_while_storage_fails_and_takes_them_again() {
    let folder = folder();
    let mut door = Door::open(folder.path(), &[]);
    let send = |door: &Door, id: &str| door.post(&[STRUCTURED], &event(id, r#"{"model": "m"}"#));
    assert_eq!(send(&door, "one").status, 202);
    // A file where the model's folder belongs.
    let (model, aside) = (door.root.join("model=m"), door.root.join("aside"));
    fs::rename(&model, &aside).expect("moved");
    fs::write(&model, "").expect("written");
    let refused = send(&door, "two");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    door.running.says("can't be");
    fs::remove_file(&model).expect("removed");
    fs::rename(&aside, &model).expect("moved");
    super::until("it takes events again", || send(&door, "three").status == 202);
    assert!(
        rows(&door.root)
            .iter()
            .any(|(_, row)| text(row, "prediction_id") == Some("three"))
    );
    door.running.end();
}

/// Predictions and their labels share one door, one token and one file of where it was.
#[test]
fn has_outcomes_on_storage_when_it_answers() {
    let folder = folder();
    let door = Door::open(folder.path(), &[]);
    let answer = door.post(&[STRUCTURED], &event("one", r#"{"model": "m", "score": 0.5}"#));
    assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
    let batch = format!(
        "[{}, {}]",
        event("e1", r#"{"model": "m", "prediction_id": "one", "label": "fraud"}"#),
        event("e2", r#"{"model": "m", "prediction_id": "two", "label": false}"#)
    );
    let answer = door.post_to("/outcomes", &[BATCH], &batch);
    assert_eq!(answer.status, 202, "{}", String::from_utf8_lossy(&answer.body));
    let outcomes = door.root.join("outcomes");
    let (model, one) = row(&outcomes, "one");
    assert_eq!((&*model, text(&one, "label")), ("model=m", Some("fraud")));
    assert_eq!(text(&row(&outcomes, "two").1, "label"), Some("false"));
    assert_eq!(text(&row(&door.root.join("model=m"), "one").1, "label"), None);

    let answer = door.post_to(
        "/outcomes",
        &[STRUCTURED],
        &event("e3", r#"{"model": "m", "prediction_id": "x"}"#),
    );
    let problem: Json = serde_json::from_slice(&answer.body).expect("JSON");
    assert_eq!(
        (answer.status, problem["field"].as_str()),
        (400, Some("label")),
        "{problem}"
    );
    let unknown = http_request(door.events, "POST", "/outcomes", &[STRUCTURED], b"{}").expect("an answer");
    assert_eq!(unknown.status, 401);
}
