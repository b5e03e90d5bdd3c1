//! How right a model is, told again and again: what is published, until when, and how runs that fail are counted.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use modelwatch::{Format, Monitor};
use modelwatch_drift_job::ManualClock;
use modelwatch_drift_job::performance::{PerformanceJob, PerformanceOptions, PerformanceSettings};
use modelwatch_testkit::MetricsPage;

const MODEL: &str = "claims";

fn at(text: &str) -> DateTime<Utc> {
    text.parse().expect("a time")
}

/// Rows of two carriers, as often positive as their score says; of one of them, labels may be turned round.
fn rows(count: usize, turned: Option<&str>) -> impl Iterator<Item = (usize, &'static str, f64, bool)> {
    (0..count).map(move |row| {
        let carrier = if row % 8 < 7 { "AA" } else { "UA" };
        let score = (row / 8 % 100) as f64 / 100.0 + 0.005;
        let positive = (row / 800 * 37 % 100) as f64 / 100.0 < score;
        (row, carrier, score, positive != (turned == Some(carrier)))
    })
}

fn write(folder: &Path, name: &str, header: &str, rows: impl Iterator<Item = String>) -> String {
    let mut text = format!("{header}\n");
    rows.for_each(|row| writeln!(text, "{row}").expect("a string takes it"));
    let path = folder.join(name);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(&path, text).expect("the folder can be written to");
    path.to_str().expect("text").to_owned()
}

/// A model whose flights of one carrier have got worse, and outcomes that are not there yet.
fn settings(folder: &Path) -> PerformanceSettings {
    let labelled = rows(16_000, None).map(|(_, carrier, score, late)| format!("{carrier},{score},{}", u8::from(late)));
    let reference = write(folder, "reference.csv", "carrier,score,late", labelled);
    let scored =
        rows(8_000, None).map(|(id, carrier, score, _)| format!("{id},2026-04-01T10:00:00Z,2,{carrier},{score}"));
    let predictions = write(
        folder,
        "log/model=claims/date=2026-04-01/hour=10/rows.csv",
        "id,time,version,carrier,score",
        scored,
    );
    let predictions = Path::new(&predictions)
        .ancestors()
        .nth(3)
        .expect("a folder")
        .display()
        .to_string();
    let mut options = PerformanceOptions::new("late", [reference], [predictions]);
    options.score = Some("score".into());
    options.time = Some("time".into());
    options.version = Some("version".into());
    options.outcomes = vec![folder.join("outcomes").display().to_string()];
    options.outcome_time = Some("known".into());
    options.segments = vec!["carrier".into()];
    options.explain = vec!["carrier".into()];
    PerformanceSettings::new(MODEL, options)
}

fn outcomes(folder: &Path) {
    let labels =
        rows(8_000, Some("UA")).map(|(id, _, _, late)| format!("{id},2026-04-02T00:00:00Z,{}", u8::from(late)));
    write(folder, "outcomes/labels.csv", "id,known,late", labels);
}

fn round(job: &mut PerformanceJob) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(job.run_due()).len()
}

fn page(job: &PerformanceJob) -> MetricsPage {
    let monitor = Monitor::builder().process_metrics(false).build().expect("a monitor");
    job.board().expose(&monitor);
    MetricsPage::parse(&monitor.encode(Format::PrometheusText))
}

fn runs(page: &MetricsPage, result: &str) -> f64 {
    page.sum("ml_performance_runs_total", &[("result", result)])
}

