//! Counts what became of records, as metrics of the contract.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use modelwatch::Monitor;
use modelwatch::contract::{
    INGEST_CONNECTED, INGEST_LAG, INGEST_LAST_COMMIT_TIMESTAMP, INGEST_RECORDS, INGEST_REJECTED, INGEST_ROWS,
};
use parking_lot::Mutex;

use crate::rejection::Reason;

/// The counts of one source. Clones share them.
/// The example of [`Intake`](crate::intake::Intake) has one.
#[derive(Clone, Debug)]
pub struct Counts {
    source: Arc<str>,
    numbers: Arc<Mutex<Numbers>>,
}

#[derive(Debug, Default)]
struct Numbers {
    written: u64,
    lost: u64,
    rows: u64,
    rejected: BTreeMap<Reason, u64>,
    /// For each partition, the records that the broker has and the log does not.
    lag: BTreeMap<i32, i64>,
    last_commit: Option<f64>,
    connected: Option<bool>,
}

/// The counts of one commit.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tally {
    pub(crate) written: u64,
    pub(crate) rows: u64,
    pub(crate) lost: u64,
    pub(crate) rejected: BTreeMap<Reason, u64>,
}

impl Counts {
    /// Adds the counts of a source to the metrics of a monitor.
    #[must_use]
    pub fn new(source: &str, monitor: &Monitor) -> Self {
        let counts = Self {
            source: source.into(),
            numbers: Arc::default(),
        };
        let source = counts.clone();
        monitor.add_source(move |readings| source.read(readings));
        counts
    }

    fn read(&self, readings: &mut modelwatch::Readings) {
        let numbers = self.numbers.lock();
        let source = &*self.source;
        let rejected: u64 = numbers.rejected.values().sum();
        for (result, count) in [
            ("written", numbers.written),
            ("rejected", rejected),
            ("lost", numbers.lost),
        ] {
            readings.push(&INGEST_RECORDS, &[source, result], count as f64);
        }
        for reason in Reason::ALL {
            let count = numbers.rejected.get(&reason).copied().unwrap_or(0);
            readings.push(&INGEST_REJECTED, &[source, reason.name()], count as f64);
        }
        readings.push(&INGEST_ROWS, &[source], numbers.rows as f64);
        for (partition, lag) in &numbers.lag {
            readings.push(&INGEST_LAG, &[source, &partition.to_string()], *lag as f64);
        }
        if let Some(time) = numbers.last_commit {
            readings.push(&INGEST_LAST_COMMIT_TIMESTAMP, &[source], time);
        }
        if let Some(connected) = numbers.connected {
            readings.push(&INGEST_CONNECTED, &[source], f64::from(u8::from(connected)));
        }
    }

    pub(crate) fn committed(&self, tally: &Tally) {
        let mut numbers = self.numbers.lock();
        numbers.written += tally.written;
        numbers.rows += tally.rows;
        numbers.lost += tally.lost;
        for (reason, count) in &tally.rejected {
            *numbers.rejected.entry(*reason).or_default() += count;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        numbers.last_commit = now.ok().map(|now| now.as_secs_f64());
    }

    /// Counts a record that was refused in the response to its sender, and was not stored.
    #[cfg(feature = "http")]
    pub(crate) fn refused(&self, reason: Reason) {
        *self.numbers.lock().rejected.entry(reason).or_default() += 1;
    }

    #[cfg(feature = "kafka")]
    pub(crate) fn lags(&self, partition: i32, records: i64) {
        self.numbers.lock().lag.insert(partition, records.max(0));
    }

    /// Sets whether brokers answer, and returns whether that changed.
    #[cfg(feature = "kafka")]
    pub(crate) fn connected(&self, connected: bool) -> bool {
        self.numbers.lock().connected.replace(connected) != Some(connected)
    }
}
