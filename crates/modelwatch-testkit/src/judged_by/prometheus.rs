//! A real Prometheus that scrapes what a test serves, and the questions a test asks of it.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::release::Release;
use super::text::labels;
use crate::exemplar::Exemplar;
use crate::http::{http_get, percent_encode};
use crate::labels::Labels;
use crate::tools;

/// What [`Prometheus::start`] starts. [`PrometheusOptions::scraping`] suffices for most tests.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use modelwatch_testkit::{PrometheusOptions, Release};
///
/// let options = PrometheusOptions::scraping(([127, 0, 0, 1], 8000).into())
///     .release(Release::Newer)
///     .feature("native-histograms");
/// assert_eq!(options.scrape_interval, Duration::from_millis(200));
/// assert_eq!((options.release, options.features.len()), (Release::Newer, 1));
/// ```
#[derive(Clone, Debug)]
pub struct PrometheusOptions {
    /// Servers whose `/metrics` is scraped, as the job `modelwatch`.
    pub targets: Vec<SocketAddr>,
    /// Servers scraped as jobs of other names.
    pub jobs: Vec<(String, SocketAddr)>,
    /// Labels of every target, such as `environment`.
    pub target_labels: Vec<(String, String)>,
    /// Between scrapes, and between evaluations of rules; whole milliseconds. Default: one second.
    pub scrape_interval: Duration,
    /// Which Prometheus. Default: the system's.
    pub release: Release,
    /// For `--enable-feature`: `native-histograms`, `exemplar-storage`.
    pub features: Vec<String>,
    /// Top-level YAML added to the configuration, such as `rule_files:` with absolute paths, or `alerting:`.
    pub extra_config: String,
    /// Samples it has from before it started, as OpenMetrics text with a timestamp to each; empty for none.
    pub history: String,
}

impl Default for PrometheusOptions {
    fn default() -> Self {
        Self {
            targets: Vec::new(),
            jobs: Vec::new(),
            target_labels: Vec::new(),
            scrape_interval: Duration::from_secs(1),
            release: Release::default(),
            features: Vec::new(),
            extra_config: String::new(),
            history: String::new(),
        }
    }
}

impl PrometheusOptions {
    /// Scrapes one server five times a second.
    #[must_use]
    pub fn scraping(target: SocketAddr) -> Self {
        Self {
            targets: vec![target],
            scrape_interval: Duration::from_millis(200),
            ..Self::default()
        }
    }

    /// Chooses the release.
    #[must_use]
    pub fn release(mut self, release: Release) -> Self {
        self.release = release;
        self
    }

    /// Turns a feature on.
    #[must_use]
    pub fn feature(mut self, name: &str) -> Self {
        self.features.push(name.to_owned());
        self
    }

    fn config(&self) -> String {
        let interval = format!("{}ms", self.scrape_interval.as_millis().max(1));
        let targets: Vec<_> = self.targets.iter().map(|target| format!("'{target}'")).collect();
        let job = |name: &str, targets: &str| job(name, targets, &self.target_labels);
        let mut jobs = vec![job("modelwatch", &targets.join(", "))];
        jobs.extend(self.jobs.iter().map(|(name, target)| job(name, &format!("'{target}'"))));
        format!(
            "global: {{scrape_interval: {interval}, scrape_timeout: {interval}, evaluation_interval: {interval}}}\n\
             scrape_configs:\n{}{}\n",
            jobs.concat(),
            self.extra_config,
        )
    }
}

fn job(name: &str, targets: &str, labels: &[(String, String)]) -> String {
    // What JSON quotes, YAML reads.
    let name = Json::from(name);
    let labels: Json = labels
        .iter()
        .map(|(label, value)| (label.clone(), Json::from(value.as_str())))
        .collect();
    format!("- job_name: {name}\n  static_configs: [{{targets: [{targets}], labels: {labels}}}]\n")
}

/// One series of an instant query's result and its value; a scalar has no labels.
pub type QueryResult = (Labels, f64);

