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
fn zz() {
    let folder = Folder::generated(&example());
    std::fs::create_dir_all("/tmp/h/stack_out").unwrap();
    run("cp", &["-r"], &[folder.path("."), "/tmp/h/stack_out".into()]);
}
