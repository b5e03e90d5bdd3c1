//! The versions of one model: in use, retired, remembered.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;

use crate::cells::striped_arc::StripedArc;
use crate::contract::reserved::OTHER;
use crate::labels::budget::Budget;
use crate::labels::open_label::OpenLabel;
use crate::labels::value::canonical;
use crate::series::context::Context;
use crate::series::model::ModelSeries;
use crate::series::version::VersionSeries;

/// One model and its versions.
pub(crate) struct ModelVersions {
    pub(crate) series: Arc<ModelSeries>,
    declared: AtomicBool,
    versions: RwLock<Versions>,
    other: OnceLock<StripedArc<VersionSeries>>,
}

#[derive(Default)]
struct Versions {
    /// Exposed: in use, or retired with last values to be scraped.
    live: Vec<StripedArc<VersionSeries>>,
    /// Evicted, the last of them last: kept so that a version that comes back goes on counting where it was. As many as
    /// may be live.
    past: VecDeque<StripedArc<VersionSeries>>,
}

impl Versions {
    fn find_live(&self, name: &str) -> Option<&StripedArc<VersionSeries>> {
        self.live.iter().find(|version| *version.name == *name)
    }

    fn take_past(&mut self, name: &str) -> Option<StripedArc<VersionSeries>> {
        let position = self.past.iter().position(|version| *version.name == *name)?;
        self.past.remove(position)
    }

    fn retired(&self) -> usize {
        self.live.iter().filter(|version| version.is_retired()).count()
    }

    /// Versions in use of one budget.
    fn in_use(&self, budget: Budget) -> usize {
        let of = |version: &&StripedArc<VersionSeries>| {
            !version.is_retired() && version.is_declared() == (budget == Budget::Declared)
        };
        self.live.iter().filter(of).count()
    }
}

impl ModelVersions {
    pub(crate) fn new(context: Arc<Context>, name: Arc<str>, budget: Budget) -> Self {
        Self {
            series: Arc::new(ModelSeries::new(context, name)),
            declared: AtomicBool::new(budget == Budget::Declared),
            versions: RwLock::default(),
            other: OnceLock::new(),
        }
    }

    fn context(&self) -> &Context {
        &self.series.context
    }

    fn limit(&self) -> usize {
        self.context().limits.versions_per_model
    }

    pub(crate) fn is_declared(&self) -> bool {
        self.declared.load(Ordering::Acquire)
    }

    pub(crate) fn declare(&self) {
        self.declared.store(true, Ordering::Release);
    }

    /// The version with this name as a request names it, made if there is room for it; else that of the overflow. One that
    /// is retired stays so.
    pub(crate) fn resolve(&self, name: &str) -> StripedArc<VersionSeries> {
        if let Some(version) = self.find(name) {
            return version;
        }
        let Some(name) = canonical(name, self.context().limits.value_bytes) else {
            return self.overflow(name);
        };
        let mut versions = self.versions.write();
        if let Some(version) = versions.find_live(&name) {
            return version.clone();
        }
        if versions.in_use(Budget::Requested) >= self.limit() {
            drop(versions);
            return self.overflow(&name);
        }
        self.add(&mut versions, &name, Budget::Requested)
    }

