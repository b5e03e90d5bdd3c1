//! The incidents that the drill brings along, and the reader's own.

use std::collections::BTreeSet;

use modelwatch_drill::incident::{Half, builtin, quiet, read};
use modelwatch_drill::scene::Scene;

use crate::fixture::{config, scene};

#[test]
fn brings_along_incidents_and_quiet_stretches_in_both_halves() {
    let scene = scene();
    let incidents: Vec<_> = builtin::incidents(&scene).into_iter().map(Result::unwrap).collect();
    let stretches: Vec<_> = quiet::stretches(&scene).into_iter().map(Result::unwrap).collect();
    assert!(incidents.len() >= 24 && stretches.len() >= 8);
    assert!(incidents.iter().all(|incident| incident.expected.is_some()));
    assert!(stretches.iter().all(|stretch| stretch.expected.is_none()));
    let all: Vec<_> = incidents.iter().chain(&stretches).collect();
    let names: BTreeSet<_> = all.iter().map(|incident| &incident.name).collect();
    assert_eq!(names.len(), all.len());
    for those in [&incidents, &stretches] {
        let held_out = those.iter().filter(|incident| incident.half == Half::HeldOut).count();
        assert_eq!(held_out, those.len() / 2);
    }
}

#[test]
fn leaves_out_what_a_configuration_has_no_room_for() {
    let mut config = config();
    config.models.truncate(1);
    config.models[0].routes.truncate(1);
    config.models[0].drift = None;
    let scene = Scene::new(&config, None).unwrap();
    let left_out: BTreeSet<_> = builtin::incidents(&scene)
        .into_iter()
        .chain(quiet::stretches(&scene))
        .filter_map(Result::err)
        .map(|no_room| no_room.name)
        .collect();
    let expected = [
        "route-errors",
        "service-build-errors",
        "feature-drift",
        "baseline-wrong",
        "drift-job-stuck",
        "drift-job-fails",
        "drift-exporter-down",
        "dependency-down-decoy",
        "quiet-neighbour",
    ];
    assert_eq!(left_out, expected.map(str::to_owned).into());
}

#[test]
fn refuses_a_model_that_the_configuration_does_not_have() {
    let error = Scene::new(&config(), Some("claims")).unwrap_err().to_string();
    assert_eq!(
        error,
        "there is no model \"claims\" in the configuration; name one of claims-risk, fraud-score"
    );
}

#[test]
fn reads_an_incident_of_few_lines() {
    let text = r#"
[[incidents]]
name = "batch-fails"
about = "The batch route of a canary fails."
minutes = 20
releases = [{ version = "2026-05-01", share = 0.1, minutes = -1 }]
effects = [{ errors = 0.3, version = "2026-05-01", route = "/predict/batch" }]
expect = { team = "ml-platform", severity = "page", names = ["2026-05-01"], change = "2026-05-01" }

[[incidents]]
name = "nothing-at-all"
"#;
    let incidents = read::incidents("own.toml", text, &scene()).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(incidents.len(), 2);
    assert_eq!(incidents[0].effects[0].scope.route.as_deref(), Some("/predict/batch"));
    assert_eq!(
        incidents[0].expected.as_ref().unwrap().change.as_deref(),
        Some("2026-05-01")
    );
    assert!(incidents[1].expected.is_none());
}

/// Each mistake is one line with its place, what is wrong and what to do.
#[test]
fn names_the_place_and_the_fix_of_each_mistake() {
    let effect = |effect: &str| format!("[[incidents]]\nname = \"own\"\neffects = [{{ {effect} }}]\n");
    let cases = [
        ("x".to_owned(), "own.toml:1:2: "),
        (String::new(), "own.toml:1:1: missing field `incidents`"),
        (
            "[[incidents]]\nnam = \"own\"".to_owned(),
            "own.toml:2:1: unknown field `nam`",
        ),
        (
            "[[incidents]]\nname = \"Own!\"".to_owned(),
            "is called \"Own!\"; name it in at most 60",
        ),
        (
            "[[incidents]]\nname = \"canary-errors\"".to_owned(),
            "there is an incident \"canary-errors\" already",
        ),
        (
            "[[incidents]]\nname = \"own\"\nrate = -1.0".to_owned(),
            "rate of own is -1; take from 0.001 to 1000",
        ),
        (
            "[[incidents]]\nname = \"own\"\nversions = { a = 0.5 }".to_owned(),
            "have 0.5 of the traffic; let their shares add up to 1",
        ),
        (
            "[[incidents]]\nname = \"own\"\nreleases = [{ version = \"a\", pipeline = \"b\" }]".to_owned(),
            "is not one thing; give it one of version",
        ),
        (
            "[[incidents]]\nname = \"own\"\nreleases = [{ traffic = \"a\" }]".to_owned(),
            "moves traffic to the version \"a\", which is not there",
        ),
        (effect("eror = 0.3"), "unknown key eror; use one of errors"),
        (
            effect("errors = 3.0"),
            "errors of an effect of own is 3; take from 0 to 1",
        ),
        (effect("errors = \"many\""), "is of the type string; write a number"),
        (effect("errors = nan"), "is of the type float; write a number"),
        (effect("errors = 0.1, slow = 2.0"), "is several things"),
        (effect("route = \"/predict\""), "says where and not what"),
        (
            effect("errors = 0.1, route = \"/other\""),
            "\"/other\", which is not in this drill; name one of /predict",
        ),
        (effect("errors = 0.1, replica = \"x\""), "name one of model-api-1:8000"),
        (effect("errors = 0.1, version = \"x\""), "name one of 2026-04-01"),
        (
            effect("missing = 0.1"),
            "is about a feature and names none; add feature",
        ),
        (effect("down = false"), "write true, or leave the effect out"),
        (
            "[[incidents]]\nname = \"own\"\nexpect = { team = \"us\", severity = \"page\" }".to_owned(),
            "expects the team \"us\", which is none; name one of applied-ml",
        ),
        (
            "[[incidents]]\nname = \"own\"\nexpect = { team = \"ml-platform\", severity = \"high\" }".to_owned(),
            "expects the severity \"high\"; write \"page\" or \"ticket\"",
        ),
    ];
    for (text, wanted) in cases {
        let error = read::incidents("own.toml", &text, &scene()).unwrap_err().to_string();
        assert!(error.starts_with("own.toml:"), "{error}");
        assert!(
            error.contains(wanted) && !error.contains('\n'),
            "{wanted:?} is not in {error:?}"
        );
    }
}
