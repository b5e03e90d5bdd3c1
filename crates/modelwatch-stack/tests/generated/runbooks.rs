//! Runbooks: one an alert, where the alert says.

use modelwatch_stack::known::ALERTS;
use modelwatch_stack::rules::Rules;

use crate::support::example;

#[test]
fn every_alert_has_the_runbook_it_links_to() {
    let config = example();
    let files = modelwatch_stack::generate(&config).unwrap();
    let rules = Rules::new(&config).unwrap();
    for rule in rules.alerts.iter().flat_map(|group| &group.rules) {
        let url = &rule.annotations["runbook_url"];
        let file = url.strip_prefix(&format!("{}/", config.links.runbooks)).unwrap();
        let runbook = files.iter().find(|there| there.path == format!("runbooks/{file}"));
        let runbook = runbook.unwrap_or_else(|| panic!("no runbook {file}"));
        let mut rest = &*runbook.contents;
        for part in [
            "## Look at first",
            "## Queries",
            "```promql",
            "## Mitigate",
            "## The rule",
        ] {
            let found = rest.find(part);
            rest = &rest[found.unwrap_or_else(|| panic!("{file} has no {part} where it belongs"))..];
        }
    }
    let runbooks = files.iter().filter(|file| file.path.starts_with("runbooks/"));
    assert_eq!(runbooks.count(), ALERTS.len());
}

#[test]
fn the_page_about_the_stack_names_every_alert() {
    let page = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/stack.md");
    let page = std::fs::read_to_string(page).unwrap();
    for alert in ALERTS {
        assert!(page.contains(alert.name), "{}", alert.name);
    }
}
