//! A prediction with its row, recorded at once.

use std::fmt;
use std::time::SystemTime;

use crate::handles::class::AsClass;
use crate::handles::prediction::Prediction;
use crate::series::prediction_sink::{PendingPrediction, PredictionSink};
use crate::series::version::VersionSeries;

/// A prediction that [`Model::record`](crate::Model::record) has counted. What is attached to the model gets it when this
/// is dropped: at the end of the statement.
pub struct Recorded<'a> {
    version: &'a VersionSeries,
    pending: Option<(&'a dyn PredictionSink, PendingPrediction)>,
}

impl<'a> Recorded<'a> {
    pub(crate) fn new(
        version: &'a VersionSeries,
        pending: Option<(&'a dyn PredictionSink, PendingPrediction)>,
    ) -> Self {
        Self { version, pending }
    }

    /// Counts the predicted class in `ml_prediction_class_total`, and hands it over with the row; nothing where there is
    /// none.
    #[inline]
    pub fn class(mut self, class: impl AsClass) -> Self {
        if let Some(class) = class.as_class() {
            if let Some((sink, record)) = &mut self.pending {
                sink.class(record, class.name());
            }
            Prediction(self.version).count(&class);
        }
        self
    }

    /// Sets the time of the record, for a prediction that was not made now. The metrics have no times.
    #[inline]
    pub fn at(mut self, time: SystemTime) -> Self {
        if let Some((sink, record)) = &mut self.pending {
            sink.at(record, time);
        }
        self
    }
}

impl Drop for Recorded<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some((sink, record)) = self.pending.take() {
            sink.send(record);
        }
    }
}

impl fmt::Debug for Recorded<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Recorded").field(&self.version.labels.text()).finish()
    }
}