/// Without outcomes what is expected is told, and the run is counted as one without; with them the carrier that got worse is
/// named, compared with itself and by what it explains.
#[test]
fn publishes_segments_when_outcomes_come() {
    let folder = tempfile::tempdir().expect("a folder");
    let clock = ManualClock::new(at("2026-04-02T12:00:00Z"));
    let mut job = PerformanceJob::new([settings(folder.path())], clock.clone().into());
    assert_eq!(round(&mut job), 1);
    let told = page(&job);
    assert_eq!((runs(&told, "outcomes"), runs(&told, "success")), (1.0, 0.0));
    let all = ("model_version", "__all__");
    assert_eq!(told.sum("ml_performance_labels", &[all]), 0.0);
    assert!(told.sum("ml_performance_estimate", &[all, ("measure", "accuracy")]) > 0.5);
    assert!(
        told.labels_of("ml_performance_last_success_timestamp_seconds", "model_name")
            .is_empty()
    );

    outcomes(folder.path());
    assert_eq!(round(&mut job), 0, "it is not due again");
    clock.set(at("2026-04-02T13:00:00Z"));
    assert_eq!(round(&mut job), 1);
    let told = page(&job);
    assert_eq!(runs(&told, "success"), 1.0);
    assert_eq!(told.sum("ml_performance_labels", &[all]), 8_000.0);
    assert_eq!(told.sum("ml_performance_outcomes", &[("fate", "matched")]), 8_000.0);
    let of = |carrier| [("segment", "carrier"), ("segment_value", carrier)];
    assert_eq!(told.sum("ml_segment_performance_labels", &of("UA")), 1_000.0);
    assert_eq!(
        told.labels_of("ml_segment_performance_loss_growth", "segment_value"),
        std::collections::BTreeSet::from(["UA".to_owned()])
    );
    let explained = told.sum("ml_performance_explained_ratio", &[of("UA")[0], of("UA")[1], all]);
    assert!((0.9..=1.0).contains(&explained), "{explained}");
    let accuracy = |metric, carrier| {
        let [segment, value] = of(carrier);
        told.sum(metric, &[segment, value, ("measure", "accuracy")])
    };
    let (now, before) = (
        accuracy("ml_segment_performance", "UA"),
        accuracy("ml_segment_performance_reference", "UA"),
    );
    assert!(before - now > 0.3, "{before} {now}");
}

/// Figures of three intervals ago are withdrawn; counts of runs stay.
#[test]
fn withdraws_figures_that_nobody_renews() {
    let folder = tempfile::tempdir().expect("a folder");
    outcomes(folder.path());
    let clock = ManualClock::new(at("2026-04-02T12:00:00Z"));
    let mut job = PerformanceJob::new([settings(folder.path())], clock.clone().into());
    round(&mut job);
    fs::remove_file(folder.path().join("reference.csv")).expect("removed");
    for (time, figures, failed) in [("13:00", true, 1.0), ("14:00", true, 2.0), ("15:00", false, 3.0)] {
        clock.set(at(&format!("2026-04-02T{time}:00Z")));
        round(&mut job);
        let told = page(&job);
        let has = !told.labels_of("ml_performance", "measure").is_empty();
        assert_eq!((has, runs(&told, "reference")), (figures, failed), "{time}");
        assert_eq!(runs(&told, "success"), 1.0);
    }
    job.configure([]);
    assert!(page(&job).labels_of("ml_performance_runs_total", "result").is_empty());
}

/// Who mends a setting need not wait for the next hour, and who mends another model's causes no run of this one.
#[test]
fn runs_at_once_when_settings_changed() {
    let folder = tempfile::tempdir().expect("a folder");
    outcomes(folder.path());
    let sound = settings(folder.path());
    let mut broken = sound.clone();
    broken.options.score = Some("skore".into());
    let clock = ManualClock::new(at("2026-04-02T12:00:00Z"));
    let mut job = PerformanceJob::new([broken.clone()], clock.clone().into());
    assert_eq!(round(&mut job), 1);
    broken.options.now = at("2026-04-02T12:30:00Z");
    job.configure([broken]);
    assert_eq!(round(&mut job), 0, "nothing but the moment of reading it is another");
    job.configure([sound]);
    assert_eq!(round(&mut job), 1);
    let told = page(&job);
    assert_eq!((runs(&told, "columns"), runs(&told, "success")), (1.0, 1.0));
}

