//! The models of a monitor, by name.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, MutexGuard, RwLock};
use rustc_hash::FxBuildHasher;

use crate::catalog::recent;
use crate::catalog::versions::ModelVersions;
use crate::cells::striped_arc::StripedArc;
use crate::contract::reserved::OTHER;
use crate::labels::open_label::OpenLabel;
use crate::labels::value::canonical;
use crate::series::context::Context;
use crate::series::version::VersionSeries;

pub(crate) struct Catalog {
    /// Tells catalogs apart in a thread's memory of what it resolved last.
    id: u64,
    pub(crate) context: Arc<Context>,
    models: RwLock<Models>,
    other: OnceLock<Arc<ModelVersions>>,
    registering: Mutex<()>,
}

#[derive(Default)]
struct Models {
    by_name: HashMap<Arc<str>, Arc<ModelVersions>, FxBuildHasher>,
    in_order: Vec<Arc<ModelVersions>>,
}

impl Catalog {
    pub(crate) fn new(context: Context) -> Self {
        static IDS: AtomicU64 = AtomicU64::new(0);
        Self {
            id: IDS.fetch_add(1, Ordering::Relaxed),
            context: Arc::new(context),
            models: RwLock::default(),
            other: OnceLock::new(),
            registering: Mutex::new(()),
        }
    }

    /// As [`find_or_add`](Self::find_or_add), and takes no lock for what this thread resolved last.
    pub(crate) fn resolve(&self, name: &str, version: &str) -> StripedArc<VersionSeries> {
        recent::recall(self.id, name, version).unwrap_or_else(|| {
            let series = self.find_or_add(name, version);
            if *series.model.name == *name && *series.name == *version {
                recent::remember(self.id, &series);
            }
            series
        })
    }

    /// As [`find`](Self::find), and takes no lock for what this thread found last.
    pub(crate) fn find_lately(&self, name: &str, version: &str) -> Option<StripedArc<VersionSeries>> {
        recent::recall(self.id, name, version).or_else(|| {
            let series = self.find(name, version)?;
            recent::remember(self.id, &series);
            Some(series)
        })
    }

    /// The version of a model, made when it is new; past the limits that of the overflow.
    pub(crate) fn find_or_add(&self, name: &str, version: &str) -> StripedArc<VersionSeries> {
        if let Some(model) = self.model(name) {
            return model.find_or_add(version);
        }
        let limits = &self.context.limits;
        if let Some(name) = canonical(name, limits.value_bytes) {
            let mut models = self.models.write();
            if let Some(model) = models.by_name.get(&*name).cloned() {
                drop(models);
                return model.find_or_add(version);
            }
            if models.in_order.len() < limits.models {
                let name: Arc<str> = (*name).into();
                let model = Arc::new(ModelVersions::new(self.context.clone(), name.clone()));
                models.by_name.insert(name, model.clone());
                models.in_order.push(model.clone());
                drop(models);
                return model.find_or_add(version);
            }
        }
        self.context.overflow.count(OpenLabel::ModelName, name);
        self.other
            .get_or_init(|| Arc::new(ModelVersions::new(self.context.clone(), OTHER.into())))
            .other()
    }

    /// The version if it is known, live or past, left as it is.
    pub(crate) fn find(&self, name: &str, version: &str) -> Option<StripedArc<VersionSeries>> {
        self.model(name)?.find(version)
    }

    fn model(&self, name: &str) -> Option<Arc<ModelVersions>> {
        self.models.read().by_name.get(name).cloned()
    }

    /// One registration at a time.
    pub(crate) fn registering(&self) -> MutexGuard<'_, ()> {
        self.registering.lock()
    }

    /// Every model, in the order they came, that of the overflow last.
    pub(crate) fn models(&self) -> Vec<Arc<ModelVersions>> {
        self.models
            .read()
            .in_order
            .iter()
            .chain(self.other.get())
            .cloned()
            .collect()
    }
}

impl Drop for Catalog {
    fn drop(&mut self) {
        recent::forget(self.id);
    }
}
