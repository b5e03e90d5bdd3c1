//! Topics that grow, that forget, and that are made anew.

use std::path::Path;

use modelwatch_testkit::{ForgetfulKafkaBroker, KafkaBroker, MetricsPage, http_get};
use rskafka::client::ClientBuilder;
use rskafka::client::partition::{OffsetAt, UnknownTopicHandling};

use super::stored::{rows, text};
use super::topics::{Sent, json, produce};
use super::{Running, ingest_kafka, once, page_of, until};

/// Records with these numbers in their ids, and as much besides.
fn records(name: &str, numbers: std::ops::Range<usize>, bytes: usize) -> Vec<Sent> {
    let much = "x".repeat(bytes);
    numbers
        .map(|number| {
            json(format!(
                r#"{{"model": "m", "prediction_id": "{name}-{number}", "much": "{much}"}}"#
            ))
        })
        .collect()
}

/// The ids of all rows, in order.
fn ids(folder: &Path) -> Vec<String> {
    let rows = rows(&folder.join("prediction-log"));
    let mut ids: Vec<_> = rows
        .iter()
        .map(|(_, row)| text(row, "prediction_id").expect("an id").to_owned())
        .collect();
    ids.sort();
    ids
}

fn expected(names: &[(&str, std::ops::Range<usize>)]) -> Vec<String> {
    let ids = names
        .iter()
        .flat_map(|(name, numbers)| numbers.clone().map(move |number| format!("{name}-{number}")));
    let mut ids: Vec<_> = ids.collect();
    ids.sort();
    ids
}

/// The oldest offset a broker still has.
fn oldest(broker: &str, topic: &str, partition: i32) -> usize {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let asked = runtime.block_on(async {
        let client = ClientBuilder::new(vec![broker.to_owned()]).build().await?;
        let client = client
            .partition_client(topic, partition, UnknownTopicHandling::Error)
            .await?;
        client.get_offset(OffsetAt::Earliest).await
    });
    usize::try_from(asked.expect("an answer")).expect("an offset")
}

/// What it says when it ends with an error.
fn refused(folder: &Path, broker: &str, topic: &str, more: &[&str]) -> String {
    let done = ingest_kafka(folder, broker, topic, &[&["--once"], more].concat())
        .output()
        .expect("it starts");
    assert_eq!(done.status.code(), Some(1), "{done:?}");
    String::from_utf8(done.stderr).expect("text")
}

#[test]
fn judged_reads_partitions_from_their_beginning_when_they_are_added() {
    let broker = KafkaBroker::start();
    let address = broker.address();
    broker.create_topic("grows", 1);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let more = [
        "--commit-after",
        "1",
        "--look-every",
        "1",
        "--listen",
        "127.0.0.1:0",
        "--from",
        "latest",
    ];
    let mut ingest = Running::start(ingest_kafka(folder, &address, "grows", &more));
    let page = page_of(&ingest.says("serving on http://"));
    let connected = || {
        let page = MetricsPage::parse(&http_get(page, "/metrics", &[]).expect("a page").body);
        page.sum("ml_ingest_lag_records", &[("partition", "0")]) == 0.0 && page.sum("ml_ingest_connected", &[]) == 1.0
    };
    until("it reads", connected);
    // Tansu adds no partitions to a topic; of one that is empty nobody sees that it was made anew.
    broker.recreate_topic("grows", 3);
    for partition in 0..3 {
        produce(&address, "grows", partition, records(&partition.to_string(), 0..250, 1));
    }
    let all = expected(&[("0", 0..250), ("1", 0..250), ("2", 0..250)]);
    until("it reads all of them", || ids(folder).len() >= all.len());
    ingest.end();
    assert_eq!(ids(folder), all);
}

/// It is killed before it committed a record; what comes until it is started again is not skipped, and what was there before it never comes.
#[test]
fn judged_goes_on_where_it_began_when_killed_before_it_read_anything() {
    let broker = KafkaBroker::start();
    let address = broker.address();
    broker.create_topic("begun", 3);
    // The tests' broker says of a batch that it ends behind its first record.
    for partition in 0..3 {
        for number in 0..3 {
            produce(&address, "begun", partition, records("before", number..number + 1, 1));
        }
    }
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let more = ["--from", "latest", "--commit-after", "3600", "--listen", "127.0.0.1:0"];
    let mut ingest = Running::start(ingest_kafka(folder, &address, "begun", &more));
    let page = page_of(&ingest.says("serving on http://"));
    let reads = || {
        let page = MetricsPage::parse(&http_get(page, "/metrics", &[]).expect("a page").body);
        page.labels_of("ml_ingest_lag_records", "partition").len() == 3
    };
    until("it reads", reads);
    // As kill -9 does.
    drop(ingest);
    for partition in 0..3 {
        produce(&address, "begun", partition, records(&partition.to_string(), 0..5, 1));
    }
    once(folder, &address, "begun", &["--from", "latest"]);
    assert_eq!(ids(folder), expected(&[("0", 0..5), ("1", 0..5), ("2", 0..5)]));
}