/// How Prometheus fares with one scrape target.
///
/// The example of [`Prometheus`] has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// The URL it scrapes.
    pub url: String,
    /// `up`, `down`, or `unknown` before the first scrape.
    pub health: String,
    /// Why the last scrape failed; empty if it did not.
    pub last_error: String,
}

/// The exemplars that Prometheus holds for one series.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use modelwatch_testkit::{ExemplarSeries, MetricsServer, Page, Prometheus, PrometheusOptions};
///
/// let server = MetricsServer::start(|_| Page {
///     content_type: "application/openmetrics-text; version=1.0.0".to_owned(),
///     body: b"# TYPE jobs counter\njobs_total 4.0 # {trace_id=\"ab\"} 1.0\n# EOF\n".to_vec(),
///     ..Page::default()
/// });
/// let options = PrometheusOptions::scraping(server.address()).feature("exemplar-storage");
/// let prometheus = Prometheus::start(&options)?;
/// prometheus.wait_for("jobs_total", |result| !result.is_empty(), Duration::from_secs(10))?;
/// let series: Vec<ExemplarSeries> = prometheus.query_exemplars("jobs_total")?;
/// assert_eq!(series[0].labels["__name__"], "jobs_total");
/// assert_eq!(series[0].exemplars[0].labels["trace_id"], "ab");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ExemplarSeries {
    /// The labels of the series, `__name__` included.
    pub labels: Labels,
    /// Oldest first.
    pub exemplars: Vec<Exemplar>,
}

/// A Prometheus on a free loopback port with storage of its own; dropping it kills it and removes the storage.
///
/// The end of the test process does the same, even if it is killed, so several tests may share one in a `static`.
///
/// # Example
///
/// ```
/// use std::time::Duration;
/// use modelwatch_testkit::{MetricsServer, Page, Prometheus, PrometheusOptions, Target};
///
/// let server = MetricsServer::start(|_| Page {
///     content_type: "text/plain; version=0.0.4".to_owned(),
///     body: b"answer 42\n".to_vec(),
///     ..Page::default()
/// });
/// let prometheus = Prometheus::start(&PrometheusOptions::scraping(server.address()))?;
/// let answer = prometheus.wait_for("answer", |result| !result.is_empty(), Duration::from_secs(10))?;
/// assert_eq!(answer[0].1, 42.0);
/// let targets: Vec<Target> = prometheus.targets()?;
/// assert_eq!((targets[0].health.as_str(), targets[0].last_error.as_str()), ("up", ""));
/// # Ok::<(), String>(())
/// ```
#[derive(Debug)]
pub struct Prometheus {
    address: SocketAddr,
    process: Child,
    janitor: Child,
    directory: PathBuf,
}

impl Prometheus {
    /// Starts one and waits until it is ready, which takes a fraction of a second.
    ///
    /// The first scrape comes about five seconds later: that long Prometheus collects targets, and no option shortens it. So
    /// give [`wait_for`](Self::wait_for) more than that, and ask one Prometheus many questions.
    ///
    /// # Errors
    ///
    /// There is no `prometheus` (the message says what to install), or it refuses its options or configuration (the message
    /// has the end of its log), or it is not ready within half a minute.
    pub fn start(options: &PrometheusOptions) -> Result<Self, String> {
        let directory = new_directory().map_err(|error| format!("no directory for Prometheus: {error}"))?;
        let started = spawn(options, &directory).and_then(|process| guard(process, &directory));
        let (process, janitor) = started.map_err(|error| {
            let _ = fs::remove_dir_all(&directory);
            tools::cannot_run(&options.release.program("prometheus"), &error)
        })?;
        let mut prometheus = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            process,
            janitor,
            directory,
        };
        prometheus.wait_until_ready()?;
        Ok(prometheus)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The result of an instant query, now.
    ///
    /// # Errors
    ///
    /// Prometheus does not answer or refuses the query, or a result is a native histogram, which has no one value: ask for its
    /// `histogram_count`, `histogram_sum` or `histogram_quantile`.
    pub fn query(&self, promql: &str) -> Result<Vec<QueryResult>, String> {
        let data = self.api(&format!("query?query={}", percent_encode(promql)))?;
        let value = |pair: &Json| pair[1].as_str().and_then(|text| text.parse::<f64>().ok());
        let results = match data["resultType"].as_str() {
            Some("scalar") => value(&data["result"]).map(|value| vec![(Labels::new(), value)]),
            Some("vector") => {
                let series = data["result"].as_array().into_iter().flatten();
                series
                    .map(|series| Some((labels(&series["metric"]), value(&series["value"])?)))
                    .collect()
            }
            _ => None,
        };
        results.ok_or_else(|| format!("{promql}: a result that is no plain number: {data}"))
    }

