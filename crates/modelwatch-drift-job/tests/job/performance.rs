//! Performance of predictions in files, labels beside them or joined by id.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::TimeDelta;
use modelwatch_drift_job::performance::{
    Files, Group, GroupKind, JoinCounts, PerformanceError, PerformanceOptions, PerformanceProgress, PerformanceReport,
    Task, json,
};
use modelwatch_performance::{BinaryCounts, Measure, Performance};
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

fn write(folder: &Path, name: &str, text: &str) -> String {
    let path: PathBuf = folder.join(name);
    fs::write(&path, text).expect("the folder can be written to");
    path.to_str().expect("text").to_owned()
}

fn run(options: &PerformanceOptions) -> Result<PerformanceReport, PerformanceError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
    runtime.block_on(options.run(|_| {}))
}

fn value(performance: &Performance, measure: Measure) -> f64 {
    performance
        .get(measure)
        .unwrap_or_else(|why| panic!("{measure}: {why}"))
        .value
}

/// The labelled rows of a reference of two classes.
fn reference(random: &mut SmallRng, rows: usize) -> String {
    let mut text = String::from("probability,country,late\n");
    for _ in 0..rows {
        let score = random.random_range(0.0..1.0);
        let late = u8::from(random.random_range(0.0..1.0) < score);
        writeln!(text, "{score},at,{late}").expect("a string takes it");
    }
    text
}

/// 100,000 predictions, and labels that come in no order, twice, thrice and revised, two weeks late, never, of nobody and broken:
/// each is counted once, in the one place where it belongs, and the figures are those of the labels in time.
#[test]
fn counts_each_label_once_however_it_comes() {
    const PREDICTIONS: usize = 100_000;
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = SmallRng::seed_from_u64(31);
    let first = write(folder.path(), "reference.csv", &reference(&mut random, 5_000));

    let day = |day: usize| format!("2026-04-{:02}T00:00:00Z", 1 + day);
    let mut predictions = String::from("id,time,probability,country\n");
    let mut labels = Vec::new();
    let mut expected = JoinCounts::default();
    let mut counted = BinaryCounts::new();
    for place in 0..PREDICTIONS {
        let score: f64 = random.random_range(0.0..1.0);
        let predicted_on = if place % 50 == 7 { 20 } else { 1 };
        let row = format!("p{place},{},{score},at\n", day(predicted_on));
        predictions += &row;
        if place % 1_000 == 0 {
            predictions += &row;
            expected.repeated_predictions += 1;
        }
        expected.predictions += 1;
        let late = random.random_range(0.0..1.0) < score;
        let mut label = |on: usize, late: bool| {
            labels.push(format!("{},p{place},{}\n", day(on), u8::from(late)));
            expected.labels += 1;
        };
        match place % 50 {
            // Never, the horizon over by the 24th; or not over.
            0 => expected.without_label += 1,
            7 => expected.waiting += 1,
            // Sixteen days after the prediction.
            1 => {
                label(17, late);
                expected.late += 1;
            }
            // Thrice the same.
            2 => {
                (0..3).for_each(|_| label(3, late));
                expected.matched += 1;
                expected.repeated_labels += 2;
            }
            // Revised in time, and once more too late.
            3 => {
                label(2, !late);
                label(4, late);
                label(17, !late);
                expected.matched += 1;
                expected.repeated_labels += 2;
                expected.revised_labels += 2;
            }
            _ => {
                label(2, late);
                expected.matched += 1;
            }
        }
        if !matches!(place % 50, 0 | 1 | 7) {
            counted.add(Some(score), Some(score >= 0.5), late);
        }
    }
    predictions += ",2026-04-02T00:00:00Z,0.5,at\nNA,2026-04-02T00:00:00Z,0.5,at\n";
    expected.predictions_without_id = 2;
    for nobody in 0..500 {
        labels.push(format!("{},nobody{nobody},1\n", day(2)));
        labels.push(format!("{},nobody{nobody},0\n", day(2)));
        expected.labels += 2;
        expected.unmatched_labels += 1;
        expected.repeated_labels += 1;
    }
    labels.push(format!("{},p5,\n", day(2)));
    labels.push(format!("{},,1\n", day(2)));
    expected.unusable_labels = 2;
    for place in (1..labels.len()).rev() {
        labels.swap(place, random.random_range(0..=place));
    }
    let half = labels.len() / 2;
    let header = "known_at,prediction,late\n";
    let current = write(folder.path(), "predictions.csv", &predictions);
    let outcomes = [&labels[..half], &labels[half..]].map(|part| header.to_owned() + &part.concat());
    let outcomes = ["early.csv", "more.csv"]
        .iter()
        .zip(outcomes)
        .map(|(name, text)| write(folder.path(), name, &text));

    let mut options = PerformanceOptions::new("late", [first], [current]);
    options.outcomes = outcomes.collect();
    options.score = Some("probability".into());
    options.time = Some("time".into());
    options.outcome_id = Some("prediction".into());
    options.outcome_time = Some("known_at".into());
    options.horizon = TimeDelta::days(14);
    options.now = "2026-04-25T00:00:00Z".parse().expect("a time");
    let report = run(&options).expect("a report");
    let joined = report.joined.expect("labels were joined");
    assert_eq!(joined, expected);
    assert_eq!(
        joined.matched + joined.late + joined.without_label + joined.waiting,
        joined.predictions
    );
    assert_eq!(
        joined.matched + joined.late + joined.unmatched_labels + joined.repeated_labels,
        joined.labels
    );
    let all = &report.groups[0];
    assert_eq!((all.rows, all.labels), (joined.predictions, joined.matched));
    assert_eq!(all.realised, counted.performance());
    assert!(report.to_string().contains("500 labels of no prediction"), "{report}");
}

