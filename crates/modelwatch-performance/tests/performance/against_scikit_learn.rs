//! The measures against scikit-learn's, on drawn rows with ties, certain scores and lopsided classes.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use modelwatch_performance::{BinaryCounts, Cbpe, Classes, Measure, MulticlassCounts, Performance, RegressionCounts};
use serde_json::{Value, json};

use crate::drawn::Draw;

/// The answers of the judge to questions, one a line each.
fn ask(questions: &[Value]) -> Vec<Value> {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = here.join("../../.venv/bin/python");
    let mut child = modelwatch_testkit::tool(&python)
        .arg(here.join("tests/performance/judge.py"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} can't be run ({error}): run `make setup`", python.display()));
    let mut stdin = child.stdin.take().expect("it has a stdin");
    let questions: String = questions.iter().map(|question| format!("{question}\n")).collect();
    let asked = std::thread::spawn(move || stdin.write_all(questions.as_bytes()));
    let output = child.wait_with_output().expect("it ends");
    asked.join().expect("no panic").expect("it reads");
    assert!(
        output.status.success(),
        "judge.py failed (above): if a module is missing, run `make setup`"
    );
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines()
        .map(|line| serde_json::from_str(line).expect("the answer is JSON"))
        .collect()
}

fn assert_equal(case: &Value, ours: &Performance, theirs: &Value) {
    let named = theirs.as_object().expect("measures by name");
    assert_eq!(named.len(), ours.iter().count(), "{case}");
    for (measure, measured) in ours.iter() {
        let theirs = named[measure.name()].as_f64().expect("a number");
        let ours = measured
            .unwrap_or_else(|undefined| panic!("{measure} of {case}: {undefined}"))
            .value;
        assert!(
            (ours - theirs).abs() <= 1e-9 * theirs.abs().max(1.0),
            "{measure} is {ours} and by scikit-learn {theirs}"
        );
    }
}

/// Every binary measure is scikit-learn's to 1e-9.
#[test]
fn judged_binary_measures_are_those_of_scikit_learn() {
    let mut draw = Draw::new(1);
    let mut questions = Vec::new();
    let mut ours = Vec::new();
    // Rows, the share of positives about, and how many distinct scores there may be.
    for (rows, centre, distinct) in [
        (20, 0.0, 5.0),
        (500, -1.0, 1e9),
        (500, 1.0, 20.0),
        (3_000, -4.0, 1e9),
        (3_000, 0.0, 1.0),
    ] {
        let mut counts = BinaryCounts::new();
        let (mut scores, mut predicted, mut actual) = (Vec::new(), Vec::new(), Vec::new());
        for row in 0..rows {
            let score = match row % 50 {
                0 => 0.0,
                1 => 1.0,
                _ => (draw.score(centre, 2.0) * distinct).round() / distinct,
            };
            scores.push(score);
            predicted.push(score >= 0.4);
            actual.push(draw.happens(0.1 + 0.7 * score));
            counts.add(scores.last().copied(), predicted.last().copied(), actual[row]);
        }
        questions.push(json!({"kind": "binary", "score": scores, "predicted": predicted, "actual": actual}));
        ours.push(counts.performance());
    }
    for ((question, ours), theirs) in questions.iter().zip(&ours).zip(ask(&questions)) {
        assert_equal(question, ours, &theirs);
    }
}

/// A window of a million rows, each with a score of its own, has every measure to 1e-9, too.
#[test]
fn judged_measures_are_those_of_scikit_learn_when_a_million_scores_differ() {
    const ROWS: u64 = 1_000_000;
    let mut counts = BinaryCounts::new();
    for row in 0..ROWS {
        let score = (row * 2_654_435_761 % (1 << 32)) as f64 / f64::from(2_u32).powi(32);
        let actual = ((row * 40_503 % 65_537) as f64 / 65_537.0) < score * score;
        counts.add(Some(score), Some(score >= 0.5), actual);
    }
    let question = json!({"kind": "many", "rows": ROWS});
    let ours = counts.performance();
    assert!(ours.get(Measure::RocAuc).is_ok_and(|area| area.within == 0.0));
    assert_equal(&question, &ours, &ask(std::slice::from_ref(&question))[0]);
}

/// Every measure of several classes is scikit-learn's macro average to 1e-9, a class that is never predicted included.
#[test]
fn judged_multiclass_measures_are_those_of_scikit_learn() {
    let mut draw = Draw::new(2);
    let mut questions = Vec::new();
    let mut ours = Vec::new();
    for (rows, classes, never) in [(60, 3, 99), (2_000, 3, 99), (2_000, 7, 2), (400, 2, 99)] {
        let names: Vec<String> = (0..classes).map(|class| format!("class {class}")).collect();
        let mut counts = MulticlassCounts::new(&Classes::new(&names[..]).expect("classes"));
        let (mut all, mut predicted, mut actual) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rows {
            let weights: Vec<f64> = (0..classes).map(|_| (1.5 * draw.normal()).exp()).collect();
            let sum: f64 = weights.iter().sum();
            let scores: Vec<f64> = weights.iter().map(|weight| weight / sum).collect();
            let mut left = draw.share();
            let drawn = scores.iter().position(|score| {
                left -= score;
                left <= 0.0
            });
            actual.push(if draw.happens(0.2) {
                draw.below(classes)
            } else {
                drawn.unwrap_or(0)
            });
            let allowed = (0..classes).filter(|class| *class != never);
            predicted.push(
                allowed
                    .max_by(|one, other| scores[*one].total_cmp(&scores[*other]))
                    .expect("classes"),
            );
            let of = |class: Option<&usize>| names[*class.expect("a row")].as_str();
            counts.add(Some(&scores), Some(of(predicted.last())), of(actual.last()));
            all.push(scores);
        }
        questions.push(json!({"kind": "multiclass", "scores": all, "predicted": predicted, "actual": actual}));
        ours.push(counts.performance());
    }
    for ((question, ours), theirs) in questions.iter().zip(&ours).zip(ask(&questions)) {
        assert_equal(question, ours, &theirs);
    }
}

/// Every measure of numbers is scikit-learn's to 1e-9, however far the targets are from zero.
#[test]
fn judged_regression_measures_are_those_of_scikit_learn() {
    let mut draw = Draw::new(3);
    let mut questions = Vec::new();
    let mut ours = Vec::new();
    for (mean, deviation, noise) in [
        (0.0, 1.0, 0.5),
        (1e3, 20.0, 30.0),
        (1e6, 10.0, 1.0),
        (-5e-7, 1e-7, 1e-8),
        (1e9, 1.0, 0.1),
    ] {
        let mut counts = RegressionCounts::new();
        let (mut predicted, mut actual) = (Vec::new(), Vec::new());
        for row in 0..1_000 {
            actual.push(mean + deviation * draw.normal());
            predicted.push(actual[row] + noise * (draw.normal() + 0.3));
            counts.add(predicted[row], actual[row]);
        }
        questions.push(json!({"kind": "regression", "predicted": predicted, "actual": actual}));
        ours.push(counts.performance());
    }
    for ((question, ours), theirs) in questions.iter().zip(&ours).zip(ask(&questions)) {
        assert_equal(question, ours, &theirs);
    }
}

/// What a score means is what scikit-learn's isotonic regression says, between learned scores and beyond them.
#[test]
fn judged_calibration_is_that_of_isotonic_regression() {
    let mut draw = Draw::new(4);
    let mut questions = Vec::new();
    let mut ours = Vec::new();
    for (rows, distinct) in [(30, 1e9), (2_000, 1e9), (2_000, 25.0)] {
        let mut reference = BinaryCounts::new();
        let (mut scores, mut actual) = (Vec::new(), Vec::new());
        for row in 0..rows {
            scores.push((draw.score(0.0, 1.0) * distinct).round() / distinct);
            actual.push(draw.happens(scores[row] * scores[row]));
            reference.add(Some(scores[row]), None, actual[row]);
        }
        let asked: Vec<f64> = (-10..=110)
            .map(|step| f64::from(step) / 100.0)
            .chain(scores.clone())
            .collect();
        let learned = Cbpe::learn(&reference).expect("both classes");
        ours.push(
            asked
                .iter()
                .map(|score| learned.probability(*score))
                .collect::<Vec<f64>>(),
        );
        questions.push(json!({"kind": "isotonic", "score": scores, "actual": actual, "asked": asked}));
    }
    for ((question, ours), theirs) in questions.iter().zip(&ours).zip(ask(&questions)) {
        let theirs = theirs["calibrated"].as_array().expect("probabilities");
        assert_eq!(ours.len(), theirs.len());
        for (place, (ours, theirs)) in ours.iter().zip(theirs).enumerate() {
            let theirs = theirs.as_f64().expect("a number");
            assert!(
                (ours - theirs).abs() <= 1e-9,
                "{}: {ours}, {theirs}",
                question["asked"][place]
            );
        }
    }
}

/// The names that reports and metrics use are of one measure each.
#[test]
fn names_each_measure_once() {
    let mut names: Vec<_> = Measure::ALL.iter().map(|measure| measure.name()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), Measure::ALL.len());
}
