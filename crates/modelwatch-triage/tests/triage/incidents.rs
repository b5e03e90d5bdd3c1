//! Who is accused, who is acquitted, and what is unknown.

use std::time::Duration;

use modelwatch_triage::onset::Onset;
use modelwatch_triage::page::page;
use modelwatch_triage::release::{Kind, Verdict};
use modelwatch_triage::source::{Question, Row, Source, SourceError};
use modelwatch_triage::symptom::Symptom;
use modelwatch_triage::text::text;
use modelwatch_triage::triage::{Place, Released, Report, Subject, triage};

use crate::fixture::{Incident, MINUTES, MODEL, ONSET, REPLICAS, at, config};

/// Ten of the incident's noise.
const SEEDS: std::ops::Range<u64> = 0..10;

fn suspects(report: &Report) -> Vec<(Kind, &str)> {
    report
        .suspects()
        .map(|judged| (judged.release.kind, judged.release.name.as_str()))
        .collect()
}

fn since(report: &Report) -> i64 {
    match &report.trouble.as_ref().unwrap().onset {
        Onset::Since(moment) => {
            assert!(moment.earliest <= at(ONSET) && at(ONSET) <= moment.latest, "{moment:?}");
            moment.at
        }
        Onset::Unknown(why) => panic!("{why:?}"),
    }
}

fn place(report: &Report) -> Vec<(&str, &str)> {
    match &report.trouble.as_ref().unwrap().place {
        Place::In(candidates) => {
            let labels = candidates[0].labels.iter();
            labels.map(|(name, value)| (name.as_str(), value.as_str())).collect()
        }
        Place::Everywhere => vec![("everywhere", "")],
        other => panic!("{other:?}"),
    }
}

const USUAL: f64 = 0.002;

#[test]
fn accuses_the_new_version_that_fails() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0), ("2", ONSET)]);
        incident.requests(
            MODEL,
            "1",
            |minute| Some(if minute < ONSET { 600.0 } else { 540.0 }),
            |_, _, _| USUAL,
        );
        incident.requests(MODEL, "2", |minute| (minute >= ONSET).then_some(60.0), |_, _, _| 0.3);
        let report = incident.triaged();
        assert_eq!(suspects(&report), [(Kind::Version, "2")], "{}", text(&report));
        assert_eq!(place(&report), [("model_version", "2")]);
        assert!((since(&report) - at(ONSET)).abs() <= 120);
        assert!(
            report.answers[0].answer.starts_with("Yes: version 2"),
            "{}",
            text(&report)
        );
        assert!(
            report.answers[1].answer.starts_with("No: 2 routes"),
            "{}",
            text(&report)
        );
        assert_eq!(report.who.as_ref().unwrap().team, "platform");
        assert_eq!(
            report.who.as_ref().unwrap().mitigation[0],
            "shift traffic away from version 2"
        );
    }
}

#[test]
fn acquits_a_fine_canary_and_says_nothing_was_released() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0), ("2", ONSET - 3)]);
        let bad = |minute: usize| if minute < ONSET { USUAL } else { 0.1 };
        incident.requests(MODEL, "1", |_| Some(540.0), |_, _, minute| bad(minute));
        incident.requests(
            MODEL,
            "2",
            |minute| (minute + 3 >= ONSET).then_some(60.0),
            |_, _, _| USUAL,
        );
        let report = incident.triaged();
        assert_eq!(suspects(&report), [], "{}", text(&report));
        assert!(matches!(report.released, Released::Nothing { .. }), "{}", text(&report));
        let judged = &report.releases[0];
        assert!(
            matches!(judged.verdict, Verdict::Elsewhere { share } if share < 0.1),
            "{}",
            text(&report)
        );
    }
}

