//! Whether brokers answer.

use parking_lot::Mutex;
use rskafka::client::error::Error;

use crate::counts::Counts;

/// Whether brokers answer, said once when it changes.
pub(super) struct Outage {
    brokers: String,
    counts: Counts,
    is: Mutex<bool>,
}

impl Outage {
    pub(super) fn new(brokers: String, counts: Counts) -> Self {
        Self {
            brokers,
            counts,
            is: Mutex::new(false),
        }
    }

    pub(super) fn is(&self, error: &Error) {
        if !std::mem::replace(&mut *self.is.lock(), true) {
            tracing::warn!(
                "Kafka at {} can't be reached: {error}; trying until it can, nothing is lost",
                self.brokers
            );
        }
        self.counts.connected(false);
    }

    pub(super) fn is_over(&self) {
        if std::mem::replace(&mut *self.is.lock(), false) {
            tracing::info!("Kafka at {} answers again", self.brokers);
        }
        self.counts.connected(true);
    }
}
