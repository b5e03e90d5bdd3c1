//! One partition, read as long as there is room for what comes.

use std::sync::Arc;
use std::sync::mpsc::Sender;
use std::time::Duration;

use rskafka::client::Client;
use rskafka::client::error::{Error, ProtocolError};
use rskafka::client::partition::{OffsetAt, PartitionClient, UnknownTopicHandling};
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{sleep, timeout};

use super::error::KafkaError;
use super::outage::Outage;
use super::taker::Message;
use super::topic::Begin;

/// Bytes of one fetch. A batch that is larger comes whole.
pub(super) const FETCH_BYTES: usize = 2 << 20;
/// The unit in which the buffer is counted.
pub(super) const UNIT: usize = 1 << 10;
/// How long a broker may wait for records before it answers that there are none.
const WAITS_MS: i32 = 500;
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Before a broker that did not answer is asked again.
const PAUSE: Duration = Duration::from_millis(500);

pub(super) struct Reader {
    pub(super) client: Arc<Client>,
    pub(super) topic: String,
    pub(super) partition: i32,
    /// Where it begins if it was never read.
    pub(super) begin: Begin,
    pub(super) room: Arc<Semaphore>,
    pub(super) messages: Sender<Message>,
    pub(super) outage: Arc<Outage>,
}

impl Reader {
    /// Until nobody takes what it reads.
    pub(super) async fn run(self) -> Result<(), KafkaError> {
        let (answer, next) = oneshot::channel();
        let partition = self.partition;
        let gone = |_| KafkaError::Ended("the log's writer");
        self.messages.send(Message::Own { partition, answer }).map_err(gone)?;
        let next = next.await.map_err(|_| KafkaError::Ended("the log's writer"))?;
        let mut at = match next {
            Some(next) => next,
            None => {
                let offset = self.first().await;
                let skip = Message::Skip {
                    partition,
                    offset,
                    lost: false,
                };
                self.messages.send(skip).map_err(gone)?;
                offset
            }
        };
        let mut broker = None;
        let mut ended = None;
        loop {
            let client = match &broker {
                Some(client) => client,
                none => match self.connect().await {
                    Ok(client) => {
                        let _: &Option<PartitionClient> = none;
                        broker.insert(client)
                    }
                    Err(error) => {
                        self.outage.is(&error);
                        sleep(PAUSE).await;
                        continue;
                    }
                },
            };
            let units = (FETCH_BYTES / UNIT) as u32;
            let Ok(room) = self.room.clone().acquire_many_owned(units).await else {
                return Ok(());
            };
            let fetched = timeout(PATIENCE, client.fetch_records(at, 1..FETCH_BYTES as i32, WAITS_MS));
            match fetched.await.unwrap_or(Err(Error::Timeout)) {
                Ok((records, end)) => {
                    self.outage.is_over();
                    if let Some(last) = records.last() {
                        at = last.offset + 1;
                    } else if ended == Some(end) {
                        continue;
                    }
                    ended = Some(end);
                    let records = Message::Records {
                        partition,
                        records,
                        end,
                        room,
                    };
                    self.messages.send(records).map_err(gone)?;
                }
                Err(Error::ServerError {
                    protocol_error: ProtocolError::OffsetOutOfRange,
                    ..
                }) => at = self.beyond(client, at).await?,
                Err(error) => {
                    self.outage.is(&error);
                    broker = None;
                    sleep(PAUSE).await;
                }
            }
        }
    }

    async fn connect(&self) -> Result<PartitionClient, Error> {
        // One that was just added may not be known everywhere.
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

    /// Where a partition begins that was never read.
    async fn first(&self) -> i64 {
        let at = match self.begin {
            // The first fetch says what there is, if it is no longer this.
            Begin::Earliest => return 0,
            Begin::Latest => OffsetAt::Latest,
        };
        loop {
            let asked = async { self.ask(&self.connect().await?, at).await };
            match asked.await {
                Ok(offset) => return offset,
                Err(error) => {
                    self.outage.is(&error);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    /// Where to go on when the broker does not have an offset: its retention was there first, or the topic is another.
    async fn beyond(&self, client: &PartitionClient, at: i64) -> Result<i64, KafkaError> {
        let asked = async {
            let first = self.ask(client, OffsetAt::Earliest).await?;
            Ok((first, self.ask(client, OffsetAt::Latest).await?))
        };
        let (first, end) = match asked.await {
            Ok(ends) => ends,
            Err(error) => {
                self.outage.is(&error);
                sleep(PAUSE).await;
                return Ok(at);
            }
        };
        if at > end {
            return Err(KafkaError::Ahead {
                topic: self.topic.clone(),
                partition: self.partition,
                offset: at,
                end,
            });
        }
        if at >= first {
            // The broker's answers do not agree yet.
            sleep(PAUSE).await;
            return Ok(at);
        }
        // A partition whose beginning is gone before it was ever read has lost nothing here.
        let lost = at > 0;
        if lost {
            let (topic, partition, records) = (&self.topic, self.partition, first - at);
            tracing::error!(
                %topic,
                partition,
                records,
                "the broker has removed records before they were read; go on with the oldest there is, and give the topic a longer retention"
            );
        }
        let skip = Message::Skip {
            partition: self.partition,
            offset: first,
            lost,
        };
        self.messages
            .send(skip)
            .map_err(|_| KafkaError::Ended("the log's writer"))?;
        Ok(first)
    }
}
