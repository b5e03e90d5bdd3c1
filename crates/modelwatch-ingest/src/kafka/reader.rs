//! Reads one partition while there is room for its records.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use rskafka::client::Client;
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{OffsetAt, PartitionClient, UnknownTopicHandling};
use rskafka::record::RecordAndOffset;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};

use super::error::KafkaError;
use super::fetch::{Fetch, bytes_in_memory};
use super::outage::Outage;
use super::taker::{Message, Place};
use crate::incoming::mark;

/// The unit in which the buffer is counted.
pub(super) const UNIT: usize = 1 << 10;
/// How long a broker may wait for records before it returns none.
const WAITS_MS: i32 = 500;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The pause before asking a broker again that did not answer.
const PAUSE: Duration = Duration::from_millis(500);
/// The consecutive answers that a partition ends before the next offset, before that is believed.
const SHORT: u32 = 4;
/// The consecutive empty answers before the end that the broker names, before that is believed.
const HOLLOW: u32 = 5;

pub(super) struct Reader {
    pub(super) client: Arc<Client>,
    pub(super) topic: String,
    pub(super) partition: i32,
    /// Whether its beginning is wanted, so that records count as lost if the broker has removed them.
    pub(super) from_beginning: bool,
    pub(super) room: Arc<Semaphore>,
    pub(super) messages: Sender<Message>,
    pub(super) outage: Arc<Outage>,
}

/// The position of a reader.
struct At {
    offset: i64,
    /// The mark of the record before it.
    mark: Option<u64>,
    /// Whether to compare that record with the broker's: the topic may have been recreated while nobody was reading.
    unsure: bool,
    /// Whether records before the oldest one count as lost.
    wanted: bool,
}