/// Without times of labels every label is in time, however late.
#[test]
fn takes_every_label_when_labels_have_no_times() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = SmallRng::seed_from_u64(32);
    let mut options = PerformanceOptions::new(
        "late",
        [write(folder.path(), "reference.csv", &reference(&mut random, 500))],
        [write(folder.path(), "now.csv", "id,probability\n1,0.9\n2,0.1\n3,0.2\n")],
    );
    options.score = Some("probability".into());
    // pandas makes floats of whole numbers where one is missing.
    options.outcomes = vec![write(folder.path(), "labels.csv", "id,late\n1.0,1.0\n2.0,0.0\n,1\n")];
    let report = run(&options).expect("a report");
    let joined = report.joined.expect("labels were joined");
    assert_eq!((joined.matched, joined.late, joined.unusable_labels), (2, 0, 1));
    assert_eq!(value(&report.groups[0].realised, Measure::Accuracy), 1.0);
}

/// Versions, segments and windows are told of apart, estimates beside labels, and a version that is worse stands out.
#[test]
fn tells_versions_segments_and_windows_apart() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = SmallRng::seed_from_u64(33);
    let mut text = String::from("when,probability,version,country,late\n");
    for row in 0..4_000 {
        let score: f64 = random.random_range(0.0..1.0);
        let broken = row % 4 == 0;
        let probability = if broken { 0.5 } else { score };
        let late = random.random_range(0.0..1.0) < probability;
        let (day, version) = (1 + row % 2, if broken { "v2" } else { "v1" });
        let country = ["at", "de", ""][row % 3];
        writeln!(text, "2026-04-0{day}T10:00:00Z,{score},{version},{country},{late}").expect("a string takes it");
    }
    let first = reference(&mut random, 10_000)
        .replace(",0\n", ",false\n")
        .replace(",1\n", ",true\n");
    let mut options = PerformanceOptions::new(
        "late",
        [write(folder.path(), "reference.csv", &first)],
        [write(folder.path(), "current.csv", &text)],
    );
    options.score = Some("probability".into());
    options.version = Some("version".into());
    options.segments = vec!["country".into()];
    options.time = Some("when".into());
    options.window = Some(TimeDelta::days(1));
    let report = run(&options).expect("a report");
    assert_eq!(
        report.task,
        Task::Binary {
            positive: "true".into()
        }
    );
    let names: Vec<(GroupKind, &str, u64)> = report
        .groups
        .iter()
        .map(|group| (group.kind.clone(), &*group.value, group.rows))
        .collect();
    let country = || GroupKind::Segment("country".into());
    assert_eq!(
        names,
        [
            (GroupKind::All, "", 4_000),
            (GroupKind::Version, "v1", 3_000),
            (GroupKind::Version, "v2", 1_000),
            (GroupKind::Window, "2026-04-01T00:00:00Z", 2_000),
            (GroupKind::Window, "2026-04-02T00:00:00Z", 2_000),
            (country(), "", 1_333),
            (country(), "at", 1_334),
            (country(), "de", 1_333),
        ]
    );
    let [v1, v2] = [&report.groups[1], &report.groups[2]];
    assert!(value(&v1.realised, Measure::RocAuc) > 0.8 && value(&v2.realised, Measure::RocAuc) < 0.6);
    assert!(v1.doubts.is_empty(), "{:?}", v1.doubts);
    assert!(
        v2.doubts
            .iter()
            .any(|doubt| doubt.to_string().contains("concept drift")),
        "{report}"
    );
    let json: serde_json::Value = serde_json::from_str(&json(&report).expect("text")).expect("JSON");
    assert_eq!(json["groups"][2]["value"], "v2");
    assert_eq!(json["groups"][2]["realised"]["rows"], 1_000);
    assert_eq!(
        json["groups"][0]["estimated"]["measures"]["accuracy"]["value"].as_f64(),
        Some(value(
            &report.groups[0].estimated.as_ref().expect("scores").performance,
            Measure::Accuracy
        ))
    );
}