    /// Asks until `satisfied`, and returns the result that was.
    ///
    /// # Errors
    ///
    /// `timeout` passed; the message has the last answer and each target's health, so that a failed scrape shows.
    pub fn wait_for(
        &self,
        promql: &str,
        satisfied: impl Fn(&[QueryResult]) -> bool,
        timeout: Duration,
    ) -> Result<Vec<QueryResult>, String> {
        let deadline = Instant::now() + timeout;
        loop {
            let answer = self.query(promql);
            match answer {
                Ok(results) if satisfied(&results) => return Ok(results),
                _ if Instant::now() < deadline => thread::sleep(Duration::from_millis(50)),
                _ => {
                    let targets = self.targets();
                    return Err(format!(
                        "{promql}: not within {timeout:?}; last answer {answer:?}; targets {targets:?}"
                    ));
                }
            }
        }
    }

    /// The values of a label among the series that `selector` selects, as `label_values` of a Grafana variable asks for them.
    ///
    /// # Errors
    ///
    /// Prometheus does not answer or refuses the selector.
    pub fn label_values(&self, selector: &str, label: &str) -> Result<Vec<String>, String> {
        let data = self.api(&format!("label/{label}/values?match[]={}", percent_encode(selector)))?;
        let values = data.as_array().into_iter().flatten();
        Ok(values.filter_map(|value| value.as_str().map(str::to_owned)).collect())
    }

    /// The scrape targets and how they fare.
    ///
    /// # Errors
    ///
    /// Prometheus does not answer.
    pub fn targets(&self) -> Result<Vec<Target>, String> {
        let data = self.api("targets?state=active")?;
        let text = |json: &Json| json.as_str().unwrap_or_default().to_owned();
        let targets = data["activeTargets"].as_array().into_iter().flatten();
        Ok(targets
            .map(|target| Target {
                url: text(&target["scrapeUrl"]),
                health: text(&target["health"]),
                last_error: text(&target["lastError"]),
            })
            .collect())
    }

    /// All exemplars of the series that `promql` selects. Needs the feature `exemplar-storage`.
    ///
    /// # Errors
    ///
    /// Prometheus does not answer or refuses the query.
    pub fn query_exemplars(&self, promql: &str) -> Result<Vec<ExemplarSeries>, String> {
        // From 1970 to 2286: whatever there is.
        let data = self.api(&format!(
            "query_exemplars?query={}&start=0&end=9999999999",
            percent_encode(promql)
        ))?;
        let series = data.as_array().into_iter().flatten();
        Ok(series
            .map(|series| ExemplarSeries {
                labels: labels(&series["seriesLabels"]),
                exemplars: series["exemplars"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .map(exemplar)
                    .collect(),
            })
            .collect())
    }

    /// The `data` of an answer of its HTTP API.
    fn api(&self, request: &str) -> Result<Json, String> {
        let response = http_get(self.address, &format!("/api/v1/{request}"), &[])
            .map_err(|error| format!("Prometheus does not answer: {error}"))?;
        let mut answer: Json = serde_json::from_slice(&response.body)
            .map_err(|error| format!("Prometheus answers {}, which is not JSON: {error}", response.status))?;
        if answer["status"] == "success" {
            Ok(answer["data"].take())
        } else {
            Err(format!(
                "Prometheus refuses {request}: {}",
                answer["error"].as_str().unwrap_or("for no reason given")
            ))
        }
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Some(address) = listening_on(&self.log()) {
                self.address = address;
                if http_get(address, "/-/ready", &[]).is_ok_and(|response| response.status == 200) {
                    return Ok(());
                }
            }
            match self.process.try_wait() {
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
                Ok(None) => return Err(format!("Prometheus is not ready after 30 s; its log:\n{}", self.log())),
                ended => return Err(format!("Prometheus ended ({ended:?}); its log:\n{}", self.log())),
            }
        }
    }

