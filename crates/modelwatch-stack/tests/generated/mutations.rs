//! Stories in which nothing happens prove nothing unless a broken rule makes something happen: each passes with the rules as
//! they are, and fails with one of them broken.
//!
//! Only the rules that a story is about are evaluated, so that each takes seconds.

use modelwatch_stack::rules::{Group, Rules};
use modelwatch_testkit::Release;

use crate::stories::{Rulebook, Stories, told};
use crate::support::{Folder, example};

/// A rule that is broken, and the story that is to notice it.
struct Mutation {
    story: &'static str,
    /// The alert that the story is about. The others are not watched.
    alert: &'static str,
    /// What is replaced in its rule, or in the recording rules.
    replaced: &'static [(&'static str, &'static str)],
}

const OFFICE: &str = "three days of office hours, a weekend and a Monday page nobody";
const MUTATIONS: [Mutation; 6] = [
    // Last week is forgotten: Saturday looks like Friday with its traffic gone.
    Mutation {
        story: OFFICE,
        alert: "MLTrafficGone",
        replaced: &[("offset 6d23h45m", "offset 23h45m"), ("offset 7d15m", "offset 1d15m")],
    },
    // The shortest pause of the day in place of the longest: every pause between batches is too long.
    Mutation {
        story: "a client of batches, some of them late, pages nobody",
        alert: "MLTrafficGone",
        replaced: &[("max_over_time(model:ml_idle:", "min_over_time(model:ml_idle:")],
    },
    // Nobody asks for a day of traffic: nine minutes of it are enough to be missed.
    Mutation {
        story: "a smoke test of nine minutes pages nobody when it is over",
        alert: "MLTrafficGone",
        replaced: &[(
            "model:ml_idle:seconds{model_name=\"flight-delay\",stack=\"modelwatch\"} offset 1d",
            "model:ml_idle:seconds{model_name=\"flight-delay\",stack=\"modelwatch\"} offset 10m",
        )],
    },
    Mutation {
        story: "six hours about the threshold are one alert that never stops",
        alert: "MLInferenceHighErrorRate",
        replaced: &[("keep_firing_for", "")],
    },
    Mutation {
        story: "requests that match no route are in no objective, unless there are no others",
        alert: "MLInferenceHighErrorRate",
        replaced: &[("route!=\"__unmatched__\"", "route!=\"none\"")],
    },
    // Training's share is taken for nothing.
    Mutation {
        story: "MLFeatureMissingRatioHigh is quiet, fires and resolves",
        alert: "MLFeatureMissingRatioHigh",
        replaced: &[(
            "job:ml_feature_missing_reference:ratio",
            "job:ml_feature_defaulted:ratio15m",
        )],
    },
];

#[test]
fn judged_a_story_passes_with_its_rule_and_fails_with_it_broken() {
    let config = example();
    let stories = Stories::of(&Folder::of_rules(&config), &config);
    let rules = Rules::new(&config).unwrap();
    for mutation in &MUTATIONS {
        let what = format!("{}, {:?}", mutation.story, mutation.replaced);
        let story = stories.named(mutation.story);
        let mut groups = [&rules.recording[..], &rules.alerts].concat();
        for group in &mut groups {
            let watched = |alert: &str| alert == mutation.alert;
            group.rules.retain(|rule| rule.alert.as_deref().is_none_or(watched));
        }
        told(Release::System, story, &Rulebook::of(groups.clone()))
            .unwrap_or_else(|said| panic!("{what}: fails with the rule as it is: {said}"));
        for (from, to) in mutation.replaced {
            assert!(replace(&mut groups, from, to), "no rule has {from}");
        }
        let Err(said) = told(Release::System, story, &Rulebook::of(groups)) else {
            panic!("{what}: passes though the rule is broken");
        };
        assert!(said.contains("FAILED") && said.contains("got:"), "{what}: {said}");
    }
}

/// Whether there was something to replace.
fn replace(groups: &mut [Group], from: &str, to: &str) -> bool {
    let mut replaced = false;
    for rule in groups.iter_mut().flat_map(|group| &mut group.rules) {
        if from == "keep_firing_for" {
            replaced |= rule.keep_firing_for.take().is_some();
        } else if rule.expr.contains(from) {
            rule.expr = rule.expr.replace(from, to);
            replaced = true;
        }
    }
    replaced
}
