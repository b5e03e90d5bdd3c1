//! The versions of one model: in use, retired, remembered.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};

use parking_lot::RwLock;

use crate::cells::striped_arc::StripedArc;
use crate::contract::reserved::OTHER;
use crate::labels::open_label::OpenLabel;
use crate::labels::value::canonical;
use crate::series::context::Context;
use crate::series::model::ModelSeries;
use crate::series::version::VersionSeries;

/// One model and its versions.
pub(crate) struct ModelVersions {
    pub(crate) series: Arc<ModelSeries>,
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

impl ModelVersions {
    pub(crate) fn new(context: Arc<Context>, name: Arc<str>) -> Self {
        Self {
            series: Arc::new(ModelSeries::new(context, name)),
            versions: RwLock::default(),
            other: OnceLock::new(),
        }
    }

    fn context(&self) -> &Context {
        &self.series.context
    }

    /// The version with this name, made if there is room for it; else that of the overflow.
    pub(crate) fn find_or_add(&self, name: &str) -> StripedArc<VersionSeries> {
        if let Some(version) = self.find_live(name) {
            return version;
        }
        let Some(name) = canonical(name, self.context().limits.value_bytes) else {
            return self.overflow(name);
        };
        let mut versions = self.versions.write();
        if let Some(version) = versions.live.iter().find(|version| *version.name == *name) {
            version.revive();
            return version.clone();
        }
        if versions.live.len() >= self.context().limits.versions_per_model && !self.make_room(&mut versions) {
            drop(versions);
            return self.overflow(&name);
        }
        let past = versions.past.iter().position(|version| *version.name == *name);
        let version = match past.and_then(|position| versions.past.remove(position)) {
            Some(past) => past.bring_back().then_some(past),
            None => Some(StripedArc::new(VersionSeries::new(self.series.clone(), (*name).into()))),
        };
        let Some(version) = version else {
            drop(versions);
            return self.overflow(&name);
        };
        versions.live.push(version.clone());
        version
    }

    /// Gets a place from a retired version: one whose last values a scrape has had or, where nobody scrapes, the one
    /// that was registered first.
    fn make_room(&self, versions: &mut Versions) -> bool {
        let retired = if self.context().is_scraped() {
            versions.live.iter().position(|version| version.is_done())
        } else {
            versions.live.iter().position(|version| version.is_retired())
        };
        retired
            .map(|position| versions.live.remove(position))
            .map(|version| self.evict(versions, version))
            .is_some()
    }

    fn find_live(&self, name: &str) -> Option<StripedArc<VersionSeries>> {
        let versions = self.versions.read();
        let version = versions.live.iter().find(|version| *version.name == *name)?;
        version.revive();
        Some(version.clone())
    }

    /// The version if it is known, live or past, left as it is.
    pub(crate) fn find(&self, name: &str) -> Option<StripedArc<VersionSeries>> {
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
        self.other
            .get_or_init(|| StripedArc::new(VersionSeries::new(self.series.clone(), OTHER.into())))
            .clone()
    }

    /// All versions that have something to expose.
    pub(crate) fn exposed(&self) -> Vec<Arc<VersionSeries>> {
        let versions = self.versions.read();
        let exposed = versions.live.iter().chain(self.other.get());
        exposed.map(StripedArc::value).collect()
    }

    /// Evicts the retired versions whose last values a scrape has had.
    pub(crate) fn sweep(&self) {
        if self.versions.read().live.iter().any(|version| version.is_done()) {
            let mut versions = self.versions.write();
            for version in versions
                .live
                .extract_if(.., |version| version.is_done())
                .collect::<Vec<_>>()
            {
                self.evict(&mut versions, version);
            }
        }
    }

    fn evict(&self, versions: &mut Versions, version: StripedArc<VersionSeries>) {
        version.evict();
        if versions.past.len() == self.context().limits.versions_per_model
            && let Some(forgotten) = versions.past.pop_front()
        {
            forgotten.forget();
        }
        versions.past.push_back(version);
    }
}
