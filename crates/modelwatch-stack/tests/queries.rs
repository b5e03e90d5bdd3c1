//! Every expression of the dashboards and the runbooks, asked of a real Prometheus that scrapes a model in trouble.
//!
//! The rules are those that are generated, evaluated every second and without their waiting times: alerts fire as soon as
//! their condition holds.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use modelwatch::contract::{METRICS, MetricKind, Origin};
use modelwatch::{Feature, FinishReason, Model, Monitor, Stage, Status, Tokens, TraceId};
use modelwatch_config::Config;
use modelwatch_stack::grafana::{QueryPlace, dashboards};
use modelwatch_stack::{File, generate, perses, recorded};
use modelwatch_testkit::{
    DrawnPanel, MetricsServer, Page, Prometheus, PrometheusOptions, QueryResult, Release, perses_panels,
};
use serde_json::Value;

/// Of the kind that a careless query takes for a variable, a pattern or the end of a text.
const MODEL: &str = "flight $model [[delay]] (v1|v2)";
const VERSIONS: [&str; 2] = ["2013-05", "2013-06"];
const RETIRED: &str = "2013-04";
const ROUTE: &str = "/predict";
const FEATURES: [&str; 2] = ["dep_delay", "distance"];

fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs_f64()
}

fn page(body: impl Into<Vec<u8>>) -> Page {
    Page {
        content_type: "application/openmetrics-text; version=1.0.0; charset=utf-8".to_owned(),
        body: body.into(),
        ..Page::default()
    }
}

/// A model server: two versions that are slow, fail, and are fed features that are missing or out of range, more with each
/// scrape.
fn model_server() -> MetricsServer {
    let traces = AtomicU64::new(1);
    let monitor = Monitor::builder()
        .trace_id(move || TraceId::try_from(u128::from(traces.fetch_add(1, Ordering::Relaxed))).ok())
        .build()
        .unwrap();
    let models = VERSIONS.map(|version| {
        let features = FEATURES.map(|name| Feature::numeric(name).range(0.0..=100.0));
        let model = monitor.model(MODEL, version).framework("smartcore").features(features);
        model
            .classes(["late", "on time"])
            .pipeline_version("etl-7")
            .register()
            .unwrap()
    });
    MetricsServer::start(move |request| {
        for (model, (score, missing)) in models.iter().zip([(0.2, 4), (0.9, 2)]) {
            serve(model, score, missing);
        }
        let scrape = monitor.scrape(request.accept.as_deref(), request.accept_encoding.as_deref());
        Page {
            content_type: scrape.content_type.into(),
            content_encoding: scrape.content_encoding.map(Into::into),
            body: scrape.body.into_vec(),
        }
    })
}

/// Scores of one kind, and one of so many rows without its first feature.
fn serve(model: &Model, score: f64, missing: u32) {
    let route = model.route(ROUTE);
    for request in 0..200_u32 {
        let status = if request % 5 == 0 {
            Status::Error
        } else {
            Status::Success
        };
        route.record(status, Duration::from_millis(u64::from(request) * 5));
        model.record_stage(Stage::Compute, Duration::from_millis(90));
        model.record_batch_size(8);
        let score = if request % 50 == 0 { f64::NAN } else { score };
        model
            .record_prediction(score)
            .class(if request % 3 == 0 { "late" } else { "on time" });
        model.record_outcome(if request % 4 == 0 { "rebooked" } else { "kept" });
        model.record_features([(request % missing != 0).then_some(5.0), Some(f64::from(request))]);
    }
    model.set_queue_depth(80);
    let stream = route.start();
    stream.first_chunk();
    stream.finish(Status::Success);
    let mut generation = model.start_generation();
    (0..3).for_each(|_| generation.token());
    generation.finish(FinishReason::Stop, Tokens::new().input(20));
    model.set_sequences(4, 2);
    model.set_kv_cache_usage(0.5);
}

