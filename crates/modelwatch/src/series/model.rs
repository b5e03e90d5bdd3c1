//! What is not split by version: the names of a model's features, its queue, its feature pipeline.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;

use crate::contract::reserved::OTHER;
use crate::labels::label_set::Labels;
use crate::labels::value::canonical;
use crate::series::context::Context;
use crate::series::feature_book::FeatureBook;

pub(crate) struct ModelSeries {
    pub(crate) context: Arc<Context>,
    pub(crate) name: Arc<str>,
    pub(crate) labels: Labels,
    pub(crate) features: FeatureBook,
    /// Nothing until a service says how deep its queue is.
    queue_depth: OnceLock<AtomicU64>,
    /// Nothing until a version says which pipeline it is fed by.
    pipeline: OnceLock<RwLock<Option<Labels>>>,
}

impl ModelSeries {
    pub(crate) fn new(context: Arc<Context>, name: Arc<str>) -> Self {
        Self {
            labels: Labels::new([("model_name", &name)]),
            features: FeatureBook::new(context.clone()),
            queue_depth: OnceLock::new(),
            pipeline: OnceLock::new(),
            context,
            name,
        }
    }

    pub(crate) fn set_queue_depth(&self, requests: u64) {
        self.queue_depth
            .get_or_init(AtomicU64::default)
            .store(requests, Ordering::Relaxed);
    }

    pub(crate) fn queue_depth(&self) -> Option<u64> {
        self.queue_depth.get().map(|depth| depth.load(Ordering::Relaxed))
    }

    pub(crate) fn set_pipeline(&self, version: &str) {
        let value = canonical(version, self.context.limits.value_bytes).unwrap_or_else(|| OTHER.into());
        let labels = Labels::new([("model_name", &self.name), ("pipeline_version", &(*value).into())]);
        *self.pipeline.get_or_init(RwLock::default).write() = Some(labels);
    }

    pub(crate) fn with_pipeline<T>(&self, read: impl FnOnce(&Labels) -> T) -> Option<T> {
        self.pipeline.get()?.read().as_ref().map(read)
    }
}
