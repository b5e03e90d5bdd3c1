//! What alerts say of what was released before, and of what speaks for them, as promtool fills it in.

use modelwatch_config::Config;
use modelwatch_stack::rules::{RuleFile, Rules};
use modelwatch_testkit::Release;
use serde_json::{Value as Json, json};

use crate::annotations::{Said, answered, assert_whole};
use crate::stories::Rulebook;
use crate::support::{Folder, example};

/// Steps of half a minute.
const HOUR: usize = 120;
/// A name that means something to PromQL, to Go's templates and to whoever reads lines.
const HOSTILE: &str = "etl \"7\" {{ $labels.x }} \\ %s";

/// A world of series, two hours of a model that is well and twenty minutes in which a version fails.
struct World {
    config: Config,
    series: Vec<Json>,
    groups: Vec<String>,
}

/// So many steps without a sample.
fn none(steps: usize) -> String {
    format!("_x{steps}")
}

impl World {
    fn new(config: Config) -> Self {
        let rules = Rules::new(&config).unwrap();
        let groups = rules.recording.iter().chain(&rules.alerts);
        Self {
            config,
            series: Vec::new(),
            groups: groups.map(|group| group.name.clone()).collect(),
        }
    }

    fn with(mut self, name: &str, labels: &[(&str, &str)], values: &str) -> Self {
        let own = [
            ("job", "model-inference"),
            ("instance", "a:1"),
            ("environment", "production"),
        ];
        let labels = own
            .iter()
            .chain(labels)
            .map(|(label, value)| format!("{label}={value:?}"));
        let series = format!("{name}{{{}}}", labels.collect::<Vec<_>>().join(","));
        self.series.push(json!({"series": series, "values": values}));
        self
    }

    /// What began to be scraped at the first step.
    fn watched(self) -> Self {
        self.with("up", &[("service", "api")], "1x300")
    }

    /// A version's requests, by how many succeed and fail in each half minute of how many.
    fn serves(self, version: &str, from: usize, phases: &[(u32, u32, usize)]) -> Self {
        let values = |of: fn(&(u32, u32, usize)) -> u32| {
            let mut total = 0;
            let mut values = if from > 0 { vec![none(from)] } else { Vec::new() };
            for phase in phases {
                let growth = of(phase);
                values.push(format!("{total}+{growth}x{}", phase.2 - 1));
                total += growth * phase.2 as u32;
            }
            values.join(" ")
        };
        let labels = |status| {
            [
                ("model_name", "flight-delay"),
                ("model_version", version),
                ("route", "/predict"),
                ("status", status),
            ]
        };
        let steps: usize = phases.iter().map(|phase| phase.2).sum();
        let there = if from > 0 {
            format!("{} 1x{}", none(from), steps - 1)
        } else {
            format!("1x{}", steps - 1)
        };
        self.with(
            "ml_inference_requests_total",
            &labels("success"),
            &values(|phase| phase.0),
        )
        .with(
            "ml_inference_requests_total",
            &labels("error"),
            &values(|phase| phase.1),
        )
        .with("ml_model_info", &labels("")[..2], &there)
    }

    /// What an alert says at a step, in both releases.
    fn says(self, alert: &str, step: usize) -> Vec<Said> {
        let folder = Folder::new();
        let asked = [format!("ALERTS{{alertname={alert:?}}}")];
        let named = self.series.iter().map(|series| series["series"].as_str().unwrap());
        let series = named.map(|series| series.split('{').next().unwrap()).collect();
        let groups = Rulebook::new(&self.config).needed(&asked, &series, Some(alert));
        let rules = serde_json::to_string(&RuleFile { groups: &groups }).unwrap();
        folder.write("prometheus/tests/rules.json", &rules);
        let document = json!({
            "rule_files": ["rules.json"],
            "evaluation_interval": "30s",
            "group_eval_order": self.groups,
            "tests": [{
                "interval": "30s",
                "input_series": self.series,
                "alert_rule_test": [{"alertname": alert, "eval_time": format!("{}s", step * 30), "exp_alerts": []}],
            }],
        });
        let said = Release::ALL.map(|release| answered(release, &folder, alert, alert, &document));
        let [old, new] = said.each_ref().map(Vec::len);
        assert_eq!(old, new, "{said:?}");
        assert!(old > 0, "{alert} says nothing");
        said.into_iter().flatten().collect()
    }
}

