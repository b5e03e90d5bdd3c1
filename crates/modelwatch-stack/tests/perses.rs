//! Dashboards as Perses takes them, held against Grafana's. What Perses draws of them is in `queries.rs`.

use std::collections::BTreeSet;

use modelwatch_config::Config;
use modelwatch_stack::{generate, grafana, perses};
use modelwatch_testkit::perses_schema_check;
use serde_json::{Value, json};

const EXAMPLE: &str = include_str!("../../../examples/modelwatch.toml");
const PHASES: [&str; 4] = ["service-health", "model-aware", "drift", "release-aware"];

fn parsed(text: &str) -> Config {
    Config::parse("modelwatch.toml", text).unwrap_or_else(|errors| panic!("{errors}"))
}

fn boards(config: &Config) -> Vec<Value> {
    let boards = perses::dashboards(config).unwrap();
    boards
        .iter()
        .map(|board| serde_json::from_str(&board.to_json().unwrap()).unwrap())
        .collect()
}

fn panels(board: &Value) -> Vec<&Value> {
    board["spec"]["panels"].as_object().unwrap().values().collect()
}

#[test]
fn judged_perses_knows_every_field_of_every_resource() {
    let mut texts = Vec::new();
    for phase in PHASES {
        let files = generate(&parsed(&format!("rollout = \"{phase}\"\n{EXAMPLE}"))).unwrap();
        let of_perses = files.into_iter().filter(|file| file.path.starts_with("perses/"));
        texts.extend(of_perses.map(|file| {
            let name = file.path.trim_end_matches(".json").replace('/', "-");
            (format!("{phase}-{name}"), file.contents)
        }));
    }
    assert_eq!(
        texts.len(),
        4 * 4,
        "two dashboards, a project and a data source, four times"
    );
    let texts: Vec<_> = texts
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_str()))
        .collect();
    perses_schema_check(&texts).unwrap();
}