/// The exporter of a drift job, with every metric of the contract that is not the model server's.
fn drift_exporter() -> MetricsServer {
    let scrapes = AtomicU64::new(0);
    MetricsServer::start(move |_| {
        let scrape = scrapes.fetch_add(1, Ordering::Relaxed);
        let mut body = String::new();
        for metric in METRICS
            .iter()
            .filter(|metric| matches!(metric.origin, Origin::Drift | Origin::Log))
        {
            let value = match metric.kind {
                MetricKind::Counter => (scrape * 100) as f64,
                MetricKind::Gauge if metric.name.ends_with("_timestamp_seconds") => now() - 7200.0,
                MetricKind::Gauge if metric.name.ends_with("_score") || metric.name.ends_with("_ratio") => 0.4,
                // A version that is less often right than the reference, which is always right, and surely so.
                MetricKind::Gauge if metric.name.ends_with("_lower_bound") => 0.49,
                MetricKind::Gauge if metric.name.ends_with("_upper_bound") => 0.51,
                MetricKind::Gauge if ["ml_performance", "ml_performance_estimate"].contains(&metric.name) => 0.5,
                MetricKind::Gauge => 1.0,
                MetricKind::Histogram => panic!("{}: no histogram comes from the drift job", metric.name),
            };
            let kind = if metric.kind == MetricKind::Counter {
                "counter"
            } else {
                "gauge"
            };
            body += &format!("# TYPE {} {kind}\n", metric.family_name());
            for combination in combinations(metric.labels) {
                body += &format!("{}{{{combination}}} {value}\n", metric.name);
            }
        }
        page(body + "# EOF\n")
    })
}

/// Each combination of values the labels can have, as an exposition has them between its braces.
fn combinations(labels: &[&str]) -> Vec<String> {
    labels.iter().fold(vec![String::new()], |combinations, label| {
        let values: &[&str] = match *label {
            "model_name" => &[MODEL],
            "feature_name" | "other_feature_name" => &FEATURES,
            "baseline_version" => &["2013-04"],
            "model_version" => &["__all__", VERSIONS[0], VERSIONS[1]],
            "measure" => &["roc_auc", "brier_score", "mae", "bias"],
            "result" => &["success", "failure", "written", "dropped"],
            // A label that no dashboard tells values of apart.
            _ => &["one"],
        };
        let with = |before: &String| {
            values
                .iter()
                .map(|value| {
                    format!(
                        "{before}{}{label}=\"{value}\"",
                        if before.is_empty() { "" } else { "," }
                    )
                })
                .collect::<Vec<_>>()
        };
        combinations.iter().flat_map(with).collect()
    })
}

/// A version that was served for an hour, until three minutes ago; and the median scores of a day ago.
fn history() -> String {
    let now = now();
    let mut history = String::from("# TYPE ml_model_info gauge\n");
    for minute in (3..60).rev() {
        history += &format!(
            "ml_model_info{{model_name=\"{MODEL}\",model_version=\"{RETIRED}\",framework=\"smartcore\",\
             job=\"model-inference\",environment=\"production\",instance=\"gone:1\"}} 1 {}\n",
            now - 60.0 * f64::from(minute)
        );
    }
    let median = recorded::SCORE_P50.name;
    history += &format!("# TYPE {median} gauge\n");
    for version in VERSIONS {
        for minute in -5..5 {
            history += &format!(
                "{median}{{model_name=\"{MODEL}\",model_version=\"{version}\",environment=\"production\",stack=\"modelwatch\"}} 0.5 {}\n",
                now - 86_400.0 + 60.0 * f64::from(minute)
            );
        }
    }
    history + "# EOF\n"
}

/// The generated rules, in files of a folder that goes with this.
struct RuleFiles(PathBuf);

