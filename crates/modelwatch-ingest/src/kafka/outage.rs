//! Whether brokers answer.

use std::collections::BTreeSet;

use parking_lot::Mutex;
use rskafka::client::error::Error;

use crate::counts::Counts;

/// What does not answer: the brokers as a whole, or one partition of the topic.
pub(super) type Part = Option<i32>;

/// Tracks whether brokers answer. Logs once when the first part fails, and once when the last one answers again.
pub(super) struct Outage {
    brokers: String,
    counts: Counts,
    parts: Mutex<BTreeSet<Part>>,
}

impl Outage {
    pub(super) fn new(brokers: String, counts: Counts) -> Self {
        Self {
            brokers,
            counts,
            parts: Mutex::default(),
        }
    }

    pub(super) fn is(&self, part: Part, error: &Error) {
        let mut parts = self.parts.lock();
        let first = parts.is_empty();
        parts.insert(part);
        if first {
            let of = part.map_or_else(String::new, |partition| format!(" for partition {partition}"));
            let said = error.to_string();
            let fix = match said.contains("invalid peer certificate") {
                true => "; name the authority that signed it with --ca-file",
                false => "",
            };
            tracing::warn!(
                "Kafka at {} can't be reached{of}: {said}{fix}; trying until it can, nothing is lost",
                self.brokers
            );
        }
        self.counts.connected(false);
    }

    pub(super) fn is_over(&self, part: Part) {
        let mut parts = self.parts.lock();
        let was = parts.remove(&part);
        if parts.is_empty() {
            if was {
                tracing::info!("Kafka at {} answers again", self.brokers);
            }
            self.counts.connected(true);
        }
    }
}
