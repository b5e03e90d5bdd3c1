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
