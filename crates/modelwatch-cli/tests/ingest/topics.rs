//! What producers put into topics.

use std::collections::BTreeMap;

use rskafka::chrono::{DateTime, Utc};
use rskafka::client::ClientBuilder;
use rskafka::client::partition::{Compression, UnknownTopicHandling};
use rskafka::record::Record;

/// A record's headers and its value.
pub(crate) type Sent = (Vec<(&'static str, String)>, Option<Vec<u8>>);

/// 2026-04-01 at ten, when records are put there that say no time themselves.
pub(crate) fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_775_037_600, 0).expect("a time")
}

pub(crate) fn json(text: impl Into<String>) -> Sent {
    (Vec::new(), Some(text.into().into_bytes()))
}

/// Puts records into a partition, in batches of each compression.
pub(crate) fn produce(broker: &str, topic: &str, partition: i32, records: Vec<Sent>) {
    let compressions = [
        Compression::NoCompression,
        Compression::Gzip,
        Compression::Lz4,
        Compression::Snappy,
        Compression::Zstd,
    ];
    produce_batches(broker, topic, partition, records, 200, &compressions);
}

/// Puts records into a partition, so many in a batch, by one compression after the other.
pub(crate) fn produce_batches(
    broker: &str,
    topic: &str,
    partition: i32,
    records: Vec<Sent>,
    each: usize,
    compressions: &[Compression],
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let client = ClientBuilder::new(vec![broker.to_owned()])
            .build()
            .await
            .expect("the broker answers");
        let partition = client
            .partition_client(topic, partition, UnknownTopicHandling::Retry)
            .await;
        let partition = partition.expect("a partition");
        for (batch, compression) in records.chunks(each).zip(compressions.iter().cycle()) {
            let records = batch.iter().cloned().map(|(headers, value)| Record {
                key: None,
                value,
                headers: headers
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value.into_bytes()))
                    .collect::<BTreeMap<_, _>>(),
                timestamp: begin(),
            });
            partition.produce(records.collect(), *compression).await.expect("taken");
        }
    });
}