impl RuleFiles {
    fn new(files: &[File], release: Release, histograms: Histograms) -> Self {
        let folder = std::env::temp_dir().join(format!(
            "modelwatch-queries-{}-{release:?}-{histograms:?}",
            std::process::id()
        ));
        fs::create_dir(&folder).unwrap();
        for (index, file) in files
            .iter()
            .filter(|file| file.path.starts_with("prometheus/rules/"))
            .enumerate()
        {
            let hurried = |line: &str| {
                for key in ["interval: ", "for: "] {
                    if let Some((indent, _)) = line.split_once(key).filter(|(indent, _)| indent.trim().is_empty()) {
                        return format!("{indent}{key}{}\n", if key == "for: " { "0s" } else { "1s" });
                    }
                }
                // Those that count from when something began wait inside their expressions.
                let waits = line.trim_start().starts_with("((time() - ") && line.contains(":since_timestamp_seconds");
                match line.rsplit_once(" >= ").filter(|_| waits) {
                    Some((begun, _)) => format!("{begun} >= 0)\n"),
                    None => format!("{line}\n"),
                }
            };
            let text: String = file.contents.lines().map(hurried).collect();
            fs::write(folder.join(format!("{index}.yml")), text).unwrap();
        }
        Self(folder)
    }
}

impl Drop for RuleFiles {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// What is asked, and of what it is part.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Question {
    from: String,
    expr: String,
    ask: Ask,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ask {
    Values,
    Exemplars,
    LabelValues(String),
}

/// The answer to an expression; of native histograms, how many observations are in them.
fn asked(prometheus: &Prometheus, expr: &str) -> Result<Vec<QueryResult>, String> {
    let answer = prometheus.query(expr);
    match answer {
        Err(refused) if refused.contains("a result that is no plain number") => {
            prometheus.query(&format!("histogram_count({expr})"))
        }
        answer => answer,
    }
}

impl Question {
    fn is_answered(&self, prometheus: &Prometheus) -> bool {
        match &self.ask {
            Ask::Values => asked(prometheus, &self.expr)
                .unwrap_or_else(|error| panic!("{}: {error}", self.from))
                .iter()
                .any(|(_, value)| !value.is_nan()),
            Ask::Exemplars => !prometheus.query_exemplars(&self.expr).unwrap().is_empty(),
            Ask::LabelValues(label) => !prometheus.label_values(&self.expr, label).unwrap().is_empty(),
        }
    }
}

/// With the variables' values in place of them, as Grafana puts them there: all, and one or two of each.
fn filled(expr: &str) -> [String; 2] {
    let fill = |model: &str, version: &str, route: &str| {
        expr.replace("$__rate_interval", "1m")
            .replace("$version", version)
            .replace("$route", route)
            .replace("$model", model)
            .replace("$environment", ".*")
    };
    let model: String = MODEL
        .chars()
        .map(|character| match character {
            '$' | '[' | ']' | '(' | ')' | '|' => format!("\\\\{character}"),
            plain => plain.to_string(),
        })
        .collect();
    [
        fill(".*", ".*", ".*"),
        fill(&model, &format!("({}|{RETIRED})", VERSIONS[1]), ROUTE),
    ]
}

fn questions(config: &Config, files: &[File]) -> BTreeSet<Question> {
    let mut questions = BTreeSet::new();
    for dashboard in dashboards(config).unwrap() {
        for query in dashboard.queries() {
            for expr in filled(query.expr) {
                let from = format!("{}: {:?} {}", dashboard.title(), query.place, query.name);
                let (expr, ask) = match query.place {
                    QueryPlace::Variable => {
                        let inner = expr
                            .strip_prefix("label_values(")
                            .and_then(|rest| rest.strip_suffix(')'))
                            .unwrap();
                        let (selector, label) = inner.rsplit_once(", ").unwrap();
                        (selector.to_owned(), Ask::LabelValues(label.to_owned()))
                    }
                    QueryPlace::Panel | QueryPlace::Annotation => (expr, Ask::Values),
                };
                questions.insert(Question { from, expr, ask });
            }
        }
        let json: Value = serde_json::from_str(&dashboard.to_json().unwrap()).unwrap();
        let targets = json["panels"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|panel| panel["targets"].as_array());
        for target in targets.flatten().filter(|target| target["exemplar"] == true) {
            for expr in filled(target["expr"].as_str().unwrap()) {
                let from = format!("{}: exemplars", dashboard.title());
                questions.insert(Question {
                    from,
                    expr,
                    ask: Ask::Exemplars,
                });
            }
        }
    }
    for file in files.iter().filter(|file| file.path.starts_with("runbooks/")) {
        // What follows is the alert's own rule, which only holds in its case.
        let drill_down = file.contents.split("\n## The rule").next().unwrap();
        for block in drill_down.split("```promql\n").skip(1) {
            let expr = block.split("```").next().unwrap().to_owned();
            let from = file.path.clone();
            questions.insert(Question {
                from,
                expr,
                ask: Ask::Values,
            });
        }
    }
    questions
}

/// Labels that a dashboard shows of the answers to an expression: in legends, columns and marks.
struct Shown {
    from: String,
    expr: String,
    labels: BTreeSet<String>,
}

impl Shown {
    /// Strikes out the labels that answers have now; whether none is left.
    fn is_seen(&mut self, prometheus: &Prometheus) -> bool {
        let answers = asked(prometheus, &self.expr).unwrap();
        self.labels
            .retain(|label| !answers.iter().any(|(series, _)| series.contains_key(label)));
        self.labels.is_empty()
    }
}

/// The `label`s of a text's `{{label}}`s.
fn placeholders(text: &Value) -> impl Iterator<Item = String> {
    let parts = text.as_str().unwrap_or_default().split("{{").skip(1);
    parts.map(|rest| rest.split("}}").next().unwrap().trim().to_owned())
}

fn shown(config: &Config) -> Vec<Shown> {
    let mut all = Vec::new();
    for dashboard in dashboards(config).unwrap() {
        let json: Value = serde_json::from_str(&dashboard.to_json().unwrap()).unwrap();
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for mark in list(&json["annotations"]["list"]) {
            let formats = [&mark["titleFormat"], &mark["textFormat"]];
            let tags = mark["tagKeys"].as_str().unwrap().split(',').map(str::to_owned);
            all.push(Shown {
                from: format!("{}: {}", dashboard.title(), mark["name"]),
                expr: filled(mark["target"]["expr"].as_str().unwrap())[0].clone(),
                labels: formats.into_iter().flat_map(placeholders).chain(tags).collect(),
            });
        }
        let rows = list(&json["panels"]);
        let panels = rows
            .iter()
            .flat_map(|row| std::iter::once(row.clone()).chain(list(&row["panels"])));
        for panel in panels {
            let transformations = list(&panel["transformations"]);
            let columns = transformations
                .iter()
                .filter_map(|step| step["options"]["indexByName"].as_object());
            let columns: BTreeSet<_> = columns
                .flat_map(|columns| columns.keys().cloned())
                .filter(|column| column != "Value" && !column.starts_with("Value #"))
                .collect();
            for target in list(&panel["targets"]) {
                let heatmap = target["format"] == "heatmap";
                let legend = placeholders(&target["legendFormat"]).filter(|_| !heatmap);
                all.push(Shown {
                    from: format!("{}: {}", dashboard.title(), panel["title"]),
                    expr: filled(target["expr"].as_str().unwrap())[0].clone(),
                    labels: legend.chain(columns.iter().cloned()).collect(),
                });
            }
        }
    }
    all
}

#[test]
fn judged_every_query_of_dashboards_and_runbooks_has_an_answer_when_a_model_is_in_trouble() {
    every_query_has_an_answer(Release::System, Histograms::Classic);
}

#[test]
fn judged_every_query_of_dashboards_and_runbooks_has_an_answer_in_the_newer_release() {
    every_query_has_an_answer(Release::Newer, Histograms::Classic);
}

#[test]
fn judged_every_query_has_an_answer_where_there_are_native_histograms_alone() {
    every_query_has_an_answer(Release::System, Histograms::Native);
}

#[test]
fn judged_every_query_has_an_answer_where_the_newer_release_keeps_native_histograms_alone() {
    every_query_has_an_answer(Release::Newer, Histograms::Native);
}

/// The kind that Prometheus keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Histograms {
    Classic,
    Native,
}