/// Every way in which a run can't tell has a name.
#[test]
fn counts_runs_that_fail_by_reason() {
    let folder = tempfile::tempdir().expect("a folder");
    outcomes(folder.path());
    let sound = settings(folder.path());
    type Broken = fn(&mut PerformanceSettings);
    let cases: [(&str, Broken); 6] = [
        ("reference", |settings| {
            settings.options.reference = vec!["nowhere".into()]
        }),
        ("reference", |settings| settings.options.positive = Some("never".into())),
        ("predictions", |settings| {
            settings.options.current = vec!["nowhere".into()]
        }),
        ("outcomes", |settings| {
            settings.options.outcomes = vec!["nowhere".into()]
        }),
        ("columns", |settings| settings.options.score = Some("skore".into())),
        ("timeout", |settings| settings.timeout = Duration::ZERO),
    ];
    for (reason, broken) in cases {
        let mut settings = sound.clone();
        broken(&mut settings);
        let clock = ManualClock::new(at("2026-04-02T12:00:00Z"));
        let mut job = PerformanceJob::new([settings], clock.into());
        round(&mut job);
        let told = page(&job);
        assert_eq!(runs(&told, reason), 1.0, "{reason}");
        assert_eq!(runs(&told, "success"), 0.0, "{reason}");
    }
}

/// Of a log, dates before the period are not read; of a folder of other files, rows from before it are left out.
#[test]
fn looks_at_predictions_of_the_period_alone() {
    let folder = tempfile::tempdir().expect("a folder");
    outcomes(folder.path());
    let mut settings = settings(folder.path());
    settings.period = TimeDelta::days(2);
    let log = folder.path().join("log/model=claims");
    fs::create_dir_all(log.join("date=2026-03-01/hour=10")).expect("a folder");
    fs::write(
        log.join("date=2026-03-01/hour=10/rows.csv"),
        "not what it should be\n1\n",
    )
    .expect("written");
    fs::write(
        log.join("others.csv"),
        "id,time,version,carrier,score\na,2026-03-31T11:59:59Z,1,AA,0.5\nb,2026-03-31T12:00:00Z,1,AA,0.5\n",
    )
    .expect("written");
    let clock = ManualClock::new(at("2026-04-02T12:00:00Z"));
    let mut job = PerformanceJob::new([settings], clock.into());
    round(&mut job);
    let told = page(&job);
    assert_eq!(runs(&told, "success"), 1.0);
    let predictions = |version| told.sum("ml_performance_predictions", &[("model_version", version)]);
    assert_eq!((predictions("1"), predictions("__all__")), (1.0, 8_001.0));
}

/// However many values a segment has, 64 are told apart and the rest together; those of the reference have their places first.
#[test]
fn bounds_the_values_of_a_segment() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut settings = settings(folder.path());
    let labelled = rows(16_000, None);
    let scored = labelled.map(|(row, _, score, late)| format!("v{},{score},{}", row % 60, u8::from(late)));
    settings.options.reference = vec![write(folder.path(), "many.csv", "carrier,score,late", scored)];
    let scored = rows(8_000, None).map(|(row, _, score, late)| {
        let carrier = if row < 4_000 {
            format!("new{row}")
        } else {
            format!("v{}", row % 60)
        };
        format!("{row},{carrier},{score},{}", u8::from(late))
    });
    settings.options.current = vec![write(folder.path(), "now.csv", "id,carrier,score,late", scored)];
    settings.options.outcomes.clear();
    (settings.options.version, settings.options.time) = (None, None);
    let mut job = PerformanceJob::new([settings], ManualClock::new(at("2026-04-02T12:00:00Z")).into());
    round(&mut job);
    let told = page(&job);
    let values = told.labels_of("ml_segment_performance_labels", "segment_value");
    assert_eq!(values.len(), 65, "{values:?}");
    let own = (0..60).filter(|value| values.contains(&format!("v{value}"))).count();
    assert_eq!(own, 60, "{values:?}");
    let rest = [("segment_value", "__other__")];
    assert_eq!(told.sum("ml_segment_performance_labels", &rest), 3_996.0);
    assert_eq!(told.sum("ml_segment_performance_reference", &rest), 0.0);
}
