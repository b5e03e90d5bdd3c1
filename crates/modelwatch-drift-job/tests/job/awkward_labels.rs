//! Labels and scores as they come: each ends in a count, a reason or an error, and never in a figure of something else.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use chrono::TimeDelta;
use modelwatch_drift_job::performance::{Group, JoinCounts, PerformanceOptions, PerformanceReport};
use modelwatch_performance::{Measure, Undefined};

/// Rows of two classes, as often positive as their score says: `id,score,label`.
fn rows(count: usize) -> Vec<[String; 3]> {
    let row = |row: usize| {
        let score = (row % 100) as f64 / 100.0 + 0.005;
        let positive = (row / 100 * 37 % 100) as f64 / 100.0 < score;
        [format!("p{row}"), score.to_string(), u8::from(positive).to_string()]
    };
    (0..count).map(row).collect()
}

/// Rows with some cells in place of what was there: row, column, value.
fn with(mut rows: Vec<[String; 3]>, cells: &[(usize, usize, &str)]) -> Vec<[String; 3]> {
    for (row, column, value) in cells {
        (*value).clone_into(&mut rows[*row][*column]);
    }
    rows
}

fn write(folder: &Path, name: &str, header: &str, rows: &[[String; 3]]) -> String {
    let mut text = format!("{header}\n");
    for row in rows {
        writeln!(text, "{}", row.join(",")).expect("a string takes it");
    }
    let path = folder.join(name);
    fs::write(&path, text).expect("the folder can be written to");
    path.to_str().expect("text").to_owned()
}

fn run(options: &PerformanceOptions) -> Result<PerformanceReport, String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(options.run(|_| {})).map_err(|error| error.to_string())
}

/// The report of a current file with some cells changed, beside a sound reference.
fn told(cells: &[(usize, usize, &str)], change: impl Fn(&mut PerformanceOptions)) -> Result<PerformanceReport, String> {
    let folder = tempfile::tempdir().expect("a folder");
    let reference = write(folder.path(), "reference.csv", "id,score,label", &rows(2_000));
    let current = write(folder.path(), "current.csv", "id,score,label", &with(rows(500), cells));
    let mut options = PerformanceOptions::new("label", [reference], [current]);
    options.score = Some("score".into());
    change(&mut options);
    run(&options)
}

fn all(report: &PerformanceReport) -> &Group {
    &report.groups[0]
}

/// What a table of cells leaves out: labels that count, unknown labels, rows without a score.
#[test]
fn counts_what_is_no_label_or_no_score() {
    type Cells = &'static [(usize, usize, &'static str)];
    let cases: [(&str, Cells, [u64; 3]); 7] = [
        ("as it should be", &[], [500, 0, 0]),
        (
            "no label, whatever wrote it",
            &[(0, 2, ""), (1, 2, "NaN"), (2, 2, "null"), (3, 2, "None"), (4, 2, "NA")],
            [495, 0, 0],
        ),
        (
            "labels of no class",
            &[(0, 2, "unknown"), (1, 2, "2"), (2, 2, "-1"), (3, 2, "TRUE")],
            [496, 4, 0],
        ),
        (
            "the same class in other digits",
            &[(0, 2, "1.0"), (1, 2, "0.00")],
            [500, 0, 0],
        ),
        (
            "no score",
            &[(0, 1, ""), (1, 1, "NaN"), (2, 1, "inf"), (3, 1, "-inf"), (4, 1, "abc")],
            [500, 0, 5],
        ),
        (
            "scores that are no probabilities",
            &[(0, 1, "1.5"), (1, 1, "-0.1")],
            [500, 0, 0],
        ),
        ("neither", &[(0, 1, ""), (0, 2, "unknown")], [499, 1, 1]),
    ];
    for (what, cells, expected) in cases {
        let report = told(cells, |_| {}).unwrap_or_else(|error| panic!("{what}: {error}"));
        let group = all(&report);
        let counted = [group.labels, group.unknown_labels, group.without_score];
        assert_eq!(counted, expected, "{what}");
        assert_eq!(group.rows, 500, "{what}");
        let accuracy = group.realised.get(Measure::Accuracy).expect(what);
        assert!(accuracy.rows <= group.labels, "{what}: {accuracy:?}");
        let printed = report.to_string();
        assert_eq!(
            printed.contains("left out:"),
            expected[1] + expected[2] > 0,
            "{what}: {printed}"
        );
        let loss = group.realised.get(Measure::LogLoss);
        match what {
            "scores that are no probabilities" => assert_eq!(loss, Err(Undefined::NotProbabilities { rows: 2 })),
            _ => assert!(loss.is_ok(), "{what}: {loss:?}"),
        }
    }
}