fn assert_says(said: &[Said], annotation: &str, parts: &[&str], never: &[&str]) {
    for said in said {
        let mut named_plainly = said.clone();
        for text in named_plainly.annotations.values_mut() {
            *text = text.replace(&format!("{HOSTILE:?}"), "x");
        }
        assert_whole(&named_plainly);
        let text = &said.annotations[annotation];
        for part in parts {
            assert!(text.contains(part), "no {part:?} in {annotation}: {text}");
        }
        for part in never {
            assert!(!text.contains(part), "{part:?} in {annotation}: {text}");
        }
    }
}

/// A version that fails at the second hour, and what there is beside it.
fn failing_canary() -> World {
    World::new(example())
        .watched()
        .serves("1", 0, &[(1425, 1, 280)])
        .serves("2", 2 * HOUR - 2, &[(75, 0, 2), (60, 15, 40)])
}

#[test]
fn judged_a_version_that_was_released_is_named_with_its_figures_and_those_of_the_others() {
    let said = failing_canary().says("MLCanaryErrorRateHigh", 2 * HOUR + 6);
    assert_says(
        &said,
        "changed",
        &["Released in the half hour before: ", "version \"2\"", "traffic \"2\""],
        &["Nothing", "version \"1\"", "traffic \"1\""],
    );
    assert_says(
        &said,
        "evidence",
        &[
            "\"2\" \"/predict\" 20%",
            "Of the other versions' requests: 0.07",
            "% of the model's traffic",
            "By replica: \"a:1\" 20%",
            "For ",
        ],
        &[],
    );
}

/// A version of two hours ago is no suspect, and a process that starts anew with the same version is no release.
#[test]
fn judged_it_says_that_nothing_was_released_where_nothing_was() {
    let said = World::new(example())
        .watched()
        .serves("1", 0, &[(1000, 0, 280)])
        .serves("2", 20, &[(1500, 1, 2 * HOUR - 20), (1350, 150, 40)])
        .with(
            "ml_model_registered_timestamp_seconds",
            &[("model_name", "flight-delay"), ("model_version", "2")],
            &format!("600x{} 7000x40", 2 * HOUR - 10),
        )
        .says("MLInferenceHighErrorRate", 2 * HOUR + 12);
    assert_says(
        &said,
        "changed",
        &["Nothing was released in the half hour before"],
        &["Released", "version \"", "moved"],
    );
}

/// A canary that fails as the rest does, one that has no requests, and a baseline: nobody is sent after them.
#[test]
fn judged_what_has_no_part_in_it_is_told_apart_from_what_may_have_done_it() {
    let said = World::new(example())
        .watched()
        .serves("1", 0, &[(1000, 0, 2 * HOUR), (900, 100, 40)])
        .serves("2", 2 * HOUR - 20, &[(500, 0, 20), (450, 50, 40)])
        .with(
            "ml_service_info",
            &[("service_version", "3.1")],
            &format!("{} 1x150", none(2 * HOUR - 90)),
        )
        .with(
            "ml_drift_baseline_info",
            &[("model_name", "flight-delay"), ("baseline_version", "may")],
            &format!("{} 1x60", none(2 * HOUR - 10)),
        )
        .says("MLInferenceHighErrorRate", 2 * HOUR + 12);
    assert_says(
        &said,
        "changed",
        &[
            "Nothing was released in the half hour before that would explain it",
            " Released as well, hardly the cause: ",
            "version \"2\"",
            "traffic \"2\"",
            "baseline \"may\"",
            " Earlier in the hour: service \"3.1\" 4",
        ],
        &["Released in the half hour before: "],
    );
}

