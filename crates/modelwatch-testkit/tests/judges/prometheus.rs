use std::net::SocketAddr;
use std::sync::{LazyLock, Mutex, mpsc};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use modelwatch_testkit::{
    MetricsServer, Page, Prometheus, PrometheusOptions, Release, ScrapeRequest, free_port, http_get, openmetrics_strict,
};

const PATIENCE: Duration = Duration::from_secs(20);
const TEXT: &str = "jobs_total{kind=\"a b\"} 3\njobs_total{kind=\"é\"} 4\n";
const BROKEN: &str = "broken_total{kind=\"a} 3\n";
const EXEMPLAR: &str = "# HELP tasks Tasks.\n# TYPE tasks counter\n\
    tasks_total 3.0 # {trace_id=\"ab\"} 1.0\n# EOF\n";

/// One Prometheus and what it scrapes, for all tests that wait for a first scrape.
struct Shared {
    prometheus: Prometheus,
    text: MetricsServer,
    broken: MetricsServer,
    _exemplar: MetricsServer,
    requests: Mutex<mpsc::Receiver<ScrapeRequest>>,
}

static SHARED: LazyLock<Shared> = LazyLock::new(|| {
    let page = |content_type: &'static str, body: &'static str| {
        move || Page {
            content_type: content_type.to_owned(),
            body: body.into(),
            ..Page::default()
        }
    };
    let (sender, requests) = mpsc::channel();
    let text_page = page("text/plain; version=0.0.4", TEXT);
    let text = MetricsServer::start(move |request| {
        let _ = sender.send(request.clone());
        text_page()
    });
    let broken_page = page("text/plain; version=0.0.4", BROKEN);
    let broken = MetricsServer::start(move |_| broken_page());
    let exemplar_page = page("application/openmetrics-text; version=1.0.0; charset=utf-8", EXEMPLAR);
    let exemplar = MetricsServer::start(move |_| exemplar_page());
    let options = PrometheusOptions {
        targets: vec![text.address(), broken.address(), exemplar.address()],
        scrape_interval: Duration::from_millis(200),
        ..PrometheusOptions::default()
    };
    let prometheus = Prometheus::start(&options.feature("exemplar-storage")).unwrap();
    Shared {
        prometheus,
        text,
        broken,
        _exemplar: exemplar,
        requests: Mutex::new(requests),
    }
});

#[test]
fn judged_a_page_is_scraped_and_its_samples_answer_queries() {
    let Shared { prometheus, text, .. } = &*SHARED;
    let jobs = prometheus
        .wait_for("jobs_total{kind=\"é\"}", |found| found.len() == 1, PATIENCE)
        .unwrap();
    assert_eq!((jobs[0].0["job"].as_str(), jobs[0].1), ("modelwatch", 4.0));
    assert_eq!(prometheus.query("sum(jobs_total) + 0.5").unwrap()[0].1, 7.5);
    assert_eq!(
        prometheus.query("scalar(sum(jobs_total))").unwrap(),
        [(Default::default(), 7.0)]
    );
    assert!(prometheus.query("1 / 0").unwrap()[0].1.is_infinite());
    assert!(prometheus.query("sum(").unwrap_err().contains("parse error"));
    let targets = prometheus.targets().unwrap();
    let url = format!("http://{}/metrics", text.address());
    let target = targets.iter().find(|target| target.url == url).unwrap();
    assert_eq!((target.health.as_str(), target.last_error.as_str()), ("up", ""));
}

#[test]
fn judged_why_a_scrape_failed_is_in_the_targets_and_in_the_message_of_the_wait() {
    let Shared { prometheus, broken, .. } = &*SHARED;
    prometheus
        .wait_for("up == 0", |found| found.len() == 1, PATIENCE)
        .unwrap();
    let targets = prometheus.targets().unwrap();
    let url = format!("http://{}/metrics", broken.address());
    let target = targets.iter().find(|target| target.url == url).unwrap();
    assert_eq!(target.health, "down");
    assert!(!target.last_error.is_empty());
    let message = prometheus
        .wait_for("broken_total", |found| !found.is_empty(), Duration::ZERO)
        .unwrap_err();
    assert!(message.contains(&format!("{:?}", target.last_error)), "{message}");
}

