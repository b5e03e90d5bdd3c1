//! Pages, and the follow-up in the team's channel.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use modelwatch_testkit::{HttpResponse, Killed, Release, http_get, inbox};
use serde_json::{Value as Json, json};

use crate::fixture::{ALERT, HOSTILE, folder, incident, modelwatch, prometheus};

pub(crate) struct Serving {
    _process: Killed,
    address: SocketAddr,
}

impl Serving {
    pub(crate) fn start(folder: &Path, prometheus: &str, more: &[&str]) -> Self {
        let fixed = [
            "triage",
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--url",
            "https://triage.example.com/",
            "--prometheus",
            prometheus,
            "--timeout",
            "5",
        ];
        let arguments = [&fixed[..], more].concat();
        let mut process = modelwatch(folder, &arguments).stderr(Stdio::piped()).spawn().unwrap();
        let mut log = BufReader::new(process.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("serving on http://") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended");
        }
        let address = line
            .split("http://")
            .nth(1)
            .unwrap()
            .trim()
            .trim_end_matches('/')
            .parse()
            .unwrap();
        std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::stderr()));
        Self {
            _process: process.into(),
            address,
        }
    }

    pub(crate) fn get(&self, path: &str) -> HttpResponse {
        http_get(self.address, path, &[]).unwrap()
    }

    fn post(&self, body: &str) -> String {
        let length = body.len();
        self.send(&format!(
            "POST /alertmanager HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
        ))
    }

    fn send(&self, request: &str) -> String {
        sent(self.address, request)
    }
}

/// Sends a request and reads until the connection ends.
fn sent(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(120))).unwrap();
    // What is refused need not be read to its end.
    let _ = stream.write_all(request.as_bytes());
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8_lossy(&answer).into_owned()
}

fn notification() -> Json {
    let labels = json!({
        "alertname": ALERT, "model_name": HOSTILE, "model_version": "2", "environment": "production", "team": "platform",
    });
    json!({
        "version": "4",
        "status": "firing",
        "alerts": [{ "status": "firing", "labels": labels, "annotations": {}, "startsAt": "2026-05-01T14:03:00Z" }],
    })
}

