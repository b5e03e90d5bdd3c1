//! What the stack costs: prints the figures of docs/stack.md.
//!
//! `cargo run --release -p modelwatch-stack --example stack_cost` generates for 200 models, on the defaults and with settings of
//! their own. With `--models N` it then serves a page of N models × 5 versions × 20 features to real Prometheus servers, one without
//! rules and one with those of `monitoring/`, and asks how much processor time each takes. `--before FOLDER`, of a `prometheus/rules`
//! that another release made of the same example, adds one with these rules, so that both are measured at the same time.
//!
//! All have the history that the rules read back, up to three days of it, so that windows of days and the day before have something to
//! look at.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use modelwatch_config::Config;
use modelwatch_testkit::{MetricsServer, Page, Prometheus, PrometheusOptions, http_get};

/// Models that are generated for.
const GENERATED: usize = 200;
const VERSIONS: usize = 5;
const FEATURES: usize = 20;
/// Until the windows of five to fifteen minutes are full.
const WARM_UP: Duration = Duration::from_secs(16 * 60);
/// Twice as long as the longest interval of a group.
const MEASURED: Duration = Duration::from_secs(8 * 60);
const INTERVAL: &str = "30s";
const SCRAPE: Duration = Duration::from_secs(15);

fn main() {
    generation("on the defaults", &configuration(|_| String::new()));
    generation("with settings of their own", &configuration(own_settings));
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let after = |name: &str| {
        let position = arguments.iter().position(|argument| argument == name)?;
        arguments.get(position + 1).map(String::as_str)
    };
    let Some(models) = after("--models") else { return };
    let models = models.parse().expect("--models takes a number");
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../monitoring/prometheus/rules");
    let mut rules = vec![("none", None)];
    rules.extend(after("--before").map(|folder| ("before", Some(PathBuf::from(folder)))));
    rules.push(("now", Some(here)));
    evaluation(models, &rules);
}

/// How long generation takes, how much it makes, and how large the largest manifest of rules is.
fn generation(what: &str, text: &str) {
    let started = Instant::now();
    let config = Config::parse("modelwatch.toml", text).unwrap_or_else(|errors| panic!("{errors}"));
    let files = modelwatch_stack::generate(&config).expect("it generates");
    let took = started.elapsed();
    let bytes: usize = files.iter().map(|file| file.contents.len()).sum();
    let manifests = files
        .iter()
        .filter(|file| file.path.starts_with("kubernetes/prometheus-rules/"));
    let sizes: Vec<_> = manifests.map(|file| file.contents.len()).collect();
    say(&format!(
        "generation, {GENERATED} models {what}: {} files, {:.1} MB, {:.0} ms; {} PrometheusRules, the largest {:.0} KiB of YAML",
        files.len(),
        bytes as f64 / 1e6,
        took.as_secs_f64() * 1e3,
        sizes.len(),
        sizes.iter().max().map_or(0.0, |most| *most as f64 / 1024.0)
    ));
}

/// A Prometheus and what it has spent.
struct Server {
    name: &'static str,
    prometheus: Prometheus,
    folder: PathBuf,
    begun: f64,
}