/// Traffic that moved to a version that was there, and that fails.
#[test]
fn judged_traffic_that_moved_to_a_version_that_fails_is_what_changed() {
    let said = World::new(example())
        .watched()
        .serves("1", 0, &[(1500, 0, 2 * HOUR), (1000, 0, 40)])
        .serves("2", 0, &[(30, 0, 2 * HOUR), (450, 50, 40)])
        .says("MLCanaryErrorRateHigh", 2 * HOUR + 6);
    assert_says(
        &said,
        "changed",
        &["Nothing but traffic changed in the half hour before. Within the hour traffic moved to version \"2\" ("],
        &["Nothing was released", "Released"],
    );
}

#[test]
fn judged_it_says_that_it_does_not_know_where_the_rules_have_just_begun() {
    let said = World::new(example())
        .with("up", &[("service", "api")], &format!("{} 1x60", none(2 * HOUR - 20)))
        .serves("1", 2 * HOUR - 20, &[(1000, 0, 20), (800, 200, 40)])
        .says("MLInferenceHighErrorRate", 2 * HOUR + 12);
    assert_says(&said, "changed", &["No release is known of"], &["Nothing", "Released"]);
}

/// A pipeline, a baseline, declared features, a build with and without a revision; and traffic that moved to a version that was there.
#[test]
fn judged_everything_else_that_was_released_is_named_whatever_it_is_called() {
    let model = ("model_name", "flight-delay");
    let came = format!("{} 1x60", none(2 * HOUR - 10));
    let said = World::new(example())
        .watched()
        .serves("1", 0, &[(1500, 0, 2 * HOUR - 30), (500, 0, 30), (450, 50, 40)])
        .serves("2", 0, &[(30, 0, 2 * HOUR - 30), (1000, 0, 70)])
        .with("ml_feature_pipeline_info", &[model, ("pipeline_version", "6")], "1x280")
        .with(
            "ml_feature_pipeline_info",
            &[model, ("pipeline_version", HOSTILE)],
            &came,
        )
        .with(
            "ml_model_features_info",
            &[model, ("model_version", "1"), ("features_digest", "8c1f")],
            &came,
        )
        .with(
            "ml_service_info",
            &[("service_version", "3.1"), ("revision", "")],
            &came,
        )
        .with(
            "ml_service_info",
            &[("service_version", "3.2"), ("revision", "8ac0")],
            &came,
        )
        .with("ml_drift_baseline_info", &[model, ("baseline_version", "may")], &came)
        .says("MLInferenceHighErrorRate", 2 * HOUR + 12);
    let hostile = format!("pipeline {HOSTILE:?}");
    assert_says(
        &said,
        "changed",
        &[
            &hostile,
            "features \"8c1f\"",
            "service \"3.1\"",
            "service \"3.2 8ac0\"",
            "baseline \"may\"",
            "traffic moved to version \"2\" (6",
        ],
        &["Nothing", "\"6\"", "version \"1\""],
    );
}

/// Which version lacks it, and whom to ask about it.
#[test]
fn judged_a_feature_that_is_missing_is_told_with_its_versions_and_where_it_comes_from() {
    let of = |version, missing: u32| {
        let labels = [
            ("model_name", "flight-delay"),
            ("model_version", version),
            ("feature_name", "dep_delay"),
        ];
        move |world: World| {
            world.with("ml_feature_observations_total", &labels, "0+1000x119").with(
                "ml_feature_missing_total",
                &labels,
                &format!("0+{missing}x119"),
            )
        }
    };
    let text = std::fs::read_to_string(example().file).unwrap()
        + "\n[models.features.dep_delay]\nsource = \"departures.actual of the airport feed\"\nowner = \"airport-data\"\n";
    let config = Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
    let world = of("2", 500)(of("1", 0)(World::new(config).watched()));
    let said = world.says("MLFeatureMissingRatioHigh", 110);
    assert_says(
        &said,
        "evidence",
        &[
            "\"2\" 50%, \"1\" 0%",
            "It comes from departures.actual of the airport feed, owned by airport-data.",
        ],
        &["not in modelwatch.toml"],
    );
}
