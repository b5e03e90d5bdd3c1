//! Rows as nobody should write them, questions about them, and what has to be the same of two answers.

use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Date32Array, Float32Array, Float64Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray,
};
use chrono::{DateTime, Utc};
use modelwatch_drift::baseline::{CategoricalProfile, Counts, Hygiene, NumericBins};
use modelwatch_drift_job::engine::{Bins, Column, ColumnCounts, GroupBy, GroupCounts, WindowCounts, WindowQuery};
use modelwatch_drift_job::{TableColumns, TimeWindow};
use parquet::arrow::ArrowWriter;
use proptest::option::weighted as some;
use proptest::prelude::*;

/// Columns of the table, called as nobody should call them.
pub(crate) const TIME: &str = "at; \"time\"";
pub(crate) const VERSION: &str = "mw_key";
const NUMBER: &str = "in'come\\";
const SHORT: &str = "c2 `short`";
const WHOLE: &str = "c3 --whole";
const FLAG: &str = "c4 /* flag */";
const TEXT: &str = "mw_x";
const KIND: &str = "c6 %kind é☃";
const DAY: &str = "c7 day";
const BYTES: &str = "c8 bytes";
pub(crate) const VALUES: [&str; 8] = [NUMBER, SHORT, WHOLE, FLAG, TEXT, KIND, DAY, BYTES];

#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// Microseconds after the window's beginning.
    time: Option<i64>,
    version: Option<String>,
    number: Option<f64>,
    short: Option<f32>,
    whole: Option<i64>,
    flag: Option<bool>,
    text: Option<String>,
    kind: Option<String>,
    day: Option<i32>,
}

pub(crate) fn window() -> TimeWindow {
    let time = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
    TimeWindow::new(time("2026-04-01T10:00:00Z"), time("2026-04-01T10:15:00Z")).expect("a window")
}

const LENGTH: i64 = 15 * 60 * 1_000_000;

pub(crate) fn training() -> impl Strategy<Value = Vec<f64>> {
    let value = prop_oneof![
        -1e3..1e3,
        (-5..5i32).prop_map(f64::from),
        Just(0.0),
        Just(1e-300),
        Just(1e300)
    ];
    prop::collection::vec(value, 1..200).prop_map(|mut values| {
        values.sort_by(f64::total_cmp);
        values
    })
}

fn number(edges: Vec<f64>) -> impl Strategy<Value = f64> {
    let edge = prop::sample::select(edges);
    prop_oneof![
        3 => edge.clone(),
        1 => edge.clone().prop_map(f64::next_up),
        1 => edge.prop_map(f64::next_down),
        3 => -2e3..2e3,
        1 => prop::sample::select(vec![f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, -0.0, f64::MAX, f64::MIN, f64::MIN_POSITIVE, 5e-324, -5e-324]),
    ]
}

fn text() -> impl Strategy<Value = String> {
    let known = [
        "1",
        "1.0",
        " 2.5 ",
        "NaN",
        "nan",
        "",
        "inf",
        "-Infinity",
        "1e400",
        "true",
        "FALSE",
        "abc",
        "0x10",
        "1_000",
        "１",
        "NA",
        "+3",
        ".5",
        "5.",
        "-0",
        "1e",
        "\u{a0}7\u{a0}",
    ];
    prop_oneof![
        prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        (-9e2..9e2).prop_map(|number: f64| number.to_string())
    ]
}

fn kind() -> impl Strategy<Value = String> {
    let known = [
        "True",
        "TRUE",
        "true",
        "1.0",
        "1",
        "1.5",
        "01234",
        "-0.0",
        "0",
        "",
        "null",
        "None",
        "O'Brien",
        "\"; DROP TABLE x; --",
        "a\\b",
        "é",
        "E\u{301}",
        "ẞ",
        "ß",
        "SS",
        "a\nb",
        "%s {} ?",
        "~",
        "🦀",
        "A",
        "a",
        " a",
        "a ",
    ];
    prop_oneof![
        4 => prop::sample::select(known.to_vec()).prop_map(str::to_owned),
        1 => "[ -~éß🦀]{0,12}",
        1 => (1..3usize, prop::sample::select(vec!["x", "é", "🦀", "1x"])).prop_map(|(times, one)| one.repeat(times * 2_500)),
    ]
}

pub(crate) fn row(edges: Vec<f64>) -> impl Strategy<Value = Row> {
    let time = prop_oneof![
        6 => 0..LENGTH,
        1 => prop::sample::select(vec![-1, 0, 1, LENGTH - 1, LENGTH, LENGTH + 1]),
    ];
    let versions = prop::sample::select(vec!["1", "1.0", "canary", "", "O'Brien"]);
    let whole = prop_oneof![-5..5i64, prop::sample::select(vec![i64::MIN, i64::MAX, (1 << 53) + 1])];
    (
        some(0.95, time),
        some(0.9, versions.prop_map(str::to_owned)),
        some(0.9, number(edges.clone())),
        some(0.9, number(edges).prop_map(|number| number as f32)),
        some(0.9, whole),
        some(0.9, any::<bool>()),
        some(0.9, text()),
        some(0.9, kind()),
        some(0.9, -3..3i32),
    )
        .prop_map(|(time, version, number, short, whole, flag, text, kind, day)| Row {
            time,
            version,
            number,
            short,
            whole,
            flag,
            text,
            kind,
            day,
        })
}

