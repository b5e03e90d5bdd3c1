//! Which windows run, and what is published of them.

use std::path::PathBuf;

use chrono::TimeDelta;
use modelwatch::Format;
use modelwatch_drift::baseline::{About, Baseline, CategoricalProfile, Hygiene, NumericProfile, Profile};
use modelwatch_drift::decision::Rule;
use modelwatch_drift::joint::JointReference;
use modelwatch_drift::reference::Reference;
use modelwatch_drift_job::engine::Reason;
use modelwatch_drift_job::report::page;
use modelwatch_drift_job::{DriftJob, JobError, ManualClock, ModelSettings, Subject, Verdict};
use modelwatch_testkit::{MetricsPage, promtool_check_metrics};

use crate::log::{Log, Row, minutes, random, time};

pub(crate) const MODEL: &str = "claims";
/// The middle of a quarter of an hour.
pub(crate) const NOW: &str = "2026-04-01T10:20:00Z";

/// Incomes evenly from 0 to 1, two kinds, scores, two classes.
pub(crate) fn baseline(version: &str) -> Baseline {
    let even = |rows: u32| (0..rows).map(|row| f64::from(row) / f64::from(rows)).collect();
    let hygiene = Hygiene::default();
    let numeric = |name: &str| NumericProfile::from_values(name, even(10_000), 0, &hygiene).expect("a profile");
    let halves = |name: &str, categories: [&str; 2]| {
        let rows = categories.map(|category| (category.to_owned(), 5_000));
        CategoricalProfile::new(name, rows, 0, &hygiene).expect("a profile")
    };
    let about = About {
        model: MODEL.into(),
        version: version.into(),
        created: time("2026-03-01T00:00:00Z"),
        rows: 10_000,
        time_span: None,
        fingerprint: "test:0".into(),
    };
    let features = vec![
        ("income".into(), Profile::Numeric(numeric("income"))),
        ("kind".into(), Profile::Categorical(halves("kind", ["car", "home"]))),
    ];
    Baseline::new(
        about,
        features,
        Some(numeric("score")),
        Some(halves("classes", ["deny", "pay"])),
    )
    .expect("a baseline")
}

/// As many rows a second from a time on, with incomes moved and scores as in training.
pub(crate) fn rows(from: &str, count: u32, moved: f64) -> Vec<Row> {
    let row = |row: u32| {
        let second = TimeDelta::milliseconds(i64::from(row) * 100);
        let pick = |seed: u64| random(u64::from(row) * 4 + seed);
        let half = |seed: u64, names: [&'static str; 2]| names[usize::from(pick(seed) < 0.5)];
        let mut logged = Row::at(time(from) + second)
            .with("income", pick(0) + moved)
            .with("kind", half(1, ["car", "home"]));
        logged.score = Some(pick(2));
        logged.class = Some(half(3, ["deny", "pay"]).into());
        logged
    };
    (0..count).map(row).collect()
}

pub(crate) struct Setting {
    pub(crate) log: Log,
    pub(crate) clock: ManualClock,
    pub(crate) settings: ModelSettings,
    pub(crate) baseline: PathBuf,
}

impl Setting {
    /// A model with a baseline and an empty log, at [`NOW`].
    pub(crate) fn new() -> Self {
        let log = Log::new();
        let path = log.root().join("baseline.json");
        std::fs::write(&path, baseline("v1").to_json().expect("JSON")).expect("a file");
        let mut settings = ModelSettings::new(MODEL, path.to_str().expect("UTF-8"), log.address());
        settings.rule = Rule {
            consecutive_windows: 1,
            ..Rule::default()
        };
        Self {
            log,
            clock: ManualClock::new(time(NOW)),
            settings,
            baseline: path,
        }
    }

    pub(crate) fn job(&self) -> DriftJob {
        DriftJob::new([self.settings.clone()], self.clock.clone().into())
    }

    pub(crate) fn later(&self, by: TimeDelta) {
        self.clock.set(self.clock.now() + by);
    }
}

pub(crate) fn metrics(job: &DriftJob) -> MetricsPage {
    let page = job.board().page();
    promtool_check_metrics(&page).expect("a page that promtool takes");
    MetricsPage::parse(&page)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_runs_once_when_it_is_over_and_the_grace_too() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 1_000, 0.0));
    let mut job = setting.job();
    assert_eq!(job.run_due().await.len(), 1);
    assert!(job.run_due().await.is_empty());
    assert_eq!(job.next_due(), Some(time("2026-04-01T10:30:30Z")));
    setting.clock.set(time("2026-04-01T10:30:29Z"));
    assert!(job.run_due().await.is_empty());
    setting.clock.set(time("2026-04-01T10:30:30Z"));
    let report = job.run_due().await.remove(0).expect("a report");
    assert_eq!(report.window, Some(minutes("2026-04-01T10:15:00Z", 15)));
}