#[test]
fn acquits_releases_that_came_later_or_ran_well_before() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0)]);
        incident.info("ml_feature_pipeline_info", "pipeline_version", "p1", 0);
        incident.info("ml_feature_pipeline_info", "pipeline_version", "p2", ONSET - 30);
        incident.info("ml_feature_pipeline_info", "pipeline_version", "p3", ONSET + 10);
        incident.info("ml_drift_baseline_info", "baseline_version", "b1", 0);
        incident.info("ml_drift_baseline_info", "baseline_version", "b2", ONSET - 1);
        let bad = |minute: usize| if minute < ONSET { USUAL } else { 0.1 };
        incident.requests(MODEL, "1", |_| Some(600.0), |_, _, minute| bad(minute));
        let report = incident.triaged();
        assert_eq!(suspects(&report), [], "{}", text(&report));
        let verdict = |name: &str| {
            let judged = report.releases.iter().find(|judged| judged.release.name == name);
            judged
                .unwrap_or_else(|| panic!("{name}: {}", text(&report)))
                .verdict
                .clone()
        };
        assert!(matches!(verdict("p2"), Verdict::RanWell { .. }), "{}", text(&report));
        assert_eq!(verdict("p3"), Verdict::After);
        assert_eq!(verdict("b2"), Verdict::Unrelated);
        assert!(matches!(report.released, Released::Nothing { .. }));
    }
}

#[test]
fn names_the_replica_and_that_nothing_was_released() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0)]);
        let bad = |replica: &str, minute: usize| {
            if minute >= ONSET && replica == "10.0.0.2:8000" {
                0.4
            } else {
                USUAL
            }
        };
        incident.requests(MODEL, "1", |_| Some(600.0), |_, replica, minute| bad(replica, minute));
        let report = incident.triaged();
        assert_eq!(place(&report), [("instance", "10.0.0.2:8000")], "{}", text(&report));
        assert!(matches!(report.released, Released::Nothing { .. }), "{}", text(&report));
        assert!(
            report.answers[3].answer.starts_with("No: nothing was released"),
            "{}",
            text(&report)
        );
    }
}

#[test]
fn says_everywhere_when_the_service_fails() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0), ("2", 0)]);
        let bad = |minute: usize| if minute < ONSET { USUAL } else { 0.1 };
        incident.requests(MODEL, "1", |_| Some(400.0), |_, _, minute| bad(minute));
        incident.requests(MODEL, "2", |_| Some(200.0), |_, _, minute| bad(minute));
        incident.requests("other", "1", |_| Some(400.0), |_, _, minute| bad(minute));
        let report = incident.triaged();
        assert_eq!(place(&report), [("everywhere", "")], "{}", text(&report));
        assert!(
            report.answers[0].answer.starts_with("No: 2 versions"),
            "{}",
            text(&report)
        );
        let neighbours = report
            .findings
            .iter()
            .any(|finding| finding.what.contains("1 of 1 other models"));
        assert!(neighbours, "{}", text(&report));
    }
}

#[test]
fn acquits_the_version_when_other_models_fail_too() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0), ("2", ONSET)]);
        let bad = |minute: usize| if minute < ONSET { USUAL } else { 0.1 };
        incident.requests(MODEL, "1", |minute| (minute < ONSET).then_some(600.0), |_, _, _| USUAL);
        incident.requests(MODEL, "2", |minute| (minute >= ONSET).then_some(600.0), |_, _, _| 0.1);
        incident.requests("other", "1", |_| Some(400.0), |_, _, minute| bad(minute));
        incident.requests("third", "1", |_| Some(400.0), |_, _, minute| bad(minute));
        let report = incident.triaged();
        assert_eq!(suspects(&report), [], "{}", text(&report));
        assert!(
            matches!(report.releases[0].verdict, Verdict::Shared { models: 2 }),
            "{}",
            text(&report)
        );
    }
}

#[test]
fn accuses_the_pipeline_of_a_missing_feature() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0)]);
        incident.info("ml_feature_pipeline_info", "pipeline_version", "p1", 0);
        incident.info("ml_feature_pipeline_info", "pipeline_version", "p2", ONSET);
        incident.requests(MODEL, "1", |_| Some(600.0), |_, _, _| USUAL);
        incident.feature("income", |minute| if minute < ONSET { 0.01 } else { 0.3 });
        incident.feature("age", |_| 0.02);
        let report = incident.triaged();
        let trouble = report.trouble.as_ref().unwrap();
        assert_eq!(trouble.symptom, Symptom::Missing("income".to_owned()));
        assert_eq!(suspects(&report), [(Kind::Pipeline, "p2")], "{}", text(&report));
        assert!(
            report.answers[2].answer.starts_with("The input data"),
            "{}",
            text(&report)
        );
        assert_eq!(report.who.as_ref().unwrap().team, "data");
    }
}