impl Reader {
    /// Reads until nobody takes the records.
    pub(super) async fn run(self) -> Result<(), KafkaError> {
        let (answer, next) = oneshot::channel();
        let partition = self.partition;
        self.send(Message::Own { partition, answer })?;
        let next = next.await.map_err(|_| KafkaError::Ended("the log's writer"))?;
        let mut at = At {
            offset: 0,
            mark: None,
            unsure: false,
            wanted: self.from_beginning,
        };
        match next {
            Some(Place { offset, mark }) => {
                at.wanted = true;
                (at.offset, at.mark) = (offset, mark);
            }
            // The first fetch shows where records begin, if not here.
            None => self.skip(at.offset, false)?,
        }
        let mut broker = None;
        let mut fetch = Fetch::default();
        let (mut ended, mut short, mut hollow) = (None, 0, 0);
        loop {
            let client = match &broker {
                Some(client) => client,
                none => match self.connect().await {
                    Ok(client) => {
                        let _: &Option<PartitionClient> = none;
                        at.unsure = at.offset > 0 && at.mark.is_some();
                        broker.insert(client)
                    }
                    Err(error) => {
                        self.outage.is(Some(partition), &error);
                        sleep(PAUSE).await;
                        continue;
                    }
                },
            };
            let Ok(mut room) = self.room.clone().acquire_many_owned(units(fetch.room())).await else {
                return Ok(());
            };
            let from = at.offset - i64::from(at.unsure);
            let fetched = timeout(PATIENCE, client.fetch_records(from, 1..fetch.bytes(), WAITS_MS));
            match fetched.await.unwrap_or(Err(Error::Timeout)) {
                Ok((mut records, end)) => {
                    self.outage.is_over(Some(partition));
                    let bytes: usize = records.iter().map(bytes_in_memory).sum();
                    // A larger answer takes whatever room is left. Other readers wait then, but never forever.
                    let more = units(bytes.saturating_sub(fetch.room())).min(self.room.available_permits() as u32);
                    if let Ok(more) = self.room.clone().try_acquire_many_owned(more) {
                        room.merge(more);
                    }
                    fetch.brought(bytes);
                    if std::mem::take(&mut at.unsure) {
                        self.compare(&mut records, &at)?;
                        if records.is_empty() {
                            // This may be all that was fetched, but not all there is.
                            continue;
                        }
                    }
                    if records.is_empty() && end < at.offset {
                        // A new leader may not know its end yet.
                        drop(room);
                        short += 1;
                        if short > SHORT {
                            return Err(self.ahead(at.offset, end));
                        }
                        at.unsure = at.mark.is_some();
                        sleep(PAUSE).await;
                        continue;
                    }
                    (short, at.wanted) = (0, true);
                    // A busy broker may answer without its records. After a transaction's marker, there are none.
                    hollow = if records.is_empty() && end > at.offset {
                        hollow + 1
                    } else {
                        0
                    };
                    if (1..HOLLOW).contains(&hollow) {
                        continue;
                    }
                    if let Some(last) = records.last() {
                        (at.offset, at.mark) = (last.offset + 1, Some(mark_of(last)));
                    } else if ended == Some(end) {
                        continue;
                    }
                    ended = Some(end);
                    self.send(Message::Records {
                        partition,
                        records,
                        end,
                        room,
                    })?;
                }
                Err(Error::ServerError {
                    protocol_error: ProtocolError::OffsetOutOfRange,
                    ..
                }) => {
                    drop(room);
                    // If the record to compare is gone, the next one may still exist.
                    if !std::mem::take(&mut at.unsure) {
                        self.beyond(client, &mut at).await?;
                    }
                }
                Err(error) => {
                    drop(room);
                    self.outage.is(Some(partition), &error);
                    broker = None;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn send(&self, message: Message) -> Result<(), KafkaError> {
        let sent = self.messages.send(message);
        sent.map_err(|_| KafkaError::Ended("the log's writer"))
    }

    fn skip(&self, offset: i64, lost: bool) -> Result<(), KafkaError> {
        self.send(Message::Skip {
            partition: self.partition,
            offset,
            lost,
        })
    }

    fn ahead(&self, offset: i64, end: i64) -> KafkaError {
        KafkaError::Ahead {
            topic: self.topic.clone(),
            partition: self.partition,
            offset,
            end,
        }
    }

    /// Removes the last record that was read from the front, if the broker still has it. Returns an error when it is a different
    /// one.
    fn compare(&self, records: &mut Vec<RecordAndOffset>, at: &At) -> Result<(), KafkaError> {
        let before = records.first().filter(|first| first.offset < at.offset);
        let Some(before) = before else {
            return Ok(());
        };
        if Some(mark_of(before)) != at.mark {
            return Err(KafkaError::Anew {
                topic: self.topic.clone(),
                partition: self.partition,
                offset: before.offset,
            });
        }
        records.remove(0);
        Ok(())
    }

    async fn connect(&self) -> Result<PartitionClient, Error> {
        // A partition that was just added may not be known everywhere.
        let connected = self
            .client
            .partition_client(&self.topic, self.partition, UnknownTopicHandling::Error);
        timeout(PATIENCE, connected).await.unwrap_or(Err(Error::Timeout))
    }

    async fn ask(&self, client: &PartitionClient, at: OffsetAt) -> Result<i64, Error> {
        timeout(PATIENCE, client.get_offset(at))
            .await
            .unwrap_or(Err(Error::Timeout))
    }

    /// Continues when the broker does not have the offset: retention removed it, or the topic was recreated.
    async fn beyond(&self, client: &PartitionClient, at: &mut At) -> Result<(), KafkaError> {
        let asked = async {
            let first = self.ask(client, OffsetAt::Earliest).await?;
            Ok((first, self.ask(client, OffsetAt::Latest).await?))
        };
        let (first, end) = match asked.await {
            Ok(ends) => ends,
            Err(error) => {
                self.outage.is(Some(self.partition), &error);
                sleep(PAUSE).await;
                return Ok(());
            }
        };
        let (topic, partition, offset) = (&self.topic, self.partition, at.offset);
        if offset > end {
            return Err(self.ahead(offset, end));
        }
        if offset >= first {
            // The broker's answers do not agree yet.
            sleep(PAUSE).await;
            return Ok(());
        }
        // A partition that was never read, and whose beginning is not wanted, has lost nothing.
        if at.wanted {
            tracing::error!(
                "{} records of partition {partition} of {topic:?} are lost, from offset {offset} on: the broker removed them before they were \
                 read; reading on at {first}. Give the topic a longer retention, or let this run more often",
                first - offset
            );
        }
        self.skip(first, at.wanted)?;
        (at.offset, at.mark) = (first, None);
        Ok(())
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes / UNIT).unwrap_or(u32::MAX)
}

fn mark_of(RecordAndOffset { record, .. }: &RecordAndOffset) -> u64 {
    mark(record.timestamp.timestamp_micros(), record.value.as_deref())
}
