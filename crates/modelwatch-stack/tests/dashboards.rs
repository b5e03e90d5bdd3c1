//! Dashboards as Grafana, and the person on call, will read them.

use std::collections::BTreeSet;

use modelwatch_config::Config;
use modelwatch_stack::generate;
use modelwatch_stack::grafana::{Dashboard, dashboards};
use modelwatch_testkit::grafana_schema_check;
use proptest::prelude::*;
use serde_json::{Value, json};

const PHASES: [&str; 4] = ["service-health", "model-aware", "drift", "release-aware"];

fn example() -> Config {
    Config::parse("modelwatch.toml", include_str!("../../../examples/modelwatch.toml")).unwrap()
}

/// The example with a model of this name alone, and with a line at its beginning and lines at its end.
fn with_model(name: &str, first: &str, last: &str) -> Config {
    let example = include_str!("../../../examples/modelwatch.toml");
    let head = example.split("[[models]]").next().unwrap();
    let name = Value::from(name);
    Config::parse(
        "modelwatch.toml",
        &format!("{first}\n{head}\n[[models]]\nname = {name}\nroutes = [\"predict\"]\n{last}\n"),
    )
    .unwrap()
}

fn json(dashboard: &Dashboard) -> Value {
    serde_json::from_str(&dashboard.to_json().unwrap()).unwrap()
}

/// All panels, those of collapsed rows too.
fn panels(dashboard: &Value) -> Vec<&Value> {
    let nested = |panel: &'_ Value| panel["panels"].as_array().cloned().unwrap_or_default().len();
    let mut all = Vec::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        all.push(panel);
        all.extend((0..nested(panel)).map(|index| &panel["panels"][index]));
    }
    all
}

fn charts(dashboard: &Value) -> Vec<&Value> {
    panels(dashboard)
        .into_iter()
        .filter(|panel| panel["type"] != "row")
        .collect()
}

#[test]
fn judged_grafana_knows_every_field_of_every_dashboard() {
    let mut texts = Vec::new();
    for phase in PHASES {
        let config = with_model("claims", &format!("rollout = \"{phase}\""), "");
        for dashboard in dashboards(&config).unwrap() {
            texts.push((format!("{phase}-{}", dashboard.uid()), dashboard.to_json().unwrap()));
        }
    }
    let texts: Vec<_> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    grafana_schema_check(&texts).unwrap();
}

/// What the schema check would be worth nothing without: every broken dashboard is refused, for the field that is broken.
#[test]
fn judged_a_dashboard_with_one_wrong_field_is_refused() {
    let good = json(&dashboards(&example()).unwrap()[1]);
    let stat = "/panels/1";
    assert_eq!(good.pointer(stat).unwrap()["type"], "stat");
    let wrong = [
        ("root", "", "refrehs", json!("30s")),
        ("time", "", "time", json!("6h")),
        ("panel", stat, "titel", json!("Requests")),
        ("kind", stat, "type", json!("singlestat")),
        ("option", "/panels/1/options", "colourMode", json!("value")),
        ("value", "/panels/1/options", "colorMode", json!("backgroud")),
        ("unit", "/panels/1/fieldConfig/defaults", "unit", json!(5)),
        ("limits", "/panels/1/fieldConfig/defaults/thresholds", "step", json!([])),
        ("query", "/panels/1/targets/0", "legend", json!("{{status}}")),
        ("grid", "/panels/1/gridPos", "w", json!("4")),
        ("variable", "/templating/list/1", "includeAl", json!(true)),
        ("mark", "/annotations/list/0", "icon", json!("blue")),
        ("link", "/links/0", "asDropDown", json!(true)),
    ];
    let broken: Vec<_> = wrong
        .iter()
        .map(|(name, at, field, value)| {
            let mut dashboard = good.clone();
            dashboard.pointer_mut(at).unwrap()[*field] = value.clone();
            (*name, serde_json::to_string_pretty(&dashboard).unwrap())
        })
        .collect();
    let broken: Vec<_> = broken.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let said = grafana_schema_check(&broken).unwrap_err();
    for (name, _, field, value) in &wrong {
        let lines: Vec<_> = said
            .lines()
            .filter(|line| line.starts_with(&format!("{name}.ts")))
            .collect();
        assert!(
            !lines.is_empty(),
            "{field} = {value} was let through; all the compiler said:\n{said}"
        );
    }
}

