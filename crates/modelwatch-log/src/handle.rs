//! The serving path's end of the log.

use std::fmt;
use std::sync::atomic::Ordering;
use std::sync::{Arc, OnceLock};
use std::time::SystemTime;

use modelwatch::{
    AsClass, AsFeatureValue, FeatureValue, IntoScore, PendingPrediction, PredictionContext, PredictionSink,
};

use crate::counts::{Counts, CountsByModel};
use crate::prediction_id::PredictionId;
use crate::sampling::Sampler;
use crate::shape::Shape;
use crate::shared::Shared;
use crate::slot::{Common, Slot};
use crate::stream::Stream;

/// Records the predictions of one version of one model. From [`PredictionLog::model`](crate::PredictionLog::model).
///
/// Cloning is one atomic addition, and a clone is the same handle. Recording never fails, never blocks and touches no
/// file.
#[derive(Clone)]
pub struct ModelLog(Arc<Handle>);

pub(crate) struct Handle {
    pub(crate) shared: Arc<Shared>,
    pub(crate) stream: u32,
    pub(crate) shape: Arc<Shape>,
    pub(crate) model: Arc<str>,
    pub(crate) counts: Arc<Counts>,
    pub(crate) sampler: Option<Sampler>,
    pub(crate) all_counts: Arc<CountsByModel>,
    /// From the first outcome on.
    pub(crate) outcomes: OnceLock<Outcomes>,
}

/// Where outcomes go.
pub(crate) struct Outcomes {
    stream: u32,
    shape: Arc<Shape>,
    counts: Arc<Counts>,
}

impl Drop for Handle {
    fn drop(&mut self) {
        let mut streams = self.shared.streams.lock();
        streams.retire(self.stream);
        if let Some(outcomes) = self.outcomes.get() {
            streams.retire(outcomes.stream);
        }
    }
}

impl ModelLog {
    pub(crate) fn new(handle: Handle) -> Self {
        Self(Arc::new(handle))
    }

    /// Records a prediction: the row, in the order the features were declared, and the score.
    ///
    /// The returned [`Record`] takes a class and another time; the prediction is on its way when it is dropped. NaN, values that
    /// the row lacks, defaulted values and values of another kind than declared are missing. When the queue is full, the
    /// prediction is dropped and counted.
    ///
    /// ```
    /// # use modelwatch::{Feature, Monitor};
    /// # use modelwatch_log::PredictionLog;
    /// # let root = std::env::temp_dir().join(format!("modelwatch-log-record-{}", std::process::id()));
    /// # let monitor = Monitor::new();
    /// # let model = monitor.model("claims-risk", "2026-04-01").features([Feature::numeric("income")]).register()?;
    /// # let log = PredictionLog::builder(&root).start(&monitor)?;
    /// let claims = log.model(&model)?;
    /// claims.record([Some(52_000.0)], 0.82);
    /// claims.record([None::<f64>], 0.97).class("fraud");
    /// log.flush()?;
    /// assert_eq!(monitor.value("ml_prediction_log_records_total", &[("result", "written")])?, 2.0);
    /// # log.close()?;
    /// # std::fs::remove_dir_all(root)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn record<R>(&self, row: R, score: impl IntoScore) -> Record<'_>
    where
        R: IntoIterator,
        R::Item: AsFeatureValue,
    {
        self.begin(score.into_score(), |slot, shape, most_bytes| {
            slot.fill(shape, row, most_bytes)
        })
    }

