//! What is read back is what was recorded.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use modelwatch::{Feature, FeatureValue, Monitor};
use modelwatch_log::{PredictionLog, Record};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use tempfile::tempdir;

use crate::on_storage::{Cell, Row, all_rows, counted, visible};

#[derive(Clone, Debug)]
struct Prediction {
    number: Option<f64>,
    texts: [Option<String>; 2],
    score: f64,
    class: Option<String>,
    /// Id, trace, route and pipeline.
    context: [Option<String>; 4],
    /// Seconds and microseconds since 2026-04-01.
    time: (i64, u32),
    /// The log is flushed after it.
    flush: bool,
}

fn prediction() -> impl Strategy<Value = Prediction> {
    let number = || {
        prop_oneof![
            any::<f64>(),
            Just(f64::NAN),
            Just(f64::INFINITY),
            Just(f64::NEG_INFINITY),
            Just(-0.0)
        ]
    };
    let text = || option::of(prop_oneof![".{0,20}", Just(String::new()), Just("\u{0}\n\"=,".into())]);
    // Around an hour and a date, and far away.
    let seconds = prop_oneof![-4000..4000i64, Just(-60_000_000_000), Just(200_000_000_000)];
    (
        option::of(number()),
        [text(), text()],
        number(),
        text(),
        [text(), text(), text(), text()],
        (seconds, 0..1_000_000u32),
        prop::bool::weighted(0.1),
    )
        .prop_map(|(number, texts, score, class, context, time, flush)| Prediction {
            number,
            texts,
            score,
            class,
            context,
            time,
            flush,
        })
}

fn time((seconds, micros): (i64, u32)) -> (SystemTime, i64) {
    let seconds = seconds + 1_775_001_600;
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let time = if seconds < 0 {
        UNIX_EPOCH - whole
    } else {
        UNIX_EPOCH + whole
    };
    (
        time + Duration::from_micros(micros.into()),
        seconds * 1_000_000 + i64::from(micros),
    )
}

fn expected(position: usize, prediction: &Prediction) -> Row {
    let number = |number: f64| (!number.is_nan()).then_some(Cell::Number(number));
    let text = |text: &Option<String>| text.clone().map(Cell::Text);
    let cells = [
        ("feature.position", number(position as f64)),
        ("feature.number", prediction.number.and_then(number)),
        ("feature.first", text(&prediction.texts[0])),
        ("feature.second", text(&prediction.texts[1])),
        ("score", number(prediction.score)),
        ("class", text(&prediction.class)),
        ("prediction_id", text(&prediction.context[0])),
        ("trace_id", text(&prediction.context[1])),
        ("route", text(&prediction.context[2])),
        ("pipeline_version", text(&prediction.context[3])),
        ("model_version", Some(Cell::Text("1".into()))),
        ("time", Some(Cell::Time(time(prediction.time).1))),
    ];
    cells.map(|(name, cell)| (name.into(), cell)).into()
}

fn position(row: &Row) -> f64 {
    match row["feature.position"] {
        Some(Cell::Number(number)) => number,
        ref other => panic!("a position of {other:?}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_value_comes_back_from_the_folder_of_its_hour(predictions in vec(prediction(), 1..30)) {
        let (root, monitor) = (tempdir().expect("a folder"), Monitor::new());
        let features = [
            Feature::categorical("first"),
            Feature::numeric("position"),
            Feature::categorical("second"),
            Feature::numeric("number"),
        ];
        let model = monitor.model("claims", "1").features(features).register().expect("a model");
        let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
        let handle = log.model(&model).expect("a handle");
        for (position, prediction) in predictions.iter().enumerate() {
            let texts = prediction.texts.each_ref().map(|text| FeatureValue::from(text.as_ref()));
            let row = [texts[0], position.into(), texts[1], prediction.number.into()];
            let mut record = handle.record(row, prediction.score).at(time(prediction.time).0);
            let setters = [Record::id, Record::trace_id, Record::route, Record::pipeline_version];
            for (set, text) in setters.into_iter().zip(&prediction.context) {
                if let Some(text) = text {
                    record = set(record, text);
                }
            }
            if let Some(class) = &prediction.class {
                drop(record.class(class));
            } else {
                drop(record);
            }
            if prediction.flush {
                log.flush().expect("a good storage");
            }
        }
        log.close().expect("a clean end");

        prop_assert_eq!(counted(&monitor, "claims"), [predictions.len() as u64, 0]);
        let mut rows = all_rows(root.path());
        rows.sort_by(|a, b| position(a).total_cmp(&position(b)));
        let expected: Vec<Row> = predictions.iter().enumerate().map(|(position, prediction)| expected(position, prediction)).collect();
        prop_assert_eq!(rows, expected);
        for file in visible(root.path()) {
            let hours = crate::on_storage::rows(&file).iter().map(|row| match row["time"] {
                Some(Cell::Time(time)) => time.div_euclid(3_600_000_000),
                ref other => panic!("a time of {other:?}"),
            }).collect::<std::collections::BTreeSet<_>>();
            prop_assert_eq!(hours.len(), 1, "{}", file.display());
        }
    }
}