/// More values than are told of apart are one group, and no row is lost.
#[test]
fn puts_values_past_the_limit_together() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = SmallRng::seed_from_u64(34);
    let mut text = String::from("probability,city,late\n");
    for row in 0..1_000 {
        writeln!(text, "0.7,c{},1", row % 100).expect("a string takes it");
    }
    let mut options = PerformanceOptions::new(
        "late",
        [write(folder.path(), "reference.csv", &reference(&mut random, 500))],
        [write(folder.path(), "current.csv", &text)],
    );
    options.score = Some("probability".into());
    options.segments = vec!["city".into()];
    let report = run(&options).expect("a report");
    let cities: Vec<&Group> = report
        .groups
        .iter()
        .filter(|group| group.kind != GroupKind::All)
        .collect();
    assert_eq!(cities.len(), 65);
    assert_eq!(cities.iter().map(|group| group.rows).sum::<u64>(), 1_000);
    let other = cities
        .iter()
        .find(|group| group.value == Group::OTHER)
        .expect("there are more");
    assert_eq!(other.rows, 360);
}

/// Several classes by the columns of their probabilities, and by the predicted class alone, of which nothing is estimated.
#[test]
fn knows_several_classes() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = SmallRng::seed_from_u64(35);
    let mut rows = |rows: usize| {
        let mut text = String::from("pa,pb,pc,said,truth\n");
        for _ in 0..rows {
            let weights: [f64; 3] = std::array::from_fn(|_| random.random_range(0.01..1.0_f64).powi(3));
            let sum: f64 = weights.iter().sum();
            let mut left = random.random_range(0.0..sum);
            let truth = weights.iter().position(|weight| {
                left -= weight;
                left <= 0.0
            });
            let highest = (0..3)
                .max_by(|one, other| weights[*one].total_cmp(&weights[*other]))
                .expect("three");
            let shares = weights.map(|weight| (weight / sum).to_string()).join(",");
            writeln!(
                text,
                "{shares},{},{}",
                ["a", "b", "c"][highest],
                ["a", "b", "c"][truth.unwrap_or(2)]
            )
            .expect("a string takes it");
        }
        text
    };
    let (first, current) = (rows(5_000), rows(2_000));
    let mut options = PerformanceOptions::new(
        "truth",
        [write(folder.path(), "reference.csv", &first)],
        [write(folder.path(), "current.csv", &current)],
    );
    options.probabilities = ["a", "b", "c"]
        .map(|class| (class.to_owned(), format!("p{class}")))
        .into();
    let by_probability = run(&options).expect("a report");
    options.probabilities.clear();
    options.class = Some("said".into());
    let by_class = run(&options).expect("a report");
    for measure in [Measure::Accuracy, Measure::Precision, Measure::Recall, Measure::F1] {
        let of = |report: &PerformanceReport| value(&report.groups[0].realised, measure);
        assert_eq!(of(&by_probability), of(&by_class), "{measure}");
        let estimated = by_probability.groups[0].estimated.as_ref().expect("probabilities");
        assert!(
            (value(&estimated.performance, measure) - of(&by_class)).abs() < 0.04,
            "{measure}"
        );
    }
    assert!(by_class.groups[0].estimated.is_none());
}

