//! The four phases of docs/rollout.

use std::collections::BTreeSet;
use std::path::Path;

use modelwatch_config::Config;
use modelwatch_stack::alertmanager::ALERTMANAGER_FILE;
use modelwatch_stack::rules::Rules;
use modelwatch_testkit::Release;

use crate::stories::Stories;
use crate::support::{Folder, run};

#[test]
fn judged_each_phase_is_accepted_and_contains_the_one_before() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rollout");
    let mut before = BTreeSet::new();
    for phase in ["1-service-health", "2-model-aware", "3-drift", "4-release-aware"] {
        let config = Config::load(folder.join(format!("{phase}.toml"))).unwrap_or_else(|errors| panic!("{errors}"));
        let rules = Rules::new(&config).unwrap();
        let groups = rules.recording.iter().chain(&rules.alerts);
        let names: BTreeSet<_> = groups
            .flat_map(|group| &group.rules)
            .filter_map(|rule| rule.record.clone().or(rule.alert.clone()))
            .collect();
        assert!(names.is_superset(&before) && names.len() > before.len(), "{phase}");
        before = names;
        let made = Folder::generated(&config);
        run(
            "promtool",
            &["check", "config"],
            &[made.path("prometheus/prometheus.yml")],
        );
        run("amtool", &["check-config"], &[made.path(ALERTMANAGER_FILE)]);
        // That the releases agree is judged by the example's.
        Stories::of(&made, &config).play(Release::Newer, |story| story.file == "scenarios");
    }
}

/// What a phase records is all that its rules select, so that none waits for a series of a later phase.
#[test]
fn no_rule_waits_for_a_series_of_a_later_phase() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rollout");
    for phase in ["1-service-health", "2-model-aware", "3-drift", "4-release-aware"] {
        let config = Config::load(folder.join(format!("{phase}.toml"))).unwrap();
        let rules = Rules::new(&config).unwrap();
        let groups = || {
            rules
                .recording
                .iter()
                .chain(&rules.alerts)
                .flat_map(|group| &group.rules)
        };
        let recorded: BTreeSet<_> = groups().filter_map(|rule| rule.record.as_ref()).collect();
        for rule in groups() {
            let words = rule
                .expr
                .split(|character: char| !character.is_alphanumeric() && !"_:".contains(character));
            for series in words.filter(|word| word.contains("ml_") && word.contains(':')) {
                assert!(
                    recorded.iter().any(|recorded| *recorded == series),
                    "{phase}: {series} is not recorded, and {rule:?} uses it"
                );
            }
        }
    }
}
