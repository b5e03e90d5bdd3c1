//! Inputs that were awkward once, each of which stands for a kind; `tests/data` has them.

use std::fs;
use std::path::{Path, PathBuf};

use modelwatch_drift::baseline::Profile;
use modelwatch_drift::decision::Rule;
use modelwatch_drift_job::{
    Clock, DriftJob, ModelSettings, Trained, TrainingError, TrainingOptions, TrainingWarning, WindowReport,
};

use crate::log::{Log, minutes, time};

const MODEL: &str = "m";
const START: &str = "2026-03-01T00:00:00Z";

fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data").join(file)
}

fn options(files: &[&str]) -> TrainingOptions {
    TrainingOptions::new(
        MODEL,
        files.iter().map(|file| data(file).to_str().expect("UTF-8").to_owned()),
    )
}

async fn trained(options: &TrainingOptions) -> Result<Trained, TrainingError> {
    options.build(2, |_| {}).await
}

/// One window of the log against a baseline; one window is enough for drift.
async fn window(trained: &Trained, file: &str) -> WindowReport {
    let log = Log::new();
    fs::copy(data(file), log.hour(MODEL, time(START)).join(file)).expect("a file");
    let baseline = log.root().join("baseline.json");
    fs::write(&baseline, trained.baseline.to_json().expect("JSON")).expect("a file");
    let mut settings = ModelSettings::new(MODEL, baseline.to_str().expect("UTF-8"), log.address());
    settings.rule = Rule {
        consecutive_windows: 1,
        ..Rule::default()
    };
    let mut job = DriftJob::new([settings], Clock::system());
    job.run_window(MODEL, minutes(START, 15)).await.expect("a report")
}

#[tokio::test(flavor = "multi_thread")]
async fn detects_nothing_when_values_are_rounded_to_32_bits() {
    let trained = trained(&options(&["f32-train.parquet"])).await.expect("a baseline");
    let report = window(&trained, "f32-window.parquet").await;
    assert_eq!(report.detected().count(), 0, "{report}");
    for subject in report.verdict.subjects() {
        let score = subject.measurement.as_ref().expect("a score").score;
        assert!(score < 0.02, "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn detects_and_names_category_when_one_of_many_is_left() {
    let trained = trained(&options(&["200-even-categories-train.parquet"]))
        .await
        .expect("a baseline");
    let report = window(&trained, "200-even-categories-window.parquet").await;
    let [subject] = report.verdict.subjects() else {
        panic!("one feature: {report}");
    };
    assert!(subject.detected, "{report}");
    let explanation = subject.explanation.as_ref().expect("it drifts");
    assert_eq!(explanation.changes[0].kind().name(), "one_value", "{report}");
    assert!(report.to_string().contains("in every row"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn detects_nothing_when_booleans_are_written_in_two_ways() {
    let mut options = options(&["bool-as-category-train.csv"]);
    let columns = fs::read_to_string(data("bool-as-category-train.csv")).expect("a file");
    let columns = columns.lines().next().expect("a header").to_owned();
    options.categorical = columns.split(',').map(str::to_owned).collect();
    let trained = trained(&options).await.expect("a baseline");
    let report = window(&trained, "bool-as-category-window.parquet").await;
    assert!(!report.verdict.subjects().is_empty());
    assert_eq!(report.detected().count(), 0, "{report}");
    for subject in report.verdict.subjects() {
        assert_eq!(subject.counts.out_of_range_ratio(), Some(0.0), "{report}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_all_columns_when_several_are_bad() {
    let trained = trained(&options(&["three-bad-columns.parquet"]))
        .await
        .expect("the others make a baseline");
    let bad: Vec<_> = trained
        .warnings
        .iter()
        .filter(|warning| {
            matches!(
                warning,
                TrainingWarning::LeftOut { .. } | TrainingWarning::NotComparable(_)
            )
        })
        .collect();
    assert!(
        !trained.baseline.features().is_empty() && !bad.is_empty(),
        "{:?}",
        trained.warnings
    );
    // Whoever insists on them is told of all at once.
    let mut insisted = options(&["three-bad-columns.parquet"]);
    insisted.features = bad
        .iter()
        .map(|warning| match warning {
            TrainingWarning::LeftOut { column, .. } => column.clone(),
            other => panic!("{other}"),
        })
        .collect();
    let names = insisted.features.clone();
    let error = insisted.build(2, |_| {}).await.expect_err("they are bad").to_string();
    names
        .iter()
        .for_each(|name| assert!(error.contains(name), "{name}: {error}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn sees_delimiter_when_it_is_a_semicolon() {
    let trained = trained(&options(&["semicolons.csv"])).await.expect("a baseline");
    let names: Vec<_> = trained
        .baseline
        .features()
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    assert_eq!(names, ["x", "c"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn obeys_the_user_when_a_column_changes_its_type_between_files() {
    let files = ["type-changes-1.csv", "type-changes-2.csv"];
    let error = trained(&options(&files)).await.expect_err("files disagree").to_string();
    for part in ["\"k\"", "--numeric k", "--categorical k", "--without k"] {
        assert!(error.contains(part), "{error}");
    }
    let k = |trained: &Trained| {
        trained
            .baseline
            .features()
            .iter()
            .find(|(name, _)| name == "k")
            .cloned()
    };
    let with = async |set: fn(&mut TrainingOptions)| {
        let mut options = options(&files);
        set(&mut options);
        trained(&options).await.expect("it is obeyed")
    };
    let numeric = with(|options| options.numeric.push("k".into())).await;
    assert!(matches!(k(&numeric), Some((_, Profile::Numeric(_)))), "{numeric}");
    assert!(
        numeric
            .warnings
            .iter()
            .any(|warning| matches!(warning, TrainingWarning::NotNumbers { .. })),
        "{:?}",
        numeric.warnings
    );
    let categorical = with(|options| options.categorical.push("k".into())).await;
    assert!(
        matches!(k(&categorical), Some((_, Profile::Categorical(_)))),
        "{categorical}"
    );
    let without = with(|options| options.without.push("k".into())).await;
    assert!(
        k(&without).is_none() && !without.baseline.features().is_empty(),
        "{without}"
    );
}