/// Serves a page of so many models to a Prometheus for each set of rules, all at the same time.
fn evaluation(models: usize, rules: &[(&'static str, Option<PathBuf>)]) {
    let page = MetricsServer::start(move |_| page(models));
    let mut servers: Vec<_> = rules
        .iter()
        .map(|(name, folder)| Server::start(name, folder.as_deref(), &page, models))
        .collect();
    std::thread::sleep(WARM_UP);
    for server in &mut servers {
        server.begun = server.spent();
    }
    std::thread::sleep(MEASURED);
    let minutes = MEASURED.as_secs_f64() / 60.0;
    let spent: Vec<_> = servers
        .iter()
        .map(|server| (server.spent() - server.begun) / minutes)
        .collect();
    say(&format!("\nprocessor, s a minute: {spent:.2?}"));
    say(&format!(
        "\n{models} models, {} series scraped every {} s\n\n\
         | rules | | recorded series | processor, s a minute | less scraping |\n| --- | --: | --: | --: | --: |",
        servers[0].one("sum(scrape_samples_scraped)"),
        SCRAPE.as_secs()
    ));
    for (server, spent_here) in servers.iter().zip(&spent) {
        say(&format!(
            "| {} | {} | {} | {spent_here:.2} | {:.2} |",
            server.name,
            server.groups().iter().map(|group| group.1).sum::<usize>(),
            server.one("count({stack!=\"\"})"),
            spent_here - spent[0]
        ));
    }
    say("\n| group | rules | every, s | seconds |\n| --- | --: | --: | --: |");
    for (name, rules, interval, seconds) in servers.last().map(Server::groups).unwrap_or_default() {
        say(&format!("| {name} | {rules} | {interval} | {seconds:.3} |"));
    }
}

impl Server {
    fn start(name: &'static str, rules: Option<&Path>, page: &MetricsServer, models: usize) -> Self {
        let folder = std::env::temp_dir().join(format!("modelwatch-stack-cost-{}-{name}", std::process::id()));
        fs::create_dir_all(&folder).expect("a folder");
        let mut labels = "";
        for file in ["ml-recording-rules.yml", "ml-alert-rules.yml"] {
            let Some(rules) = rules else { continue };
            let path = rules.join(file);
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            // Releases before rules knew environments and stacks recorded neither.
            if text.contains("stack=\"modelwatch\"") {
                labels = ",environment=\"production\",stack=\"modelwatch\"";
            }
            fs::write(folder.join(file), of_the_page(&text)).expect("a file");
        }
        let rule_files = rules.map(|_| format!("rule_files: ['{}/*.yml']", folder.display()));
        let prometheus = Prometheus::start(&PrometheusOptions {
            jobs: vec![("model-inference".to_owned(), page.address())],
            target_labels: vec![("environment".to_owned(), "production".to_owned())],
            scrape_interval: SCRAPE,
            extra_config: rule_files.unwrap_or_default(),
            history: rules.map(|_| history(models, labels)).unwrap_or_default(),
            ..PrometheusOptions::default()
        })
        .unwrap_or_else(|error| panic!("{error}"));
        Self {
            name,
            prometheus,
            folder,
            begun: 0.0,
        }
    }

    /// Processor time in seconds, as Prometheus counts its own: in user mode and in the system's.
    fn spent(&self) -> f64 {
        let answer = http_get(self.prometheus.address(), "/metrics", &[]).expect("it answers");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix("process_cpu_seconds_total "));
        line.and_then(|value| value.parse().ok())
            .expect("it counts its processor time")
    }

    fn one(&self, query: &str) -> f64 {
        // A hundred thousand series take a busy machine longer than a client waits.
        let mut answers = (0..20).map(|_| self.prometheus.query(query));
        let answer = answers.find_map(Result::ok).expect("it answers");
        answer.first().map_or(0.0, |(_, value)| *value)
    }

    /// Name, number of rules, interval and seconds of the last evaluation of each group.
    fn groups(&self) -> Vec<(String, usize, f64, f64)> {
        let answer = http_get(self.prometheus.address(), "/api/v1/rules", &[]).expect("it answers");
        let answer: serde_json::Value = serde_json::from_slice(&answer.body).expect("it answers in JSON");
        let groups = answer["data"]["groups"].as_array().into_iter().flatten();
        let figures = groups.map(|group| {
            let name = group["name"].as_str().unwrap_or_default().to_owned();
            let rules = group["rules"].as_array().map_or(0, Vec::len);
            let number = |key: &str| group[key].as_f64().unwrap_or(f64::NAN);
            (name, rules, number("interval"), number("evaluationTime"))
        });
        figures.collect()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// The rules of the example's model, for those of the page; groups without an interval are evaluated every 30 s, as by default.
fn of_the_page(rules: &str) -> String {
    let mut text = String::new();
    let mut lines = rules.lines().peekable();
    while let Some(line) = lines.next() {
        text.push_str(line);
        text.push('\n');
        let names_group = line.starts_with("- name: ") && !lines.peek().is_some_and(|next| next.contains("interval:"));
        if names_group {
            let _ = writeln!(text, "  interval: {INTERVAL}");
        }
    }
    [
        ("model_name!=\"flight-delay\"", "model_name!~\"model-.*\""),
        ("model_name=\"flight-delay\"", "model_name=~\"model-.*\""),
        ("dep_delay|distance|hour", "feature_.*"),
    ]
    .into_iter()
    .fold(text, |text, (from, to)| text.replace(from, to))
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("stdout is open");
}

fn model(number: usize) -> String {
    format!("model-{number:03}")
}

/// Settings that no other model has.
fn own_settings(number: usize) -> String {
    let number = number as f64;
    format!(
        "[models.thresholds]\nerror_ratio = {}\nscore_shift = {}\nmissing_ratio = {}\nminimum_errors = {}\n",
        0.01 + number / 1e4,
        0.1 + number / 1e4,
        0.02 + number / 1e4,
        5.0 + number
    )
}

fn configuration(settings: impl Fn(usize) -> String) -> String {
    let mut text = String::from(
        "environment = \"production\"\n\
         [links]\ngrafana = \"https://g.example.com\"\nrunbooks = \"https://r.example.com\"\n\
         prometheus = \"https://p.example.com\"\n\
         [prometheus]\nevaluation_interval = \"30s\"\n\
         [[prometheus.jobs]]\njob = \"modelwatch\"\nplane = \"inference\"\ntargets = [\"a:1\"]\n\
         [[prometheus.jobs]]\njob = \"drift\"\nplane = \"drift\"\ntargets = [\"b:1\"]\n\
         [teams.ml]\nslack = { channel = \"#ml\", api_url_file = \"/s\" }\n\
         [owners]\nserving = \"ml\"\nmodel = \"ml\"\ndata = \"ml\"\n",
    );
    for number in 0..GENERATED {
        let features: Vec<_> = (0..FEATURES).map(|feature| format!("\"feature_{feature}\"")).collect();
        let _ = write!(
            text,
            "[[models]]\nname = \"{}\"\nroutes = [\"/predict\"]\ncritical_features = [{}]\n{}\
             [models.drift]\nbaseline = \"b.json\"\nlog = \"log\"\n",
            model(number),
            features.join(", "),
            settings(number)
        );
    }
    text
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

/// The share of requests up to each edge, of a model that keeps its objective of 350 ms.
const LATENCY: [(&str, f64); 12] = [
    ("0.01", 0.2),
    ("0.025", 0.4),
    ("0.05", 0.6),
    ("0.1", 0.8),
    ("0.2", 0.93),
    ("0.35", 0.98),
    ("0.5", 0.985),
    ("0.75", 0.99),
    ("1", 0.995),
    ("2", 0.998),
    ("5", 0.999),
    ("+Inf", 1.0),
];

/// Counters that grow with the clock, as from one replica.
fn page(models: usize) -> Page {
    // Seconds of this day, so that the numbers are of the size a day makes.
    let clock = now() % 86_400.0;
    let mut body = String::new();
    for number in 0..models {
        let name = model(number);
        for version in 0..VERSIONS {
            let labels = format!("model_name=\"{name}\",model_version=\"v{version}\"");
            for (status, rate) in [
                ("success", 10.0),
                ("error", 0.005),
                ("client_error", 0.1),
                ("cancelled", 0.05),
            ] {
                let _ = writeln!(
                    body,
                    "ml_inference_requests_total{{{labels},route=\"/predict\",status=\"{status}\"}} {}",
                    (clock * rate).floor()
                );
            }
            for (edge, share) in LATENCY {
                let counted = (clock * 10.0 * share).floor();
                let _ = writeln!(
                    body,
                    "ml_inference_latency_seconds_bucket{{{labels},route=\"/predict\",le=\"{edge}\"}} {counted}"
                );
            }
            for tenth in 0..=11 {
                let edge = if tenth == 11 {
                    "+Inf".to_owned()
                } else {
                    format!("{:.1}", f64::from(tenth) / 10.0)
                };
                let counted = (clock * f64::from(tenth.min(10))).floor();
                let _ = writeln!(body, "ml_prediction_score_bucket{{{labels},le=\"{edge}\"}} {counted}");
            }
            for class in ["yes", "no"] {
                let _ = writeln!(
                    body,
                    "ml_prediction_class_total{{{labels},class=\"{class}\"}} {0}\n\
                     ml_business_outcome_total{{{labels},outcome=\"{class}\"}} {0}",
                    (clock * 5.0).floor()
                );
            }
            let _ = writeln!(
                body,
                "ml_inference_latency_seconds_count{{{labels},route=\"/predict\"}} {0}\n\
                 ml_prediction_score_count{{{labels}}} {0}\n\
                 ml_prediction_non_finite_total{{{labels}}} 0\n\
                 ml_model_info{{{labels},framework=\"x\"}} 1\n\
                 ml_inference_in_flight{{{labels}}} 3",
                (clock * 10.0).floor()
            );
        }
        for feature in 0..FEATURES {
            for version in 0..VERSIONS {
                let labels =
                    format!("model_name=\"{name}\",model_version=\"v{version}\",feature_name=\"feature_{feature}\"");
                let _ = writeln!(
                    body,
                    "ml_feature_observations_total{{{labels}}} {0}\nml_feature_missing_total{{{labels}}} {1}\n\
                     ml_feature_defaulted_total{{{labels}}} {1}\nml_feature_out_of_range_total{{{labels}}} {1}",
                    (clock * 10.0).floor(),
                    (clock * 0.1).floor()
                );
            }
            let labels = format!("model_name=\"{name}\",feature_name=\"feature_{feature}\"");
            let _ = writeln!(
                body,
                "ml_feature_missing_reference_ratio{{{labels}}} 0.01\nml_feature_missing_ratio{{{labels}}} 0.01\nml_data_drift_score{{{labels}}} 0.02\n\
                 ml_data_drift_detected{{{labels}}} 0\nml_feature_out_of_range_ratio{{{labels}}} 0.01"
            );
        }
        let _ = writeln!(
            body,
            "ml_drift_last_success_timestamp_seconds{{model_name=\"{name}\"}} {0}\n\
             ml_drift_baseline_timestamp_seconds{{model_name=\"{name}\"}} {0}\n\
             ml_prediction_drift_score{{model_name=\"{name}\"}} 0.01\n\
             ml_prediction_drift_detected{{model_name=\"{name}\"}} 0\n\
             ml_prediction_log_records_total{{model_name=\"{name}\",result=\"written\"}} {1}",
            now().floor(),
            (clock * 50.0).floor()
        );
    }
    Page {
        content_type: "text/plain; version=0.0.4".to_owned(),
        body: body.into_bytes(),
        ..Page::default()
    }
}

/// What rules read back.
struct Read {
    series: &'static str,
    value: f64,
    /// The labels that tell its series of a model apart.
    apart: Vec<String>,
    /// From how many seconds ago on, and until how many.
    ago: [u64; 2],
    /// How many seconds apart its samples are.
    every: u64,
}

/// Every recorded series that rules read back for longer than a Prometheus of this run is up.
fn read_back() -> Vec<Read> {
    const HOUR: u64 = 3_600;
    const DAY: u64 = 24 * HOUR;
    let versions = |labels: &[&str]| -> Vec<String> {
        let of_version = |version| {
            let labels = labels.iter();
            labels.map(move |label| format!(",model_version=\"v{version}\"{label}"))
        };
        (0..VERSIONS).flat_map(of_version).collect()
    };
    let read = |series, value, apart: Vec<String>, ago, every| Read {
        series,
        value,
        apart,
        ago,
        every,
    };
    let mut all = Vec::new();
    // The budgets.
    for (series, value) in [
        ("model:ml_inference_errors:rate5m", 0.05),
        ("model:ml_inference_requests:rate5m", 50.0),
        ("model:ml_inference_slow:rate5m", 1.0),
    ] {
        all.push(read(series, value, vec![String::new()], [3 * DAY, 60], 30));
    }
    // What is usual, over six hours and at the same time of the day before.
    for (series, value) in [
        ("route:ml_inference_errors:calm", 2.25),
        ("route:ml_inference_requests:calm", 4_500.0),
        ("route:ml_inference_slow:calm", 90.0),
    ] {
        for ago in [[6 * HOUR, 60], [DAY + HOUR, DAY - 2 * HOUR]] {
            all.push(read(series, value, vec![",route=\"/predict\"".to_owned()], ago, 120));
        }
    }
    all.push(read(
        "model:ml_idle:seconds",
        0.0,
        vec![String::new()],
        [DAY + HOUR, 60],
        30,
    ));
    // What models answered the day before.
    let yesterday = [DAY + HOUR / 2, DAY - HOUR];
    for (series, value, labels) in [
        ("job:ml_predictions:rate10m", 10.0, &[""][..]),
        ("job:ml_predictions_classified:rate10m", 10.0, &[""]),
        ("job:ml_business_outcomes:rate10m", 10.0, &[""]),
        (
            "job:ml_prediction_class:ratio10m",
            0.5,
            &[",class=\"yes\"", ",class=\"no\""],
        ),
        (
            "job:ml_business_outcome:ratio10m",
            0.5,
            &[",outcome=\"yes\"", ",outcome=\"no\""],
        ),
    ] {
        all.push(read(series, value, versions(labels), yesterday, 120));
    }
    // Scores that are spread as those of the page: a shift would make each version's alert fire, and its annotations ask.
    for tenth in 0..=11 {
        let share = f64::from(tenth.min(10)) / 10.0;
        let edge = match tenth {
            11 => ",le=\"+Inf\"".to_owned(),
            _ => format!(",le=\"{share:.1}\""),
        };
        let series = "version:ml_prediction_score_below:ratio10m";
        all.push(read(series, share, versions(&[&edge]), yesterday, 120));
    }
    all
}

/// What the rules would have recorded, where they read it back.
fn history(models: usize, labels: &str) -> String {
    let now = now() as u64;
    let mut text = String::new();
    let mut last = "";
    for Read {
        series,
        value,
        apart,
        ago: [from, until],
        every,
    } in read_back()
    {
        if series != last {
            let _ = writeln!(text, "# TYPE {series} gauge");
        }
        last = series;
        for (number, own) in (0..models).flat_map(|number| apart.iter().map(move |own| (number, own))) {
            let series = format!("{series}{{model_name=\"{}\"{own}{labels}}} {value}", model(number));
            for time in (now - from..now - until).step_by(every as usize) {
                let _ = writeln!(text, "{series} {time}");
            }
        }
    }
    text + "# EOF\n"
}
