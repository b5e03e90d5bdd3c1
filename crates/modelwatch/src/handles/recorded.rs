//! A prediction with its row, recorded at once.

use std::fmt;
use std::time::SystemTime;

use crate::handles::class::AsClass;
use crate::handles::prediction::Prediction;
use crate::series::prediction_sink::{PendingPrediction, PredictionContext, PredictionSink};
use crate::series::version::VersionSeries;

/// A prediction that [`Model::record`](crate::Model::record) has counted. What is attached to the model gets it when this
/// is dropped: at the end of the statement.
///
/// ```
/// use modelwatch::{Feature, Monitor};
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").features([Feature::numeric("income")]).register()?;
/// model.record([Some(52_000.0)], 0.82).class("review").id("claim-4711");
/// assert_eq!(monitor.value("ml_feature_observations_total", &[]), Ok(1.0));
/// assert_eq!(monitor.value("ml_prediction_class_total", &[("class", "review")]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
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

    /// Sets the prediction's id, by which its label finds it later. The metrics have no ids.
    #[inline]
    pub fn id(self, id: &str) -> Self {
        self.context(PredictionContext::Id, id)
    }

    /// Sets the trace of the request. The metrics have it as an exemplar, from the layer.
    #[inline]
    pub fn trace_id(self, trace_id: &str) -> Self {
        self.context(PredictionContext::TraceId, trace_id)
    }

    /// Sets the route of the request, which the metrics have from the layer.
    #[inline]
    pub fn route(self, route: &str) -> Self {
        self.context(PredictionContext::Route, route)
    }

    /// Sets the version of the feature pipeline that made the row.
    #[inline]
    pub fn pipeline_version(self, version: &str) -> Self {
        self.context(PredictionContext::PipelineVersion, version)
    }

    #[inline]
    fn context(mut self, what: PredictionContext, value: &str) -> Self {
        if let Some((sink, record)) = &mut self.pending {
            sink.context(record, what, value);
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
