//! Who takes whole predictions besides the metrics.

use std::any::Any;
use std::time::SystemTime;

use crate::contract::feature_value::FeatureValue;

/// A record that a [`PredictionSink`] has begun, in its own type.
pub type PendingPrediction = Box<dyn Any + Send>;

/// What a prediction belongs to.
///
/// ```
/// # use std::time::SystemTime;
/// use modelwatch::{FeatureValue, Monitor, PendingPrediction, PredictionContext, PredictionSink};
///
/// /// Prints the id of each prediction.
/// struct Ids;
///
/// impl PredictionSink for Ids {
///     fn begin(&self, _score: Option<f64>) -> Option<PendingPrediction> {
///         Some(Box::new(String::new()))
///     }
///     fn context(&self, record: &mut PendingPrediction, what: PredictionContext, value: &str) {
///         if what == PredictionContext::Id {
///             *record = Box::new(value.to_owned());
///         }
///     }
///     fn send(&self, record: PendingPrediction) {
///         assert_eq!(record.downcast_ref(), Some(&"claim-4711".to_owned()));
///     }
/// #     fn feature(&self, _: &mut PendingPrediction, _: usize, _: FeatureValue<'_>) {}
/// #     fn class(&self, _: &mut PendingPrediction, _: &str) {}
/// #     fn at(&self, _: &mut PendingPrediction, _: SystemTime) {}
/// }
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// model.attach(std::sync::Arc::new(Ids));
/// model.record([52_000.0], 0.82).id("claim-4711");
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PredictionContext {
    /// Its id, by which a label finds it.
    Id,
    /// The trace of its request.
    TraceId,
    /// The route of its request.
    Route,
    /// The version of the feature pipeline that made its row.
    PipelineVersion,
}

/// Takes the predictions that [`Model::record`](crate::Model::record) records: the prediction log is one.
///
/// Attach one with [`Model::attach`](crate::Model::attach). It is called on the serving path, so it must neither block
/// nor fail.
///
/// # Example: hear of every class
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::time::SystemTime;
/// use modelwatch::{FeatureValue, Monitor, PendingPrediction, PredictionSink};
///
/// #[derive(Default)]
/// struct Classes(Mutex<Vec<String>>);
///
/// impl PredictionSink for Classes {
///     fn begin(&self, _score: Option<f64>) -> Option<PendingPrediction> {
///         Some(Box::new(String::new()))
///     }
///     fn feature(&self, _: &mut PendingPrediction, _: usize, _: FeatureValue<'_>) {}
///     fn class(&self, record: &mut PendingPrediction, class: &str) {
///         *record = Box::new(class.to_owned());
///     }
///     fn at(&self, _: &mut PendingPrediction, _: SystemTime) {}
///     fn send(&self, record: PendingPrediction) {
///         self.0.lock().unwrap().extend(record.downcast::<String>().map(|class| *class));
///     }
/// }
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let classes = Arc::new(Classes::default());
/// model.attach(classes.clone());
/// model.record([52_000.0], 0.82).class("review");
/// assert_eq!(*classes.0.lock().unwrap(), ["review"]);
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
pub trait PredictionSink: Send + Sync {
    /// Begins a record, with every feature missing; nothing where the prediction is not kept.
    fn begin(&self, score: Option<f64>) -> Option<PendingPrediction>;

    /// Sets the value of a feature by its position among the declared ones. Of a position that comes twice the first value
    /// stands, and one past the last is none.
    fn feature(&self, record: &mut PendingPrediction, position: usize, value: FeatureValue<'_>);

    /// Sets the predicted class.
    fn class(&self, record: &mut PendingPrediction, class: &str);

    /// Sets the time of the prediction, which is that of [`begin`](Self::begin) otherwise.
    fn at(&self, record: &mut PendingPrediction, time: SystemTime);

    /// Sets what the prediction belongs to, in place of an earlier value. A sink that keeps none of it leaves this out.
    fn context(&self, _record: &mut PendingPrediction, _what: PredictionContext, _value: &str) {}

    /// Takes the record as it is now.
    fn send(&self, record: PendingPrediction);
}