#[test]
fn finds_when_traffic_went() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0)]);
        incident.requests(
            MODEL,
            "1",
            |minute| Some(if minute < ONSET { 600.0 } else { 0.0 }),
            |_, _, _| USUAL,
        );
        let report = incident.triaged();
        assert_eq!(
            report.trouble.as_ref().unwrap().symptom,
            Symptom::Traffic,
            "{}",
            text(&report)
        );
        assert!((since(&report) - at(ONSET)).abs() <= 60);
        assert_eq!(place(&report), [("everywhere", "")], "{}", text(&report));
    }
}

#[test]
fn says_that_nothing_is_wrong_when_nothing_is() {
    let mut troubled = 0;
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0), ("2", ONSET)]);
        incident.requests(MODEL, "1", |_| Some(600.0), |_, _, _| USUAL);
        incident.requests(MODEL, "2", |minute| (minute >= ONSET).then_some(60.0), |_, _, _| USUAL);
        incident.feature("income", |_| 0.01);
        let report = incident.triaged();
        troubled += usize::from(report.trouble.is_some());
        assert_eq!(suspects(&report), []);
    }
    assert!(troubled <= 1, "{troubled}");
}

#[test]
fn says_unknown_where_the_series_are_missing() {
    let failing = || {
        let mut incident = Incident::new(1);
        let bad = |minute: usize| if minute < ONSET { USUAL } else { 0.1 };
        incident.requests(MODEL, "1", |_| Some(600.0), |_, _, minute| bad(minute));
        incident
    };
    // No metric of versions.
    let report = failing().triaged();
    assert!(matches!(report.released, Released::Unknown(_)), "{}", text(&report));
    assert!(
        !report.answers[3].known && report.answers[3].answer.starts_with("Unknown"),
        "{}",
        text(&report)
    );
    // Prometheus gives up on them.
    let report = failing().asked(None, &["ml_model_info", "ml_feature"]);
    assert!(matches!(report.released, Released::Unknown(_)), "{}", text(&report));
    assert!(
        report
            .unknown
            .iter()
            .any(|line| line == "ml_model_info: query timed out"),
        "{:?}",
        report.unknown
    );
    // It began before anything is recorded.
    let mut incident = Incident::new(1);
    incident.versions(&[("1", ONSET)]);
    let bad = |minute: usize| if minute < ONSET { USUAL } else { 0.1 };
    incident.requests(MODEL, "1", |_| Some(600.0), |_, _, minute| bad(minute));
    let report = incident.triaged();
    assert_eq!(suspects(&report), [], "{}", text(&report));
    assert!(matches!(report.released, Released::Unknown(_)), "{}", text(&report));
}

#[test]
fn accuses_the_traffic_that_moved_to_a_version_that_was_always_worse() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0), ("2", 0)]);
        let to = |minute: usize| if minute < ONSET { 12.0 } else { 300.0 };
        incident.requests(MODEL, "1", |minute| Some(600.0 - to(minute)), |_, _, _| USUAL);
        incident.requests(MODEL, "2", |minute| Some(to(minute)), |_, _, _| 0.2);
        let report = incident.triaged();
        assert_eq!(suspects(&report), [(Kind::Traffic, "2")], "{}", text(&report));
        assert_eq!(place(&report), [("model_version", "2")], "{}", text(&report));
    }
}

#[test]
fn judges_the_baseline_and_the_version_of_a_drift() {
    for (drifting, expected) in [("2", vec![(Kind::Version, "2")]), ("", vec![(Kind::Baseline, "b2")])] {
        let mut incident = Incident::new(1);
        incident.versions(&[("1", 0), ("2", if drifting.is_empty() { 0 } else { ONSET })]);
        incident.requests(MODEL, "1", |_| Some(600.0), |_, _, _| USUAL);
        incident.requests(
            MODEL,
            "2",
            |minute| (minute >= ONSET || drifting.is_empty()).then_some(60.0),
            |_, _, _| USUAL,
        );
        incident.info("ml_drift_baseline_info", "baseline_version", "b1", 0);
        if drifting.is_empty() {
            incident.info("ml_drift_baseline_info", "baseline_version", "b2", ONSET);
        }
        let on = |minute: usize| f64::from(u8::from(minute >= ONSET));
        let model = [("model_name", MODEL)];
        incident
            .world
            .gauge("ml_prediction_drift_detected", &model, |minute| Some(on(minute)));
        incident.world.gauge("ml_prediction_drift_score", &model, |minute| {
            Some(0.05 + 0.4 * on(minute))
        });
        for version in ["1", "2"] {
            let labels = [("model_name", MODEL), ("model_version", version)];
            let drifts = drifting.is_empty() || version == drifting;
            let detected = |minute| Some(if drifts { on(minute) } else { 0.0 });
            incident
                .world
                .gauge("ml_version_prediction_drift_detected", &labels, detected);
        }
        let report = incident.triaged();
        assert_eq!(
            report.trouble.as_ref().unwrap().symptom,
            Symptom::PredictionDrift,
            "{}",
            text(&report)
        );
        assert_eq!(suspects(&report), expected, "{}", text(&report));
    }
}