fn every_query_has_an_answer(release: Release, histograms: Histograms) {
    let text = include_str!("../../../examples/modelwatch.toml").replace("\"flight-delay\"", &format!("{MODEL:?}"));
    let config = Config::parse("modelwatch.toml", &text).unwrap();
    let files = generate(&config).unwrap();
    let rules = RuleFiles::new(&files, release, histograms);
    let (server, exporter) = (model_server(), drift_exporter());
    let mut features = vec!["exemplar-storage".to_owned()];
    if histograms == Histograms::Native {
        features.push("native-histograms".to_owned());
    }
    let prometheus = Prometheus::start(&PrometheusOptions {
        jobs: vec![
            ("model-inference".to_owned(), server.address()),
            ("drift-exporter".to_owned(), exporter.address()),
        ],
        scrape_interval: Duration::from_secs(1),
        features,
        extra_config: format!("rule_files: ['{}/*.yml']", rules.0.display()),
        target_labels: vec![("environment".to_owned(), config.environment.clone())],
        history: history(),
        release,
        ..PrometheusOptions::default()
    })
    .unwrap();

    let mut open = questions(&config, &files);
    let of_runbooks = open
        .iter()
        .filter(|question| question.from.starts_with("runbooks/"))
        .count();
    assert!(
        of_runbooks > 50 && open.len() > of_runbooks + 100,
        "{} questions, {of_runbooks} of runbooks",
        open.len()
    );
    if (release, histograms) == (Release::Newer, Histograms::Native) {
        // Prometheus 3.5 keeps exemplars of the first native histogram of a family alone, which is one version's.
        open.retain(|question| question.ask != Ask::Exemplars || !question.expr.contains(RETIRED));
    }
    let mut unseen = shown(&config);
    let deadline = Instant::now() + Duration::from_secs(60);
    while !(open.is_empty() && unseen.is_empty()) && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(500));
        open.retain(|question| !question.is_answered(&prometheus));
        unseen.retain_mut(|shown| !shown.is_seen(&prometheus));
    }
    let targets = prometheus.targets();
    assert!(open.is_empty(), "without an answer: {open:#?}\n{targets:?}");
    let unseen: Vec<_> = unseen
        .iter()
        .map(|shown| {
            format!(
                "{} shows {:?}, which no answer to {} has\n",
                shown.from, shown.labels, shown.expr
            )
        })
        .collect();
    assert!(unseen.is_empty(), "{}", unseen.concat());
    let classic = prometheus.query("ml_inference_latency_seconds_bucket").unwrap();
    assert_eq!(classic.is_empty(), histograms == Histograms::Native, "{classic:?}");
    // One of each release and of each kind of histogram: what differs between them has been asked above.
    if (release == Release::System) == (histograms == Histograms::Classic) {
        draws_every_panel(&config, &prometheus);
    }
}

/// Every panel, as Perses draws it in a browser, has no error and shows something: each of its queries has an answer by now.
fn draws_every_panel(config: &Config, prometheus: &Prometheus) {
    for board in perses::dashboards(config).unwrap() {
        // A page takes five seconds, and a busy machine many times as long.
        let deadline = Instant::now() + Duration::from_secs(300);
        let json = board.to_json().unwrap();
        let expected = json.matches("\"kind\": \"Panel\"").count();
        loop {
            let panels = perses_panels(&json, prometheus.address(), "5m");
            let is_seen = |panel: &&DrawnPanel| panel.error.is_empty() && !panel.waits && panel.shows_something();
            if panels.len() == expected && panels.iter().all(|panel| is_seen(&panel)) {
                break;
            }
            let poor: Vec<_> = panels.iter().filter(|panel| !is_seen(panel)).collect();
            assert!(
                Instant::now() < deadline,
                "{}: {} of {expected} panels are drawn, of which are not seen: {poor:#?}",
                board.name(),
                panels.len()
            );
        }
    }
}
