//! prometheus.yml and the rules.

use crate::support::{Folder, example, run};

#[test]
fn promtool_takes_the_configuration_and_every_rule() {
    let folder = Folder::generated(&example());
    let said = run(
        "promtool",
        &["check", "config"],
        &[folder.path("prometheus/prometheus.yml")],
    );
    assert!(said.contains("2 rule files found"), "{said}");
}

#[test]
fn every_alert_is_quiet_fires_at_its_minute_and_resolves() {
    let folder = Folder::generated(&example());
    let tests: Vec<_> = std::fs::read_dir(folder.path("prometheus/tests"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    run("promtool", &["test", "rules"], &tests);
}

#[test]
fn what_is_checked_in_is_what_the_example_makes() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../monitoring");
    let files = modelwatch_stack::generate(&example()).unwrap();
    let differences: Vec<_> = modelwatch_stack::check::differences(&files, &root)
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
