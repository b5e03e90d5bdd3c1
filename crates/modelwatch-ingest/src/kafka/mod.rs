//! Reads Kafka topics into the log, each record exactly once.
//!
//! [`run`] reads all partitions of a topic, or those you choose, from the last commit into the log on. It uses no consumer group:
//! a group's commits and the log's files would be two places that can differ. It waits for a broker that goes away, and reads
//! added partitions from their beginning.
//!
//! ```no_run
//! use modelwatch::Monitor;
//! use modelwatch_ingest::kafka::{Access, Topic};
//! use modelwatch_ingest::{Counts, Decoder, Format, Limits, Naming, kafka};
//!
//! # async fn example() -> Result<(), kafka::KafkaError> {
//! let topic = Topic::new("predictions", Access::new(["kafka.example.com:9092"]));
//! let counts = Counts::new(topic.source(), &Monitor::new());
//! let decoder = || Decoder::new(Format::Json, Naming::default());
//! kafka::run(topic, "prediction-log", decoder, Limits::default(), counts, std::future::pending()).await
//! # }
//! ```

mod access;
mod error;
mod fetch;
mod outage;
mod reader;
mod run;
mod taker;
mod topic;

pub use access::{Access, Sasl, SaslMechanism};
pub use error::KafkaError;
pub use run::run;
pub use topic::{Begin, Topic};
