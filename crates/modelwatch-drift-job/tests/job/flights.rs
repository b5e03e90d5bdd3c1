//! The flight weeks, from files to figures.

use std::fs::File;
use std::path::{Path, PathBuf};

use ::flights::data::FEATURES as NUMBERS;
use arrow::array::{Array, AsArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Float64Type, TimeUnit, TimestampMicrosecondType};
use chrono::DateTime;
use modelwatch_drift::decision::Rule;
use modelwatch_drift_job::{Clock, DriftJob, ModelSettings, Subject, TimeWindow, TrainingOptions};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use crate::log::{Log, Row, Value, time};

fn data(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/data/flights")
        .join(file)
}

/// A week of real rows as the service would have logged them.
fn week(file: &str) -> Vec<Row> {
    let file = File::open(data(file)).expect("the flight data are there");
    let batches = ParquetRecordBatchReaderBuilder::try_new(file)
        .expect("Parquet")
        .build()
        .expect("a reader");
    let mut rows = Vec::new();
    for batch in batches {
        let batch = batch.expect("rows");
        let column = |name: &str, to: &DataType| cast(batch.column_by_name(name).expect(name), to).expect(name);
        let times = column(
            "event_time",
            &DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into())),
        );
        let times = times.as_primitive::<TimestampMicrosecondType>();
        let numbers: Vec<_> = NUMBERS.map(|name| column(name, &DataType::Float64)).into();
        let carriers = column("carrier", &DataType::Utf8);
        for row in 0..batch.num_rows() {
            let mut logged = Row::at(DateTime::from_timestamp_micros(times.value(row)).expect("a time"));
            for (name, values) in NUMBERS.iter().zip(&numbers) {
                let values = values.as_primitive::<Float64Type>();
                let value = values.is_valid(row).then(|| values.value(row));
                logged.features.push(((*name).into(), Value::Number(value)));
            }
            rows.push(logged.with("carrier", carriers.as_string::<i32>().value(row)));
        }
    }
    rows
}

#[tokio::test(flavor = "multi_thread")]
async fn two_real_weeks_through_the_engine_have_the_known_indices() {
    let log = Log::new();
    for file in ["replay-2013-04-08-week.parquet", "replay-2013-07-08-week.parquet"] {
        log.write("flight-delay", &week(file));
    }
    let mut options = TrainingOptions::new("flight-delay", [data("train-2013q1.parquet").to_str().expect("UTF-8")]);
    options.time = Some("event_time".into());
    options.without = vec!["late".into(), "origin".into()];
    let trained = options.build(2, |_| {}).await.expect("a baseline");
    assert_eq!(trained.warnings, []);
    let baseline = trained.baseline;
    assert_eq!((baseline.about().rows, baseline.features().len()), (80_789, 11));
    let path = log.root().join("flight-delay.json");
    std::fs::write(&path, baseline.to_json().expect("JSON")).expect("a file");

    let mut settings = ModelSettings::new("flight-delay", path.to_str().expect("UTF-8"), log.address());
    settings.rule = Rule {
        consecutive_windows: 1,
        ..Rule::default()
    };
    let mut job = DriftJob::new([settings], Clock::system());
    let mut reports = Vec::new();
    for (from, to, rows) in [
        ("2013-04-08T00:00:00Z", "2013-04-16T00:00:00Z", 6_613),
        ("2013-07-08T00:00:00Z", "2013-07-16T00:00:00Z", 6_759),
    ] {
        let window = TimeWindow::new(time(from), time(to)).expect("a week");
        let report = job.run_window("flight-delay", window).await.expect("a report");
        assert_eq!(
            (report.rows, report.left_out.files.len(), report.absent.len()),
            (rows, 0, 0)
        );
        reports.push(report);
    }
    let psi = |week: usize, feature: &str| {
        let subject = reports[week].subject(&Subject::Feature(feature.into())).expect(feature);
        (subject.measurement.as_ref().expect(feature).score, subject.detected)
    };
    for (feature, april, july) in [
        ("distance", 0.008, 0.022),
        ("hour", 0.002, 0.003),
        ("dep_delay", 0.020, 0.197),
    ] {
        for (week, expected) in [(0, april), (1, july)] {
            let (score, detected) = psi(week, feature);
            assert!((score - expected).abs() < 0.0005, "{feature}: {score}, not {expected}");
            assert_eq!(detected, expected > 0.15, "{feature}");
        }
    }
    // By the day and week the weather of the quarter differs from that of all of it; summer differs from both.
    for (feature, july) in [("temp", true), ("dewp", true), ("pressure", false)] {
        assert!(psi(0, feature).0 > 2.0, "{feature}");
        let (score, detected) = psi(1, feature);
        assert!(score > 2.0 && detected == july, "{feature}: {score}, {detected}");
    }
}
