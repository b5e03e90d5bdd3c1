//! Joins requests with their responses.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::kserve::Half;

/// The most halves that wait, and the most bytes of them, because each commit writes them beside the log.
const MOST_WAITING: usize = 50_000;
const MOST_BYTES: usize = 16 << 20;

/// A half, and when it came.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    /// Microseconds since the epoch.
    pub(crate) since: i64,
    pub(crate) partition: i32,
    pub(crate) offset: i64,
    pub(crate) half: Half,
}

/// The waiting halves, by model and id, and in order of arrival.
#[derive(Debug, Default)]
pub(crate) struct Joining {
    by_id: HashMap<(String, String), u64>,
    in_order: BTreeMap<u64, Waiting>,
    next: u64,
    bytes: usize,
}

impl Joining {
    /// Takes a half, and returns the one it matches. A half that comes twice replaces the first, which then stands alone.
    pub(crate) fn take(&mut self, waiting: Waiting) -> Taken {
        let key = (waiting.half.model.clone(), waiting.half.id.clone());
        let before = self.by_id.remove(&key).and_then(|number| self.in_order.remove(&number));
        if let Some(before) = before {
            self.bytes -= before.half.bytes();
            if before.half.is_request() != waiting.half.is_request() {
                return Taken::Joined(before, waiting);
            }
            self.keep(key, waiting);
            return Taken::Alone(before);
        }
        self.keep(key, waiting);
        Taken::Waits
    }

    fn keep(&mut self, key: (String, String), waiting: Waiting) {
        self.bytes += waiting.half.bytes();
        self.by_id.insert(key, self.next);
        self.in_order.insert(self.next, waiting);
        self.next += 1;
    }

    /// Returns the next half that must stop waiting: it waited long enough, or there are too many.
    pub(crate) fn overdue(&mut self, now: i64, patience: Duration) -> Option<Waiting> {
        if !self.is_overdue(now, patience) {
            return None;
        }
        let (_, waiting) = self.in_order.pop_first()?;
        self.by_id
            .remove(&(waiting.half.model.clone(), waiting.half.id.clone()));
        self.bytes -= waiting.half.bytes();
        Some(waiting)
    }

    /// Whether a half must stop waiting.
    pub(crate) fn is_overdue(&self, now: i64, patience: Duration) -> bool {
        let patience = i64::try_from(patience.as_micros()).unwrap_or(i64::MAX);
        let oldest = self.in_order.first_key_value();
        let old = oldest.is_some_and(|(_, oldest)| now.saturating_sub(oldest.since) >= patience);
        old || self.in_order.len() > MOST_WAITING || self.bytes > MOST_BYTES
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Waiting> {
        self.in_order.values()
    }
}

/// The result of taking a half.
pub(crate) enum Taken {
    Waits,
    Joined(Waiting, Waiting),
    /// The earlier half, whose other half never came.
    Alone(Waiting),
}