#[test]
fn every_dashboard_asks_the_five_questions_in_order() {
    for dashboard in dashboards(&example()).unwrap() {
        let dashboard = json(&dashboard);
        let rows: Vec<_> = panels(&dashboard)
            .into_iter()
            .filter(|panel| panel["type"] == "row")
            .map(|row| row["title"].as_str().unwrap())
            .collect();
        assert_eq!(
            rows[..5],
            [
                "Is the service healthy?",
                "Which model or version is responsible?",
                "Is the input data changing?",
                "What changed recently?",
                "Is the model still right?",
            ]
        );
    }
}

#[test]
fn every_panel_has_a_unit_a_description_and_words_for_no_data() {
    for dashboard in dashboards(&example()).unwrap() {
        let dashboard = json(&dashboard);
        for panel in charts(&dashboard) {
            for pointer in [
                "/title",
                "/description",
                "/fieldConfig/defaults/unit",
                "/fieldConfig/defaults/noValue",
            ] {
                let text = panel.pointer(pointer).and_then(Value::as_str).unwrap_or_default();
                assert!(!text.is_empty(), "{}: {pointer}", panel["title"]);
            }
        }
    }
}

#[test]
fn panels_fill_the_grid_without_overlap() {
    for dashboard in dashboards(&example()).unwrap() {
        let dashboard = json(&dashboard);
        let mut taken = BTreeSet::new();
        let mut ids = BTreeSet::new();
        for panel in panels(&dashboard) {
            assert!(
                ids.insert(panel["id"].as_u64().unwrap()),
                "{}: id twice",
                panel["title"]
            );
            let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
            assert!(x + w <= 24, "{}: past the edge", panel["title"]);
            for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                assert!(taken.insert(cell), "{}: over another", panel["title"]);
            }
        }
    }
}

#[test]
fn limits_come_from_the_configuration() {
    let config = with_model(
        "claims",
        "",
        "[defaults]\nlatency_p95 = \"750ms\"\n[defaults.thresholds]\nerror_ratio = 0.125",
    );
    for dashboard in dashboards(&config).unwrap() {
        let dashboard = json(&dashboard);
        let limit = |title: &str| {
            let panel = charts(&dashboard)
                .into_iter()
                .find(|panel| panel["title"] == title)
                .unwrap();
            let steps = panel.pointer("/fieldConfig/defaults/thresholds/steps").unwrap();
            steps.as_array().unwrap().last().unwrap()["value"].clone()
        };
        assert_eq!(limit("Worst p95 latency"), 0.75);
        assert_eq!(limit("p95 latency by version"), 0.75);
        assert_eq!(limit("Worst error ratio"), 0.125);
        assert_eq!(limit("Error ratio by version"), 0.125);
    }
}

#[test]
fn a_model_name_can_hold_anything() {
    for name in [
        "plain",
        "a \"quoted\" name",
        "$model [[route]] ${version}",
        r"back\slash|a.*",
        "Ünï·cødé 模型",
        "'",
    ] {
        let config = with_model(name, "", "");
        let dashboards = dashboards(&config).unwrap_or_else(|error| panic!("{name}: {error}"));
        let own = &dashboards[1];
        assert!(own.uid().len() <= 40, "{}", own.uid());
        assert!(
            own.uid()
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-'),
            "{}",
            own.uid()
        );
        // Grafana would put a variable's value in place of what looks like one.
        for query in own.queries().iter().filter(|query| query.expr.contains("model_name=")) {
            let variables = query
                .expr
                .replace("$__rate_interval", "")
                .replace("$environment", "")
                .replace("$version", "")
                .replace("$route", "");
            assert!(!variables.contains('$') && !variables.contains("[["), "{}", query.expr);
        }
    }
}

#[test]
fn a_phase_without_drift_shows_no_drift() {
    for (phase, rows) in PHASES.into_iter().zip([4, 7, 8, 9]) {
        let config = with_model("claims", &format!("rollout = \"{phase}\""), "");
        let dashboards = dashboards(&config).unwrap();
        let own = json(&dashboards[1]);
        let count = panels(&own).into_iter().filter(|panel| panel["type"] == "row").count();
        assert_eq!(count, rows, "{phase}");
        let drifts = dashboards
            .iter()
            .flat_map(Dashboard::queries)
            .any(|query| query.expr.contains("_drift"));
        assert_eq!(drifts, phase == "drift" || phase == "release-aware", "{phase}");
    }
}

