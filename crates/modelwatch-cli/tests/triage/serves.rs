//! Pages, and the follow-up in the team's channel.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use modelwatch_testkit::{HttpResponse, Killed, Release, http_get, inbox};
use serde_json::{Value as Json, json};

use crate::fixture::{ALERT, HOSTILE, folder, incident, modelwatch, prometheus};

struct Serving {
    _process: Killed,
    address: SocketAddr,
}

impl Serving {
    fn start(folder: &Path, prometheus: &str) -> Self {
        let arguments = [
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

    fn get(&self, path: &str) -> HttpResponse {
        http_get(self.address, path, &[]).unwrap()
    }

    fn post(&self, body: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        let head = format!(
            "POST /alertmanager HTTP/1.0\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(body.as_bytes()).unwrap();
        let mut answer = String::new();
        let _ = stream.read_to_string(&mut answer);
        answer
    }
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
    let serving = Serving::start(folder.path(), &format!("http://{}", prometheus.address()));

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
    let serving = Serving::start(folder.path(), "http://127.0.0.1:1");
    assert!(serving.post(&notification().to_string()).starts_with("HTTP/1.0 202"));
    let page = serving.get("/triage?model=quiet");
    assert_eq!(page.status, 502);
    assert!(String::from_utf8_lossy(&page.body).contains("http://127.0.0.1:1: "));
    assert_eq!(serving.get("/healthy").status, 200);
}

#[test]
fn has_no_way_in_but_its_own_pages() {
    let folder = folder("");
    let serving = Serving::start(folder.path(), "http://127.0.0.1:1");
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
    let large = format!("{{\"alerts\":[{}]}}", " ".repeat(2 << 20));
    assert!(!serving.post(&large).starts_with("HTTP/1.0 2"));
}
