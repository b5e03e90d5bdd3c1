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

    /// Exposed or remembered.
    fn find(&self, name: &str) -> Option<&StripedArc<VersionSeries>> {
        let mut known = self.live.iter().chain(&self.past);
        known.find(|version| *version.name == *name)
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
    pub(crate) fn resolve(&self, asked: &str) -> StripedArc<VersionSeries> {
        if let Some(version) = self.find(asked) {
            return version;
        }
        let Some(name) = canonical(asked, self.context().limits.value_bytes) else {
            return self.overflow(asked);
        };
        let mut versions = self.versions.write();
        if let Some(version) = versions.find(&name) {
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

    /// The version if it is exposed or remembered, left as it is and where it is. What is recorded for one that is only
    /// remembered brings it back at the next scrape.
    pub(crate) fn find(&self, name: &str) -> Option<StripedArc<VersionSeries>> {
        self.versions.read().find(name).cloned()
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

    /// Evicts the retired versions whose last values every scraper has had. Where it also `looks`, it puts those remembered versions back
    /// on the page, retired as they are, for which something was recorded since: somebody has a handle still. Returns how many
    /// were looked at.
    pub(crate) fn sweep(&self, looks: bool) -> usize {
        let (over, looked_at, late) = {
            let versions = self.versions.read();
            (
                versions.live.iter().any(|version| version.is_over()),
                if looks { versions.past.len() } else { 0 },
                looks && versions.past.iter().any(|version| version.is_late()),
            )
        };
        if over || late {
            let mut versions = self.versions.write();
            while let Some(over) = versions.live.iter().position(|version| version.is_over()) {
                let version = versions.live.remove(over);
                self.evict(&mut versions, version);
            }
            if late {
                self.make_live(&mut versions);
            }
        }
        looked_at
    }

    /// As far as there is room: a late request takes no place from a version that waits for its last scrape.
    fn make_live(&self, versions: &mut Versions) {
        let late: Vec<_> = versions
            .past
            .iter()
            .filter(|version| version.is_late())
            .cloned()
            .collect();
        for version in late {
            if versions.retired() >= self.limit() && !self.evict_done(versions) {
                return;
            }
            // Whoever was evicted just now may have had it forgotten.
            let position = versions.past.iter().position(|past| StripedArc::ptr_eq(past, &version));
            let Some(position) = position else { continue };
            if version.bring_back() {
                versions.past.remove(position);
                versions.live.push(version);
            }
        }
    }

    fn evict(&self, versions: &mut Versions, version: StripedArc<VersionSeries>) {
        version.evict();
        if versions.past.len() == self.limit() {
            // The first, but for those that have something to say yet.
            let first = versions.past.iter().position(|past| !past.is_late());
            if let Some(forgotten) = versions.past.remove(first.unwrap_or(0)) {
                forgotten.forget();
            }
        }
        versions.past.push_back(version);
    }
}
