//! Topics of every encoding, and brokers that are not as they should be.

use std::fs;
use std::path::Path;
use std::process::Command;

use apache_avro::Schema;
use apache_avro::types::{Record, Value};
use apache_avro::writer::datum::GenericDatumWriter;
use modelwatch_testkit::{KafkaBroker, MetricsPage, http_get, inbox};
use serde_json::json as value;

use super::stored::{letters, number, row, rows, text};
use super::topics::{Sent, json, produce};
use super::{Running, ingest_kafka, modelwatch, once, page_of, until};

#[test]
fn judged_makes_rows_of_json_and_letters_of_the_rest() {
    let broker = KafkaBroker::start();
    broker.create_topic("json", 1);
    let long = "x".repeat(1 << 20);
    let wrong: Vec<(&str, Option<&str>, Sent)> = vec![
        ("malformed", None, json("{")),
        ("malformed", None, json("[1]")),
        ("malformed", None, json(r#"{"model": "m", "score": NaN}"#)),
        ("malformed", None, (Vec::new(), Some(vec![0xff, 0xfe, 0]))),
        ("empty", None, (Vec::new(), None)),
        ("empty", None, json("")),
        ("too_large", None, json(format!(r#"{{"model": "m", "x": "{long}"}}"#))),
        ("missing_field", Some("model"), json(r#"{"score": 1}"#)),
        ("wrong_type", Some("score"), json(r#"{"model": "m", "score": "high"}"#)),
        ("wrong_type", Some("model"), json(r#"{"model": {}}"#)),
        ("wrong_type", Some("tags"), json(r#"{"model": "m", "tags": ["a"]}"#)),
        ("wrong_type", Some("time"), json(r#"{"model": "m", "time": "noon"}"#)),
        ("time", Some("time"), json(r#"{"model": "m", "time": 1e30}"#)),
        ("model_name", Some("model"), json(r#"{"model": ""}"#)),
        (
            "model_name",
            Some("model"),
            json(format!(r#"{{"model": "{}"}}"#, "/".repeat(100))),
        ),
        ("malformed", None, json("[".repeat(100_000))),
    ];
    let right = vec![
        json(
            r#"{"model": "claims/risk \"1\"\n", "model_version": 7, "time": 1775037601, "score": 0.1, "class": true, "prediction_id": "a",
                "features": {"income": 1.5}, "feature.zip": "0150", "a \"b\" \u0000é": null, "ok": false}"#,
        ),
        // A feature of another kind goes into a file of its own.
        json(
            r#"{"model": "claims/risk \"1\"\n", "time": "2026-04-01T10:00:02.5Z", "score": null, "prediction_id": "b", "income": "much"}"#,
        ),
        json(r#"{"model": "claims/risk \"1\"\n", "prediction_id": "c", "score": "NaN", "income": 1e308}"#),
        json(r#"{"model": "../../etc", "prediction_id": "d", "income": 0.1234567890123456789}"#),
    ];
    let sent: Vec<Sent> = wrong.iter().map(|(.., sent)| sent.clone()).chain(right).collect();
    produce(&broker.address(), "json", 0, sent);
    let folder = tempfile::tempdir().expect("a folder");
    once(folder.path(), &broker.address(), "json", &[]);
    let root = folder.path().join("prediction-log");

    let (model, a) = row(&root, "a");
    assert_eq!(model, "model=claims%2Frisk%20%221%22%0A");
    assert_eq!(
        (number(&a, "score"), text(&a, "class"), text(&a, "model_version")),
        (Some(0.1), Some("true"), Some("7"))
    );
    assert_eq!(
        (number(&a, "feature.income"), text(&a, "feature.zip")),
        (Some(1.5), Some("0150"))
    );
    assert_eq!(number(&a, "feature.ok"), Some(0.0));
    assert_eq!(
        a["time"],
        parquet::record::Field::TimestampMicros(1_775_037_601_000_000)
    );
    let (_, b) = row(&root, "b");
    assert_eq!((number(&b, "score"), text(&b, "feature.income")), (None, Some("much")));
    let (_, c) = row(&root, "c");
    assert_eq!((number(&c, "score"), number(&c, "feature.income")), (None, Some(1e308)));
    assert_eq!(
        c["time"],
        parquet::record::Field::TimestampMicros(1_775_037_600_000_000)
    );
    let (model, d) = row(&root, "d");
    assert_eq!(
        (&*model, number(&d, "feature.income")),
        ("model=..%2F..%2Fetc", Some(0.123_456_789_012_345_68))
    );
    assert_eq!(rows(&root).len(), 4);

    let letters = letters(&root);
    let said: Vec<_> = letters
        .iter()
        .map(|letter| (letter["reason"].as_str(), letter["field"].as_str()))
        .collect();
    let expected: Vec<_> = wrong.iter().map(|(reason, field, _)| (Some(*reason), *field)).collect();
    assert_eq!(said, expected, "{letters:#?}");
    assert_eq!(letters[3]["value"], "//4A");
    assert!(
        letters
            .iter()
            .zip(0..)
            .all(|(letter, offset)| letter["offset"] == offset && letter["partition"] == 0)
    );
    // The value is there whole, so that it can be put right and sent again.
    assert_eq!(
        letters[6]["value"].as_str().map(str::len),
        Some((wrong[6].2.1.as_ref().map_or(0, Vec::len)).div_ceil(3) * 4)
    );
    // It is at its end.
    once(folder.path(), &broker.address(), "json", &[]);
    assert_eq!(rows(&root).len(), 4);
}

#[test]
fn judged_joins_requests_and_responses_of_kserve() {
    let broker = KafkaBroker::start();
    broker.create_topic("kserve", 2);
    let binary = |kind: &str, id: &str, body: &str| -> Sent {
        let headers = vec![
            ("ce_specversion", "1.0".to_owned()),
            ("ce_id", id.to_owned()),
            ("ce_source", "http://localhost:9081/".to_owned()),
            ("ce_type", format!("org.kubeflow.serving.inference.{kind}")),
            ("ce_inferenceservicename", "sklearn-iris".to_owned()),
            ("ce_time", "2026-04-01T10:00:00Z".to_owned()),
            ("content-type", "application/json".to_owned()),
        ];
        (headers, Some(body.as_bytes().to_vec()))
    };
    let structured = value!({
        "specversion": "1.0", "id": "plain", "source": "s", "type": "com.example.prediction", "time": "2026-04-01T10:00:01Z",
        "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "inferenceservicename": "fraud",
        "data": {"score": 0.9, "amount": 12.5}
    });
    let structured: Sent = (
        vec![("content-type", "application/cloudevents+json; charset=utf-8".into())],
        Some(structured.to_string().into_bytes()),
    );
    produce(
        &broker.address(),
        "kserve",
        0,
        vec![
            binary("request", "one", r#"{"instances": [[5.1, 3.5], [6.2, null]]}"#),
            binary(
                "request",
                "two",
                r#"{"inputs": [{"name": "x", "shape": [2, 2], "datatype": "FP32", "data": [1, 2, 3, 4]}]}"#,
            ),
            binary("request", "named", r#"{"instances": [{"age": 3, "zip": "0150"}]}"#),
            binary("request", "lonely", r#"{"instances": [[1, 2]]}"#),
            structured,
            (
                vec![
                    ("ce_specversion", "0.3".into()),
                    ("ce_id", "old".into()),
                    ("ce_source", "s".into()),
                    ("ce_type", "t".into()),
                ],
                Some(b"{}".to_vec()),
            ),
        ],
    );
    // The key of an event is nobody's promise: the response is in another partition.
    produce(
        &broker.address(),
        "kserve",
        1,
        vec![
            binary(
                "response",
                "two",
                r#"{"model_version": "3", "outputs": [{"name": "p", "shape": [2, 2], "datatype": "FP64", "data": [[0.2, 0.8], [0.6, 0.4]]}]}"#,
            ),
            binary("response", "one", r#"{"predictions": [0.25, 0.75]}"#),
            binary("response", "named", r#"{"predictions": ["fraud"]}"#),
        ],
    );
    let folder = tempfile::tempdir().expect("a folder");
    let more = ["--format", "cloudevents", "--feature-names", "length,width"];
    once(folder.path(), &broker.address(), "kserve", &more);
    let root = folder.path().join("prediction-log");
    let (model, first) = row(&root, "one/0");
    assert_eq!(model, "model=sklearn-iris");
    assert_eq!(
        (number(&first, "score"), number(&first, "feature.length")),
        (Some(0.25), Some(5.1))
    );
    let (_, second) = row(&root, "one/1");
    assert_eq!(
        (number(&second, "score"), number(&second, "feature.width")),
        (Some(0.75), None)
    );
    let (_, tensor) = row(&root, "two/1");
    assert_eq!(
        (
            number(&tensor, "score"),
            text(&tensor, "class"),
            text(&tensor, "model_version")
        ),
        (Some(0.6), Some("0"), Some("3"))
    );
    assert_eq!(
        (number(&tensor, "feature.length"), number(&tensor, "feature.width")),
        (Some(3.0), Some(4.0))
    );
    let (_, named) = row(&root, "named");
    assert_eq!(
        (
            text(&named, "class"),
            text(&named, "feature.zip"),
            number(&named, "feature.age")
        ),
        (Some("fraud"), Some("0150"), Some(3.0))
    );
    let (model, plain) = row(&root, "plain");
    assert_eq!((&*model, number(&plain, "feature.amount")), ("model=fraud", Some(12.5)));
    assert_eq!(text(&plain, "trace_id"), Some("0af7651916cd43dd8448eb211c80319c"));
    // It waits for its response, also when this process is over.
    assert_eq!(rows(&root).len(), 6);
    let said = letters(&root);
    assert_eq!(
        (said.len(), said[0]["field"].as_str()),
        (1, Some("specversion")),
        "{said:#?}"
    );
    produce(
        &broker.address(),
        "kserve",
        1,
        vec![binary("response", "lonely", r#"{"predictions": [0.5]}"#)],
    );
    once(folder.path(), &broker.address(), "kserve", &more);
    let (_, lonely) = row(&root, "lonely");
    assert_eq!(
        (number(&lonely, "score"), number(&lonely, "feature.length")),
        (Some(0.5), Some(1.0))
    );
}

#[test]
fn judged_reads_avro_by_schemas_of_a_registry() {
    const SCHEMA: &str = r#"{"type": "record", "name": "P", "fields": [
        {"name": "model", "type": "string"},
        {"name": "time", "type": {"type": "long", "logicalType": "timestamp-millis"}},
        {"name": "score", "type": ["null", "double"]},
        {"name": "prediction_id", "type": "string"},
        {"name": "channel", "type": {"type": "enum", "name": "C", "symbols": ["web", "shop"]}},
        {"name": "income", "type": ["null", "float"], "default": null},
        {"name": "features", "type": {"type": "map", "values": "double"}}]}"#;
    let (registry, asked) = inbox(|posted| {
        const OF: &str = concat!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
            r#"{"schema": "{\"type\": \"record\", \"name\": \"P\", \"fields\": [{\"name\": \"model\", \"type\": \"string\"}, {\"name\": \"time\", \"type\": {\"type\": \"long\", \"logicalType\": \"timestamp-millis\"}}, {\"name\": \"score\", \"type\": [\"null\", \"double\"]}, {\"name\": \"prediction_id\", \"type\": \"string\"}, {\"name\": \"channel\", \"type\": {\"type\": \"enum\", \"name\": \"C\", \"symbols\": [\"web\", \"shop\"]}}, {\"name\": \"income\", \"type\": [\"null\", \"float\"], \"default\": null}, {\"name\": \"features\", \"type\": {\"type\": \"map\", \"values\": \"double\"}}]}"}"#
        );
        match posted.path.as_str() {
            _ if !posted.head.contains("Basic cmVhZGVyOmh1c2g=") => {
                "HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
            }
            "/schemas/ids/7" => OF,
            _ => "HTTP/1.1 404 Not Found\r\nconnection: close\r\ncontent-length: 0\r\n\r\n",
        }
    });
    let schema = Schema::parse_str(SCHEMA).expect("a schema");
    let wire = |number: u32, score: Option<f64>, id: &str| -> Vec<u8> {
        let mut record = Record::new(&schema).expect("a record");
        record.put("model", "claims");
        record.put("time", Value::TimestampMillis(1_775_037_600_123));
        record.put("score", score);
        record.put("prediction_id", id);
        record.put("channel", Value::Enum(1, "shop".into()));
        record.put("income", Value::Union(1, Box::new(Value::Float(1.5))));
        record.put("features", Value::Map([("age".to_owned(), Value::Double(40.0))].into()));
        let datum = GenericDatumWriter::builder(&schema)
            .build()
            .expect("a writer")
            .write_value_to_vec(record)
            .expect("it fits");
        [&[0][..], &number.to_be_bytes(), &datum].concat()
    };
    let mut cut = wire(7, Some(0.1), "cut");
    cut.truncate(cut.len() - 4);
    let mut longer = wire(7, Some(0.1), "longer");
    longer.push(9);
    let value = |bytes: Vec<u8>| -> Sent { (Vec::new(), Some(bytes)) };
    // A length that nothing holds.
    let bomb = [&[0, 0, 0, 0, 7][..], &[0xfe, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat();
    let broker = KafkaBroker::start();
    broker.create_topic("avro", 1);
    produce(
        &broker.address(),
        "avro",
        0,
        vec![
            value(wire(7, Some(0.25), "a")),
            value(wire(7, Some(f64::NAN), "b")),
            value(wire(7, None, "c")),
            value(wire(8, None, "unknown")),
            value(cut),
            value(longer),
            value(vec![1, 2, 3]),
            value(vec![0, 0]),
            value(bomb),
        ],
    );
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("http://{registry}");
    let run = |user: &str| {
        let more = ["--format", "avro", "--registry", &url, "--once"];
        let mut command = ingest_kafka(folder.path(), &broker.address(), "avro", &more);
        command
            .env("SCHEMA_REGISTRY_USER", user)
            .env("SCHEMA_REGISTRY_PASSWORD", "hush");
        command
    };
    // Without the right user nothing is refused, and it waits.
    let mut waits = Running::start(run("stranger"));
    let line = waits.says("401");
    assert!(!line.contains("hush") && line.contains("nothing is lost"), "{line}");
    drop(waits);
    let done = run("reader").output().expect("it starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    let root = folder.path().join("prediction-log");
    let (_, a) = row(&root, "a");
    assert_eq!(
        (number(&a, "score"), text(&a, "feature.channel")),
        (Some(0.25), Some("shop"))
    );
    assert_eq!(
        (number(&a, "feature.income"), number(&a, "feature.age")),
        (Some(1.5), Some(40.0))
    );
    assert_eq!(
        a["time"],
        parquet::record::Field::TimestampMicros(1_775_037_600_123_000)
    );
    assert_eq!(number(&row(&root, "b").1, "score"), None);
    assert_eq!(number(&row(&root, "c").1, "score"), None);
    let letters = letters(&root);
    let said: Vec<_> = letters.iter().filter_map(|letter| letter["reason"].as_str()).collect();
    assert_eq!(
        said,
        [
            "schema",
            "malformed",
            "malformed",
            "malformed",
            "malformed",
            "malformed"
        ],
        "{letters:#?}"
    );
    let asked: Vec<String> = asked.try_iter().map(|posted| posted.path).collect();
    // Each schema once in the run that had the user, and the first again and again in the other.
    assert_eq!(
        asked.iter().filter(|path| *path == "/schemas/ids/8").count(),
        1,
        "{asked:?}"
    );
}

/// A datum of such a schema nests until the stack ends.
#[test]
fn judged_makes_letter_of_avro_when_schema_names_itself() {
    let (registry, _asked) = inbox(|_| {
        concat!(
            "HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n",
            r#"{"schema": "{\"type\": \"record\", \"name\": \"R\", \"fields\": [{\"name\": \"next\", \"type\": [\"null\", \"R\"]}]}"}"#
        )
    });
    let nested = [&[0, 0, 0, 0, 7][..], &[2; 200_000], &[0]].concat();
    let broker = KafkaBroker::start();
    broker.create_topic("nested", 1);
    produce(&broker.address(), "nested", 0, vec![(Vec::new(), Some(nested))]);
    let folder = tempfile::tempdir().expect("a folder");
    let url = format!("http://{registry}");
    once(
        folder.path(),
        &broker.address(),
        "nested",
        &["--format", "avro", "--registry", &url],
    );
    let letters = letters(&folder.path().join("prediction-log"));
    let said: Vec<_> = letters
        .iter()
        .map(|letter| (letter["reason"].as_str(), letter["problem"].as_str()))
        .collect();
    let problem =
        "schema 7 nests records in itself, or deeper than 64 levels, which is not read; send records of fewer levels";
    assert_eq!(said, [(Some("schema"), Some(problem))]);
}

#[test]
fn judged_waits_for_broker_that_is_gone_and_says_so_once() {
    let broker = KafkaBroker::start();
    broker.create_topic("outage", 2);
    let records = |from: usize| -> Vec<Sent> {
        let numbers = from..from + 10;
        numbers
            .map(|number| json(format!(r#"{{"model": "m", "prediction_id": "{number}"}}"#)))
            .collect()
    };
    produce(&broker.address(), "outage", 0, records(0));
    broker.cut();
    let folder = tempfile::tempdir().expect("a folder");
    let root = folder.path().join("prediction-log");
    let more = ["--commit-after", "1", "--listen", "127.0.0.1:0"];
    let mut ingest = Running::start(ingest_kafka(folder.path(), &broker.address(), "outage", &more));
    let page = page_of(&ingest.says("serving on http://"));
    let metrics = || MetricsPage::parse(&http_get(page, "/metrics", &[]).expect("a page").body);
    ingest.says("can't be reached");
    until("it says so", || metrics().sum("ml_ingest_connected", &[]) == 0.0);
    broker.mend();
    ingest.says("answers again");
    until("it reads", || rows(&root).len() == 10);
    broker.cut();
    ingest.says("can't be reached");
    broker.mend();
    produce(&broker.address(), "outage", 1, records(10));
    until("it reads on", || rows(&root).len() == 20);
    until("it has no lag", || {
        metrics().sum("ml_ingest_lag_records", &[("partition", "1")]) == 0.0
    });
    let records = metrics();
    assert_eq!(
        records.sum(
            "ml_ingest_records_total",
            &[("source", "outage"), ("result", "written")]
        ),
        20.0
    );
    assert_eq!(records.sum("ml_ingest_connected", &[]), 1.0);
    let said = ingest.end();
    assert_eq!(
        said.iter().filter(|line| line.contains("can't be reached")).count(),
        2,
        "{said:#?}"
    );
    // A line each, of ours alone.
    assert!(said.len() <= 5, "{said:#?}");
}

#[test]
fn judged_names_topic_or_partition_that_is_not_there() {
    let broker = KafkaBroker::start();
    broker.create_topic("predictions", 2);
    let folder = tempfile::tempdir().expect("a folder");
    let said = |topic: &str, more: &[&str]| {
        let more = [&["--listen", "127.0.0.1:0"], more].concat();
        let done = ingest_kafka(folder.path(), &broker.address(), topic, &more)
            .output()
            .expect("it starts");
        (done.status.code(), String::from_utf8_lossy(&done.stderr).into_owned())
    };
    let (code, line) = said("predictoins", &[]);
    assert_eq!(code, Some(1), "{line}");
    assert!(
        line.contains("there is no topic \"predictoins\"") && line.contains("\"predictions\""),
        "{line}"
    );
    let (code, line) = said("predictions", &["--partitions", "2-5"]);
    assert_eq!(code, Some(1), "{line}");
    assert!(line.contains("has 2 partitions"), "{line}");
    for (wrong, expected) in [
        (vec!["--partitions", "5-2"], 2),
        (vec!["--format", "avro"], 2),
        (vec!["--format", "avro", "--registry", "http://u:hush@localhost"], 2),
        (vec!["--sasl", "plain"], 2),
        (vec!["--rename", "x"], 2),
        (vec!["--tls", "--ca-file", "/nowhere"], 1),
    ] {
        let (code, line) = said("t", &wrong);
        assert_eq!(code, Some(expected), "{wrong:?}: {line}");
        assert!(!line.contains("hush"), "{line}");
    }
}

/// It would wait for a broker that has no address, for as long as it runs.
#[test]
fn refuses_broker_when_its_address_has_no_host_or_port() {
    let folder = tempfile::tempdir().expect("a folder");
    for wrong in [
        "localhost",
        "kafka:9092,localhost",
        "PLAINTEXT://kafka:9092",
        ":9092",
        "kafka:port",
        "kafka:0",
    ] {
        let done = ingest_kafka(folder.path(), wrong, "t", &[])
            .output()
            .expect("it starts");
        let said = String::from_utf8_lossy(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{wrong}: {said}");
        assert!(said.contains("give a host and a port, such as kafka:9092"), "{said}");
    }
}

/// A bucket's URL would become folders of this machine.
#[test]
fn refuses_log_when_it_is_no_folder_of_this_machine() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("token"), "hush").expect("written");
    let kafka = ["ingest", "kafka", "--brokers", "localhost:1", "--topic", "t", "--once"];
    let http = ["ingest", "http", "--token-file", "token", "--listen", "127.0.0.1:0"];
    for command in [&kafka[..], &http] {
        let arguments = [command, &["--log", "s3://bucket/log"]].concat();
        let mut ingest = Running::start(modelwatch(folder.path(), &arguments));
        let line = ingest.says("--log s3://bucket/log");
        assert!(line.contains("name a folder of this machine"), "{line}");
        assert!(!folder.path().join("s3:").exists());
    }
}

#[test]
fn judged_reads_partitions_that_processes_share() {
    let broker = KafkaBroker::start();
    broker.create_topic("shared", 3);
    let folder = tempfile::tempdir().expect("a folder");
    for partition in 0..3 {
        let numbers = 0..30;
        let records =
            numbers.map(|number| json(format!(r#"{{"model": "m", "prediction_id": "{partition}-{number}"}}"#)));
        produce(&broker.address(), "shared", partition, records.collect());
    }
    let root = folder.path().join("prediction-log");
    once(folder.path(), &broker.address(), "shared", &["--partitions", "0-1"]);
    assert_eq!(rows(&root).len(), 60);
    once(folder.path(), &broker.address(), "shared", &["--partitions", "1-2"]);
    assert_eq!(rows(&root).len(), 90);
    once(folder.path(), &broker.address(), "shared", &[]);
    assert_eq!(rows(&root).len(), 90);
}

/// A certificate of localhost, its key, and the authority that signed it.
fn certificates(folder: &Path) {
    let script = "
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=ca 2>&1 &&
        openssl req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out request.pem -subj /CN=localhost 2>&1 &&
        printf 'subjectAltName=DNS:localhost\\nbasicConstraints=CA:FALSE\\n' > extensions &&
        openssl x509 -req -in request.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile extensions -out cert.pem 2>&1";
    let made = Command::new("sh")
        .args(["-c", script])
        .current_dir(folder)
        .output()
        .expect("a shell");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
}

#[test]
fn judged_reads_over_tls_and_refuses_certificate_nobody_signed() {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    certificates(folder);
    let broker = KafkaBroker::with_tls(&folder.join("cert.pem"), &folder.join("key.pem"));
    let start = |more: &[&str]| {
        let more = [&["--tls", "--once"], more].concat();
        Running::start(ingest_kafka(folder, &broker.address(), "none", &more))
    };
    let mut trusting = start(&["--ca-file", "ca.pem"]);
    trusting.says("there is no topic");
    let mut careful = start(&[]);
    let line = careful.says("can't be reached");
    assert!(line.contains("certificate") || line.contains("Certificate"), "{line}");
    assert!(line.contains("--ca-file"), "{line}");
    // A line of ours alone, however often it tries.
    assert_eq!(careful.all, [line]);
    drop(careful);
    fs::write(folder.join("not.pem"), "nothing").expect("written");
    let mut puzzled = start(&["--ca-file", "not.pem"]);
    puzzled.says("no certificate");
}

#[test]
fn judged_says_why_broker_refuses_user_and_not_the_password() {
    let broker = KafkaBroker::start();
    let folder = tempfile::tempdir().expect("a folder");
    for mechanism in ["plain", "scram-sha-256", "scram-sha-512"] {
        let mut command = ingest_kafka(folder.path(), &broker.address(), "t", &["--sasl", mechanism, "--once"]);
        command.env("KAFKA_USER", "alice").env("KAFKA_PASSWORD", "hush-hush");
        let line = Running::start(command).says("can't be reached");
        // This broker knows no users.
        assert!(line.contains("Sasl") && !line.contains("hush"), "{line}");
    }
}