#[tokio::test(flavor = "multi_thread")]
async fn judged_what_moved_is_detected_and_the_rest_is_quiet() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 2_000, 0.4));
    let mut job = setting.job();
    let report = job.run_due().await.remove(0).expect("a report");
    let detected: Vec<_> = report.detected().map(|report| report.subject.clone()).collect();
    assert_eq!(detected, [Subject::Feature("income".into())]);
    let page = metrics(&job);
    let of = |name: &str, feature: &str| page.sum(name, &[("model_name", MODEL), ("feature_name", feature)]);
    assert!(of("ml_data_drift_score", "income") > 0.15 && of("ml_data_drift_score", "kind") < 0.05);
    assert_eq!(
        (
            of("ml_data_drift_detected", "income"),
            of("ml_data_drift_detected", "kind")
        ),
        (1.0, 0.0)
    );
    assert_eq!(of("ml_feature_missing_ratio", "income"), 0.0);
    assert!((of("ml_feature_out_of_range_ratio", "income") - 0.4).abs() < 0.03);
    for quiet in ["ml_prediction_drift_detected", "ml_prediction_class_drift_detected"] {
        assert_eq!(page.labels_of(quiet, "model_name").len(), 1, "{quiet}");
        assert_eq!(page.sum(quiet, &[]), 0.0, "{quiet}");
    }
    assert_eq!(page.sum("ml_drift_window_rows", &[]), 2_000.0);
    assert_eq!(
        page.sum("ml_drift_last_success_timestamp_seconds", &[]),
        time(NOW).timestamp() as f64
    );
    assert_eq!(page.sum("ml_drift_baseline_info", &[("baseline_version", "v1")]), 1.0);
    assert_eq!(
        page.sum("ml_drift_baseline_timestamp_seconds", &[]),
        time("2026-03-01T00:00:00Z").timestamp() as f64
    );
    assert_eq!(page.sum("ml_drift_runs_total", &[("result", "success")]), 1.0);
    let text = report.to_string();
    assert!(text.contains("income") && text.contains("DRIFT"), "{text}");
}