    /// As [`record`](Self::record), by name: a declared feature that the row does not name is missing, and one that nobody
    /// declared is left out.
    ///
    /// ```
    /// # use modelwatch::{Feature, Monitor};
    /// # use modelwatch_log::PredictionLog;
    /// # let root = std::env::temp_dir().join(format!("modelwatch-log-named-{}", std::process::id()));
    /// # let monitor = Monitor::new();
    /// # let model = monitor.model("claims-risk", "2026-04-01").features([Feature::numeric("income")]).register()?;
    /// # let log = PredictionLog::builder(&root).start(&monitor)?;
    /// let claims = log.model(&model)?;
    /// claims.record_named([("income", 52_000.0)], 0.82);
    /// # log.close()?;
    /// # std::fs::remove_dir_all(root)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record_named<R, N, V>(&self, row: R, score: impl IntoScore) -> Record<'_>
    where
        R: IntoIterator<Item = (N, V)>,
        N: AsRef<str>,
        V: AsFeatureValue,
    {
        self.begin(score.into_score(), |slot, shape, most_bytes| {
            slot.fill_named(shape, row, most_bytes)
        })
    }

    /// Hands over the label of a prediction, by the id that the prediction was recorded with: the actual class or number, as text.
    ///
    /// The time at which it was known is now unless [`Outcome::at`] says otherwise; it goes on its way when the [`Outcome`] is dropped.
    /// Nothing is joined here: `modelwatch performance` and the files in the folder `outcomes` are for that, so an outcome may come from
    /// another process, twice, or for a prediction that nobody kept. When the queue is full, it is dropped and counted in
    /// `ml_outcome_log_records_total`.
    ///
    /// ```
    /// # use modelwatch::{Feature, Monitor};
    /// # use modelwatch_log::PredictionLog;
    /// # let root = std::env::temp_dir().join(format!("modelwatch-log-outcome-{}", std::process::id()));
    /// # let monitor = Monitor::new();
    /// # let model = monitor.model("claims-risk", "2026-04-01").features([Feature::numeric("income")]).register()?;
    /// # let log = PredictionLog::builder(&root).start(&monitor)?;
    /// let claims = log.model(&model)?;
    /// claims.record([Some(52_000.0)], 0.82).class("fraud").id("claim-4711");
    /// claims.record_outcome("claim-4711", "honest"); // weeks later
    /// # log.close()?;
    /// # std::fs::remove_dir_all(root)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn record_outcome(&self, id: impl fmt::Display, label: impl fmt::Display) -> Outcome<'_> {
        let handle = &*self.0;
        let outcomes = handle.outcomes();
        let slot = handle.new_or_free(&outcomes.counts, &outcomes.shape).map(|mut slot| {
            slot.stream = outcomes.stream;
            slot.time = modelwatch_log_format::micros(SystemTime::now());
            slot.score = f64::NAN;
            slot.reset(&outcomes.shape);
            slot.show_common(Common::Id, id, handle.shared.text_bytes);
            slot.show_common(Common::Class, label, handle.shared.text_bytes);
            slot
        });
        Outcome {
            handle,
            counts: &outcomes.counts,
            slot,
        }
    }

    #[inline]
    fn begin(&self, score: Option<f64>, fill: impl FnOnce(&mut Slot, &Shape, usize)) -> Record<'_> {
        let handle = &*self.0;
        let slot = handle.slot().map(|mut slot| {
            slot.stream = handle.stream;
            slot.time = modelwatch_log_format::micros(SystemTime::now());
            slot.score = score.unwrap_or(f64::NAN);
            fill(&mut slot, &handle.shape, handle.shared.text_bytes);
            slot
        });
        Record { handle, slot }
    }
}

impl fmt::Debug for ModelLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ModelLog").field(&self.0.model).finish()
    }
}

impl Handle {
    /// An empty slot; nothing where the prediction is not sampled, or lost already.
    #[inline]
    fn slot(&self) -> Option<Box<Slot>> {
        if self.sampler.as_ref().is_some_and(|sampler| !sampler.keeps_next()) {
            return None;
        }
        self.new_or_free(&self.counts, &self.shape)
    }

    #[inline]
    fn new_or_free(&self, counts: &Counts, shape: &Shape) -> Option<Box<Slot>> {
        if self.shared.closed.load(Ordering::Acquire) {
            self.lose(counts);
            return None;
        }
        self.shared.free.pop().or_else(|| self.new_slot(counts, shape))
    }

