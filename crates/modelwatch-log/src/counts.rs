//! What became of the records: `ml_prediction_log_records_total` and `ml_outcome_log_records_total`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use modelwatch::{Readings, contract};
use parking_lot::Mutex;

/// The predictions, or the outcomes, of one model.
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
pub(crate) struct CountsByModel(Mutex<BTreeMap<Arc<str>, OfModel>>);

#[derive(Debug, Default)]
struct OfModel {
    predictions: Arc<Counts>,
    /// None of a model that never had a handle to record them with.
    outcomes: Option<Arc<Counts>>,
}

impl CountsByModel {
    pub(crate) fn of(&self, model: &Arc<str>) -> Arc<Counts> {
        self.0.lock().entry(model.clone()).or_default().predictions.clone()
    }

    pub(crate) fn of_outcomes(&self, model: &Arc<str>) -> Arc<Counts> {
        let mut all = self.0.lock();
        all.entry(model.clone())
            .or_default()
            .outcomes
            .get_or_insert_default()
            .clone()
    }

    pub(crate) fn read(&self, readings: &mut Readings) {
        for (model, of_model) in &*self.0.lock() {
            let mut push = |metric, counts: &Counts| {
                for (result, count) in [("written", &counts.written), ("dropped", &counts.dropped)] {
                    let count = count.load(Ordering::Relaxed);
                    readings.push(metric, &[&**model, result], count as f64);
                }
            };
            push(&contract::PREDICTION_LOG_RECORDS, &of_model.predictions);
            if let Some(outcomes) = &of_model.outcomes {
                push(&contract::OUTCOME_LOG_RECORDS, outcomes);
            }
        }
    }
}
