//! Baselines from files of every format.

use std::fs;
use std::path::Path;

use modelwatch_drift::baseline::{Baseline, HygieneWarning, Profile};
use modelwatch_drift::decision::Rule;
use modelwatch_drift_job::{TrainingError, TrainingOptions, TrainingWarning};
use tempfile::TempDir;

fn lines(rows: std::ops::Range<u32>, line: impl Fn(u32, f64, &str) -> String) -> String {
    let kind = |row: u32| ["car", "home", "boat"][row as usize % 3];
    rows.map(|row| line(row, f64::from(row) / 7.0, kind(row))).collect()
}

fn csv(rows: std::ops::Range<u32>) -> String {
    let row = |row: u32, income: f64, kind: &str| match row % 10 {
        0 => format!("2026-01-01T00:00:00Z,NA,{kind},0.5,x\n"),
        _ => format!("2026-01-0{}T00:00:00Z,{income},{kind},0.{},x\n", row % 9 + 1, row % 100),
    };
    format!("when,income,kind,score,constant\n{}", lines(rows, row))
}

async fn build(options: TrainingOptions) -> Result<(Baseline, Vec<TrainingWarning>), TrainingError> {
    let trained = options.build(2, |_| {}).await?;
    Ok((trained.baseline, trained.warnings))
}

fn options(folder: &Path, pattern: &str) -> TrainingOptions {
    let mut options = TrainingOptions::new("claims", [folder.join(pattern).to_str().expect("UTF-8")]);
    options.without = vec!["constant".into()];
    options.score = Some("score".into());
    options.time = Some("when".into());
    options
}

#[tokio::test(flavor = "multi_thread")]
async fn csv_files_by_a_glob_make_one_baseline_whatever_the_order_of_their_rows() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("one part [1].csv"), csv(0..2_000)).expect("a file");
    fs::write(folder.path().join("two.csv"), csv(2_000..3_000)).expect("a file");
    let (baseline, _) = build(options(folder.path(), "*.csv")).await.expect("a baseline");
    let names: Vec<_> = baseline.features().iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!((names, baseline.about().rows), (vec!["income", "kind"], 3_000));
    let Profile::Numeric(income) = &baseline.features()[0].1 else {
        panic!("income is a number");
    };
    assert_eq!((income.counts().present(), income.counts().missing), (2_700, 300));
    let span = baseline.about().time_span.expect("times");
    assert_eq!(
        (span.from.to_rfc3339(), span.to.to_rfc3339()),
        ("2026-01-01T00:00:00+00:00".into(), "2026-01-09T00:00:00+00:00".into())
    );
    assert!(baseline.score().is_some() && baseline.about().version.len() == 12);

    let turned = TempDir::new().expect("a folder");
    fs::write(turned.path().join("a.csv"), csv(1_500..3_000)).expect("a file");
    fs::write(turned.path().join("b.csv"), csv(0..1_500)).expect("a file");
    let (again, _) = build(options(turned.path(), "*.csv")).await.expect("a baseline");
    assert_eq!(again.about().fingerprint, baseline.about().fingerprint);
    fs::write(turned.path().join("b.csv"), csv(5..1_505)).expect("a file");
    let (other, _) = build(options(turned.path(), "*.csv")).await.expect("a baseline");
    assert_ne!(other.about().fingerprint, baseline.about().fingerprint);
}