/// A window whose rows say nothing of a measure has a reason in its place.
#[test]
fn gives_the_reason_where_a_window_has_no_figure() {
    let everywhere = |column: usize, value: &'static str| -> Vec<(usize, usize, &'static str)> {
        (0..500).map(|row| (row, column, value)).collect()
    };
    let report = told(&everywhere(1, ""), |_| {}).expect("a report");
    let group = all(&report);
    assert_eq!((group.labels, group.without_score), (500, 500));
    for (measure, measured) in group.realised.iter() {
        assert_eq!(measured, Err(Undefined::NoRows), "{measure}");
    }
    assert!(
        report.to_string().contains("of 500 rows the score is absent"),
        "{report}"
    );

    let report = told(&everywhere(2, "1"), |_| {}).expect("a report");
    assert_eq!(all(&report).realised.get(Measure::RocAuc), Err(Undefined::OneClass));
    assert!(
        report.to_string().contains("no roc_auc: all labels are of one class"),
        "{report}"
    );

    let report = told(&everywhere(2, "3"), |_| {}).expect("a report");
    assert_eq!((all(&report).labels, all(&report).unknown_labels), (0, 500));
    assert_eq!(all(&report).realised.get(Measure::Accuracy), Err(Undefined::NoRows));
}

/// What makes a reference none is named, and what to do about it.
#[test]
fn refuses_a_reference_that_teaches_nothing() {
    let sound = rows(500);
    let one_class: Vec<_> = (0..500).map(|row| (row, 2, "1")).collect();
    let no_score: Vec<_> = (0..500).map(|row| (row, 1, "")).collect();
    let no_label: Vec<_> = (0..500).map(|row| (row, 2, "")).collect();
    for (what, cells, says) in [
        (
            "a third label",
            &[(0, 2, "unknown")][..],
            "the labels of the reference are 0, 1, unknown: more than two, and the score is of one; name the positive one with --positive",
        ),
        (
            "one class",
            &one_class,
            "the reference has no scored rows of both classes",
        ),
        (
            "no score",
            &no_score,
            "the reference has no scored rows of both classes",
        ),
        ("no label", &no_label, "the reference has no row with a label"),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let reference = write(
            folder.path(),
            "reference.csv",
            "id,score,label",
            &with(sound.clone(), cells),
        );
        let current = write(folder.path(), "current.csv", "id,score,label", &sound);
        let mut options = PerformanceOptions::new("label", [reference], [current]);
        options.score = Some("score".into());
        let error = run(&options).expect_err(what);
        assert!(error.contains(says), "{what}: {error}");
    }
}

/// A predicted class that no label has is no prediction of the other class.
#[test]
fn counts_predicted_classes_that_no_label_has() {
    let mut cells: Vec<_> = (0..500).map(|row| (row, 1, "1")).collect();
    cells[0].2 = "unknown";
    cells[1].2 = "";
    let classes = |options: &mut PerformanceOptions| {
        options.score = None;
        options.class = Some("score".into());
        options.reference.clone_from(&options.current);
    };
    let report = told(&cells, classes).expect("a report");
    let group = all(&report);
    assert_eq!((group.labels, group.without_class), (500, 2));
    let accuracy = group.realised.get(Measure::Accuracy).expect("a figure");
    assert_eq!(accuracy.rows, 498);
}

