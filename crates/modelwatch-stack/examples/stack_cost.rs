//! What the stack costs: `cargo run --release -p modelwatch-stack --example stack_cost` prints the figures of docs/stack.md.
//!
//! It generates for 200 models, then serves a page of 200 models × 5 versions × 20 features to a real Prometheus with the
//! generated rules, and asks how long each group takes. The first models have three days of history, so that
//! the windows of days have something to look at.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use modelwatch_config::Config;
use modelwatch_stack::rules::Rules;
use modelwatch_testkit::{MetricsServer, Page, Prometheus, PrometheusOptions, http_get};

const MODELS: usize = 200;
const VERSIONS: usize = 5;
const FEATURES: usize = 20;
/// Models with three days of history.
const HISTORY: usize = 40;
/// Long enough for the windows of five minutes to be full.
const RUN: Duration = Duration::from_secs(420);

fn main() {
    let config = Config::parse("modelwatch.toml", &configuration()).unwrap_or_else(|errors| panic!("{errors}"));
    let started = Instant::now();
    let files = modelwatch_stack::generate(&config).expect("it generates");
    let took = started.elapsed();
    let bytes: usize = files.iter().map(|file| file.contents.len()).sum();
    say(&format!(
        "generation: {} files, {:.1} MB, {:.0} ms\n",
        files.len(),
        bytes as f64 / 1e6,
        took.as_secs_f64() * 1e3
    ));

    let folder = std::env::temp_dir().join(format!("modelwatch-stack-cost-{}", std::process::id()));
    for file in files.iter().filter(|file| file.path.starts_with("prometheus/rules/")) {
        let path = folder.join(&file.path);
        fs::create_dir_all(path.parent().expect("it is in a folder")).expect("a folder");
        fs::write(path, &file.contents).expect("a file");
    }
    let server = MetricsServer::start(page);
    let options = PrometheusOptions {
        targets: vec![server.address()],
        scrape_interval: Duration::from_secs(15),
        extra_config: format!("rule_files: ['{}/prometheus/rules/*.yml']", folder.display()),
        history: history(),
        ..PrometheusOptions::default()
    };
    let prometheus = Prometheus::start(&options).unwrap_or_else(|error| panic!("{error}"));
    std::thread::sleep(RUN);

    let series = prometheus.query("sum(scrape_samples_scraped)").expect("it answers");
    say(&format!(
        "scraped series: {:?}\n",
        series.first().map(|(_, count)| *count)
    ));
    let rules = Rules::new(&config).expect("it generates");
    let answer = http_get(prometheus.address(), "/api/v1/rules", &[]).expect("it answers");
    let answer: serde_json::Value = serde_json::from_slice(&answer.body).expect("it answers in JSON");
    say("| group | rules | every, s | seconds | share of the interval |\n| --- | --: | --: | --: | --: |");
    let mut share = 0.0;
    for group in rules.recording.iter().chain(&rules.alerts) {
        let mut groups = answer["data"]["groups"].as_array().into_iter().flatten();
        let Some(measured) = groups.find(|measured| measured["name"] == group.name.as_str()) else {
            continue;
        };
        let interval = measured["interval"].as_f64().unwrap_or(f64::NAN);
        let seconds = measured["evaluationTime"].as_f64().unwrap_or(f64::NAN);
        share += seconds / interval;
        say(&format!(
            "| {} | {} | {interval} | {seconds:.3} | {:.2}% |",
            group.name,
            group.rules.len(),
            100.0 * seconds / interval
        ));
    }
    say(&format!("\none core, all groups: {:.1}%", 100.0 * share));
    fs::remove_dir_all(folder).expect("the folder goes");
}

fn say(line: &str) {
    writeln!(std::io::stdout(), "{line}").expect("stdout is open");
}

fn model(number: usize) -> String {
    format!("model-{number:03}")
}

fn configuration() -> String {
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
    for number in 0..MODELS {
        let features: Vec<_> = (0..FEATURES).map(|feature| format!("\"feature_{feature}\"")).collect();
        let _ = write!(
            text,
            "[[models]]\nname = \"{}\"\nroutes = [\"/predict\"]\ncritical_features = [{}]\n\
             [models.drift]\nbaseline = \"b.json\"\nlog = \"log\"\n",
            model(number),
            features.join(", ")
        );
    }
    text
}

fn now() -> f64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0.0, |since| since.as_secs_f64())
}

/// Counters that grow with the clock, as from one replica.
fn page(_: &modelwatch_testkit::ScrapeRequest) -> Page {
    // Seconds of this day, so that the numbers are of the size a day makes.
    let clock = now() % 86_400.0;
    let mut body = String::new();
    for number in 0..MODELS {
        let name = model(number);
        for version in 0..VERSIONS {
            let labels = format!("model_name=\"{name}\",model_version=\"v{version}\"");
            for (status, rate) in [
                ("success", 10.0),
                ("error", 0.01),
                ("client_error", 0.1),
                ("cancelled", 0.05),
            ] {
                let _ = writeln!(
                    body,
                    "ml_inference_requests_total{{{labels},route=\"/predict\",status=\"{status}\"}} {}",
                    (clock * rate).floor()
                );
            }
            let edges = [
                "0.01", "0.025", "0.05", "0.1", "0.2", "0.35", "0.5", "0.75", "1", "2", "5", "+Inf",
            ];
            for (position, edge) in edges.iter().enumerate() {
                let counted = (clock * 10.0 * (position + 1) as f64 / 12.0).floor();
                let _ = writeln!(
                    body,
                    "ml_inference_latency_seconds_bucket{{{labels},route=\"/predict\",le=\"{edge}\"}} {counted}\n\
                     ml_prediction_score_bucket{{{labels},le=\"{}\"}} {counted}",
                    if position == 11 {
                        "+Inf".to_owned()
                    } else {
                        format!("{:.1}", position as f64 / 10.0)
                    }
                );
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

/// What the rules would have recorded over three days, for the first models.
fn history() -> String {
    let end = now() as u64 - 60;
    let begin = end - 3 * 86_400;
    let mut text = String::new();
    for (series, value) in [
        ("model:ml_inference_errors:rate5m", 0.05),
        ("model:ml_inference_requests:rate5m", 50.0),
        ("model:ml_inference_slow:rate5m", 1.0),
    ] {
        let _ = writeln!(text, "# TYPE {series} gauge");
        for number in 0..HISTORY {
            for time in (begin..end).step_by(30) {
                let _ = writeln!(text, "{series}{{model_name=\"{}\"}} {value} {time}", model(number));
            }
        }
    }
    text + "# EOF\n"
}
