//! prometheus.yml and the rules.

use modelwatch_config::{Config, Thresholds};

use crate::stories::PLAYED;
use crate::support::{Folder, example, run};

#[test]
fn judged_promtool_takes_the_configuration_and_every_rule() {
    let folder = Folder::generated(&example());
    let said = run(
        "promtool",
        &["check", "config"],
        &[folder.path("prometheus/prometheus.yml")],
    );
    assert!(said.iter().all(|said| said.contains("2 rule files found")), "{said:?}");
    // promtool ends with 0 where it only complains, of two alerts with the same labels for one.
    assert!(said.iter().all(|said| !said.contains("FAILED")), "{said:?}");
}

#[test]
fn judged_every_alert_is_quiet_fires_at_its_minute_and_resolves() {
    for played in PLAYED.iter() {
        assert_eq!(
            played.failures,
            [] as [String; 0],
            "{} in {}",
            played.file,
            played.release
        );
    }
}

/// As they are on disk, where the rules are beside them.
#[test]
fn judged_a_generated_test_runs_from_its_own_folder() {
    let folder = Folder::of_rules(&example());
    run(
        "promtool",
        &["test", "rules"],
        &[folder.path("prometheus/tests/MLWatchdog.yml")],
    );
}

/// A burst of three minutes is seen for five where counts of four scrapes take four minutes, so no such story holds there.
#[test]
fn stories_of_single_minutes_are_made_where_scrapes_are_quick_enough() {
    let made = |interval: &str| {
        let text = std::fs::read_to_string(example().file).unwrap();
        let text = text.replace(
            "scrape_interval = \"15s\"",
            &format!("scrape_interval = \"{interval}\""),
        );
        let config = Config::parse("modelwatch.toml", &text).unwrap_or_else(|errors| panic!("{errors}"));
        let files = modelwatch_stack::rules::Rules::new(&config).unwrap().files().unwrap();
        files
            .iter()
            .any(|file| file.path == "prometheus/tests/minutes-to-alert.yml")
    };
    assert_eq!(["10s", "20s", "30s", "1m"].map(made), [true, true, false, false]);
}

#[test]
fn what_is_checked_in_is_what_the_example_makes() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../monitoring");
    let files = modelwatch_stack::generate(&example()).unwrap();
    let differences: Vec<_> = modelwatch_stack::on_disk::differences(&files, &root)
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert!(
        differences.is_empty(),
        "{}\nrun `cargo run -p modelwatch-cli -- stack generate --config examples/modelwatch.toml`",
        differences.join("\n")
    );
}

#[test]
fn judged_the_tools_take_what_init_writes_and_it_names_every_threshold() {
    let text = modelwatch_stack::check::INIT;
    let config = Config::parse("modelwatch.toml", text).unwrap_or_else(|errors| panic!("{errors}"));
    let folder = Folder::generated(&config);
    folder.judge_configurations();
    for key in Thresholds::KEYS {
        assert!(text.contains(&format!("\n# {key} = ")), "{key}");
    }
}

/// The comments show the defaults: with every `# key = value` uncommented nothing changes.
#[test]
fn the_comments_of_init_show_the_defaults() {
    let text = modelwatch_stack::check::INIT;
    let config = Config::parse("modelwatch.toml", text).unwrap();
    let mut thresholds = false;
    let uncommented: Vec<_> = text
        .lines()
        .map(|line| {
            thresholds =
                thresholds && !line.starts_with('[') || line == "[defaults.thresholds]" || line == "[defaults]";
            line.strip_prefix("# ").filter(|_| thresholds).unwrap_or(line)
        })
        .collect();
    let said = uncommented.join("\n");
    let same = Config::parse("modelwatch.toml", &said).unwrap_or_else(|errors| panic!("{errors}\n{said}"));
    assert_eq!(same.models[0].thresholds, config.models[0].thresholds);
    assert_eq!(same.models[0].latency_p95, config.models[0].latency_p95);
    assert_eq!(same.models[0].thresholds, Thresholds::default());
}