/// Numbers that are none, or have no square, are left out and counted; the others' errors are what they are.
#[test]
fn counts_numbers_that_have_no_error() {
    let cells = [
        (0, 2, "inf"),
        (1, 2, "-inf"),
        (2, 2, "abc"),
        (3, 2, "1e300"),
        (4, 2, ""),
        (5, 1, "inf"),
        (6, 1, "NaN"),
        (7, 1, "-1e300"),
    ];
    let report = told(&cells, |options| options.regression = true).expect("a report");
    let group = all(&report);
    assert_eq!((group.labels, group.unknown_labels, group.without_score), (492, 4, 3));
    let error = group.realised.get(Measure::MeanAbsoluteError).expect("a figure");
    assert!(error.value < 1.0 && error.rows == 492, "{error:?}");

    let constant: Vec<_> = (0..500).map(|row| (row, 2, "5")).collect();
    let report = told(&constant, |options| options.regression = true).expect("a report");
    let spread = all(&report).realised.get(Measure::RSquared);
    assert_eq!(spread, Err(Undefined::ConstantTarget));
}

/// One prediction on each of some instants, and what its labels, and when they came, are counted as with a horizon of two days.
#[test]
fn counts_a_label_by_its_instant_whatever_the_zone_and_the_order() {
    type Case = (
        &'static str,
        &'static str,
        &'static [(&'static str, &'static str)],
        fn(&mut JoinCounts),
    );
    let matched: fn(&mut JoinCounts) = |counts| counts.matched += 1;
    let cases: [Case; 11] = [
        (
            "over midnight",
            "2026-03-01T23:59:59Z",
            &[("2026-03-03T23:59:59Z", "1")],
            matched,
        ),
        (
            "a second too late",
            "2026-03-01T23:59:59Z",
            &[("2026-03-04T00:00:00Z", "1")],
            |counts| {
                counts.late += 1;
            },
        ),
        // Berlin's clocks went from two to three that night, so the wall says 49 hours.
        (
            "over the change of clocks",
            "2026-03-28T12:00:00+01:00",
            &[("2026-03-30T13:00:00+02:00", "1")],
            matched,
        ),
        (
            "over the change of clocks, too late",
            "2026-03-28T12:00:00+01:00",
            &[("2026-03-30T13:00:01+02:00", "1")],
            |counts| counts.late += 1,
        ),
        (
            "a date, without a time of day",
            "2026-03-01T15:00:00Z",
            &[("2026-03-01T00:00:00Z", "1")],
            matched,
        ),
        (
            "before the prediction",
            "2026-03-05T15:00:00Z",
            &[("2026-03-01T00:00:00Z", "1")],
            |counts| {
                counts.early += 1;
            },
        ),
        (
            "twice, and they contradict each other",
            "2026-03-01T00:00:00Z",
            &[("2026-03-02T00:00:00Z", "1"), ("2026-03-02T00:00:00Z", "0")],
            |counts| {
                counts.matched += 1;
                counts.repeated_labels += 1;
                counts.revised_labels += 1;
                counts.contradicting_labels += 1;
            },
        ),
        (
            "early and late",
            "2026-03-05T00:00:00Z",
            &[("2026-03-01T00:00:00Z", "1"), ("2026-03-09T00:00:00Z", "0")],
            |counts| {
                counts.late += 1;
                counts.repeated_labels += 1;
            },
        ),
        (
            "without a time of its own",
            "2026-03-01T00:00:00Z",
            &[("", "1")],
            |counts| {
                counts.unusable_labels += 1;
                counts.labels -= 1;
                counts.without_label += 1;
            },
        ),
        (
            "of a prediction without a time",
            "",
            &[("2026-03-02T00:00:00Z", "1")],
            |counts| counts.undated += 1,
        ),
        ("none", "2026-03-01T00:00:00Z", &[], |counts| counts.without_label += 1),
    ];
    for (what, predicted, labels, count) in cases {
        let folder = tempfile::tempdir().expect("a folder");
        let reference = write(folder.path(), "reference.csv", "id,score,label", &rows(2_000));
        let text = |row: &[&str; 3]| row.map(str::to_owned);
        let predictions = [text(&["p", "0.7", predicted])];
        let current = write(folder.path(), "current.csv", "id,score,time", &predictions);
        let outcomes: Vec<_> = labels.iter().map(|(known, label)| text(&["p", label, known])).collect();
        // A file of no rows has no types, so there is a label of nobody in each.
        let outcomes = [outcomes, vec![text(&["nobody", "1", "2026-03-01T00:00:00Z"])]].concat();
        let outcomes = write(folder.path(), "outcomes.csv", "id,label,known", &outcomes);
        let mut options = PerformanceOptions::new("label", [reference], [current]);
        options.score = Some("score".into());
        options.time = Some("time".into());
        options.outcomes = vec![outcomes];
        options.outcome_time = Some("known".into());
        options.horizon = TimeDelta::days(2);
        options.now = "2026-05-01T00:00:00Z".parse().expect("a time");
        let report = run(&options).unwrap_or_else(|error| panic!("{what}: {error}"));
        let mut expected = JoinCounts::default();
        expected.predictions = 1;
        expected.labels = labels.len() as u64 + 1;
        expected.unmatched_labels = 1;
        count(&mut expected);
        let joined = report.joined.expect("outcomes were joined");
        assert_eq!(joined, expected, "{what}");
        assert_eq!(all(&report).labels, expected.matched, "{what}");
        let fates = joined.matched + joined.late + joined.early + joined.undated;
        assert_eq!(
            fates + joined.unmatched_labels + joined.repeated_labels,
            joined.labels,
            "{what}"
        );
    }
}