#[test]
fn says_which_stage_and_which_replica_stand_out() {
    let mut incident = Incident::new(1);
    incident.versions(&[("1", 0)]);
    incident.requests(MODEL, "1", |_| Some(600.0), |_, _, _| USUAL);
    let bad = |minute: usize| minute >= ONSET;
    for replica in REPLICAS {
        let labels = |more: (&'static str, &'static str)| {
            [
                ("model_name", MODEL),
                ("model_version", "1"),
                ("route", "predict"),
                ("instance", replica),
                more,
            ]
        };
        let slow = move |minute: usize| if bad(minute) { 80.0 } else { 2.0 };
        incident.world.counter(
            "ml_inference_latency_seconds_count",
            &labels(("job", "model-inference")),
            |_| Some(200.0),
        );
        incident.world.counter(
            "ml_inference_latency_seconds_bucket",
            &labels(("le", "0.35")),
            move |minute| Some(200.0 - slow(minute)),
        );
    }
    for (stage, before, now) in [("compute", 0.05, 0.05), ("feature_fetch", 0.01, 0.5)] {
        let labels = [("model_name", MODEL), ("stage", stage)];
        let mean = move |minute: usize| if bad(minute) { now } else { before };
        incident
            .world
            .counter("ml_inference_stage_seconds_sum", &labels, move |minute| {
                Some(600.0 * mean(minute))
            });
        incident
            .world
            .counter("ml_inference_stage_seconds_count", &labels, |_| Some(600.0));
    }
    let labels = [("job", "model-inference"), ("instance", REPLICAS[0])];
    incident.world.gauge("process_start_time_seconds", &labels, |minute| {
        Some(at(if bad(minute) { ONSET } else { 0 }) as f64)
    });
    let report = incident.asked(Some("MLInferenceHighLatencyP95"), &[]);
    assert_eq!(
        report.trouble.as_ref().unwrap().symptom,
        Symptom::Slow(0.35),
        "{}",
        text(&report)
    );
    let found = |what: &str| report.findings.iter().any(|finding| finding.what.contains(what));
    assert!(
        found("stage feature_fetch takes 500ms on average, 10ms before"),
        "{}",
        text(&report)
    );
    assert!(found("replica 10.0.0.1:8000 restarted at 02:50"), "{}", text(&report));
}

#[test]
fn says_unknown_rather_than_fine_where_it_is_blind() {
    let report = Incident::new(1).triaged();
    assert_eq!(report.blind.as_deref(), Some("there are no series of this model"));
    let mut incident = Incident::new(1);
    incident.versions(&[("1", 0)]);
    let report = incident.asked(None, &["ml_inference"]);
    assert!(
        report.blind.is_some() && report.answers.iter().all(|answer| !answer.known),
        "{}",
        text(&report)
    );
    assert!(
        text(&report).contains("unknown: some of what it takes could not be asked"),
        "{}",
        text(&report)
    );
}

#[test]
fn looks_at_what_the_alert_names() {
    let mut incident = Incident::new(3);
    incident.versions(&[("1", 0)]);
    let bad = |minute: usize| if minute < ONSET { USUAL } else { 0.2 };
    incident.requests(MODEL, "1", |_| Some(600.0), |_, _, minute| bad(minute));
    incident.feature("income", |minute| if minute < ONSET { 0.01 } else { 0.3 });
    let report = incident.asked(Some("MLFeatureMissingRatioHigh"), &[]);
    assert_eq!(
        report.trouble.as_ref().unwrap().symptom,
        Symptom::Missing("income".to_owned())
    );
    assert!(
        report.answers[2].answer.starts_with("Both: the input data, and"),
        "{}",
        text(&report)
    );
}