/// What training lacked is known without a window: the exporter says it when its first run found no rows, or failed.
#[tokio::test(flavor = "multi_thread")]
async fn judged_the_share_that_training_lacked_is_told_while_the_baseline_is_in_use() {
    let setting = Setting::new();
    let hygiene = Hygiene::default();
    let values = (0..7_500_u32).map(f64::from).collect();
    let income = NumericProfile::from_values("income", values, 2_500, &hygiene).expect("a profile");
    let kinds = [("car".to_owned(), 5_000_u64), ("home".to_owned(), 5_000)];
    let kind = CategoricalProfile::new("kind", kinds, 0, &hygiene).expect("a profile");
    let features = vec![
        ("income".into(), Profile::Numeric(income)),
        ("kind".into(), Profile::Categorical(kind)),
    ];
    let about = baseline("v2").about().clone();
    let lacking = Baseline::new(about, features, None, None).expect("a baseline");
    std::fs::write(&setting.baseline, lacking.to_json().expect("JSON")).expect("a file");
    let mut job = setting.job();
    job.run_due().await.remove(0).expect("a report");
    let page = metrics(&job);
    let of = |feature: &str| {
        let labels = [("model_name", MODEL), ("feature_name", feature)];
        page.sum("ml_feature_missing_reference_ratio", &labels)
    };
    assert_eq!((of("income"), of("kind")), (0.25, 0.0));
    let told = page.labels_of("ml_feature_missing_reference_ratio", "feature_name");
    assert_eq!(told.len(), 2, "a feature that is never missing has a 0: {told:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn judged_an_empty_window_and_one_of_few_rows_have_no_score_and_say_so() {
    let setting = Setting::new();
    let mut job = setting.job();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 500, 0.0));
    setting.log.write(MODEL, &rows("2026-04-01T10:15:00Z", 99, 5.0));
    job.run_due().await.remove(0).expect("a report");
    assert_eq!(metrics(&job).labels_of("ml_data_drift_score", "feature_name").len(), 2);
    for few in [99, 0] {
        setting.later(TimeDelta::minutes(15));
        let report = job.run_due().await.remove(0).expect("a report");
        let is_told = match few {
            0 => matches!(report.verdict, Verdict::NoRows),
            _ => matches!(report.verdict, Verdict::TooFewRows { minimum: 100, .. }),
        };
        assert!(is_told, "{report}");
        assert!(report.to_string().contains("no score"), "{report}");
        let page = metrics(&job);
        assert!(page.labels_of("ml_data_drift_score", "feature_name").is_empty());
        assert_eq!(page.labels_of("ml_drift_window_rows", "model_name").len(), 1);
        assert_eq!(page.sum("ml_drift_window_rows", &[]), f64::from(few));
    }
    for result in ["too_few_rows", "no_rows"] {
        assert_eq!(metrics(&job).sum("ml_drift_runs_total", &[("result", result)]), 1.0);
    }
    // The job is well, so nobody is to be told that it is late.
    let last = metrics(&job).sum("ml_drift_last_success_timestamp_seconds", &[]);
    assert_eq!(last, setting.clock.now().timestamp() as f64);
}

