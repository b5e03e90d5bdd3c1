//! `modelwatch ingest`: predictions that others made and their labels, into the prediction log.

mod door;
#[cfg(feature = "kafka")]
mod kafka;
mod page;
mod records;

use clap::Subcommand;

use crate::failure::Failure;

/// Where predictions and labels come from.
#[derive(Subcommand)]
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