/// The words of an alert's name may be those of another symptom, too: a budget of errors burns slowly.
#[test]
fn takes_the_symptom_of_each_alert_whatever_else_is_in_its_name() {
    for (alert, symptom) in [
        ("MLInferenceHighErrorRate", Symptom::Errors),
        ("MLAvailabilityBudgetBurnSlow", Symptom::Errors),
        ("MLAvailabilityBudgetBurnFast", Symptom::Errors),
        ("MLCanaryErrorRateHigh", Symptom::Errors),
        ("MLReplicaFailing", Symptom::Errors),
        ("MLManyModelsFailing", Symptom::Errors),
        ("MLClientErrorsHigh", Symptom::ClientErrors),
        ("MLInferenceHighLatencyP95", Symptom::Slow(0.35)),
        ("MLLatencyBudgetBurnSlow", Symptom::Slow(0.35)),
        ("MLCanaryLatencyHigh", Symptom::Slow(0.35)),
        ("MLReplicaSlow", Symptom::Slow(0.35)),
        ("MLTrafficGone", Symptom::Traffic),
        ("MLFeatureMissingRatioHigh", Symptom::Missing("income".to_owned())),
    ] {
        let mut incident = Incident::new(4);
        incident.versions(&[("1", 0)]);
        incident.requests(MODEL, "1", |_| Some(600.0), |_, _, _| USUAL);
        incident.feature("income", |_| 0.01);
        let labels = [
            ("model_name", MODEL),
            ("model_version", "1"),
            ("job", "model-inference"),
        ];
        let count = "ml_inference_latency_seconds_count";
        incident.world.counter(count, &labels, |_| Some(600.0));
        let bucket = [&labels[..], &[("le", "0.35")]].concat();
        incident
            .world
            .counter("ml_inference_latency_seconds_bucket", &bucket, |_| Some(590.0));
        let report = incident.asked(Some(alert), &[]);
        assert_eq!(report.trouble.as_ref().unwrap().symptom, symptom, "{alert}");
    }
}

/// A version with most of the traffic has most of any excess: it is alone in trouble only while the others are well.
#[test]
fn isolates_no_version_while_the_others_are_as_bad() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0), ("2", 0)]);
        incident.info("ml_feature_pipeline_info", "pipeline_version", "p1", 0);
        incident.info("ml_feature_pipeline_info", "pipeline_version", "p2", ONSET);
        let bad = |minute: usize| if minute < ONSET { USUAL } else { 0.2 };
        incident.requests(MODEL, "1", |_| Some(540.0), |_, _, minute| bad(minute));
        incident.requests(MODEL, "2", |_| Some(60.0), |_, _, minute| bad(minute));
        let report = incident.triaged();
        let answer = &report.answers[0].answer;
        assert!(answer.starts_with("No: 2 versions have it"), "{}", text(&report));
        assert_eq!(suspects(&report), [(Kind::Pipeline, "p2")], "{}", text(&report));
    }
}

/// Where one version fails and nothing was released, the others can still have its traffic.
#[test]
fn shifts_traffic_from_the_one_bad_version_whatever_was_released() {
    for seed in SEEDS {
        let mut incident = Incident::new(seed);
        incident.versions(&[("1", 0), ("2", 0)]);
        let bad = |minute: usize| if minute < ONSET { USUAL } else { 0.4 };
        incident.requests(MODEL, "1", |_| Some(540.0), |_, _, _| USUAL);
        incident.requests(MODEL, "2", |_| Some(60.0), |_, _, minute| bad(minute));
        let report = incident.triaged();
        assert!(matches!(report.released, Released::Nothing { .. }), "{}", text(&report));
        let first = &report.who.as_ref().unwrap().mitigation[0];
        assert_eq!(first, "shift traffic away from version 2", "{}", text(&report));
    }
}

/// Two versions of a service that is watched since it began, every two seconds; the second fails since it broke.
struct Young {
    began: i64,
    broke: i64,
}