#[tokio::test(flavor = "multi_thread")]
async fn judged_scores_are_withdrawn_after_three_intervals_without_a_good_run() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 500, 0.0));
    let mut job = setting.job();
    job.run_due().await.remove(0).expect("a report");
    std::fs::remove_file(&setting.baseline).expect("it is there");
    for failures in 1..=2 {
        setting.later(TimeDelta::minutes(15));
        let error = job.run_due().await.remove(0).expect_err("no baseline");
        assert!(
            matches!(error, JobError::Baseline { .. }) && error.to_string().contains("baseline.json"),
            "{error}"
        );
        let page = metrics(&job);
        assert_eq!(
            page.sum("ml_drift_runs_total", &[("result", "failure")]),
            f64::from(failures)
        );
        assert_eq!(page.labels_of("ml_data_drift_score", "feature_name").len(), 2);
    }
    // The third interval is over, and nobody ran at all.
    setting.later(TimeDelta::minutes(15));
    let page = metrics(&job);
    for gone in [
        "ml_data_drift_score",
        "ml_data_drift_detected",
        "ml_drift_window_rows",
        "ml_feature_missing_ratio",
    ] {
        assert!(page.labels_of(gone, "model_name").is_empty(), "{gone}");
    }
    assert_eq!(
        page.sum("ml_drift_last_success_timestamp_seconds", &[]),
        time(NOW).timestamp() as f64
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn drift_is_detected_in_so_many_windows_in_a_row_even_by_a_process_that_has_just_begun() {
    let mut setting = Setting::new();
    setting.settings.rule.consecutive_windows = 3;
    for quarter in ["09:15", "09:30", "09:45", "10:00"] {
        let moved = if quarter == "09:15" { 0.0 } else { 0.4 };
        setting
            .log
            .write(MODEL, &rows(&format!("2026-04-01T{quarter}:00Z"), 500, moved));
    }
    let mut patient = setting.job();
    let mut detected = Vec::new();
    for quarter in ["09:15", "09:30", "09:45", "10:00"] {
        let window = minutes(&format!("2026-04-01T{quarter}:00Z"), 15);
        detected.push(
            patient
                .run_window(MODEL, window)
                .await
                .expect("a report")
                .detected()
                .count(),
        );
    }
    assert_eq!(detected, [0, 0, 0, 1]);
    let report = setting.job().run_due().await.remove(0).expect("a report");
    let since = report.detected().map(|subject| (subject.in_a_row, subject.since));
    assert_eq!(since.collect::<Vec<_>>(), [(3, Some(time("2026-04-01T09:30:00Z")))]);
    assert!(report.to_string().contains("since 2026-04-01 09:30 UTC"), "{report}");
    assert_eq!(report.detected().count(), 1);
    setting.clock.set(time("2026-04-01T10:05:00Z"));
    let report = setting.job().run_due().await.remove(0).expect("a report");
    assert_eq!((report.detected().count(), report.rows), (0, 500));
}

#[tokio::test(flavor = "multi_thread")]
async fn judged_a_canary_that_drifts_is_told_from_the_stable_version() {
    let mut setting = Setting::new();
    setting.settings.per_version = true;
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 6_000, 0.0));
    let canary = |mut row: Row| {
        row.version = "2-canary".into();
        row
    };
    let moved = rows("2026-04-01T10:00:00Z", 150, 0.5).into_iter().map(canary);
    setting.log.write(MODEL, &moved.collect::<Vec<_>>());
    let mut job = setting.job();
    let report = job.run_due().await.remove(0).expect("a report");
    assert_eq!((report.rows, report.versions.len()), (6_150, 2));
    let page = metrics(&job);
    let detected = |version| {
        let labels = [("model_version", version), ("feature_name", "income")];
        page.sum("ml_version_data_drift_detected", &labels)
    };
    assert_eq!((detected("1"), detected("2-canary")), (0.0, 1.0));
    assert_eq!(page.sum("ml_data_drift_detected", &[]), 0.0);
    assert_eq!(
        page.labels_of("ml_version_prediction_drift_score", "model_version")
            .len(),
        2
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn judged_a_baseline_that_changed_is_in_use_at_the_next_run() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 500, 0.0));
    let mut job = setting.job();
    job.run_due().await.remove(0).expect("a report");
    std::fs::write(&setting.baseline, baseline("v2").to_json().expect("JSON")).expect("a file");
    setting.later(TimeDelta::minutes(15));
    job.run_due().await.remove(0).expect("a report");
    let versions = metrics(&job).labels_of("ml_drift_baseline_info", "baseline_version");
    assert_eq!(versions.into_iter().collect::<Vec<_>>(), ["v2"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn judged_a_model_that_is_configured_no_more_leaves_the_page_and_a_new_one_runs() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 500, 0.0));
    let mut job = setting.job();
    job.run_due().await.remove(0).expect("a report");
    job.configure([]);
    assert!(metrics(&job).labels_of("ml_drift_runs_total", "model_name").is_empty());
    job.configure([setting.settings.clone()]);
    assert_eq!(job.run_due().await.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn models_do_not_depend_on_each_other() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 500, 0.0));
    let broken = ModelSettings::new("pricing", "/no/such/baseline.json", "/no/such/log");
    let mut job = DriftJob::new([broken, setting.settings.clone()], setting.clock.clone().into());
    let reports = job.run_due().await;
    assert!(reports[0].is_err() && reports[1].is_ok());
    let error = job
        .run_window("nobody", minutes(NOW, 15))
        .await
        .expect_err("no such model");
    assert!(error.to_string().contains("pricing, claims"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_page_for_a_person_draws_every_subject_and_is_only_text_where_text_is_meant() {
    let mut setting = Setting::new();
    setting.settings.model = "<script>alert(1)</script>".into();
    let mut job = setting.job();
    let error = job.run_due().await.remove(0).expect_err("another model's baseline");
    assert!(
        error.to_string().contains("the baseline of the model \"claims\""),
        "{error}"
    );
    setting.settings.model = MODEL.into();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 500, 0.4));
    std::fs::write(setting.log.hour(MODEL, time(NOW)).join("<b>.parquet"), b"PAR?").expect("a file");
    let report = setting.job().run_due().await.remove(0).expect("a report");
    let html = page(&[report]);
    assert_eq!(html.matches("<svg").count(), 4);
    assert!(html.contains("&lt;b&gt;.parquet") && !html.contains("<b>"), "{html}");
    assert!(!html.contains("NaN") && !html.contains("inf"), "{html}");
}