#[test]
fn every_link_leads_to_a_dashboard_or_a_runbook_that_there_is() {
    let config = example();
    let dashboards = dashboards(&config).unwrap();
    let uids: Vec<_> = dashboards.iter().map(Dashboard::uid).collect();
    let files = generate(&config).unwrap();
    let runbook_is_there = |page: &str| {
        files
            .iter()
            .any(|file| file.path.strip_prefix("runbooks") == Some(page))
    };
    for dashboard in &dashboards {
        let text = dashboard.to_json().unwrap();
        let urls = text
            .split("\"url\": \"")
            .skip(1)
            .map(|rest| rest.split('"').next().unwrap());
        let mut runbooks = 0;
        for url in urls {
            if let Some(place) = url.strip_prefix("/d/") {
                let uid = place.split('?').next().unwrap();
                assert!(uids.contains(&uid), "{url}");
            } else {
                let page = url
                    .strip_prefix(&config.links.runbooks)
                    .unwrap_or_else(|| panic!("{url}"));
                let any = page.is_empty() || page == "/${__value.text}.md";
                assert!(any || runbook_is_there(page), "{url}");
                runbooks += 1;
            }
        }
        assert!(runbooks > 10, "{runbooks} links to runbooks in {}", dashboard.title());
    }
}

#[test]
fn every_alert_s_runbook_is_linked_from_a_panel() {
    let config = example();
    let dashboards: String = dashboards(&config)
        .unwrap()
        .iter()
        .map(|board| board.to_json().unwrap())
        .collect();
    for alert in modelwatch_stack::known::ALERTS {
        let url = format!("{}/{}.md\"", config.links.runbooks, alert.name);
        assert!(
            dashboards.contains(&url),
            "no panel links to the runbook of {}",
            alert.name
        );
    }
}

#[test]
fn no_panel_links_to_the_runbook_of_an_alert_that_is_switched_off() {
    let config = with_model("claims", "", "[alerts.MLTrafficGone]\nenabled = false");
    let files = generate(&config).unwrap();
    for file in files.iter().filter(|file| file.path.starts_with("grafana/dashboards/")) {
        assert!(!file.contents.contains("MLTrafficGone.md"), "{}", file.path);
        assert!(file.contents.contains("MLInferenceHighErrorRate.md"), "{}", file.path);
    }
}

#[test]
fn exemplars_lead_to_traces_where_the_file_says_where_they_are() {
    let provisioned = |links: &str| {
        let text = include_str!("../../../examples/modelwatch.toml").replace("[links]", &format!("[links]\n{links}"));
        let files = generate(&Config::parse("modelwatch.toml", &text).unwrap()).unwrap();
        let file = files
            .into_iter()
            .find(|file| file.path == "grafana/provisioning/datasources/modelwatch.yml");
        file.unwrap().contents
    };
    assert!(!provisioned("").contains("exemplar"));
    // The doubled dollar is Grafana's escape: a single one would be an environment variable.
    let with = provisioned("traces = \"https://traces.example.com/trace/\"");
    assert!(
        with.contains("https://traces.example.com/trace/$${__value.raw}"),
        "{with}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Names are any text without control characters, as the configuration takes them.
    #[test]
    fn models_of_any_names_have_dashboards_of_their_own(names in prop::collection::btree_set("\\PC{0,60}[a-z]", 1..8)) {
        let example = include_str!("../../../examples/modelwatch.toml");
        let mut text = example.split("[[models]]").next().unwrap().to_owned();
        for name in &names {
            text += &format!("[[models]]\nname = {}\nroutes = [\"predict\"]\n", Value::from(name.as_str()));
        }
        let config = Config::parse("modelwatch.toml", &text).map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        let dashboards = dashboards(&config).map_err(|error| TestCaseError::fail(error.to_string()))?;
        prop_assert_eq!(dashboards.len(), names.len() + 1);
        let uids: BTreeSet<_> = dashboards.iter().map(Dashboard::uid).collect();
        prop_assert_eq!(uids.len(), dashboards.len());
        for dashboard in &dashboards {
            let read: Value = serde_json::from_str(&dashboard.to_json().unwrap()).unwrap();
            prop_assert_eq!(&read["title"], dashboard.title());
            prop_assert!(dashboard.uid().len() <= 40);
        }
    }
}