pub(crate) fn batch(rows: &[Row]) -> RecordBatch {
    let start = window().start().timestamp_micros();
    let times = rows.iter().map(|row| row.time.map(|time| start + time));
    let columns: Vec<(&str, ArrayRef)> = vec![
        (
            TIME,
            Arc::new(times.collect::<TimestampMicrosecondArray>().with_timezone("UTC")),
        ),
        (
            VERSION,
            Arc::new(rows.iter().map(|row| row.version.clone()).collect::<StringArray>()),
        ),
        (
            NUMBER,
            Arc::new(rows.iter().map(|row| row.number).collect::<Float64Array>()),
        ),
        (
            SHORT,
            Arc::new(rows.iter().map(|row| row.short).collect::<Float32Array>()),
        ),
        (
            WHOLE,
            Arc::new(rows.iter().map(|row| row.whole).collect::<Int64Array>()),
        ),
        (
            FLAG,
            Arc::new(rows.iter().map(|row| row.flag).collect::<BooleanArray>()),
        ),
        (
            TEXT,
            Arc::new(rows.iter().map(|row| row.text.clone()).collect::<StringArray>()),
        ),
        (
            KIND,
            Arc::new(rows.iter().map(|row| row.kind.clone()).collect::<StringArray>()),
        ),
        (DAY, Arc::new(rows.iter().map(|row| row.day).collect::<Date32Array>())),
        (
            BYTES,
            Arc::new(
                rows.iter()
                    .map(|row| row.day.map(|day| day.to_le_bytes()))
                    .collect::<BinaryArray>(),
            ),
        ),
    ];
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, array)| (name, array, true)))
        .expect("a batch")
}

/// Every column as a number and as a category.
pub(crate) fn columns() -> TableColumns {
    let features = VALUES.iter().enumerate().flat_map(|(place, name)| {
        let called = |what: &str| (format!("{what}{place}"), (*name).to_owned());
        [called("number"), called("kind")]
    });
    TableColumns {
        time: Some(TIME.into()),
        model_version: Some(VERSION.into()),
        score: Some(NUMBER.into()),
        class: Some("nowhere".into()),
        features: features.collect(),
    }
}

/// Categories of which training named a few, or a thousand and more.
pub(crate) fn kinds(many: bool) -> Bins {
    let few = ["true", "1", "01234", "O'Brien", "é", "a", "A", "0", "1.5"].map(str::to_owned);
    let more = (0..if many { 1_100 } else { 0 }).map(|number| format!("k{number}"));
    let rows = few.into_iter().chain(more).map(|name| (name, 1_000));
    let profile = CategoricalProfile::new("kind", rows, 0, &Hygiene::default()).expect("a profile");
    Bins::Categorical(profile.bins().clone())
}

pub(crate) fn query(bins: &NumericBins, many: bool, timed: bool, groups: Vec<GroupBy>) -> WindowQuery {
    let column = |name: String, bins: Bins| Column { name, bins };
    let numeric = || Bins::Numeric(bins.clone());
    let of_values = (0..VALUES.len()).flat_map(|place| {
        [
            column(format!("feature.number{place}"), numeric()),
            column(format!("feature.kind{place}"), kinds(many)),
        ]
    });
    let others = [
        column("score".into(), numeric()),
        column("class".into(), kinds(false)),
        column("feature.nowhere".into(), numeric()),
    ];
    WindowQuery {
        model: "claims".into(),
        window: timed.then(window),
        columns: of_values.chain(others).collect(),
        groups,
        joint: Vec::new(),
    }
}

pub(crate) fn by(column: &str, values: Option<&[&str]>) -> GroupBy {
    GroupBy {
        column: column.into(),
        values: values.map(|values| values.iter().map(|value| (*value).to_owned()).collect()),
    }
}

/// What has to be the same, in the same words. The sample is not: values stay in the database.
pub(crate) fn essence(counts: &WindowCounts) -> Vec<String> {
    let mut said = vec![
        format!(
            "{} rows, {} without a time",
            counts.rows, counts.left_out.rows_without_time
        ),
        format!("absent: {:?}", counts.absent),
    ];
    said.extend(
        counts
            .columns
            .iter()
            .enumerate()
            .map(|(place, column)| format!("column {place}: {}", of_column(column))),
    );
    for (place, groups) in counts.groups.iter().enumerate() {
        let of_group = |group: &GroupCounts| {
            let columns: Vec<String> = group.columns.iter().map(of_column).collect();
            format!("group {place}, {:?}: {} rows, {columns:?}", group.value, group.rows)
        };
        said.extend(groups.iter().map(of_group));
    }
    said
}

fn of_column(column: &ColumnCounts) -> String {
    let counts = match &column.counts {
        Counts::Numeric(counts) => {
            // Zero has two signs and one place.
            let end = |value: Option<f64>| value.map(|value| value + 0.0);
            format!(
                "below {}, {:?}, above {}, missing {}, {:?} to {:?}, {} finite",
                counts.below,
                counts.bins,
                counts.above,
                counts.missing,
                end(counts.least),
                end(counts.largest),
                counts.sample.offered()
            )
        }
        Counts::Categorical(counts) => {
            let unnamed: BTreeMap<&str, u64> = counts.unnamed.iter().collect();
            format!(
                "{:?}, other {:?}, unseen {}, missing {}, {unnamed:?}",
                counts.named, counts.other, counts.unseen, counts.missing
            )
        }
    };
    format!("{counts}; {} of {:?}", column.other_type, column.found_type)
}

pub(crate) fn write(path: &Path, rows: &RecordBatch) {
    let file = File::create(path).expect("a file");
    let mut writer = ArrowWriter::try_new(file, rows.schema(), None).expect("a writer");
    writer.write(rows).expect("rows");
    writer.close().expect("a file");
}
