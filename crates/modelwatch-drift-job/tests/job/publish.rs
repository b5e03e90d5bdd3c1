//! Out of the process: to a real Prometheus, a Pushgateway, a textfile.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use chrono::TimeDelta;
use modelwatch_drift_job::exporter::serve;
use modelwatch_drift_job::publish::{Pushgateway, Textfile};
use modelwatch_testkit::{MetricsPage, Prometheus, PrometheusOptions, http_get, promtool_check_metrics};

use crate::log::time;
use crate::windows::{MODEL, NOW, Setting, rows};

#[tokio::test(flavor = "multi_thread")]
async fn judged_a_real_prometheus_has_the_three_metrics_of_the_guide_under_their_names_and_labels() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 2_000, 0.4));
    let mut job = setting.job();
    job.run_due().await.remove(0).expect("a report");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let board = job.board();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move { serve(&board, listener, async { drop(stopped.await) }).await });
    let asked = tokio::task::spawn_blocking(move || {
        let healthy = http_get(address, "/healthy", &[]).expect("an answer");
        assert_eq!(healthy.status, 200);
        let prometheus = Prometheus::start(&PrometheusOptions::scraping(address)).expect("a Prometheus");
        let patience = Duration::from_secs(30);
        let has = |query: &str| {
            prometheus
                .wait_for(query, |series| series.len() == 1, patience)
                .expect("the series")[0]
                .1
        };
        assert!(has(r#"ml_data_drift_score{model_name="claims",feature_name="income"}"#) > 0.15);
        assert_eq!(
            has(r#"ml_data_drift_detected{model_name="claims",feature_name="income"}"#),
            1.0
        );
        assert_eq!(
            has(r#"ml_feature_missing_ratio{model_name="claims",feature_name="kind"}"#),
            0.0
        );
        let labels = prometheus.query("ml_data_drift_score").expect("an answer").remove(0).0;
        let names: Vec<_> = labels.keys().map(String::as_str).collect();
        assert_eq!(names, ["__name__", "feature_name", "instance", "job", "model_name"]);
    });
    asked.await.expect("Prometheus is content");
    stop.send(()).expect("the server listens");
    server.await.expect("the server ends").expect("as it should");
}

#[tokio::test(flavor = "multi_thread")]
async fn judged_a_textfile_is_whole_readable_by_others_and_continues_the_one_before() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 500, 0.0));
    let path = setting.log.root().join("modelwatch.prom");
    let textfile = Textfile::new(&path).expect("a folder");
    assert_eq!(textfile.read().expect("nothing yet"), "");
    let run = async || {
        let mut job = setting.job();
        job.board().resume(&textfile.read().expect("a page"));
        let report = job.run_due().await.remove(0);
        textfile.write(&job.board().page()).expect("room on the disk");
        let page = fs::read(&path).expect("the file");
        promtool_check_metrics(&page).expect("promtool takes it");
        assert!(
            !String::from_utf8_lossy(&page).contains("process_"),
            "node-exporter has those of its own"
        );
        (report.is_ok(), MetricsPage::parse(&page))
    };
    let (ok, page) = run().await;
    assert!(ok && page.sum("ml_drift_runs_total", &[("result", "success")]) == 1.0);
    setting.later(TimeDelta::minutes(1));
    let (_, page) = run().await;
    assert_eq!(page.sum("ml_drift_runs_total", &[("result", "success")]), 2.0);

    fs::remove_file(&setting.baseline).expect("it is there");
    setting.later(TimeDelta::minutes(1));
    let (ok, page) = run().await;
    assert!(!ok && page.labels_of("ml_data_drift_score", "feature_name").is_empty());
    assert_eq!(page.sum("ml_drift_runs_total", &[]), 3.0);
    let last = page.sum("ml_drift_last_success_timestamp_seconds", &[]);
    assert_eq!(last, (time(NOW) + TimeDelta::minutes(1)).timestamp() as f64);
    let left = fs::read_dir(setting.log.root()).expect("a folder").flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().ends_with(".tmp"));
    assert_eq!(left.count(), 0);
}

#[test]
fn a_textfile_that_node_exporter_would_not_read_is_refused() {
    for (path, problem) in [
        ("/tmp/drift.txt", "end in .prom"),
        ("/no/such/folder/drift.prom", "no such folder"),
    ] {
        let error = Textfile::new(path).expect_err("it is refused");
        assert!(error.to_string().contains(problem), "{error}");
    }
}

/// What one request was, answered with a status.
fn answer_once(listener: TcpListener, status: &'static str) -> thread::JoinHandle<(String, Vec<u8>)> {
    thread::spawn(move || {
        let (stream, _) = listener.accept().expect("a request");
        let mut reader = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).expect("a head") > 0, "{head}");
        }
        let length = head
            .lines()
            .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.expect("a length")];
        reader.read_exact(&mut body).expect("a body");
        let mut stream: TcpStream = reader.into_inner();
        let said = "inconsistent";
        write!(
            stream,
            "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{said}",
            said.len()
        )
        .expect("an answer");
        (head, body)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_push_puts_the_page_in_the_place_of_the_jobs_group() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 500, 0.0));
    let mut job = setting.job();
    job.run_due().await.remove(0).expect("a report");
    let page = job.board().page();
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    let answered = answer_once(listener, "200 OK");
    let gateway = Pushgateway::new(&url, "drift of claims").expect("a URL");
    let pushed = page.clone();
    tokio::task::spawn_blocking(move || gateway.push(&pushed))
        .await
        .expect("no panic")
        .expect("it is taken");
    let (head, body) = answered.join().expect("a request");
    assert!(
        head.starts_with("PUT /metrics/job/drift%20of%20claims HTTP/1.1\r\n"),
        "{head}"
    );
    assert!(
        head.to_ascii_lowercase()
            .contains("content-type: text/plain; version=0.0.4"),
        "{head}"
    );
    assert_eq!(body, page);
}

