//! The versions this thread resolved last, found without a lock.
//!
//! A thread remembers a version without keeping it: what a dropped monitor made is freed, whatever threads remember.

use std::cell::RefCell;
use std::sync::Arc;

use crate::cells::striped_arc::{StripedArc, StripedWeak};
use crate::series::version::VersionSeries;

/// Versions a thread remembers: enough for a stable one, a canary and a few models.
const REMEMBERED: usize = 4;

thread_local! {
    static RECENT: RefCell<Recent> = const { RefCell::new(Recent { versions: [const { None }; REMEMBERED], next: 0 }) };
}

struct Recent {
    versions: [Option<Remembered>; REMEMBERED],
    next: usize,
}

struct Remembered {
    catalog: u64,
    model: Arc<str>,
    version: Arc<str>,
    series: StripedWeak<VersionSeries>,
}

pub(crate) fn recall(catalog: u64, model: &str, version: &str) -> Option<StripedArc<VersionSeries>> {
    let find = |recent: &RefCell<Recent>| {
        let recent = recent.try_borrow().ok()?;
        let is = |known: &&Remembered| known.catalog == catalog && *known.version == *version && *known.model == *model;
        let series = recent.versions.iter().flatten().find(is)?.series.upgrade()?;
        (!series.is_retired()).then_some(series)
    };
    RECENT.try_with(find).ok().flatten()
}

pub(crate) fn remember(catalog: u64, series: &StripedArc<VersionSeries>) {
    let remembered = Remembered {
        catalog,
        model: series.model.name.clone(),
        version: series.name.clone(),
        // Counted by this thread, which is to write no line of another's.
        series: series.downgrade(),
    };
    // A thread that is ending remembers nothing; it finds the version all the same.
    let _ = RECENT.try_with(|recent| {
        if let Ok(mut recent) = recent.try_borrow_mut() {
            let next = recent.next;
            recent.versions[next] = Some(remembered);
            recent.next = (next + 1) % REMEMBERED;
        }
    });
}

/// Forgets what this thread remembers of a catalog that is going.
pub(crate) fn forget(catalog: u64) {
    let _ = RECENT.try_with(|recent| {
        if let Ok(mut recent) = recent.try_borrow_mut() {
            for place in &mut recent.versions {
                if place.as_ref().is_some_and(|known| known.catalog == catalog) {
                    *place = None;
                }
            }
        }
    });
}