#[test]
fn judged_exemplars_are_found() {
    openmetrics_strict(EXEMPLAR.as_bytes()).unwrap();
    let Shared { prometheus, .. } = &*SHARED;
    prometheus
        .wait_for("tasks_total", |found| !found.is_empty(), PATIENCE)
        .unwrap();
    let series = prometheus.query_exemplars("tasks_total").unwrap();
    assert_eq!(series[0].labels["__name__"], "tasks_total");
    assert_eq!(series[0].exemplars[0].labels["trace_id"], "ab");
    assert_eq!(series[0].exemplars[0].value, 1.0);
}

#[test]
fn judged_the_scraper_s_headers_reach_the_page() {
    let requests = SHARED.requests.lock().unwrap();
    let request = requests.recv_timeout(PATIENCE).unwrap();
    assert_eq!(request.path, "/metrics");
    assert!(request.accept.unwrap().contains("application/openmetrics-text"));
    assert_eq!(request.accept_encoding.as_deref(), Some("gzip"));
}

#[test]
fn judged_extra_configuration_is_used() {
    let options = PrometheusOptions {
        extra_config: "rule_files: ['/nowhere/*.yml']".to_owned(),
        ..PrometheusOptions::default()
    };
    let prometheus = Prometheus::start(&options).unwrap();
    let config = http_get(prometheus.address(), "/api/v1/status/config", &[]).unwrap();
    assert!(String::from_utf8_lossy(&config.body).contains("/nowhere/*.yml"));
    assert_eq!(config.header("content-type"), Some("application/json"));
}

#[test]
fn judged_what_prometheus_says_about_a_bad_configuration_is_in_the_error() {
    let options = PrometheusOptions {
        extra_config: "no_such_key: 1".to_owned(),
        ..PrometheusOptions::default()
    };
    let error = Prometheus::start(&options).unwrap_err();
    assert!(error.contains("no_such_key"), "{error}");
}

#[test]
fn judged_a_dropped_prometheus_is_gone() {
    let prometheus = Prometheus::start(&PrometheusOptions::default()).unwrap();
    let address = prometheus.address();
    assert_eq!(http_get(address, "/-/ready", &[]).unwrap().status, 200);
    drop(prometheus);
    http_get(address, "/-/ready", &[]).unwrap_err();
}

#[test]
fn nobody_listens_on_a_free_port() {
    http_get(SocketAddr::from(([127, 0, 0, 1], free_port())), "/", &[]).unwrap_err();
}

#[test]
fn judged_history_is_there_from_the_start_and_lists_its_label_values() {
    let an_hour_ago = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() - 3600;
    let prometheus = Prometheus::start(&PrometheusOptions {
        history: format!("# TYPE past gauge\npast{{version=\"1\"}} 42 {an_hour_ago}\n# EOF\n"),
        ..PrometheusOptions::default()
    })
    .unwrap();
    assert_eq!(prometheus.query("last_over_time(past[2h])").unwrap()[0].1, 42.0);
    assert_eq!(prometheus.label_values("past", "version").unwrap(), ["1"]);
}

#[test]
fn judged_a_history_that_is_no_openmetrics_is_refused() {
    let error = Prometheus::start(&PrometheusOptions {
        history: "past 42\n".to_owned(),
        ..PrometheusOptions::default()
    })
    .unwrap_err();
    assert!(error.contains("history"), "{error}");
}

#[test]
fn judged_each_release_is_another_major_and_runs() {
    let majors = Release::ALL.map(|release| {
        let options = PrometheusOptions::default().release(release);
        let prometheus = Prometheus::start(&options).unwrap_or_else(|error| panic!("{release}: {error}"));
        let built = http_get(prometheus.address(), "/api/v1/status/buildinfo", &[]).unwrap();
        let built: serde_json::Value = serde_json::from_slice(&built.body).unwrap();
        let version = built["data"]["version"].as_str().unwrap();
        version.split('.').next().unwrap().parse::<u32>().unwrap()
    });
    assert!(majors[0] < majors[1] && majors[1] >= 3, "{majors:?}");
}

#[test]
fn judged_each_release_has_all_its_tools() {
    for release in Release::ALL {
        for tool in ["prometheus", "promtool", "prometheus-alertmanager", "amtool"] {
            let said = release.tool(tool).arg("--version").output();
            let said = said.unwrap_or_else(|error| panic!("{tool} of {release}: {error}; run `make setup`"));
            assert!(said.status.success(), "{tool} of {release}");
        }
    }
}