#[tokio::test(flavor = "multi_thread")]
async fn json_lines_make_the_baseline_that_csv_makes() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("train.csv"), csv(0..2_000)).expect("a file");
    let row = |row: u32, income: f64, kind: &str| {
        let income = if row.is_multiple_of(10) {
            "null".into()
        } else {
            income.to_string()
        };
        let score = if row.is_multiple_of(10) {
            "0.5".into()
        } else {
            format!("0.{}", row % 100)
        };
        format!("{{\"income\": {income}, \"kind\": {kind:?}, \"score\": {score}}}\n")
    };
    fs::write(folder.path().join("train.jsonl"), lines(0..2_000, row)).expect("a file");
    // The rows of JSON have no times, so nothing is learned of either.
    let mut of_csv = options(folder.path(), "train.csv");
    (of_csv.time, of_csv.without) = (None, vec!["constant".into(), "when".into()]);
    let (of_csv, _) = build(of_csv).await.expect("a baseline");
    let mut json = options(folder.path(), "train.jsonl");
    (json.time, json.without) = (None, Vec::new());
    let (of_json, _) = build(json).await.expect("a baseline");
    assert_eq!(of_json.about().fingerprint, of_csv.about().fingerprint);
    assert_eq!(of_json.features(), of_csv.features());
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_categories_where_the_user_says_so() {
    let folder = TempDir::new().expect("a folder");
    let rows = (0..2_000).map(|row| format!("{},{}\n", row % 5, f64::from(row) / 3.0));
    fs::write(
        folder.path().join("train.csv"),
        format!("zip,income\n{}", rows.collect::<String>()),
    )
    .expect("a file");
    let mut options = options(folder.path(), "train.csv");
    (options.time, options.score, options.without) = (None, None, Vec::new());
    options.categorical = vec!["zip".into()];
    let (baseline, _) = build(options).await.expect("a baseline");
    let Profile::Categorical(zip) = &baseline.features()[0].1 else {
        panic!("a zip code is a category");
    };
    assert_eq!((zip.bins().names().len(), zip.counts().named[0]), (5, 400));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_a_reference_is_refused_by_name() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("train.csv"), csv(0..2_000)).expect("a file");
    fs::write(folder.path().join("few.csv"), csv(0..50)).expect("a file");
    fs::write(folder.path().join("broken.parquet"), b"PAR1 and no more").expect("a file");
    fs::write(folder.path().join("train.xlsx"), b"PK").expect("a file");
    let mut misspelt = options(folder.path(), "train.csv");
    misspelt.numeric = vec!["incme".into()];
    let mut unknown = options(folder.path(), "train.csv");
    unknown.numeric = vec!["incme".into(), "humidity".into()];
    let mut timeless = options(folder.path(), "train.csv");
    timeless.time = Some("kind".into());
    for (options, culprit, problem) in [
        (options(folder.path(), "nothing-*.csv"), "nothing-*.csv", "no such file"),
        (options(folder.path(), "few.csv"), "income", "1000 are needed"),
        (
            options(folder.path(), "broken.parquet"),
            "broken.parquet",
            "is no whole Parquet file",
        ),
        (
            options(folder.path(), "train.xlsx"),
            "train.xlsx",
            "does not tell its format",
        ),
        (misspelt, "incme", "did you mean income?"),
        (unknown, "humidity", "it has when, income"),
        (timeless, "train.csv", "has no times in the column \"kind\""),
    ] {
        let error = build(options).await.expect_err(culprit).to_string();
        assert!(error.contains(culprit) && error.contains(problem), "{culprit}: {error}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn files_of_different_seasons_are_warned_of() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("winter.csv"), csv(0..1_000)).expect("a file");
    fs::write(
        folder.path().join("summer.csv"),
        csv(0..1_000).replace("2026-01", "2026-07"),
    )
    .expect("a file");
    let (_, warnings) = build(options(folder.path(), "*.csv")).await.expect("a baseline");
    let gap = |warning: &TrainingWarning| matches!(warning, TrainingWarning::Hygiene(HygieneWarning::TimeGap { .. }));
    assert!(warnings.iter().any(gap), "{warnings:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_with_times_teach_what_is_usual_whatever_the_order_of_the_files() {
    // A value that changes with the hour, for eight days, in files that do not stand in the order of their times.
    let hour = |hour: u32| -> String {
        let row = |row: u32| {
            let second = hour * 3_600 + row * 30;
            let (day, of_day) = (second / 86_400 + 1, second % 86_400);
            let time = format!(
                "2026-03-{day:02}T{:02}:{:02}:{:02}Z",
                of_day / 3_600,
                of_day / 60 % 60,
                of_day % 60
            );
            let kind = ["night", "day"][usize::from((8..20).contains(&(hour % 24)))];
            format!("{time},{},{kind}\n", f64::from(hour % 24) + f64::from(row) / 1_000.0)
        };
        (0..120).map(row).collect()
    };
    let file = |hours: std::ops::Range<u32>| format!("when,degrees,kind\n{}", hours.map(hour).collect::<String>());
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("a.csv"), file(96..192)).expect("a file");
    fs::write(folder.path().join("b.csv"), file(0..96)).expect("a file");
    let mut options = options(folder.path(), "*.csv");
    (options.score, options.without) = (None, Vec::new());
    let (baseline, warnings) = build(options.clone()).await.expect("a baseline");
    assert!(warnings.is_empty(), "{warnings:?}");
    for (name, profile) in baseline.features() {
        let limit = |hours| {
            let rule = Rule::default().for_windows(profile, Some(chrono::TimeDelta::hours(hours)));
            rule.threshold
        };
        assert!(
            limit(1) > 1.0,
            "{name}: an hour has one value and the days have all: {}",
            limit(1)
        );
        assert!(limit(24) < 0.3, "{name}: all days are alike: {}", limit(24));
    }

    options.time = None;
    options.without = vec!["when".into()];
    let (timeless, warnings) = build(options).await.expect("a baseline");
    assert_eq!(warnings, [TrainingWarning::NothingUsual]);
    assert!(
        timeless
            .features()
            .iter()
            .all(|(_, profile)| profile.limits().is_empty())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_that_tells_rows_apart_is_warned_of() {
    let folder = TempDir::new().expect("a folder");
    let row = |row: u32, income: f64, kind: &str| format!("customer-{row},{income},{kind}\n");
    fs::write(
        folder.path().join("train.csv"),
        format!("customer,income,kind\n{}", lines(0..3_000, row)),
    )
    .expect("a file");
    let mut options = options(folder.path(), "train.csv");
    (options.score, options.time, options.without) = (None, None, Vec::new());
    let (_, warnings) = build(options).await.expect("a baseline");
    let identifies = |warning: &&TrainingWarning| matches!(warning, TrainingWarning::Identifies { .. });
    let named: Vec<_> = warnings.iter().filter(identifies).map(ToString::to_string).collect();
    assert!(
        named.len() == 1 && named[0].contains("--without customer"),
        "{warnings:?}"
    );
}

/// Numbers that were given and not measured are told by themselves, whatever the column is called, and measurements are not.
#[tokio::test(flavor = "multi_thread")]
async fn warns_of_numbers_that_identify_when_no_name_says_so() {
    let folder = TempDir::new().expect("a folder");
    let row = |row: u32, _: f64, _: &str| {
        let mut scattered = u64::from(row + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        scattered = (scattered ^ (scattered >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        scattered = (scattered ^ (scattered >> 27)) >> 11;
        // Cents, seconds of the day and a share: measured, however fine.
        let cents = ((scattered % 9_973) as f64 / 1_000.0).exp().round();
        let second = scattered % 86_400;
        format!(
            "{},{scattered},{cents},{second},{}\n",
            5_000 + row,
            f64::from(row) / 3_000.0
        )
    };
    fs::write(
        folder.path().join("train.csv"),
        format!("number,account,cents,second,share\n{}", lines(0..3_000, row)),
    )
    .expect("a file");
    let mut options = options(folder.path(), "train.csv");
    (options.score, options.time, options.without) = (None, None, Vec::new());
    let identifying = |warnings: &[TrainingWarning]| -> Vec<String> {
        let columns = warnings.iter().filter_map(|warning| match warning {
            TrainingWarning::Identifies { column, .. } => Some(column.clone()),
            _ => None,
        });
        columns.collect()
    };
    let (_, warnings) = build(options.clone()).await.expect("a baseline");
    assert_eq!(identifying(&warnings), ["number", "account"], "{warnings:?}");
    options.numeric = vec!["number".into(), "account".into()];
    let (_, warnings) = build(options).await.expect("a baseline");
    assert_eq!(
        identifying(&warnings),
        Vec::<String>::new(),
        "somebody said what they are"
    );
}
