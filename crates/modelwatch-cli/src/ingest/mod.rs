//! `modelwatch ingest`: predictions that others made and their labels, into the prediction log.

mod door;
#[cfg(feature = "kafka")]
mod kafka;
mod page;
mod records;

use clap::Subcommand;

use crate::failure::Failure;

#[cfg(feature = "kafka")]
const GROUP: &str = "\
Examples:
  modelwatch ingest kafka --brokers kafka:9092 --topic predictions     a topic, each record exactly once
  modelwatch ingest http --token-file token                            CloudEvents by POST";
#[cfg(not(feature = "kafka"))]
const GROUP: &str = "\
Examples:
  modelwatch ingest http --token-file token                            CloudEvents by POST";

/// Where predictions and labels come from.
#[derive(Subcommand)]
#[command(after_help = GROUP)]
pub(crate) enum Ingest {
    /// Read a Kafka topic into the log, each record exactly once.
    #[cfg(feature = "kafka")]
    Kafka(Box<kafka::Kafka>),
    /// Take CloudEvents by POST into the log.
    Http(Box<door::Http>),
}

pub(crate) fn run(command: &Ingest) -> Result<(), Failure> {
    match command {
        #[cfg(feature = "kafka")]
        Ingest::Kafka(command) => kafka::run(command),
        Ingest::Http(command) => door::run(command),
    }
}