impl Young {
    const NOW: i64 = 1_780_272_000;

    /// How much of a step lies after a time, in seconds.
    fn since(time: i64, from: i64, to: i64) -> f64 {
        (to - from.max(time)).max(0) as f64
    }
}

impl Source for Young {
    fn ask(&self, question: &Question) -> Result<Vec<Row>, SourceError> {
        let row = |labels: &[(&str, &str)], value: &dyn Fn(i64, i64) -> f64| {
            let labels = labels
                .iter()
                .filter(|(name, _)| question.by.iter().any(|by| by == name));
            let steps = 0..question.grid.steps;
            let values = steps.map(|step| (question.grid.begins(step), question.grid.begins(step + 1)));
            Row {
                labels: labels
                    .map(|&(name, value)| (name.to_owned(), value.to_owned()))
                    .collect(),
                values: values
                    .map(|(from, to)| (to > self.began).then(|| value(from, to)))
                    .collect(),
            }
        };
        let version = |version| [("model_version", version), ("status", "success")];
        let failed = [("model_version", "2"), ("status", "error")];
        Ok(match question.metric.as_str() {
            "up" => vec![row(&[("instance", "10.0.0.1:8000")], &|_, _| 1.0)],
            "ml_model_info" => ["1", "2"].map(|name| row(&version(name), &|_, _| 1.0)).into(),
            "ml_inference_requests_total" => {
                let wanted = question.only.iter().find(|(name, _)| name == "status");
                let errors = row(&failed, &|from, to| 2.0 * Self::since(self.broke, from, to));
                if wanted.is_some() {
                    return Ok(vec![errors]);
                }
                let well = |rate: f64| move |from, to| rate * Self::since(self.began, from, to);
                vec![row(&version("1"), &well(40.0)), row(&version("2"), &well(4.0)), errors]
            }
            _ => Vec::new(),
        })
    }
}

#[test]
fn looks_closely_at_the_little_that_a_new_prometheus_knows() {
    let mut often = config();
    often.prometheus.scrape_interval = Duration::from_secs(2);
    // However little there was of calm: where it knows since when, it knows which version.
    let (mut known, mut unknown) = (0, 0);
    for (calm, broken) in (10..60).flat_map(|calm| [8, 10, 12, 16, 30].map(|broken| (calm, broken))) {
        let young = Young {
            began: Young::NOW - broken - calm,
            broke: Young::NOW - broken,
        };
        let report = triage(&young, None, &often, &Subject::model(MODEL, Young::NOW)).unwrap();
        match &report.trouble {
            Some(trouble) if matches!(trouble.onset, Onset::Since(_)) => {
                let answer = &report.answers[0].answer;
                assert!(answer.starts_with("Yes: version 2"), "{calm} s: {}", text(&report));
                known += 1;
            }
            _ => unknown += 1,
        }
    }
    assert!(known > 4 * unknown, "{known} known, {unknown} unknown");
    let young = Young {
        began: Young::NOW - 120,
        broke: Young::NOW - 30,
    };
    let report = triage(&young, None, &often, &Subject::model(MODEL, Young::NOW)).unwrap();
    let trouble = report.trouble.as_ref().unwrap_or_else(|| panic!("{}", text(&report)));
    assert_eq!(trouble.symptom, Symptom::Errors);
    let Onset::Since(moment) = &trouble.onset else {
        panic!("{}", text(&report))
    };
    assert!(
        moment.earliest <= young.broke && young.broke <= moment.latest,
        "{moment:?}"
    );
    assert!(
        report.answers[0].answer.starts_with("Yes: version 2"),
        "{}",
        text(&report)
    );
    // Whether anything was released before is not known, and is not made up.
    assert!(matches!(&report.released, Released::Unknown(why) if why.contains("nothing is recorded before")));
    // With a scrape every fifteen seconds, two minutes tell nothing.
    let report = triage(&young, None, &config(), &Subject::model(MODEL, Young::NOW)).unwrap();
    assert_eq!(report.trouble, None, "{}", text(&report));
}