/// Predictions of one id that contradict each other count once, and are told of.
#[test]
fn counts_predictions_that_contradict_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let reference = write(folder.path(), "reference.csv", "id,score,label", &rows(2_000));
    let mut predictions = rows(100);
    predictions.extend(rows(2));
    predictions[101][1] = "0.999".to_owned();
    let current = write(folder.path(), "current.csv", "id,score,other", &predictions);
    let outcomes = write(folder.path(), "outcomes.csv", "id,other,label", &rows(100));
    let mut options = PerformanceOptions::new("label", [reference], [current]);
    options.score = Some("score".into());
    options.outcomes = vec![outcomes];
    let report = run(&options).expect("a report");
    let joined = report.joined.expect("outcomes were joined");
    assert_eq!((joined.repeated_predictions, joined.differing_predictions), (2, 1));
    assert_eq!((joined.predictions, joined.matched, all(&report).rows), (100, 100, 100));
    assert!(
        report.to_string().contains("2 repeated predictions (1 of them differ)"),
        "{report}"
    );
}

/// A version whose labels have not come has an estimate and no figure, and takes none of another's.
#[test]
fn gives_a_version_without_labels_no_figure() {
    let mut cells = Vec::new();
    for row in 0..250 {
        cells.push((row, 0, "canary"));
        cells.push((row, 2, ""));
    }
    (250..500).for_each(|row| cells.push((row, 0, "stable")));
    let report = told(&cells, |options| options.version = Some("id".into())).expect("a report");
    let [all, canary, stable] = &report.groups[..] else {
        panic!("{report}");
    };
    assert_eq!((all.labels, canary.labels, stable.labels), (250, 0, 250));
    assert_eq!(canary.realised.get(Measure::Accuracy), Err(Undefined::NoRows));
    let estimate = canary.estimated.as_ref().expect("an estimate");
    assert!(estimate.performance.get(Measure::Accuracy).is_ok());
    assert_eq!(all.realised, stable.realised);
}
