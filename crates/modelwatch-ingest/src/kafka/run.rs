//! Reads a topic from its brokers into the log.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use rskafka::client::Client;
use rskafka::client::error::Error;
use rskafka::client::partition::{OffsetAt, UnknownTopicHandling};
use tokio::sync::{Semaphore, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use super::error::KafkaError;
use super::fetch::MOST;
use super::outage::Outage;
use super::reader::{Reader, UNIT};
use super::taker::{Message, Taker};
use super::topic::{Begin, Topic};
use crate::counts::Counts;
use crate::decoder::Decoder;
use crate::error::IngestError;
use crate::intake::{Intake, Limits};

/// How long an answer about topics may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause before asking a broker again that did not answer.
const PAUSE: Duration = Duration::from_millis(500);
/// The pause before storage is tried again after a failure.
const STORAGE_PAUSE: Duration = Duration::from_secs(2);
/// A round that lasts longer than this before it fails has written something.
const RECOVERED: Duration = Duration::from_secs(30);
/// The most other topics that an error names.
const MOST_NAMED: usize = 5;

/// Reads a topic into the log at a root, until `end` completes. It then commits what it has read.
///
/// Retries brokers that do not answer and storage that fails until they work again. It logs one line when an outage begins and
/// one when it ends.
///
/// # Errors
///
/// Returns an error when there is no such topic or partition, when another process reads it into the same log, or when a ledger
/// beside the log can't be understood.
pub async fn run(
    topic: Topic,
    root: impl AsRef<Path>,
    decoder: impl Fn() -> Decoder,
    limits: Limits,
    counts: Counts,
    end: impl Future<Output = ()>,
) -> Result<(), KafkaError> {
    let root = root.as_ref().to_owned();
    let outage = Arc::new(Outage::new(topic.access.shown(), counts.clone()));
    let mut end = pin!(end);
    let mut opened = false;
    let mut failed: Option<Instant> = None;
    loop {
        let reading = Reading {
            topic: &topic,
            root: root.clone(),
            limits,
            counts: &counts,
            outage: outage.clone(),
        };
        let begun = Instant::now();
        match reading.round(decoder(), &mut end, &mut opened).await {
            Err(KafkaError::Ingest(error @ (IngestError::Storage { .. } | IngestError::Rows(_)))) if opened => {
                // A round that lasted was a recovery.
                if failed.is_none() || begun.elapsed() > RECOVERED {
                    tracing::error!("{error}; trying until it can be, nothing is lost");
                }
                failed = Some(begun);
                tokio::select! {
                    () = &mut end => return Ok(()),
                    () = sleep(STORAGE_PAUSE) => {}
                }
            }
            other => return other,
        }
    }
}

/// One round, from opening the log until the end or an error.
struct Reading<'a> {
    topic: &'a Topic,
    root: PathBuf,
    limits: Limits,
    counts: &'a Counts,
    outage: Arc<Outage>,
}