    /// Labels come late, so their stream begins with the first of them.
    fn outcomes(&self) -> &Outcomes {
        self.outcomes.get_or_init(|| {
            let (shape, counts) = (Arc::new(Shape::of_outcomes()), self.all_counts.of_outcomes(&self.model));
            let stream = Stream {
                model: self.model.clone(),
                version: bytes::Bytes::new(),
                shape: shape.clone(),
                counts: counts.clone(),
            };
            Outcomes {
                stream: self.shared.streams.lock().add(stream),
                shape,
                counts,
            }
        })
    }

    /// None is free: as many as the queue takes are made, as they are needed.
    #[cold]
    fn new_slot(&self, counts: &Counts, shape: &Shape) -> Option<Box<Slot>> {
        if self.shared.queue.is_full() {
            self.lose(counts);
            return None;
        }
        Some(Slot::with_room(shape))
    }

    #[inline]
    fn hand_over(&self, slot: Box<Slot>, counts: &Counts) {
        if let Err(slot) = self.shared.queue.push(slot) {
            self.shared.give_back(slot);
            self.lose(counts);
        }
    }

    #[cold]
    fn lose(&self, counts: &Counts) {
        counts.dropped(1);
        self.shared.lost.fetch_add(1, Ordering::Relaxed);
    }
}

/// What [`Model::record`](modelwatch::Model::record) calls where the log is attached. The record is a [`Slot`].
impl PredictionSink for Handle {
    fn begin(&self, score: Option<f64>) -> Option<PendingPrediction> {
        let mut slot = self.slot()?;
        slot.stream = self.stream;
        slot.time = modelwatch_log_format::micros(SystemTime::now());
        slot.score = score.unwrap_or(f64::NAN);
        slot.reset(&self.shape);
        Some(slot)
    }

    #[inline]
    fn feature(&self, record: &mut PendingPrediction, position: usize, value: FeatureValue<'_>) {
        if let Some(slot) = record.downcast_mut::<Slot>() {
            slot.set(&self.shape, position, value, self.shared.text_bytes);
        }
    }

    fn class(&self, record: &mut PendingPrediction, class: &str) {
        if let Some(slot) = record.downcast_mut::<Slot>() {
            slot.set_common(Common::Class, class, self.shared.text_bytes);
        }
    }

    fn context(&self, record: &mut PendingPrediction, what: PredictionContext, value: &str) {
        if let (Some(slot), Some(which)) = (record.downcast_mut::<Slot>(), Common::of(what)) {
            slot.set_common(which, value, self.shared.text_bytes);
        }
    }

    fn at(&self, record: &mut PendingPrediction, time: SystemTime) {
        if let Some(slot) = record.downcast_mut::<Slot>() {
            slot.time = modelwatch_log_format::micros(time);
        }
    }

    fn send(&self, record: PendingPrediction) {
        // A record of another sink is none of ours.
        if let Ok(slot) = record.downcast() {
            self.hand_over(slot, &self.counts);
        }
    }
}

/// A prediction that goes to the log when this is dropped, at the end of the statement.
pub struct Record<'a> {
    handle: &'a Handle,
    slot: Option<Box<Slot>>,
}