/// A name with a slash has its place in base64: gateways take `%2F` for a slash.
#[test]
fn pushes_to_base64_place_when_job_has_a_slash() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    let answered = answer_once(listener, "200 OK");
    let gateway = Pushgateway::new(&format!("http://watcher:s%40cret@{address}/push"), "drift/claims").expect("a URL");
    gateway.push(b"up 1\n").expect("it is taken");
    let (head, _) = answered.join().expect("a request");
    assert!(
        head.starts_with("PUT /push/metrics/job@base64/ZHJpZnQvY2xhaW1z HTTP/1.1\r\n"),
        "{head}"
    );
    // watcher:s@cret
    let authorization = "authorization: basic d2f0y2hlcjpzqgnyzxq=";
    assert!(head.to_ascii_lowercase().contains(authorization), "{head}");
}

/// Only the job's own group is taken over, however much the gateway has of others.
#[test]
fn reads_own_group_when_gateway_has_many() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let line = |job: &str, value: u32| {
        format!("ml_drift_runs_total{{instance=\"\",job=\"{job}\",model_name=\"claims\",result=\"success\"}} {value}\n")
    };
    let mut body = String::from("# TYPE ml_drift_runs_total counter\n");
    // More than any limit of a client.
    (0..150_000).for_each(|other| body += &line(&format!("other-{other}"), 7));
    body += &line("drift", 3);
    body += "up{job=\"x\",note=\"job=\\\"drift\\\"\"} 1\n";
    let served = thread::spawn(move || {
        let (mut stream, _) = listener.accept().expect("a request");
        let mut head = String::new();
        let mut reader = BufReader::new(stream.try_clone().expect("a handle"));
        while !head.ends_with("\r\n\r\n") {
            assert!(reader.read_line(&mut head).expect("a head") > 0, "{head}");
        }
        write!(
            stream,
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        )
        .expect("an answer");
    });
    let own = Pushgateway::new(&url, "drift").expect("a URL").read().expect("a page");
    served.join().expect("it served");
    assert_eq!(own, line("drift", 3));
}

/// No error shows a password, whatever went wrong.
#[test]
fn hides_password_when_gateway_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    drop(listener);
    for scheme in ["http", "https"] {
        let gateway = Pushgateway::new(&format!("{scheme}://watcher:hunter2@{address}"), "drift").expect("a URL");
        for error in [
            gateway.push(b"up 1\n").expect_err("nobody"),
            gateway.read().expect_err("nobody"),
        ] {
            let text = error.to_string();
            assert!(
                text.contains(&address.to_string()) && !text.contains("hunter2"),
                "{text}"
            );
        }
        assert!(!format!("{gateway:?}").contains("hunter2"));
    }
    for url in ["ftp://watcher:hunter2@gateway", "watcher:hunter2@gateway", "http://"] {
        let text = Pushgateway::new(url, "drift").expect_err(url).to_string();
        assert!(
            text.contains("must begin with http://") && !text.contains("hunter2"),
            "{text}"
        );
    }
    assert!(Pushgateway::new("http://gateway", "").is_err());
}

/// Clients that say nothing do not take the place of a scraper.
#[tokio::test(flavor = "multi_thread")]
async fn answers_scraper_when_silent_clients_take_every_place() {
    let setting = Setting::new();
    let board = setting.job().board();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(async move { serve(&board, listener, async { drop(stopped.await) }).await });
    let asked = tokio::task::spawn_blocking(move || {
        let silent: Vec<TcpStream> = (0..80)
            .map(|_| {
                let mut stream = TcpStream::connect(address).expect("a connection");
                stream.write_all(b"GET /metrics HT").expect("a beginning");
                stream
            })
            .collect();
        let page = http_get(address, "/metrics", &[]).expect("an answer");
        assert_eq!(page.status, 200);
        drop(silent);
    });
    asked.await.expect("the scraper is content");
    stop.send(()).expect("the server listens");
    server.await.expect("the server ends").expect("as it should");
}

#[test]
fn a_gateway_that_refuses_or_is_not_there_is_named_with_what_it_says() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    let answered = answer_once(listener, "400 Bad Request");
    let gateway = Pushgateway::new(&url, "drift").expect("a URL");
    let error = gateway.push(b"up 1\n").expect_err("it refuses").to_string();
    assert!(
        error.contains(&url) && error.contains("400") && error.contains("inconsistent"),
        "{error}"
    );
    answered.join().expect("a request");
    // Nobody listens any more.
    let error = gateway.push(b"up 1\n").expect_err("nobody is there").to_string();
    assert!(error.contains(&url), "{error}");
}
