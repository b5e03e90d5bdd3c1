//! Labels that come through the doors, and what is told of predictions by them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use apache_avro::Schema;
use apache_avro::types::{Record, Value};
use apache_avro::writer::datum::GenericDatumWriter;
use modelwatch_testkit::{KafkaBroker, inbox};
use serde_json::Value as Json;

use super::stored::{letters, rows, text};
use super::topics::{Sent, json, produce};
use super::{modelwatch, once};

fn done(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let done = modelwatch(folder, arguments).output().expect("it starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    done.stdout
}

/// The labels on storage of a model, by the ids of their predictions, in the order of their texts.
fn labels(root: &Path, model: &str) -> BTreeMap<String, Vec<String>> {
    let mut labels: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (folder, row) in rows(&root.join("outcomes")) {
        let columns: Vec<&str> = row.keys().map(String::as_str).collect();
        assert_eq!(columns, ["label", "prediction_id", "time"]);
        if folder == format!("model={model}") {
            let id = text(&row, "prediction_id").expect("an id").to_owned();
            labels
                .entry(id)
                .or_default()
                .push(text(&row, "label").expect("a label").to_owned());
        }
    }
    labels.values_mut().for_each(|labels| labels.sort());
    labels
}

/// A label: of which prediction, what it says, and how many hours after midnight it was known.
type Label = (u32, bool, u32);

/// Labels of most of 600 predictions: out of order, some twice, some revised, some late, some of no prediction.
fn known() -> Vec<Label> {
    let mut known = Vec::new();
    for row in 0..600_u32 {
        // Neighbours in time come from afar.
        let id = row * 7 % 600;
        let late = if id % 11 == 0 { 24 * 40 } else { 0 };
        if id % 5 > 0 {
            known.push((id, id % 3 == 0, 30 + late + id % 24));
        }
        if id % 13 == 0 {
            known.push((id, id % 3 == 0, 30 + late + id % 24));
        }
        if id % 17 == 0 {
            known.push((id, id % 3 > 0, 80 + late));
        }
    }
    known.extend([(9_001, true, 40), (9_002, false, 41)]);
    known
}

fn time(hours: u32) -> String {
    let (day, hour) = (hours / 24, hours % 24);
    let (month, day) = if day < 30 { (4, day + 1) } else { (5, day - 29) };
    format!("2026-{month:02}-{day:02}T{hour:02}:00:00Z")
}

/// Predictions of a day, and a reference.
fn scored(folder: &Path) {
    let mut predictions = "prediction_id,time,score\n".to_owned();
    let mut reference = "score,label\n".to_owned();
    for id in 0..600_u32 {
        let score = f64::from(id * 37 % 600) / 600.0;
        writeln!(predictions, "claim-{id},{},{score}", time(id % 24)).expect("written");
        writeln!(reference, "{score},{}", score > 0.4 && id % 7 > 0).expect("written");
    }
    fs::write(folder.join("predictions.csv"), predictions).expect("a file");
    fs::write(folder.join("reference.csv"), reference).expect("a file");
}

fn told(folder: &Path, outcomes: &str) -> Json {
    let arguments = [
        "performance",
        "reference.csv",
        "predictions.csv",
        "--label",
        "label",
        "--score",
        "score",
        "--id",
        "prediction_id",
        "--time",
        "time",
        "--outcomes",
        outcomes,
        "--outcome-time",
        "time",
        "--horizon",
        "14d",
        "--now",
        "2026-06-30T00:00:00Z",
        "--json",
    ];
    serde_json::from_slice(&done(folder, &arguments)).expect("JSON")
}

/// Records of labels are in the log once each, however the reading was cut, and tell what the same labels in a file tell; what is no label is a
/// letter.
#[test]
fn judged_tells_same_performance_when_labels_come_from_topic_or_from_file() {
    let folder = tempfile::tempdir().expect("a folder");
    scored(folder.path());
    let known = known();
    let mut file = "prediction_id,label,time\n".to_owned();
    for (id, label, hours) in &known {
        writeln!(file, "claim-{id},{label},{}", time(*hours)).expect("written");
    }
    fs::write(folder.path().join("labels.csv"), file).expect("a file");

    let record = |(id, label, hours): &Label| {
        json(format!(
            r#"{{"model": "claims", "claim": "claim-{id}", "decision": {label}, "decided": "{}", "by": ["a", {{}}]}}"#,
            time(*hours)
        ))
    };
    let broker = KafkaBroker::start();
    broker.create_topic("decisions", 2);
    let (first, second) = known.split_at(known.len() / 2);
    let wrong: Vec<Sent> = vec![
        json("{"),
        (Vec::new(), None),
        json(r#"{"model": "claims", "decision": true}"#),
        json(r#"{"model": "claims", "claim": null, "decision": true}"#),
        json(r#"{"model": "claims", "claim": "claim-1"}"#),
        json(r#"{"model": "claims", "claim": "claim-1", "decision": {"is": 1}}"#),
        json(r#"{"claim": "claim-1", "decision": true}"#),
    ];
    let address = broker.address();
    let renamed = ["claim=prediction_id", "decision=label", "decided=time"];
    let more: Vec<&str> = renamed
        .iter()
        .flat_map(|pair| ["--rename", *pair])
        .chain(["--outcomes"])
        .collect();
    let read = || once(folder.path(), &address, "decisions", &more);
    produce(
        &broker.address(),
        "decisions",
        0,
        first.iter().map(record).chain(wrong).collect(),
    );
    read();
    produce(&broker.address(), "decisions", 1, second.iter().map(record).collect());
    read();
    read();
    let root = folder.path().join("prediction-log");
    let stored = labels(&root, "claims");
    assert_eq!(stored.values().map(Vec::len).sum::<usize>(), known.len());
    let letters = letters(&root);
    let said: Vec<_> = letters
        .iter()
        .map(|letter| (letter["reason"].as_str().unwrap_or_default(), letter["field"].as_str()))
        .collect();
    assert_eq!(
        said,
        [
            ("malformed", None),
            ("empty", None),
            ("missing_field", Some("prediction_id")),
            ("missing_field", Some("prediction_id")),
            ("missing_field", Some("label")),
            ("wrong_type", Some("decision")),
            ("missing_field", Some("model")),
        ]
    );

    let by_topic = told(folder.path(), "prediction-log/outcomes/model=claims");
    assert_eq!(by_topic, told(folder.path(), "labels.csv"));
    let joined = &by_topic["joined"];
    assert_eq!(joined["labels"], known.len(), "{joined}");
    for count in ["matched", "late", "without_label", "repeated_labels", "revised_labels"] {
        assert!(
            joined[count].as_u64().is_some_and(|count| count > 5),
            "{count}: {joined}"
        );
    }
    assert_eq!(joined["unmatched_labels"], 2, "{joined}");
}

/// What an event is about is the prediction; its own id is that of the label.
#[test]
fn judged_reads_outcomes_when_they_are_events() {
    let broker = KafkaBroker::start();
    broker.create_topic("events", 1);
    let structured = r#"{"specversion": "1.0", "id": "e1", "source": "s", "type": "org.example.decided", "subject": "claim-1",
        "inferenceservicename": "claims", "time": "2026-04-15T08:00:00Z", "data": {"label": "fraud"}}"#;
    let headers = |subject: bool| {
        let mut headers = vec![
            ("content-type", "application/json".to_owned()),
            ("ce_specversion", "1.0".into()),
            ("ce_id", "e2".into()),
            ("ce_source", "s".into()),
            // Its name says nothing: everything is an outcome here.
            ("ce_type", "org.kubeflow.serving.inference.response".into()),
        ];
        if subject {
            headers.push(("ce_subject", "claim-2".into()));
        }
        headers
    };
    let binary = Some(br#"{"model": "claims", "label": 1}"#.to_vec());
    let named = Some(br#"{"model": "claims", "label": 2.5, "prediction_id": 3}"#.to_vec());
    produce(
        &broker.address(),
        "events",
        0,
        vec![
            json(structured),
            (headers(true), binary.clone()),
            (headers(true), named),
            (headers(false), binary),
        ],
    );
    let folder = tempfile::tempdir().expect("a folder");
    let more = ["--format", "cloudevents", "--outcomes"];
    once(folder.path(), &broker.address(), "events", &more);
    let root = folder.path().join("prediction-log");
    let label = |id: &str, label: &str| (id.to_owned(), vec![label.to_owned()]);
    assert_eq!(
        labels(&root, "claims"),
        BTreeMap::from([label("claim-1", "fraud"), label("claim-2", "1"), label("3", "2.5")])
    );
    let letters = letters(&root);
    assert_eq!(letters.len(), 1, "{letters:#?}");
    assert_eq!(letters[0]["field"], "prediction_id");
}

#[test]
fn judged_reads_outcomes_of_avro() {
    const SCHEMA: &str = r#"{"type": "record", "name": "O", "fields": [{"name": "prediction_id", "type": ["null", "string"]}, {"name": "label", "type": "double"}, {"name": "time", "type": {"type": "long", "logicalType": "timestamp-micros"}}]}"#;
    let (registry, _asked) = inbox(|_| {
        concat!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
            r#"{"schema": "{\"type\": \"record\", \"name\": \"O\", \"fields\": [{\"name\": \"prediction_id\", \"type\": [\"null\", \"string\"]}, {\"name\": \"label\", \"type\": \"double\"}, {\"name\": \"time\", \"type\": {\"type\": \"long\", \"logicalType\": \"timestamp-micros\"}}]}"}"#
        )
    });
    let schema = Schema::parse_str(SCHEMA).expect("a schema");
    let wire = |id: Option<&str>, label: f64| -> Sent {
        let mut record = Record::new(&schema).expect("a record");
        record.put("prediction_id", id);
        record.put("label", label);
        record.put("time", Value::TimestampMicros(1_776_240_000_000_000));
        let writer = GenericDatumWriter::builder(&schema).build().expect("a writer");
        let datum = writer.write_value_to_vec(record).expect("it fits");
        (Vec::new(), Some([&[0, 0, 0, 0, 7][..], &datum].concat()))
    };
    let broker = KafkaBroker::start();
    broker.create_topic("avro", 1);
    let records = vec![wire(Some("a"), 12.25), wire(None, 1.0), wire(Some("b"), f64::NAN)];
    produce(&broker.address(), "avro", 0, records);
    let folder = tempfile::tempdir().expect("a folder");
    let registry = format!("http://{registry}");
    let more = [
        "--format",
        "avro",
        "--registry",
        &registry,
        "--model",
        "prices",
        "--outcomes",
    ];
    once(folder.path(), &broker.address(), "avro", &more);
    let root = folder.path().join("prediction-log");
    assert_eq!(
        labels(&root, "prices"),
        BTreeMap::from([("a".to_owned(), vec!["12.25".to_owned()])])
    );
    let letters = letters(&root);
    let fields: Vec<_> = letters.iter().map(|letter| letter["field"].as_str()).collect();
    assert_eq!(fields, [Some("prediction_id"), Some("label")]);
}
