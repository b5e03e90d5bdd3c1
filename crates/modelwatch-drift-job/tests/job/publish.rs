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
    assert!(Pushgateway::new("https://gateway", "drift").is_err());
}