    /// The version with this name as code declares it, in use; else the field of [`Limits`] that has no room.
    ///
    /// [`Limits`]: crate::labels::limits::Limits
    pub(crate) fn register(&self, name: &str) -> Result<StripedArc<VersionSeries>, &'static str> {
        let mut versions = self.versions.write();
        let known = versions.find_live(name).cloned();
        let has_place = known
            .as_ref()
            .is_some_and(|version| version.is_declared() && !version.is_retired());
        if !has_place && versions.in_use(Budget::Declared) >= self.limit() {
            return Err("versions_per_model");
        }
        if let Some(version) = known {
            version.declare();
            version.revive();
            return Ok(version);
        }
        let Some(past) = versions.take_past(name) else {
            return Ok(self.add(&mut versions, name, Budget::Declared));
        };
        if !past.bring_back() {
            versions.past.push_back(past);
            return Err("routes");
        }
        past.declare();
        past.revive();
        self.make_room(&mut versions);
        versions.live.push(past.clone());
        Ok(past)
    }

    /// Versions in use that code declared.
    pub(crate) fn registered(&self) -> usize {
        self.versions.read().in_use(Budget::Declared)
    }

    fn add(&self, versions: &mut Versions, name: &str, budget: Budget) -> StripedArc<VersionSeries> {
        self.make_room(versions);
        let version = StripedArc::new(VersionSeries::new(self.series.clone(), name.into(), budget));
        versions.live.push(version.clone());
        version
    }

    /// Evicts retired versions, as far as there are more of them than may be in use: first those whose last values a scrape
    /// has had, then those that were registered first.
    fn make_room(&self, versions: &mut Versions) {
        while versions.retired() >= self.limit() {
            if self.evict_done(versions) {
                continue;
            }
            if let Some(first) = versions.live.iter().position(|version| version.is_retired()) {
                let version = versions.live.remove(first);
                self.evict(versions, version);
            }
        }
    }

    fn evict_done(&self, versions: &mut Versions) -> bool {
        let done = versions.live.iter().position(|version| version.is_done());
        if let Some(position) = done {
            let version = versions.live.remove(position);
            self.evict(versions, version);
        }
        done.is_some()
    }

    /// The version if it is exposed or remembered, in use or not as it was. One that is only remembered goes back on the
    /// page, retired, so that what is recorded late is scraped; without room for that it is not found.
    pub(crate) fn find(&self, name: &str) -> Option<StripedArc<VersionSeries>> {
        {
            let versions = self.versions.read();
            if let Some(version) = versions.find_live(name) {
                return Some(version.clone());
            }
            versions.past.iter().find(|version| *version.name == *name)?;
        }
        let mut versions = self.versions.write();
        if let Some(version) = versions.find_live(name) {
            return Some(version.clone());
        }
        // A request takes no place from a version that waits for its last scrape.
        if versions.retired() >= self.limit() && !self.evict_done(&mut versions) {
            return None;
        }
        let past = versions.take_past(name)?;
        if !past.bring_back() {
            versions.past.push_back(past);
            return None;
        }
        versions.live.push(past.clone());
        Some(past)
    }

    /// The version if it is known, left as it is and where it is.
    pub(crate) fn peek(&self, name: &str) -> Option<StripedArc<VersionSeries>> {
        let versions = self.versions.read();
        let mut known = versions.live.iter().chain(&versions.past);
        known.find(|version| *version.name == *name).cloned()
    }

    fn overflow(&self, name: &str) -> StripedArc<VersionSeries> {
        self.context().overflow.count(OpenLabel::ModelVersion, name);
        self.other()
    }

    /// The version of the overflow.
    pub(crate) fn other(&self) -> StripedArc<VersionSeries> {
        let new = || VersionSeries::new(self.series.clone(), OTHER.into(), Budget::Requested);
        self.other.get_or_init(|| StripedArc::new(new())).clone()
    }

    /// Hands out all versions that have something to expose.
    pub(crate) fn each_exposed(&self, take: impl FnMut(Arc<VersionSeries>)) {
        let versions = self.versions.read();
        let exposed = versions.live.iter().chain(self.other.get());
        exposed.map(StripedArc::value).for_each(take);
    }

    /// Evicts the retired versions whose last values every scraper has had.
    pub(crate) fn sweep(&self) {
        if self.versions.read().live.iter().any(|version| version.is_over()) {
            let mut versions = self.versions.write();
            while let Some(over) = versions.live.iter().position(|version| version.is_over()) {
                let version = versions.live.remove(over);
                self.evict(&mut versions, version);
            }
        }
    }

    fn evict(&self, versions: &mut Versions, version: StripedArc<VersionSeries>) {
        version.evict();
        if versions.past.len() == self.limit() {
            if let Some(forgotten) = versions.past.pop_front() {
                forgotten.forget();
            }
        }
        versions.past.push_back(version);
    }
}
