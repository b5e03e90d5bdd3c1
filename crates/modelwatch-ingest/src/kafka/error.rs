//! Why a topic can't be read.

use std::fmt;

use crate::error::IngestError;

/// Why reading a topic can't continue. A broker that does not answer is not an error: the reader waits for it.
/// The example of [`Topic`](crate::kafka::Topic) has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum KafkaError {
    /// The brokers do not have this topic.
    UnknownTopic {
        /// Its name.
        topic: String,
        /// The brokers that were asked.
        brokers: String,
        /// Some of the topics they have.
        others: Vec<String>,
    },
    /// The topic has none of the requested partitions.
    NoPartition {
        /// The topic.
        topic: String,
        /// The requested partitions.
        asked: String,
        /// The number of partitions.
        partitions: usize,
    },
    /// The topic ends before the next offset, as after it was recreated.
    Ahead {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The next offset.
        offset: i64,
        /// The end of the partition.
        end: i64,
    },
    /// The topic has a different record where one was read before, as after it was recreated.
    Anew {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// The offset.
        offset: i64,
    },
    /// The TLS settings are invalid.
    Tls(String),
    /// The log can't be written.
    Ingest(IngestError),
    /// A part of the program ended unexpectedly.
    Ended(&'static str),
}

impl From<IngestError> for KafkaError {
    fn from(error: IngestError) -> Self {
        Self::Ingest(error)
    }
}

impl fmt::Display for KafkaError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::UnknownTopic { topic, brokers, others } => {
                write!(f, "there is no topic {topic:?} at {brokers}; ")?;
                match others.is_empty() {
                    true => {
                        f.write_str("there is no topic at all, or none this user may see: create it, or fix its name")
                    }
                    false => write!(f, "there is {}: create it, or fix its name", others.join(", ")),
                }
            }
            Self::NoPartition {
                topic,
                asked,
                partitions,
            } => write!(
                f,
                "topic {topic:?} has {partitions} partitions, from 0 on, and none of {asked}; fix --partitions"
            ),
            Self::Ahead {
                topic,
                partition,
                offset,
                end,
            } => write!(
                f,
                "partition {partition} of {topic:?} ends at {end}, and {offset} is the next to be read; if the topic was made anew, \
                 give it another --name, and it is read from its beginning"
            ),
            Self::Anew {
                topic,
                partition,
                offset,
            } => write!(
                f,
                "partition {partition} of {topic:?} has another record at {offset} than the one that was read there: the topic was made \
                 anew; give it another --name, and it is read from its beginning"
            ),
            Self::Tls(problem) => write!(f, "TLS: {problem}"),
            Self::Ingest(error) => error.fmt(f),
            Self::Ended(what) => write!(f, "{what} ended; start it again, nothing is lost"),
        }
    }
}

impl std::error::Error for KafkaError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Ingest(error) => Some(error),
            _ => None,
        }
    }
}