/// A number, its error by a category: as the bad category comes more often, the estimate goes the labels' way.
#[test]
fn estimates_errors_of_numbers_by_features() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = SmallRng::seed_from_u64(36);
    let mut rows = |rows: usize, often: f64| {
        let mut text = String::from("area,kind,predicted,price\n");
        for _ in 0..rows {
            let area: f64 = random.random_range(20.0..200.0);
            let bad = random.random_range(0.0..1.0) < often;
            let noise = random.random_range(-1.0..1.0) * if bad { 50.0 } else { 5.0 };
            let kind = if bad { "castle" } else { "flat" };
            writeln!(text, "{area},{kind},{},{}", 3.0 * area, 3.0 * area + noise).expect("a string takes it");
        }
        text
    };
    let (first, current) = (rows(4_000, 0.1), rows(2_000, 0.7));
    let mut options = PerformanceOptions::new(
        "price",
        [write(folder.path(), "reference.csv", &first)],
        [write(folder.path(), "current.csv", &current)],
    );
    options.score = Some("predicted".into());
    options.features = vec!["area".into(), "kind".into()];
    let report = run(&options).expect("a report");
    assert_eq!(report.task, Task::Regression);
    let all = &report.groups[0];
    let estimated = all.estimated.as_ref().expect("it was learned");
    for measure in [Measure::MeanAbsoluteError, Measure::RootMeanSquaredError] {
        let [before, realised, estimated] =
            [&report.reference, &all.realised, &estimated.performance].map(|performance| value(performance, measure));
        assert!(realised > 2.0 * before, "{measure}: {realised} after {before}");
        assert!(
            (estimated / realised - 1.0).abs() < 0.1,
            "{measure}: {estimated}, {realised}"
        );
    }
}

/// What is missing is named, with what to say in its place.
#[test]
fn says_what_to_name_when_something_is_missing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = SmallRng::seed_from_u64(37);
    let first = write(folder.path(), "reference.csv", &reference(&mut random, 500));
    let words = write(
        folder.path(),
        "words.csv",
        "probability,late\n0.5,good\n0.6,bad\n0.2,bad\n",
    );
    let empty = write(folder.path(), "empty.csv", "probability,late\n0.5,\n");
    let base = |reference: &str| {
        let mut options = PerformanceOptions::new("late", [reference], [first.clone()]);
        options.score = Some("probability".into());
        options
    };
    let mut no_label = base(&first);
    no_label.label = "truth".into();
    let mut no_score = base(&first);
    no_score.score = Some("p".into());
    let mut nothing = base(&first);
    nothing.score = None;
    let mut wrong = base(&words);
    wrong.positive = Some("fine".into());
    let mut no_id = base(&first);
    no_id.outcomes = vec![first.clone()];
    for (options, expected) in [
        (
            no_label,
            "has no column \"truth\"; name another with --label: it has probability, country, late",
        ),
        (no_score, "has no column \"p\"; name another with --score"),
        (nothing, "name its column with --score or --class"),
        (
            base(&words),
            "labels are bad and good and nothing says which of them is the positive class; name it with --positive",
        ),
        (
            wrong,
            "no label is \"fine\", the positive class by --positive; labels are bad and good",
        ),
        (base(&empty), "the reference has no row with a label"),
        (no_id, "has no column \"id\"; name another with --id"),
        (base("nowhere.csv"), "nowhere.csv: there is no such file"),
    ] {
        let said = run(&options).expect_err(expected).to_string();
        assert!(said.contains(expected), "{said}");
    }
}

/// Rows of a model whose scores are right, but of one country and of the tallest in the file of today.
fn explained(random: &mut SmallRng, rows: usize, bad: bool) -> String {
    let mut text = String::from("probability,country,height,version,late\n");
    for row in 0..rows {
        let score: f64 = random.random_range(0.0..1.0);
        let country = ["at", "de", "it"][random.random_range(0..3_usize)];
        let height: f64 = random.random_range(100.0..200.0);
        let version = ["1", "2"][row % 2];
        let wrong = bad && version == "2" && (country == "it" || height > 190.0);
        let late = (random.random_range(0.0..1.0) < score) != wrong;
        writeln!(text, "{score},{country},{height},{version},{}", u8::from(late)).expect("a string takes it");
    }
    text
}