impl Record<'_> {
    /// Sets the predicted class; none where there is none.
    #[inline]
    pub fn class(mut self, class: impl AsClass) -> Self {
        if let (Some(slot), Some(class)) = (&mut self.slot, class.as_class()) {
            slot.set_common(Common::Class, class.name(), self.handle.shared.text_bytes);
        }
        self
    }

    /// Sets the prediction's id, by which its label finds it later, in place of an earlier one. It is cut where a class would be, so keep
    /// it short.
    ///
    /// ```
    /// # use modelwatch::{Feature, Monitor};
    /// # use modelwatch_log::PredictionLog;
    /// # let root = std::env::temp_dir().join(format!("modelwatch-log-id-{}", std::process::id()));
    /// # let monitor = Monitor::new();
    /// # let model = monitor.model("claims-risk", "2026-04-01").features([Feature::numeric("income")]).register()?;
    /// # let log = PredictionLog::builder(&root).start(&monitor)?;
    /// let claims = log.model(&model)?;
    /// claims.record([Some(52_000.0)], 0.82).id("claim-4711").route("/predict");
    /// let id = claims.record([Some(52_000.0)], 0.82).identified(); // the answer takes it along
    /// assert_eq!(id.to_string().len(), 32);
    /// # log.close()?;
    /// # std::fs::remove_dir_all(root)?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    #[inline]
    pub fn id(self, id: &str) -> Self {
        self.common(Common::Id, id)
    }

    /// Makes an id, hands the prediction over with it, and returns it. No other prediction of this or another process has it.
    ///
    /// Where the prediction is not sampled or is lost there is an id all the same, which no row of the log has.
    #[inline]
    pub fn identified(self) -> PredictionId {
        let id = self.handle.shared.ids.next();
        let mut digits = [0; PredictionId::DIGITS];
        // It goes on its way here.
        drop(self.id(id.write(&mut digits)));
        id
    }

    /// Sets the trace of the request.
    #[inline]
    pub fn trace_id(self, trace_id: &str) -> Self {
        self.common(Common::TraceId, trace_id)
    }

    /// Sets the route of the request.
    #[inline]
    pub fn route(self, route: &str) -> Self {
        self.common(Common::Route, route)
    }

    /// Sets the version of the feature pipeline that made the row.
    #[inline]
    pub fn pipeline_version(self, version: &str) -> Self {
        self.common(Common::PipelineVersion, version)
    }

    #[inline]
    fn common(mut self, which: Common, text: &str) -> Self {
        if let Some(slot) = &mut self.slot {
            slot.set_common(which, text, self.handle.shared.text_bytes);
        }
        self
    }

    /// When the prediction was made, to the microsecond; for one that was not made now. Years 1 to 9999.
    #[inline]
    pub fn at(mut self, time: SystemTime) -> Self {
        if let Some(slot) = &mut self.slot {
            slot.time = modelwatch_log_format::micros(time);
        }
        self
    }
}

impl Drop for Record<'_> {
    #[inline]
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.handle.hand_over(slot, &self.handle.counts);
        }
    }
}

impl fmt::Debug for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Record").field(&self.handle.model).finish()
    }
}

/// A label that goes to the log when this is dropped, at the end of the statement.
///
/// ```
/// use std::time::SystemTime;
/// use modelwatch::Monitor;
/// use modelwatch_log::PredictionLog;
///
/// # let root = std::env::temp_dir().join(format!("modelwatch-log-late-outcome-{}", std::process::id()));
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let log = PredictionLog::builder(&root).start(&monitor)?;
/// log.model(&model)?.record_outcome("claim-4711", "honest").at(SystemTime::now());
/// log.flush()?;
/// assert_eq!(monitor.value("ml_outcome_log_records_total", &[("result", "written")])?, 1.0);
/// # log.close()?;
/// # std::fs::remove_dir_all(root)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Outcome<'a> {
    handle: &'a Handle,
    counts: &'a Counts,
    slot: Option<Box<Slot>>,
}

impl Outcome<'_> {
    /// Sets when the label was known, to the microsecond. Years 1 to 9999.
    pub fn at(mut self, time: SystemTime) -> Self {
        if let Some(slot) = &mut self.slot {
            slot.time = modelwatch_log_format::micros(time);
        }
        self
    }
}

impl Drop for Outcome<'_> {
    fn drop(&mut self) {
        if let Some(slot) = self.slot.take() {
            self.handle.hand_over(slot, self.counts);
        }
    }
}

impl fmt::Debug for Outcome<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Outcome").field(&self.handle.model).finish()
    }
}