/// What the drift job says was done, in words: the trouble's feature first, and what has been so for hours explains nothing.
#[test]
fn says_in_words_what_was_done_to_the_data() {
    let mut incident = Incident::new(2);
    incident.versions(&[("1", 0)]);
    incident.requests(MODEL, "1", |_| Some(600.0), |_, _, _| USUAL);
    let on = |minute: usize| f64::from(u8::from(minute >= ONSET));
    let of = |feature| [("model_name", MODEL), ("feature_name", feature)];
    for (metric, floor) in [("ml_data_drift_detected", 0.0), ("ml_data_drift_score", 0.05)] {
        let value = move |minute| Some(on(minute).max(floor));
        incident.world.gauge(metric, &of("income"), value);
    }
    let mut said = |feature: &'static str, change: &'static str, from: usize, until: usize| {
        let labels = [of(feature).to_vec(), vec![("change", change)]].concat();
        let during = |minute| (from <= minute && minute < until).then_some(1.0);
        incident.world.gauge("ml_drift_change", &labels, during);
    };
    said("zip\u{1b}code", "turned_inside_out", ONSET + 5, MINUTES);
    said("income", "scaled", ONSET, MINUTES);
    said("age", "rounded", 0, MINUTES);
    // Said no more.
    said("region", "swapped", ONSET - 60, ONSET);
    let report = incident.triaged();
    let whats: Vec<_> = report.findings.iter().map(|finding| finding.what.as_str()).collect();
    assert_eq!(
        whats,
        [
            "income is multiplied by a constant, says the drift job",
            "zip\u{fffd}code has changed (turned_inside_out), says the drift job",
            "age has lost its digits for longer than the hours that were looked at, says the drift job",
        ]
    );
    assert_eq!(report.findings[0].since, Some(at(ONSET + 1)));
    assert_eq!(report.findings[2].since, None);
    let text = text(&report);
    assert!(
        text.contains("What     income is multiplied by a constant, says the drift job, since"),
        "{text}"
    );
    assert!(page(&report).contains("income is multiplied by a constant, says the drift job"));
    let json = serde_json::to_value(&report).unwrap();
    assert_eq!(json["findings"][0]["what"], whats[0]);
}

#[test]
fn fits_a_screen_and_keeps_hostile_names_in_their_line() {
    let hostile = "2\n\u{202e}\u{1b}[2J\"}<b>";
    let mut incident = Incident::new(1);
    incident.versions(&[("1", 0), (hostile, ONSET)]);
    incident.requests(MODEL, "1", |_| Some(600.0), |_, _, _| USUAL);
    incident.requests(
        MODEL,
        hostile,
        |minute| (minute >= ONSET).then_some(60.0),
        |_, _, _| 0.5,
    );
    let report = incident.triaged();
    let text = text(&report);
    assert_eq!(suspects(&report), [(Kind::Version, hostile)]);
    assert!(text.lines().count() <= 40, "{text}");
    let odd = |character: &char| (character.is_control() && *character != '\n') || *character == '\u{202e}';
    assert_eq!(text.chars().find(odd), None, "{text:?}");
}

/// A value with its interval, of a version's measure.
fn performance(incident: &mut Incident, version: &str, measure: &str, value: f64, reach: f64) {
    let labels = [("model_name", MODEL), ("model_version", version), ("measure", measure)];
    for (metric, value) in [
        ("ml_performance", value),
        ("ml_performance_lower_bound", value - reach),
        ("ml_performance_upper_bound", value + reach),
    ] {
        incident.world.gauge(metric, &labels, move |_| Some(value));
    }
    incident
        .world
        .gauge("ml_performance_labels", &labels[..2], |_| Some(1200.0));
}

/// What is known of performance where the reference has an area of 0.8 and an error of 4.
fn performance_findings(told: &[(&str, &str, f64, f64)]) -> Vec<String> {
    let mut incident = Incident::new(0);
    incident.versions(&[("1", 0), ("2", 0)]);
    incident.requests(MODEL, "1", |_| Some(600.0), |_, _, _| USUAL);
    for (measure, value) in [("roc_auc", 0.8), ("mae", 4.0)] {
        let labels = [("model_name", MODEL), ("measure", measure)];
        incident
            .world
            .gauge("ml_performance_reference", &labels, move |_| Some(value));
    }
    for (version, measure, value, reach) in told {
        performance(&mut incident, version, measure, *value, *reach);
    }
    let report = incident.triaged();
    let whats = report.findings.iter().map(|finding| finding.what.clone());
    whats.collect()
}