#[tokio::test(flavor = "multi_thread")]
async fn judged_every_format_of_a_scrape_has_the_board() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 500, 0.0));
    let mut job = setting.job();
    job.run_due().await.remove(0).expect("a report");
    let monitor = job.board().monitor();
    let samples =
        modelwatch_testkit::openmetrics_strict(&monitor.encode(Format::OpenMetricsText)).expect("OpenMetrics");
    assert!(samples.iter().any(|sample| sample.name == "ml_data_drift_score"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_window_is_compared_with_last_week_where_that_is_the_reference() {
    let mut setting = Setting::new();
    // Incomes that training never had, this week as last week; a day later they are others.
    for (from, moved) in [
        ("2026-03-25T10:00:00Z", 0.4),
        ("2026-03-31T23:50:00Z", 0.4),
        ("2026-04-01T10:00:00Z", 0.4),
        ("2026-04-01T10:15:00Z", 0.9),
    ] {
        setting.log.write(MODEL, &rows(from, 1_000, moved));
    }
    let windows = ["2026-04-01T10:00:00Z", "2026-04-01T10:15:00Z"].map(|from| minutes(from, 15));
    let income = Subject::Feature("income".into());
    for (reference, detected) in [
        (Reference::Baseline, [true, true]),
        (Reference::LastWeek, [false, true]),
        (Reference::SameHourLastWeek, [false, false]),
    ] {
        setting.settings.reference = reference;
        let mut job = setting.job();
        for (window, detected) in windows.iter().zip(detected) {
            let report = job.run_window(MODEL, *window).await.expect("a report");
            let subject = report.subject(&income).expect("income");
            assert_eq!(
                subject.detected, detected,
                "{reference}, {window:?}: {:?}",
                subject.measurement
            );
        }
    }
    // A quarter of an hour of last week without rows is no reference.
    let report = setting.job().run_window(MODEL, windows[1]).await.expect("a report");
    let problem = report
        .subject(&income)
        .expect("income")
        .measurement
        .clone()
        .expect_err("no reference");
    assert!(problem.contains("has 0 rows and 100 are needed"), "{problem}");
}

/// A country of 5 % of the rows that moved by three deviations is found, and no other country.
#[tokio::test(flavor = "multi_thread")]
async fn judged_detects_segment_when_it_is_small_and_moves() {
    let mut setting = Setting::new();
    setting.settings.segments = vec!["country".into()];
    let mut window = rows("2026-04-01T10:00:00Z", 6_000, 0.0);
    for (number, row) in window.iter_mut().enumerate() {
        let small = number % 20 == 0;
        let moved = if small { 3.0 * 0.29 } else { 0.0 };
        row.features[0].1 = (random(number as u64 * 4) + moved).into();
        row.features
            .push(("country".into(), (if small { "IS" } else { "NO" }).into()));
    }
    setting.log.write(MODEL, &window);
    let mut job = setting.job();
    let report = job.run_due().await.remove(0).expect("a report");
    assert!(report.drifts(), "{report}");
    let rows_of: Vec<_> = report
        .segments
        .iter()
        .map(|segment| (segment.name(), segment.rows))
        .collect();
    assert_eq!(rows_of, [("IS", 300), ("NO", 5_700)]);
    let page = metrics(&job);
    let detected = |country| {
        let labels = [
            ("segment", "country"),
            ("segment_value", country),
            ("feature_name", "income"),
        ];
        page.sum("ml_segment_data_drift_detected", &labels)
    };
    assert_eq!((detected("IS"), detected("NO")), (1.0, 0.0));
    assert!(report.to_string().contains("country = IS: 300 rows"), "{report}");
}

/// A clock that is set back by more than an interval does not stop the job until it is where it was, and one that jumps ahead runs
/// the window that is due then.
#[tokio::test(flavor = "multi_thread")]
async fn runs_window_when_clock_jumps() {
    let setting = Setting::new();
    let mut job = setting.job();
    assert_eq!(job.run_due().await.len(), 1);
    setting.later(TimeDelta::days(400));
    assert_eq!(job.run_due().await.len(), 1);
    setting.clock.set(time(NOW));
    assert_eq!(job.run_due().await.len(), 1, "it is set back");
    // A few seconds are no reason to run an earlier window again.
    setting.later(TimeDelta::minutes(11));
    assert_eq!(job.run_due().await.len(), 1);
    setting.later(TimeDelta::seconds(-60));
    assert!(job.run_due().await.is_empty());
}

/// A baseline that is being written while the job looks is whole a minute later: the window is run again then, and not at once.
#[tokio::test(flavor = "multi_thread")]
async fn runs_window_again_when_baseline_was_half_written() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 500, 0.4));
    let mut job = setting.job();
    let whole = std::fs::read(&setting.settings.baseline).expect("a baseline");
    for half in [&whole[..whole.len() / 2], &[]] {
        std::fs::write(&setting.settings.baseline, half).expect("written");
        let failed = job.run_due().await.remove(0);
        assert!(matches!(failed, Err(JobError::Baseline { .. })), "{failed:?}");
        assert!(job.run_due().await.is_empty(), "not at once");
        assert_eq!(job.next_due(), Some(setting.clock.now() + TimeDelta::minutes(1)));
        setting.later(TimeDelta::minutes(1));
    }
    std::fs::write(&setting.settings.baseline, whole).expect("written");
    let report = job.run_due().await.remove(0).expect("a report");
    assert_eq!(report.window, Some(minutes("2026-04-01T10:00:00Z", 15)));
    assert!(job.run_due().await.is_empty(), "it is run");
}