impl Reading<'_> {
    async fn round(
        &self,
        decoder: Decoder,
        end: &mut (impl Future<Output = ()> + Unpin),
        opened: &mut bool,
    ) -> Result<(), KafkaError> {
        let topic = self.topic;
        let intake = Intake::open(
            &self.root,
            &topic.source,
            &topic.share(),
            decoder,
            self.limits,
            self.counts.clone(),
        )?;
        *opened = true;
        // If other partitions were read before, the beginning of a new partition is unread too.
        let was_read = intake.was_read();
        let (messages, received) = mpsc::channel();
        let ending = Arc::new(AtomicBool::new(false));
        let taker = Taker {
            intake,
            counts: self.counts.clone(),
            messages: received,
            end: ending.clone(),
            ends: BTreeMap::new(),
            until: None,
        };
        let (done, mut taken) = oneshot::channel();
        let spawned = thread::Builder::new().name("modelwatch-take".into()).spawn(move || {
            // The receiver may be gone.
            let _ = done.send(taker.run());
        });
        let thread = spawned.map_err(IngestError::storage(&self.root, "written by a thread"))?;
        let mut readers = JoinSet::new();
        let result = {
            let reading = async {
                let client = Arc::new(self.connect().await);
                let room = Arc::new(Semaphore::new(topic.buffer.max(2 * MOST) / UNIT));
                let mut known = BTreeSet::new();
                loop {
                    let first = known.is_empty();
                    let partitions = self.partitions(&client, first).await?;
                    if first && topic.once {
                        // If the receiver is gone, it has ended with its own error.
                        let _ = messages.send(Message::Until(partitions.iter().copied().collect()));
                    }
                    if first && !was_read && topic.begin == Begin::Latest {
                        self.begin_behind(&client, &partitions, &messages).await?;
                    }
                    for partition in partitions {
                        if known.insert(partition) {
                            let reader = Reader {
                                client: client.clone(),
                                topic: topic.name.clone(),
                                partition,
                                from_beginning: was_read || !first,
                                room: room.clone(),
                                messages: messages.clone(),
                                outage: self.outage.clone(),
                            };
                            readers.spawn(reader.run());
                        }
                    }
                    let look = Instant::now() + topic.look_every;
                    tokio::select! {
                        () = tokio::time::sleep_until(look) => {}
                        Some(ended) = readers.join_next() => match ended {
                            Ok(Err(error)) => return Err(error),
                            _ => return Err(KafkaError::Ended("a partition's reader")),
                        },
                    }
                }
            };
            tokio::select! {
                () = end => Ok(()),
                result = reading => result,
                result = &mut taken => match result {
                    Ok(Err(error)) => Err(error.into()),
                    Ok(Ok(())) if topic.once => Ok(()),
                    _ => Err(KafkaError::Ended("the log's writer")),
                },
            }
        };
        readers.abort_all();
        ending.store(true, Ordering::Relaxed);
        drop(messages);
        // It commits what it has, unless that failed. A reader's error may be caused by the taker.
        let last = match taken.try_recv() {
            Ok(last) => Some(last),
            Err(oneshot::error::TryRecvError::Empty) => taken.await.ok(),
            Err(oneshot::error::TryRecvError::Closed) => None,
        };
        let _ = thread.join();
        match last {
            Some(Err(error)) => Err(error.into()),
            _ => result,
        }
    }

    async fn connect(&self) -> Client {
        loop {
            let connected = timeout(PATIENCE, self.topic.access.connect());
            match connected.await.unwrap_or(Err(Error::Timeout)) {
                Ok(client) => {
                    self.outage.is_over(None);
                    return client;
                }
                Err(error) => self.outage.is(None, &error),
            }
            sleep(PAUSE).await;
        }
    }

    /// Makes all partitions begin after their newest records, in one commit before any is read. After a kill, a restart continues
    /// there: it neither skips records that came meanwhile nor reads those that were never wanted.
    async fn begin_behind(
        &self,
        client: &Client,
        partitions: &[i32],
        messages: &mpsc::Sender<Message>,
    ) -> Result<(), KafkaError> {
        const ENDED: KafkaError = KafkaError::Ended("the log's writer");
        let mut offsets = BTreeMap::new();
        for &partition in partitions {
            offsets.insert(partition, self.newest(client, partition).await);
        }
        tracing::info!(
            partitions = partitions.len(),
            "beginning behind the newest records of {:?}",
            self.topic.name
        );
        let (answer, answered) = oneshot::channel();
        messages.send(Message::Begin { offsets, answer }).map_err(|_| ENDED)?;
        answered.await.map_err(|_| ENDED)
    }

    /// The offset after a partition's newest record.
    async fn newest(&self, client: &Client, partition: i32) -> i64 {
        loop {
            let asked = async {
                let topic = &self.topic.name;
                let partition = client.partition_client(topic, partition, UnknownTopicHandling::Error);
                partition.await?.get_offset(OffsetAt::Latest).await
            };
            match timeout(PATIENCE, asked).await.unwrap_or(Err(Error::Timeout)) {
                Ok(offset) => {
                    self.outage.is_over(Some(partition));
                    return offset;
                }
                Err(error) => self.outage.is(Some(partition), &error),
            }
            sleep(PAUSE).await;
        }
    }

    /// The partitions to read. When they are listed again, a missing topic may return later.
    async fn partitions(&self, client: &Client, first: bool) -> Result<Vec<i32>, KafkaError> {
        let topic = self.topic;
        let topics = loop {
            let listed = timeout(PATIENCE, client.list_topics());
            match listed.await.unwrap_or(Err(Error::Timeout)) {
                Ok(topics) => {
                    self.outage.is_over(None);
                    break topics;
                }
                Err(error) => self.outage.is(None, &error),
            }
            sleep(PAUSE).await;
        };
        let Some(found) = topics.iter().find(|found| found.name == topic.name) else {
            if !first {
                return Ok(Vec::new());
            }
            let others = topics.iter().map(|other| format!("{:?}", other.name)).take(MOST_NAMED);
            return Err(KafkaError::UnknownTopic {
                topic: topic.name.clone(),
                brokers: topic.access.shown(),
                others: others.collect(),
            });
        };
        let wanted = |partition: &i32| topic.partitions.as_ref().is_none_or(|range| range.contains(partition));
        let partitions: Vec<i32> = found.partitions.iter().copied().filter(wanted).collect();
        match (partitions.is_empty(), first, &topic.partitions) {
            (true, true, Some(_)) => Err(KafkaError::NoPartition {
                topic: topic.name.clone(),
                asked: topic.share(),
                partitions: found.partitions.len(),
            }),
            _ => Ok(partitions),
        }
    }
}