#[test]
fn names_the_version_that_is_less_often_right_with_its_worst_measure() {
    let whats = performance_findings(&[
        ("2", "roc_auc", 0.7, 0.01),
        ("2", "mae", 4.4, 0.1),
        // Chance, a hair, and better.
        ("1", "roc_auc", 0.7, 0.2),
        ("1", "mae", 3.0, 0.1),
        ("__all__", "roc_auc", 0.75, 0.01),
    ]);
    assert_eq!(
        whats,
        [
            "version 2 is less often right of 1200 labels: roc_auc 0.7, and 0.8 in the reference, which is 50% more loss, says the performance job"
        ]
    );
}

#[test]
fn names_all_versions_together_where_none_alone_is_surely_less_often_right() {
    let whats = performance_findings(&[
        ("1", "mae", 5.0, 1.0),
        ("2", "mae", 5.0, 1.0),
        ("__all__", "mae", 5.0, 0.3),
    ]);
    assert_eq!(whats.len(), 1, "{whats:?}");
    assert!(
        whats[0].starts_with("all versions together are less often right of 1200 labels: mae 5, and 4 in the reference, which is 25% more"),
        "{whats:?}"
    );
}

#[test]
fn says_nothing_of_performance_without_a_reference_or_an_interval() {
    assert_eq!(performance_findings(&[("1", "log_loss", 9.0, 0.1)]), [""; 0]);
    assert_eq!(performance_findings(&[("1", "roc_auc", 0.79, 0.01)]), [""; 0]);
}

/// A value of a segment that is told of less often right, and how much of what was lost it explains.
fn segment(incident: &mut Incident, value: &str, growth: [f64; 2], explains: &[(&str, f64)], until: usize) {
    let labels = |version: bool| {
        let mut labels = vec![("model_name", MODEL), ("segment", "carrier"), ("segment_value", value)];
        labels.extend((!version).then_some(("measure", "accuracy")));
        labels
    };
    let bad = |value: f64| move |minute: usize| (minute < until).then_some(value);
    let world = &mut incident.world;
    world.gauge("ml_segment_performance_loss_growth", &labels(false), bad(growth[0]));
    world.gauge("ml_segment_performance", &labels(false), bad(growth[1]));
    world.gauge("ml_segment_performance_reference", &labels(false), |_| Some(0.9));
    world.gauge("ml_segment_performance_labels", &labels(true), |_| Some(400.0));
    for (version, share) in explains {
        let mut labels = labels(true);
        labels.push(("model_version", version));
        world.gauge("ml_performance_explained_ratio", &labels, bad(*share));
    }
}

/// Page, version, measure and segment: what explains most comes first, and what has ended is not told of.
#[test]
fn names_segments_that_are_less_often_right_by_what_they_explain_of_the_loss() {
    let mut incident = Incident::new(0);
    incident.versions(&[("1", 0), ("2", 0)]);
    incident.requests(MODEL, "1", |_| Some(600.0), |_, _, _| USUAL);
    let labels = [("model_name", MODEL), ("measure", "accuracy")];
    incident.world.gauge("ml_performance_reference", &labels, |_| Some(0.9));
    performance(&mut incident, "2", "accuracy", 0.8, 0.01);
    segment(&mut incident, "AA", [4.0, 0.5], &[], MINUTES);
    segment(
        &mut incident,
        "UA",
        [2.0, 0.7],
        &[("__all__", 0.75), ("2", 0.8)],
        MINUTES,
    );
    segment(&mut incident, "HA", [9.0, 0.1], &[("2", 0.9)], MINUTES / 2);
    let report = incident.triaged();
    let whats: Vec<_> = report.findings.iter().map(|finding| finding.what.as_str()).collect();
    assert_eq!(
        whats,
        [
            "version 2 is less often right of 1200 labels: accuracy 0.8, and 0.9 in the reference, which is 100% more loss; of that carrier UA explains 80%, says the performance job",
            "carrier UA is less often right of 400 labels: accuracy 0.7, and 0.9 in the reference, which is 200% more loss; it explains 75% of what the model lost, says the performance job",
            "carrier AA is less often right of 400 labels: accuracy 0.5, and 0.9 in the reference, which is 400% more loss, says the performance job",
        ]
    );
}