/// A window says the same whoever asks, and however often: a report is what `once` says.
#[tokio::test(flavor = "multi_thread")]
async fn detects_the_same_when_one_window_is_run_twice_or_alone() {
    let mut setting = Setting::new();
    setting.settings.rule.consecutive_windows = 2;
    for quarter in ["09:45", "10:00"] {
        setting
            .log
            .write(MODEL, &rows(&format!("2026-04-01T{quarter}:00Z"), 500, 0.4));
    }
    let window = minutes("2026-04-01T10:00:00Z", 15);
    let mut job = setting.job();
    for _ in 0..3 {
        let report = job.run_window(MODEL, window).await.expect("a report");
        let income = report.detected().next().expect("it drifts");
        assert_eq!(income.in_a_row, 2, "{report}");
    }
    let earlier = minutes("2026-04-01T09:45:00Z", 15);
    let report = job.run_window(MODEL, earlier).await.expect("a report");
    assert_eq!(report.detected().count(), 0, "nothing was before it");
}

/// What was left out is on the page by its reason, and a reason for which nothing was is zero.
#[tokio::test(flavor = "multi_thread")]
async fn judged_left_out_files_are_on_the_page_by_reason() {
    let setting = Setting::new();
    setting.log.write(MODEL, &rows("2026-04-01T10:00:00Z", 500, 0.4));
    let hour = setting.log.hour(MODEL, time("2026-04-01T10:00:00Z"));
    std::fs::write(hour.join("empty.parquet"), b"").expect("a file");
    std::fs::write(hour.join("bad.parquet"), b"PAR1").expect("a file");
    let mut job = setting.job();
    job.run_due().await.remove(0).expect("a report");
    let page = metrics(&job);
    let files = |reason| page.sum("ml_drift_left_out_files", &[("reason", reason)]);
    assert_eq!((files("empty"), files("broken"), files("other_model")), (1.0, 1.0, 0.0));
    assert_eq!(
        page.labels_of("ml_drift_left_out_rows", "reason").len(),
        Reason::ALL.len()
    );
    let change = page.labels_of("ml_drift_change", "change");
    assert!(change.len() <= 1, "{change:?}");
}

