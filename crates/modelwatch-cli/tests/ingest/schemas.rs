//! Avro whose schema changes while records come, and a registry that is not well.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use apache_avro::Schema;
use apache_avro::types::{Record, Value};
use apache_avro::writer::datum::GenericDatumWriter;
use modelwatch_testkit::{KafkaBroker, inbox};
use serde_json::json as value;

use super::stored::{letters, number, row, rows, text};
use super::topics::{Sent, produce};
use super::{Running, ingest_kafka, once, until};

/// What stands in the schemas of all numbers.
const SAME: &str = r#"{"name": "model", "type": "string"}, {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
    {"name": "prediction_id", "type": "string"}"#;

/// The schema of a number: fields come, go, and change their types.
fn schema(number: u32) -> String {
    let more = match number {
        1 => r#"{"name": "income", "type": "int"}"#,
        2 => r#"{"name": "income", "type": ["null", "double"]}, {"name": "country", "type": "string"}"#,
        3 => r#"{"name": "country", "type": ["null", "string"], "default": null}"#,
        _ => r#"{"name": "income", "type": "string"}, {"name": "country", "type": "string"}"#,
    };
    format!(r#"{{"type": "record", "name": "P", "fields": [{SAME}, {more}]}}"#)
}

fn record(number: u32, id: &str, more: Vec<(&'static str, Value)>) -> Sent {
    let schema = Schema::parse_str(&schema(number)).expect("a schema");
    let mut record = Record::new(&schema).expect("a record");
    record.put("model", "claims");
    record.put("time", Value::TimestampMillis(1_775_037_600_000));
    record.put("prediction_id", id);
    for (name, value) in more {
        record.put(name, value);
    }
    let writer = GenericDatumWriter::builder(&schema).build().expect("a writer");
    let datum = writer.write_value_to_vec(record).expect("it fits");
    (Vec::new(), Some([&[0][..], &number.to_be_bytes(), &datum].concat()))
}

fn maybe(value: Option<Value>) -> Value {
    match value {
        None => Value::Union(0, Box::new(Value::Null)),
        Some(value) => Value::Union(1, Box::new(value)),
    }
}

#[test]
fn judged_waits_for_registry_that_is_broken_and_reads_schemas_that_evolve() {
    let broken = Arc::new(AtomicBool::new(true));
    let is_broken = broken.clone();
    let answers: Vec<&'static str> = (1..=4)
        .map(|number| {
            let body = value!({"schema": schema(number)}).to_string();
            let answer = format!(
                "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
            &*Box::leak(answer.into_boxed_str())
        })
        .collect();
    let (registry, _asked) = inbox(move |posted| {
        let number = posted
            .path
            .rsplit('/')
            .next()
            .and_then(|number| number.parse::<usize>().ok());
        match number.filter(|number| (1..=answers.len()).contains(number)) {
            // It knew the first one before it broke.
            Some(number) if number == 1 || !is_broken.load(Ordering::SeqCst) => answers[number - 1],
            Some(2) => "HTTP/1.1 500 Internal Server Error\r\nconnection: close\r\ncontent-length: 4\r\n\r\noops",
            _ => "HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 15\r\n\r\n<html>sorry</ht",
        }
    });
    let broker = KafkaBroker::start();
    broker.create_topic("evolves", 1);
    let address = broker.address();
    let text_of = |text: &str| Value::String(text.to_owned());
    produce(
        &address,
        "evolves",
        0,
        vec![
            record(1, "one", vec![("income", Value::Int(7))]),
            record(2, "two", vec![("income", maybe(None)), ("country", text_of("NO"))]),
            record(1, "one again", vec![("income", Value::Int(8))]),
            record(
                2,
                "two again",
                vec![("income", maybe(Some(Value::Double(0.5)))), ("country", text_of("SE"))],
            ),
            record(3, "three", vec![("country", maybe(Some(text_of("DK"))))]),
            record(4, "four", vec![("income", text_of("much")), ("country", text_of("NO"))]),
        ],
    );
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let root = folder.join("prediction-log");
    let registry = format!("http://{registry}");
    let more = ["--format", "avro", "--registry", &registry];
    let waiting = [&more[..], &["--commit-after", "1", "--listen", "127.0.0.1:0"]].concat();
    let mut ingest = Running::start(ingest_kafka(folder, &address, "evolves", &waiting));
    let line = ingest.says("500");
    assert!(line.contains("nothing is lost"), "{line}");
    // What came before the record that waits is in the log meanwhile.
    until("the first is there", || rows(&root).len() == 1);
    assert!(letters(&root).is_empty());
    broken.store(false, Ordering::SeqCst);
    ingest.says("answers again");
    until("all are there", || rows(&root).len() == 6);
    ingest.end();
    let of = |id: &str| row(&root, id).1;
    assert_eq!(number(&of("one"), "feature.income"), Some(7.0));
    assert_eq!(
        (
            number(&of("two"), "feature.income"),
            text(&of("two"), "feature.country")
        ),
        (None, Some("NO"))
    );
    assert_eq!(number(&of("one again"), "feature.income"), Some(8.0));
    assert_eq!(number(&of("two again"), "feature.income"), Some(0.5));
    assert_eq!(
        (
            number(&of("three"), "feature.income"),
            text(&of("three"), "feature.country")
        ),
        (None, Some("DK"))
    );
    assert_eq!(
        (
            text(&of("four"), "feature.income"),
            text(&of("four"), "feature.country")
        ),
        (Some("much"), Some("NO"))
    );
    assert!(letters(&root).is_empty());
    once(folder, &address, "evolves", &more);
    assert_eq!(rows(&root).len(), 6);
}
