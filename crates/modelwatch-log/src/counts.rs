//! What became of the records: `ml_prediction_log_records_total`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use modelwatch::{Readings, contract};
use parking_lot::Mutex;

/// The records of one model.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    written: AtomicU64,
    dropped: AtomicU64,
}

impl Counts {
    /// They stand in a whole file.
    pub(crate) fn written(&self, records: u64) {
        self.written.fetch_add(records, Ordering::Relaxed);
    }

    /// They are lost.
    pub(crate) fn dropped(&self, records: u64) {
        self.dropped.fetch_add(records, Ordering::Relaxed);
    }
}

/// The counts of every model that was ever logged: both results are exposed from the first on.
#[derive(Debug, Default)]
pub(crate) struct CountsByModel(Mutex<BTreeMap<Arc<str>, Arc<Counts>>>);

impl CountsByModel {
    pub(crate) fn of(&self, model: &Arc<str>) -> Arc<Counts> {
        self.0.lock().entry(model.clone()).or_default().clone()
    }

    pub(crate) fn read(&self, readings: &mut Readings) {
        for (model, counts) in &*self.0.lock() {
            for (result, count) in [("written", &counts.written), ("dropped", &counts.dropped)] {
                let count = count.load(Ordering::Relaxed);
                readings.push(&contract::PREDICTION_LOG_RECORDS, &[&**model, result], count as f64);
            }
        }
    }
}