    fn log(&self) -> String {
        let mut log = Vec::new();
        let read = File::open(self.directory.join("log")).and_then(|mut file| file.read_to_end(&mut log));
        read.map_or_else(
            |error| error.to_string(),
            |_| String::from_utf8_lossy(&log).into_owned(),
        )
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        drop(self.janitor.stdin.take());
        let _ = self.janitor.wait();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

pub(crate) fn new_directory() -> io::Result<PathBuf> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = format!(
        "modelwatch-prometheus-{}-{}",
        std::process::id(),
        COUNT.fetch_add(1, Ordering::Relaxed)
    );
    let directory = std::env::temp_dir().join(name);
    fs::create_dir(&directory)?;
    Ok(directory)
}

/// It picks its own port, which its log then names: a port that we picked could be gone by the time it starts.
fn spawn(options: &PrometheusOptions, directory: &Path) -> io::Result<Child> {
    let config = directory.join("prometheus.yml");
    fs::write(&config, options.config())?;
    if !options.history.is_empty() {
        backfill(options, directory)?;
    }
    let log = File::create(directory.join("log"))?;
    let mut command = options.release.tool("prometheus");
    command
        .arg(format!("--config.file={}", config.display()))
        .arg(format!("--storage.tsdb.path={}", directory.join("data").display()))
        .arg("--web.listen-address=127.0.0.1:0")
        // Hidden, and 5 s by default, on top of the 5 s for which discovery collects targets.
        .arg("--scrape.discovery-reload-interval=50ms")
        .args(
            options
                .features
                .iter()
                .map(|feature| format!("--enable-feature={feature}")),
        )
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log);
    command.spawn()
}

/// Makes blocks of storage of the samples, as Prometheus' own tool for that does.
fn backfill(options: &PrometheusOptions, directory: &Path) -> io::Result<()> {
    let samples = directory.join("history");
    fs::write(&samples, &options.history)?;
    let output = options
        .release
        .tool("promtool")
        .args(["tsdb", "create-blocks-from", "openmetrics"])
        .args([samples, directory.join("data")])
        .output()
        .map_err(|error| io::Error::other(tools::cannot_run(&options.release.program("promtool"), &error)))?;
    if output.status.success() {
        Ok(())
    } else {
        let said = String::from_utf8_lossy(&output.stderr);
        Err(io::Error::other(format!("promtool refuses the history: {said}")))
    }
}

/// A test process that is killed runs no `drop`. So a shell waits for the end of its stdin, which the kernel closes in any
/// case, and then does what is to be done.
pub(crate) fn guard(mut process: Child, directory: &Path) -> io::Result<(Child, Child)> {
    let janitor = Command::new("sh")
        .args([
            "-c",
            r#"trap "" INT TERM HUP; cat >/dev/null; kill -9 "$1"; rm -rf "$2""#,
            "janitor",
        ])
        .arg(process.id().to_string())
        .arg(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    match janitor {
        Ok(janitor) => Ok((process, janitor)),
        Err(error) => {
            let _ = process.kill();
            let _ = process.wait();
            Err(error)
        }
    }
}

/// The address in the log line `msg="Listening on" address=127.0.0.1:34567`.
pub(crate) fn listening_on(log: &str) -> Option<SocketAddr> {
    let line = log.lines().find(|line| line.contains("\"Listening on\""))?;
    line.split_once("address=")?.1.split_whitespace().next()?.parse().ok()
}

fn exemplar(json: &Json) -> Exemplar {
    Exemplar {
        labels: labels(&json["labels"]),
        value: json["value"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .unwrap_or(f64::NAN),
        timestamp: json["timestamp"].as_f64(),
    }
}