#[test]
fn judged_serves_a_page_for_each_alert_and_follows_up_in_the_channel() {
    let world = incident();
    let prometheus = prometheus(Release::System, &world);
    let (slack, messages) = inbox(|_| "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    let folder = folder(&format!("http://{slack}/secret"));
    let serving = Serving::start(folder.path(), &format!("http://{}", prometheus.address()), &[]);

    let index = serving.get("/");
    let page = String::from_utf8(index.body).unwrap();
    assert_eq!(index.status, 200, "{page}");
    let link = page
        .split("<a href=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next())
        .unwrap();
    let link = link.replace("&amp;", "&");
    assert!(link.starts_with("/triage?model="), "{link}");
    let one = serving.get(&link);
    let page = String::from_utf8(one.body.clone()).unwrap();
    assert_eq!(one.status, 200, "{page}");
    assert!(
        page.contains("shift traffic away from version 2") && !page.contains("<b>&'"),
        "{page}"
    );
    let policy = one.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'"), "{policy}");

    let notification = notification().to_string();
    assert!(serving.post(&notification).starts_with("HTTP/1.0 202"));
    let told = messages.recv_timeout(Duration::from_secs(60)).unwrap();
    assert!(told.head.starts_with("POST /secret"), "{}", told.head);
    let message = told.json();
    assert_eq!(message["channel"], "#platform");
    let text = message["text"].as_str().unwrap();
    assert!(text.contains("Yes: version 2"), "{text}");
    assert!(text.contains("<https://triage.example.com/triage?model="), "{text}");
    assert!(text.contains("&lt;b&gt;&amp;'"), "{text}");
    // The same notification, repeated, has its answer already.
    assert!(serving.post(&notification).starts_with("HTTP/1.0 202"));
    assert!(messages.recv_timeout(Duration::from_secs(3)).is_err());
}

#[test]
fn answers_alertmanager_whatever_prometheus_does() {
    let folder = folder("http://127.0.0.1:1/");
    let serving = Serving::start(folder.path(), "http://127.0.0.1:1", &[]);
    assert!(serving.post(&notification().to_string()).starts_with("HTTP/1.0 202"));
    let page = serving.get("/triage?model=quiet");
    assert_eq!(page.status, 502);
    assert!(String::from_utf8_lossy(&page.body).contains("http://127.0.0.1:1: "));
    assert_eq!(serving.get("/healthy").status, 200);
}

#[test]
fn has_no_way_in_but_its_own_pages() {
    let folder = folder("");
    let serving = Serving::start(folder.path(), "http://127.0.0.1:1", &[]);
    for (path, status) in [
        ("/triage", 400),
        ("/triage?model=", 400),
        ("/../modelwatch.toml", 404),
        ("/api/v1/query?query=up", 404),
        ("/alertmanager", 405),
    ] {
        assert_eq!(serving.get(path).status, status, "{path}");
    }
    assert!(serving.post("{").starts_with("HTTP/1.0 400"));
    let large = format!("{{\"alerts\":[{}]}}", " ".repeat(5 << 20));
    assert!(!serving.post(&large).starts_with("HTTP/1.0 2"));
}

/// What is no notification is said to be none, and what is odd in one harms nobody.
#[test]
fn takes_whatever_is_posted_without_harm() {
    let folder = folder("http://127.0.0.1:1/");
    let serving = Serving::start(folder.path(), "http://127.0.0.1:1", &[]);
    let alert = |labels: &str| format!(r#"{{"alerts":[{{"status":"firing","labels":{labels}}}]}}"#);
    let deep = "[".repeat(100_000);
    let long = alert(&format!(r#"{{"model_name":"{}"}}"#, "x".repeat(1 << 20)));
    let many = alert(r#"{"model_name":"quiet"},"x":[]},{"status":"resolved","labels":{}"#);
    for (body, status) in [
        ("", 400),
        ("null", 400),
        ("[]", 400),
        ("{}", 400),
        (r#"{"alerts":null}"#, 400),
        (r#"{"alerts":[{}]}"#, 400),
        (alert("{\"model_name\":7}").as_str(), 400),
        (alert("[]").as_str(), 400),
        (deep.as_str(), 400),
        (r#"{"alerts":[]}"#, 202),
        (alert("{}").as_str(), 202),
        (alert("{\"model_name\":\"\"}").as_str(), 202),
        (
            alert("{\"model_name\":\"\\u0000\\u202e\\ud83d\\ude00}{\"}").as_str(),
            202,
        ),
        (long.as_str(), 202),
        (many.as_str(), 202),
    ] {
        let answer = serving.post(body);
        let shown: String = body.chars().take(60).collect();
        assert!(answer.starts_with(&format!("HTTP/1.0 {status}")), "{shown}: {answer}");
    }
    for method in ["PUT", "DELETE", "OPTIONS", "TRACE", "PATCH"] {
        let answer = serving.send(&format!(
            "{method} /alertmanager HTTP/1.0\r\nHost: x\r\nContent-Length: 0\r\n\r\n"
        ));
        assert!(answer.starts_with("HTTP/1.0 405"), "{method}: {answer}");
    }
    assert_eq!(serving.get("/healthy").status, 200);
}

/// Readers who flood it, and clients who send half a request, keep no notification waiting.
#[test]
fn takes_notifications_beside_floods_and_slow_clients() {
    let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let folder = folder("http://127.0.0.1:1/");
    let serving = Serving::start(folder.path(), &format!("http://{}", silent.local_addr().unwrap()), &[]);
    // More readers than may wait: some hear so at once, while the others wait for a Prometheus that says nothing.
    let (statuses, heard) = mpsc::channel();
    for reader in 0..40 {
        let (statuses, address) = (statuses.clone(), serving.address);
        std::thread::spawn(move || {
            let request = format!("GET /triage?model=model-{reader} HTTP/1.0\r\nHost: x\r\n\r\n");
            let _ = statuses.send(sent(address, &request));
        });
    }
    assert!(serving.post(&notification().to_string()).starts_with("HTTP/1.0 202"));
    drop(statuses);
    assert!(heard.iter().any(|answer| answer.starts_with("HTTP/1.0 503")));
    // More connections than there are places, each with a part of a head or of a body.
    let slow: Vec<_> = (0..200)
        .map(|client| {
            let mut stream = TcpStream::connect(serving.address).unwrap();
            let part = if client % 2 == 0 {
                "GET /healthy HTTP/1.1\r\nHost:"
            } else {
                "POST /alertmanager HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{"
            };
            stream.write_all(part.as_bytes()).unwrap();
            stream
        })
        .collect();
    assert!(serving.post(&notification().to_string()).starts_with("HTTP/1.0 202"));
    assert_eq!(serving.get("/healthy").status, 200);
    drop(slow);
}