/// The version that got worse has its country first and then the range, and the other has nothing; nor has either where all is well.
#[test]
fn names_what_made_a_version_worse() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = SmallRng::seed_from_u64(41);
    let first = write(folder.path(), "1.csv", &explained(&mut random, 6_000, false));
    let mut culprits = |bad: bool| {
        let now = write(folder.path(), "2.csv", &explained(&mut random, 6_000, bad));
        let mut options = PerformanceOptions::new("late", [&first], [&now]);
        options.score = Some("probability".into());
        options.version = Some("version".into());
        options.explain = vec!["country".into(), "height".into()];
        let report = run(&options).expect("a report");
        let text = report.to_string();
        let json: serde_json::Value = serde_json::from_str(&json(&report).expect("JSON")).expect("JSON");
        let groups = report.groups.into_iter().map(|group| {
            let culprits = group.culprits.expect("it was looked for").into_iter();
            culprits
                .map(|culprit| (culprit.column, culprit.cell))
                .collect::<Vec<_>>()
        });
        (groups.collect::<Vec<_>>(), text, json)
    };
    let (healthy, text, _) = culprits(false);
    assert_eq!(healthy, [vec![], vec![], vec![]]);
    assert_eq!(
        text.matches("what made it worse: nothing stands out").count(),
        3,
        "{text}"
    );
    let (bad, text, json) = culprits(true);
    let [all, good, worse] = bad.as_slice() else {
        panic!("all and two versions: {bad:?}");
    };
    assert_eq!(good, &[], "{text}");
    for group in [all, worse] {
        assert_eq!(
            (group[0].0.as_str(), group[0].1.as_str(), group.len()),
            ("country", "it", 2),
            "{text}"
        );
        assert!(group[1].0 == "height" && group[1].1.ends_with(" and more"), "{text}");
    }
    assert!(text.contains("country it: 0."), "{text}");
    assert_eq!(json["groups"][2]["culprits"][0]["cell"], "it");
}

#[test]
fn says_which_column_is_missing_when_it_is_to_explain() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = write(
        folder.path(),
        "1.csv",
        &explained(&mut SmallRng::seed_from_u64(1), 500, false),
    );
    let mut options = PerformanceOptions::new("late", [&file], [&file]);
    options.score = Some("probability".into());
    options.explain = vec!["town".into()];
    let error = run(&options).expect_err("no such column").to_string();
    assert!(error.contains("town") && error.contains("--explain"), "{error}");
}

/// Whoever waits hears of each file and of the rows, which only ever grow, up to the last one of all passes.
#[test]
fn tells_how_far_it_is_up_to_last_row() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut random = SmallRng::seed_from_u64(32);
    let first = write(folder.path(), "reference.csv", &reference(&mut random, 2_000));
    let rows = |ids: std::ops::Range<u32>| ids.map(|id| format!("{id},0.{}\n", id % 10)).collect::<String>();
    let predictions = [("a.csv", 0..300), ("b.csv", 300..500)]
        .map(|(name, ids)| write(folder.path(), name, &format!("id,probability\n{}", rows(ids))));
    let mut options = PerformanceOptions::new("late", [first.clone()], predictions.clone());
    options.score = Some("probability".to_owned());
    options.outcomes = vec![write(folder.path(), "known.csv", "id,late\n1,1\n2,0\n")];
    let mut heard = Vec::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().build().expect("a runtime");
    runtime
        .block_on(options.run(|progress| heard.push(progress.clone())))
        .expect("a report");

    let looked_at = |file: &PerformanceProgress| match file {
        PerformanceProgress::Looking { files, file, done, of } => Some((*files, file.clone(), *done, *of)),
        _ => None,
    };
    let [a, b] = predictions;
    let expected = [
        (Files::Reference, first, 0, 1),
        (Files::Predictions, a, 0, 2),
        (Files::Predictions, b, 1, 2),
        (Files::Outcomes, options.outcomes[0].clone(), 0, 1),
    ];
    assert_eq!(heard.iter().filter_map(looked_at).collect::<Vec<_>>(), expected);
    let read = |step: &PerformanceProgress| match step {
        PerformanceProgress::Reading { files, rows, .. } => Some((*files, *rows)),
        _ => None,
    };
    let read: Vec<_> = heard.iter().filter_map(read).collect();
    assert!(read.is_sorted(), "{read:?}");
    // Labels first, then what is to be learned: two passes over the reference.
    assert_eq!(read.last(), Some(&(Files::Outcomes, 2 * 2_000 + 500 + 2)), "{read:?}");
    let joined = |step: &PerformanceProgress| match step {
        PerformanceProgress::Joining { done, of } => Some((*done, *of)),
        _ => None,
    };
    let joined: Vec<_> = heard.iter().filter_map(joined).collect();
    let parts = joined.len();
    assert!(parts > 0, "{heard:?}");
    assert_eq!(joined, (0..parts).map(|done| (done, parts)).collect::<Vec<_>>());
}
