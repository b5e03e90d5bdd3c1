//! What became of the predictions handed to a prediction log: the one row of the contract that a crate beside this one
//! feeds, and it has to stand on the service's own page.

use std::fmt;
use std::sync::{Arc, LazyLock};

use crate::label::Labels;
use crate::model::Lineage;
use crate::stripes::Stripes;

/// Counts what became of the predictions of one model in `ml_prediction_log_records_total`. From
/// [`Model::log_records`](crate::Model::log_records).
///
/// Both results are exposed from the moment it is first asked for. Counting takes no lock and allocates nothing.
#[derive(Clone)]
pub struct LogRecords(pub(crate) Arc<Lineage>);

impl LogRecords {
    /// So many predictions are on storage, whole.
    pub fn written(&self, records: u64) {
        self.add(WRITTEN, records);
    }

    /// So many predictions are lost.
    pub fn dropped(&self, records: u64) {
        self.add(DROPPED, records);
    }

    fn add(&self, result: usize, records: u64) {
        self.0.log_results().lane().add(result, records);
    }
}

impl fmt::Debug for LogRecords {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LogRecords").field(&self.0.name).finish()
    }
}

const WRITTEN: usize = 0;
const DROPPED: usize = 1;

/// The `result` labels, by cell.
pub(crate) static RESULT: LazyLock<[Labels; 2]> =
    LazyLock::new(|| ["written", "dropped"].map(|result| Labels::new([("result", &result.into())])));

/// A cell for each of [`RESULT`].
pub(crate) fn cells() -> Stripes {
    Stripes::new(RESULT.len())
}
