//! Why a topic can't be read.

use std::fmt;

use crate::error::IngestError;

/// Why a topic can't be read on. A broker that does not answer is none of these: it is waited for.
/// The example of [`Topic`] has one.
#[derive(Debug)]
#[non_exhaustive]
pub enum KafkaError {
    /// The brokers have no such topic.
    UnknownTopic {
        /// Its name.
        topic: String,
        /// Where it was looked for.
        brokers: String,
        /// Topics that there are, some of them.
        others: Vec<String>,
    },
    /// The topic has no partition of those that were asked for.
    NoPartition {
        /// The topic.
        topic: String,
        /// What was asked for.
        asked: String,
        /// How many it has.
        partitions: usize,
    },
    /// The topic ends before the place to go on at, as one does that was made anew.
    Ahead {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Where it goes on.
        offset: i64,
        /// Where it ends.
        end: i64,
    },
    /// The topic has another record than was read there, as one has that was made anew.
    Anew {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// Where.
        offset: i64,
    },
    /// What TLS was given makes no sense.
    Tls(String),
    /// The log can't be written.
    Ingest(IngestError),
    /// A part of the program ended that should not have.
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