/// What the schema check would be worth nothing without: every broken dashboard is refused, for the field that is broken.
#[test]
fn judged_a_dashboard_of_perses_with_one_wrong_field_is_refused() {
    let good = boards(&parsed(EXAMPLE)).swap_remove(0);
    let of_kind = |kind: &str| {
        let panels = good["spec"]["panels"].as_object().unwrap();
        let found = panels.iter().find(|(_, panel)| panel["spec"]["plugin"]["kind"] == kind);
        format!("/spec/panels/{}/spec", found.unwrap().0)
    };
    let (stat, lines, table) = (of_kind("StatChart"), of_kind("TimeSeriesChart"), of_kind("Table"));
    let wrong = [
        ("root", "/spec".to_owned(), "durration", json!("6h")),
        ("plugin", format!("{stat}/plugin"), "kind", json!("SingleStat")),
        ("figure", format!("{stat}/plugin/spec"), "calculation", json!("newest")),
        ("unit", format!("{stat}/plugin/spec/format"), "unit", json!("parsecs")),
        (
            "legend",
            format!("{lines}/plugin/spec/legend"),
            "position",
            json!("top"),
        ),
        ("lines", format!("{lines}/plugin/spec/visual"), "opacity", json!(1)),
        (
            "column",
            format!("{table}/plugin/spec/columnSettings/0"),
            "title",
            json!("Alert"),
        ),
        (
            "query",
            format!("{stat}/queries/0/spec/plugin/spec"),
            "expr",
            json!("up"),
        ),
        (
            "variable",
            "/spec/variables/0/spec/plugin/spec".to_owned(),
            "label",
            json!("environment"),
        ),
        ("place", "/spec/layouts/0/spec/items/0".to_owned(), "width", json!("4")),
    ];
    let broken: Vec<_> = wrong
        .iter()
        .map(|(name, at, field, value)| {
            let mut board = good.clone();
            board.pointer_mut(at).unwrap()[*field] = value.clone();
            (*name, serde_json::to_string_pretty(&board).unwrap())
        })
        .collect();
    let broken: Vec<_> = broken.iter().map(|(name, text)| (*name, text.as_str())).collect();
    let said = perses_schema_check(&broken).unwrap_err();
    for (name, _, field, value) in &wrong {
        let refused = said.lines().any(|line| line.starts_with(&format!("{name}.ts")));
        assert!(
            refused,
            "{field} = {value} was let through; all the compiler said:\n{said}"
        );
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}

/// On a screen of 1,500 pixels, a panel of two of the 24 columns has room for ten letters, and each further column for eight more.
#[test]
fn titles_fit_their_panels() {
    for board in boards(&parsed(EXAMPLE)) {
        for row in board["spec"]["layouts"].as_array().unwrap() {
            for item in row["spec"]["items"].as_array().unwrap() {
                let panel = board.pointer(&item["content"]["$ref"].as_str().unwrap()[1..]).unwrap();
                let title = panel["spec"]["display"]["name"].as_str().unwrap();
                let columns = item["width"].as_u64().unwrap() as usize;
                assert!(title.len() <= 8 * columns - 6, "{title:?} in {columns} columns");
            }
        }
    }
}

/// Rows, panels, limits and runbooks are those of the one board, whoever draws it.
#[test]
fn perses_shows_what_grafana_shows() {
    let config = parsed(EXAMPLE);
    let of_grafana = grafana::dashboards(&config).unwrap();
    let of_perses = boards(&config);
    assert_eq!(of_perses.len(), of_grafana.len());
    for (grafana, perses) in of_grafana.iter().zip(&of_perses) {
        assert_eq!(perses["metadata"]["name"], grafana.uid());
        assert_eq!(perses["metadata"]["project"], "ml-monitoring");
        let grafana: Value = serde_json::from_str(&grafana.to_json().unwrap()).unwrap();
        let (mut rows, mut charts) = (Vec::new(), Vec::new());
        for panel in grafana["panels"].as_array().unwrap() {
            if panel["type"] == "row" {
                rows.push((panel["title"].clone(), !panel["collapsed"].as_bool().unwrap()));
                charts.extend(panel["panels"].as_array().unwrap());
            } else {
                charts.push(panel);
            }
        }
        let layouts = perses["spec"]["layouts"].as_array().unwrap();
        let shown: Vec<_> = layouts
            .iter()
            .map(|row| &row["spec"]["display"])
            .map(|row| (row["title"].clone(), row["collapse"]["open"].as_bool().unwrap()))
            .collect();
        assert_eq!(shown, rows);

        let titles: Vec<_> = panels(perses)
            .iter()
            .map(|panel| panel["spec"]["display"]["name"].as_str().unwrap())
            .collect();
        for chart in &charts {
            let title = chart["title"].as_str().unwrap();
            let is_shown = |name: &str| titles.contains(&name);
            let figures = chart["targets"].as_array().unwrap().iter();
            let mut figures = figures.map(|figure| capitalised(figure["legendFormat"].as_str().unwrap_or_default()));
            assert!(
                is_shown(title) || is_shown(&format!("{title}, requests/s")) || figures.all(|figure| is_shown(&figure)),
                "{title} is not among {titles:?}"
            );
        }
        let urls = |of: &[&Value], pointer: &str| -> BTreeSet<String> {
            of.iter()
                .filter_map(|panel| panel.pointer(pointer)?.as_array())
                .flatten()
                .map(|link| link["url"].as_str().unwrap().to_owned())
                .collect()
        };
        let runbooks = urls(&panels(perses), "/spec/links");
        assert!(runbooks.len() > 10, "{runbooks:?}");
        assert_eq!(runbooks, urls(&charts, "/links"));
        let variables = perses["spec"]["variables"].as_array().unwrap();
        let choices: Vec<_> = variables.iter().map(|variable| &variable["spec"]["name"]).collect();
        let list = grafana["templating"]["list"].as_array().unwrap();
        let grafanas: Vec<_> = list.iter().skip(1).map(|variable| &variable["name"]).collect();
        assert_eq!(choices, grafanas);
    }
}

#[test]
fn panels_fill_the_rows_without_overlap() {
    for board in boards(&parsed(EXAMPLE)) {
        let mut placed = BTreeSet::new();
        for row in board["spec"]["layouts"].as_array().unwrap() {
            let mut taken = BTreeSet::new();
            for item in row["spec"]["items"].as_array().unwrap() {
                let name = item["content"]["$ref"].as_str().unwrap();
                let panel = name.strip_prefix('#').and_then(|pointer| board.pointer(pointer));
                assert!(panel.is_some(), "no panel is at {name}");
                assert!(placed.insert(name), "{name} is placed twice");
                let [x, y, w, h] = ["x", "y", "width", "height"].map(|side| item[side].as_u64().unwrap());
                assert!(x + w <= 24, "{name} is past the edge");
                for cell in (x..x + w).flat_map(|x| (y..y + h).map(move |y| (x, y))) {
                    assert!(taken.insert(cell), "{name} is over another");
                }
            }
        }
        assert_eq!(placed.len(), panels(&board).len());
    }
}

#[test]
fn limits_of_perses_come_from_the_configuration() {
    let text = EXAMPLE.replace("latency_p95 = \"350ms\"", "latency_p95 = \"750ms\"");
    for board in boards(&parsed(&text)) {
        for title in ["Worst p95 latency", "p95 latency by version", "Latency"] {
            let mut found = panels(&board).into_iter();
            let panel = found.find(|panel| panel["spec"]["display"]["name"] == title).unwrap();
            let steps = panel.pointer("/spec/plugin/spec/thresholds/steps").unwrap();
            assert_eq!(steps.as_array().unwrap().last().unwrap()["value"], 0.75, "{title}");
        }
    }
}

/// A figure for now is the last of those over the time range: what was there before, and is no more, must not be it.
#[test]
fn figures_for_now_are_asked_at_the_end() {
    for board in boards(&parsed(EXAMPLE)) {
        for (title, now) in [
            ("Worst error ratio", true),
            ("Pages", true),
            ("Error ratio by version", false),
        ] {
            let mut found = panels(&board).into_iter();
            let panel = found.find(|panel| panel["spec"]["display"]["name"] == title).unwrap();
            let query = panel.pointer("/spec/queries/0/spec/plugin/spec/query").unwrap();
            assert_eq!(query.as_str().unwrap().contains("} @ end()"), now, "{title}: {query}");
        }
    }
}

#[test]
fn a_file_without_perses_makes_none_of_it() {
    let text = EXAMPLE.replace("[perses]", "");
    let config = parsed(&text);
    assert!(perses::dashboards(&config).unwrap().is_empty());
    let files = generate(&config).unwrap();
    let of_perses = files.iter().find(|file| file.path.contains("perses"));
    assert_eq!(of_perses.map(|file| &file.path), None);
}

#[test]
fn the_project_and_the_server_are_those_of_the_file() {
    let text = EXAMPLE.replace(
        "[perses]",
        "[perses]\nproject = \"models.eu\"\nprometheus = \"https://prometheus.eu:9090\"",
    );
    let files = generate(&parsed(&text)).unwrap();
    let resource = |path: &str| -> Value {
        let file = files.iter().find(|file| file.path == path).unwrap();
        serde_json::from_str(&file.contents).unwrap()
    };
    assert_eq!(resource("perses/project.json")["metadata"]["name"], "models.eu");
    let source = resource("perses/datasource.json");
    assert_eq!(source["metadata"]["project"], "models.eu");
    assert_eq!(
        source.pointer("/spec/plugin/spec/proxy/spec/url").unwrap(),
        "https://prometheus.eu:9090"
    );
    assert_eq!(source.pointer("/spec/plugin/spec/scrapeInterval").unwrap(), "15s");
    let board = resource("perses/dashboards/modelwatch-triage.json");
    assert_eq!(board["metadata"]["project"], "models.eu");
    for wrong in ["", "ml monitoring", "ünï"] {
        let text = EXAMPLE.replace("[perses]", &format!("[perses]\nproject = \"{wrong}\""));
        let said = Config::parse("modelwatch.toml", &text).unwrap_err().to_string();
        assert!(said.contains("a name of Perses"), "{said}");
    }
}
