//! Whatever a configuration that parses says, the tools take what is made of it.

use std::time::Duration;

use modelwatch_config::Config;
use modelwatch_testkit::Release;
use proptest::prelude::*;
use proptest::test_runner::{Config as Runs, TestRunner};

use crate::stories::{Stories, Story};
use crate::support::Folder;

/// Characters that mean something to TOML, YAML, JSON, PromQL, regular expressions, Go templates, URLs or Markdown.
fn odd_name() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(
        "abzAZ019 _-./:\"'`\\|{}[]()$^*+?%&#!=~<>@,;éß漢🙂"
            .chars()
            .collect::<Vec<_>>(),
    );
    let piece = prop_oneof![
        4 => odd.prop_map(String::from),
        1 => prop::sample::select(vec!["{{", "}}", "{{ .Labels }}", "${x}", ": ", " #", "- ", "\\n", "true", "1e3", "~"])
            .prop_map(String::from),
    ];
    prop::collection::vec(piece, 1..12)
        .prop_map(|pieces| pieces.concat())
        .prop_filter("a name has something in it", |name| !name.trim().is_empty())
}

/// A name as TOML writes it.
fn toml(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

#[derive(Clone, Debug)]
struct AnyModel {
    name: String,
    route: String,
    features: Vec<String>,
    error_ratio: Option<u32>,
    latency: Option<&'static str>,
    high_risk: bool,
    owner: usize,
    drift: Option<u64>,
}

fn any_model() -> impl Strategy<Value = AnyModel> {
    (
        odd_name(),
        odd_name(),
        prop::collection::vec(odd_name(), 0..4),
        prop::option::weighted(0.2, 1_u32..99),
        prop::option::weighted(
            0.2,
            prop::sample::select(vec!["10ms", "25ms", "500ms", "1s", "2s", "5s"]),
        ),
        any::<bool>(),
        0_usize..3,
        prop::option::of(1_u64..600),
    )
        .prop_map(
            |(name, route, features, error_ratio, latency, high_risk, owner, drift)| AnyModel {
                name,
                route,
                features,
                error_ratio,
                latency,
                high_risk,
                owner,
                drift,
            },
        )
}

fn any_configuration() -> impl Strategy<Value = String> {
    let models =
        prop_oneof![3 => prop::collection::vec(any_model(), 1..6), 1 => prop::collection::vec(any_model(), 180..201)];
    let phases = prop::sample::select(vec!["service-health", "model-aware", "drift", "release-aware"]);
    (models, prop::collection::vec(odd_name(), 3), odd_name(), phases).prop_map(|(models, teams, job, phase)| {
        // Numbered, so that no two are the same.
        let teams: Vec<_> = teams.iter().enumerate().map(|(n, team)| toml(&format!("{team}{n}"))).collect();
        let mut text = format!(
            "environment = {}\nrollout = \"{phase}\"\n\
             [links]\ngrafana = \"https://g.example.com\"\nrunbooks = \"https://r.example.com\"\n\
             prometheus = \"https://p.example.com\"\n\
             [[prometheus.jobs]]\njob = {}\nplane = \"inference\"\ntargets = [\"a:1\"]\n\
             [[prometheus.jobs]]\njob = \"drift\"\nplane = \"drift\"\ntargets = [\"b:2\"]\n",
            toml(&job),
            toml(&format!("{job}1")),
        );
        for team in &teams {
            text += &format!("[teams.{team}]\nslack = {{ channel = \"#c\", api_url_file = \"/s\" }}\nbusiness_hours = true\n");
        }
        text += &format!("[owners]\nserving = {}\nmodel = {}\ndata = {}\n", teams[0], teams[1], teams[2]);
        for (number, model) in models.iter().enumerate() {
            let features: Vec<_> = model.features.iter().map(|feature| toml(feature)).collect();
            text += &format!(
                "[[models]]\nname = {}\nroutes = [{}]\ncritical_features = [{}]\nhigh_risk = {}\nowners = {{ model = {} }}\n",
                toml(&format!("{}{number}", model.name)),
                toml(&model.route),
                features.join(", "),
                model.high_risk,
                teams[model.owner],
            );
            if let Some(latency) = model.latency {
                text += &format!("latency_p95 = \"{latency}\"\n");
            }
            if let Some(ratio) = model.error_ratio {
                text += &format!("thresholds = {{ error_ratio = 0.{ratio:02} }}\n");
            }
            if let Some(minutes) = model.drift {
                text += &format!("[models.drift]\nbaseline = \"b.json\"\nlog = \"log\"\nwindow = \"{minutes}m\"\n");
                text += &format!(
                    "[models.performance]\nreference = \"r.csv\"\npredictions = \"p.csv\"\nlabel = \"l\"\ninterval = \"{minutes}m\"\n"
                );
            }
        }
        text
    })
}

#[test]
fn judged_the_tools_take_what_any_configuration_makes() {
    let mut runner = TestRunner::new(Runs {
        cases: 6,
        max_shrink_iters: 20,
        max_shrink_time: Duration::from_secs(20).as_millis() as u32,
        failure_persistence: None,
        ..Runs::default()
    });
    let checked = runner.run(&any_configuration(), |text| {
        let config =
            Config::parse("modelwatch.toml", &text).map_err(|errors| TestCaseError::fail(errors.to_string()))?;
        let folder = Folder::generated(&config);
        folder.judge_configurations();
        Ok(())
    });
    checked.unwrap_or_else(|error| panic!("{error}"));
}

/// The stories hold for names, thresholds and intervals that are not the example's.
#[test]
fn judged_the_generated_tests_pass_for_odd_names_other_thresholds_and_slow_scrapes() {
    let text = std::fs::read_to_string(crate::support::example().file).unwrap();
    let text = text
        .replace("name = \"flight-delay\"", r#"name = 'a|b.* "{{ 1 }}" \d é'"#)
        .replace("\"dep_delay\", ", r#"'f "{{" (x)', "#)
        .replace("latency_p95 = \"350ms\"", "latency_p95 = \"1s\"")
        .replace(
            "availability_objective = 0.999",
            "availability_objective = 0.9\nhigh_risk = true",
        )
        .replace("window = \"15m\"", "window = \"7m\"")
        .replace("scrape_interval = \"15s\"", "scrape_interval = \"1m\"")
        .replace("evaluation_interval = \"30s\"", "evaluation_interval = \"1m\"")
        + "[defaults.thresholds]\nerror_ratio = 0.99\nminimum_requests = 3\ncanary_error_ratio = 0.5\nmissing_ratio = 0.001\n\
           out_of_range_ratio = 0.99\nscore_shift = 0.98\nclass_shift = 0.99\nrestarts = 40\nbaseline_age = \"1h\"\nin_flight = 2\n\
           canary_latency_factor = 3\nnon_finite_ratio = 0.5\nlog_drop_ratio = 0.9\nminimum_errors = 1\nminimum_predictions = 1\n";
    let config = Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
    let folder = Folder::of_rules(&config);
    // That the releases agree, and the long stories, are judged by names as they usually are.
    Stories::of(&folder, &config).play(Release::Newer, Story::is_short);
}