/// Income and debt go together; `sign` says which way. Each is distributed alike either way.
fn pairs(from: &str, count: u32, sign: f64) -> Vec<Row> {
    let row = |row: u32| {
        let [income, debt] = pair(row, sign);
        let second = TimeDelta::milliseconds(i64::from(row) * 100);
        Row::at(time(from) + second).with("income", income).with("debt", debt)
    };
    (0..count).map(row).collect()
}

fn pair(row: u32, sign: f64) -> [f64; 2] {
    let pick = |seed: u64| random(u64::from(row) * 2 + seed) - 0.5;
    [pick(0), sign * pick(0) + 0.3 * pick(1)]
}

/// Two windows in a row in which a correlation has the other sign are joint drift, on the page and in words, and no feature drifts.
/// What is compared with last week is not judged together.
#[tokio::test(flavor = "multi_thread")]
async fn judged_joint_drift_is_on_the_page_when_a_correlation_flips_and_no_feature_drifts() {
    let mut setting = Setting::new();
    let columns: Vec<[f64; 2]> = (0..10_000).map(|row| pair(row, 1.0)).collect();
    let mut reference = JointReference::new(10_000, 2);
    let features = ["income", "debt"].into_iter().enumerate().map(|(place, name)| {
        let values: Vec<f64> = columns.iter().map(|row| row[place]).collect();
        reference.add(reference.column(name, &values));
        let profile = NumericProfile::from_values(name, values, 0, &Hygiene::default()).expect("a profile");
        (name.to_owned(), Profile::Numeric(profile))
    });
    let about = baseline("v1").about().clone();
    let together = Baseline::new(about, features.collect(), None, None).expect("a baseline");
    let together = together
        .with_joint(reference.learn(2, |_| None).expect("two vary"))
        .expect("its features");
    std::fs::write(&setting.baseline, together.to_json().expect("JSON")).expect("a file");
    setting.settings.rule.consecutive_windows = 2;
    let starts = ["2026-04-01T09:30:00Z", "2026-04-01T09:45:00Z", "2026-04-01T10:00:00Z"];
    for (from, sign) in starts.into_iter().zip([1.0, -1.0, -1.0]) {
        setting.log.write(MODEL, &pairs(from, 2_000, sign));
    }
    let mut job = setting.job();
    for (from, detected) in starts.into_iter().zip([false, false, true]) {
        let report = job.run_window(MODEL, minutes(from, 15)).await.expect("a report");
        assert_eq!(report.detected().count(), 0, "{report}");
        assert_eq!(
            (report.drifts(), report.joint_drift().is_some()),
            (detected, detected),
            "{report}"
        );
        let metrics = metrics(&job);
        assert_eq!(
            metrics.sum("ml_joint_drift_detected", &[]),
            f64::from(u8::from(detected))
        );
        assert_eq!(
            metrics.sum("ml_joint_drift_score", &[]) > 1.0,
            from != starts[0],
            "{report}"
        );
        assert!(metrics.sum("ml_joint_reconstruction_error", &[]) > 0.0, "{report}");
        let pair = [("feature_name", "income"), ("other_feature_name", "debt")];
        assert_eq!(
            metrics.sum("ml_joint_correlation_change", &pair) < -1.5,
            from != starts[0],
            "{report}"
        );
        if detected {
            let joint = report.joint.as_ref().expect("it was judged");
            assert_eq!((joint.in_a_row, joint.since), (2, Some(time(starts[1]))));
            assert!(
                report
                    .to_string()
                    .contains("DRIFT, 2 windows in a row since 2026-04-01 09:45 UTC"),
                "{report}"
            );
        }
    }
    setting.settings.reference = Reference::SameHourLastWeek;
    let report = setting
        .job()
        .run_window(MODEL, minutes(starts[2], 15))
        .await
        .expect("a report");
    assert!(report.joint.is_none(), "{report}");
}
