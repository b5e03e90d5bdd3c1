//! The models of a monitor, by name.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::{Mutex, MutexGuard, RwLock};
use rustc_hash::FxBuildHasher;

use crate::catalog::recent;
use crate::catalog::versions::ModelVersions;
use crate::cells::striped_arc::StripedArc;
use crate::contract::reserved::OTHER;
use crate::labels::budget::Budget;
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
    /// How many models were looked through for what came late.
    looked_through: AtomicUsize,
}

/// Remembered versions that a scrape looks at, about: each has to be summed up.
const LATE_LOOKS: usize = 200;

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
            looked_through: AtomicUsize::new(0),
        }
    }

    /// The version that a request names, made when it is new; past the limits that of the overflow. Takes no lock for
    /// what this thread resolved last.
    #[inline(always)]
    pub(crate) fn resolve(&self, name: &str, version: &str) -> StripedArc<VersionSeries> {
        match recent::recall_latest(self.id, name, version) {
            Some(series) => series,
            None => self.resolve_other(name, version),
        }
    }

    #[inline(never)]
    fn resolve_other(&self, name: &str, version: &str) -> StripedArc<VersionSeries> {
        recent::recall_earlier(self.id, name, version).unwrap_or_else(|| {
            let series = match self.model_of_request(name) {
                Some(model) => model.resolve(version),
                None => self.overflow(name),
            };
            self.remember(name, version, &series);
            series
        })
    }

    /// The version that a request names, if it is exposed or remembered. Takes no lock for what this thread found last.
    #[inline(always)]
    pub(crate) fn find(&self, name: &str, version: &str) -> Option<StripedArc<VersionSeries>> {
        match recent::recall_latest(self.id, name, version) {
            Some(series) => Some(series),
            None => self.find_other(name, version),
        }
    }

    #[inline(never)]
    fn find_other(&self, name: &str, version: &str) -> Option<StripedArc<VersionSeries>> {
        recent::recall_earlier(self.id, name, version).or_else(|| {
            let canonical = |value| canonical(value, self.context.limits.value_bytes);
            let series = self.model(&canonical(name)?)?.find(&canonical(version)?)?;
            self.remember(name, version, &series);
            Some(series)
        })
    }

    /// Evicts what every scraper has had, and puts back what came late. Where more versions are remembered than one scrape can look
    /// at, the scrapes take turns.
    pub(crate) fn sweep(&self, models: &[Arc<ModelVersions>]) {
        let first = self.looked_through.load(Ordering::Relaxed);
        let (before, behind) = models.split_at(first.checked_rem(models.len()).unwrap_or(0));
        let (mut models_looked_through, mut looks) = (0, 0);
        for model in behind.iter().chain(before) {
            let look = looks < LATE_LOOKS;
            looks += model.sweep(look);
            models_looked_through += usize::from(look);
        }
        self.looked_through
            .store(first.wrapping_add(models_looked_through), Ordering::Relaxed);
    }

    fn remember(&self, name: &str, version: &str, series: &StripedArc<VersionSeries>) {
        if *series.model.name == *name && *series.name == *version && !series.is_retired() {
            recent::remember(self.id, series);
        }
    }

    /// The model that a request names, made when it is new; nothing past the limit.
    fn model_of_request(&self, name: &str) -> Option<Arc<ModelVersions>> {
        if let Some(model) = self.model(name) {
            return Some(model);
        }
        let name = canonical(name, self.context.limits.value_bytes)?;
        let mut models = self.models.write();
        if let Some(model) = models.by_name.get(&*name) {
            return Some(model.clone());
        }
        let requested = models.in_order.iter().filter(|model| !model.is_declared()).count();
        (requested < self.context.limits.models).then(|| self.add(&mut models, &name, Budget::Requested))
    }

    /// The model that code declares; nothing past the limit.
    pub(crate) fn register_model(&self, name: &str) -> Option<Arc<ModelVersions>> {
        let mut models = self.models.write();
        let known = models.by_name.get(name).cloned();
        if let Some(model) = known.as_ref().filter(|model| model.is_declared()) {
            return Some(model.clone());
        }
        let declared = models.in_order.iter().filter(|model| model.is_declared()).count();
        if declared >= self.context.limits.models {
            return None;
        }
        Some(match known {
            Some(model) => {
                model.declare();
                model
            }
            None => self.add(&mut models, name, Budget::Declared),
        })
    }

    fn add(&self, models: &mut Models, name: &str, budget: Budget) -> Arc<ModelVersions> {
        let name: Arc<str> = name.into();
        let model = Arc::new(ModelVersions::new(self.context.clone(), name.clone(), budget));
        models.by_name.insert(name, model.clone());
        models.in_order.push(model.clone());
        model
    }

    #[cold]
    fn overflow(&self, name: &str) -> StripedArc<VersionSeries> {
        self.context.overflow.count(OpenLabel::ModelName, name);
        let new = || ModelVersions::new(self.context.clone(), OTHER.into(), Budget::Requested);
        self.other.get_or_init(|| Arc::new(new())).other()
    }

    /// The model, if it is known.
    pub(crate) fn model(&self, name: &str) -> Option<Arc<ModelVersions>> {
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