#[test]
fn judged_reads_partitions_that_were_added_while_it_did_not_run() {
    let broker = KafkaBroker::start();
    let address = broker.address();
    broker.create_topic("grew", 1);
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    once(folder, &address, "grew", &["--from", "latest"]);
    broker.recreate_topic("grew", 2);
    produce(&address, "grew", 0, records("0", 0..5, 1));
    produce(&address, "grew", 1, records("1", 0..5, 1));
    once(folder, &address, "grew", &["--from", "latest"]);
    assert_eq!(ids(folder), expected(&[("0", 0..5), ("1", 0..5)]));
}

#[test]
fn judged_counts_and_names_records_that_retention_removed() {
    let broker = ForgetfulKafkaBroker::start(&["forgets"]);
    let address = broker.address();
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let more = ["--leave-out", "much", "--partitions", "0-1"];
    produce(&address, "forgets", 0, records("0", 0..3, 1));
    once(folder, &address, "forgets", &more);
    assert_eq!(ids(folder), expected(&[("0", 0..3)]));
    // Retention that had nothing to remove but what was read loses nothing, and neither does it where nobody ever read.
    let forget = |partition, name: &str, numbers: std::ops::Range<usize>| {
        for number in numbers {
            produce(
                &address,
                "forgets",
                partition,
                records(name, number..number + 1, 900_000),
            );
        }
        oldest(&address, "forgets", partition)
    };
    let first = [forget(0, "0", 3..12), forget(1, "1", 0..9), forget(2, "2", 0..9)];
    assert!(
        first[0] > 3 && first[1] > 0 && first[2] > 0,
        "it forgets nothing: {first:?}"
    );
    let more = [&more[..], &["--commit-after", "1", "--listen", "127.0.0.1:0"]].concat();
    let mut ingest = Running::start(ingest_kafka(folder, &address, "forgets", &more));
    let page = page_of(&ingest.says("serving on http://"));
    let lost = first[0] - 3 + first[1];
    until("it has counted what is lost", || {
        let page = MetricsPage::parse(&http_get(page, "/metrics", &[]).expect("a page").body);
        page.sum("ml_ingest_records_total", &[("source", "forgets"), ("result", "lost")]) == lost as f64
    });
    let mut all = vec![("0", 0..3), ("0", first[0]..12), ("1", first[1]..9)];
    until("it reads on", || ids(folder).len() >= expected(&all).len());
    let said = ingest.end();
    assert_eq!(ids(folder), expected(&all));
    let lines: Vec<_> = said.iter().filter(|line| line.contains("are lost")).collect();
    assert_eq!(lines.len(), 2, "{said:#?}");
    let line = format!(
        "{} records of partition 0 of \"forgets\" are lost, from offset 3 on",
        first[0] - 3
    );
    assert!(lines.iter().any(|said| said.contains(&line)), "{said:#?}");
    // A share that was never read, whose beginning is gone, has lost nothing.
    let said = once(
        folder,
        &address,
        "forgets",
        &["--leave-out", "much", "--partitions", "2-2", "--name", "other"],
    );
    assert!(!said.contains("lost"), "{said}");
    all.push(("2", first[2]..9));
    assert_eq!(ids(folder), expected(&all));
}

#[test]
fn judged_stops_when_topic_was_made_anew_and_reads_it_by_another_name() {
    let broker = KafkaBroker::start();
    let address = broker.address();
    broker.create_topic("anew", 1);
    produce(&address, "anew", 0, records("old", 0..10, 1));
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    once(folder, &address, "anew", &[]);
    broker.recreate_topic("anew", 1);
    produce(&address, "anew", 0, records("new", 0..3, 1));
    let said = refused(folder, &address, "anew", &[]);
    assert!(
        said.contains("ends at 3, and 10 is the next to be read") && said.contains("--name"),
        "{said}"
    );
    // As long as the old one, and longer.
    for (from, to) in [(3, 10), (10, 25)] {
        produce(&address, "anew", 0, records("new", from..to, 1));
        let said = refused(folder, &address, "anew", &[]);
        assert!(
            said.contains("another record at 9") && said.contains("--name"),
            "{said}"
        );
    }
    assert_eq!(ids(folder), expected(&[("old", 0..10)]));
    once(folder, &address, "anew", &["--name", "again"]);
    assert_eq!(ids(folder), expected(&[("old", 0..10), ("new", 0..25)]));
}

#[test]
fn judged_stops_when_topic_is_emptied_while_it_runs() {
    let broker = KafkaBroker::start();
    let address = broker.address();
    broker.create_topic("anew", 2);
    produce(&address, "anew", 1, records("old", 0..10, 1));
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let more = ["--commit-after", "1", "--listen", "127.0.0.1:0"];
    let mut ingest = Running::start(ingest_kafka(folder, &address, "anew", &more));
    until("it reads", || ids(folder).len() == 10);
    broker.delete_topic("anew");
    let line = ingest.says("ends at 0, and 10 is the next to be read");
    assert!(line.contains("partition 1 of \"anew\""), "{line}");
    assert_eq!(ids(folder), expected(&[("old", 0..10)]));
}
