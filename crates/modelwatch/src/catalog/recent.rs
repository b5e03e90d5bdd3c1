//! The versions this thread resolved last, found without a lock.
//!
//! A thread remembers a version without keeping it: what a dropped monitor made is freed, whatever threads remember.

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use crate::series::version::VersionSeries;

/// Versions a thread remembers: enough for a stable one, a canary and a few models.
const REMEMBERED: usize = 4;

thread_local! {
    static RECENT: RefCell<Recent> = const { RefCell::new(Recent { versions: [const { None }; REMEMBERED], next: 0 }) };
}

struct Recent {
    versions: [Option<(u64, Weak<VersionSeries>)>; REMEMBERED],
    next: usize,
}

pub(crate) fn recall(catalog: u64, name: &str, version: &str) -> Option<Arc<VersionSeries>> {
    let find = |recent: &RefCell<Recent>| {
        let recent = recent.try_borrow().ok()?;
        let known = recent.versions.iter().flatten().filter(|(of, _)| *of == catalog);
        let mut known = known.filter_map(|(_, series)| series.upgrade());
        let series = known.find(|series| *series.name == *version && *series.model.name == *name)?;
        (!series.is_retired()).then_some(series)
    };
    RECENT.try_with(find).ok().flatten()
}

pub(crate) fn remember(catalog: u64, series: &Arc<VersionSeries>) {
    // A thread that is ending remembers nothing; it finds the version all the same.
    let _ = RECENT.try_with(|recent| {
        if let Ok(mut recent) = recent.try_borrow_mut() {
            let next = recent.next;
            recent.versions[next] = Some((catalog, Arc::downgrade(series)));
            recent.next = (next + 1) % REMEMBERED;
        }
    });
}

/// Forgets what this thread remembers of a catalog that is going.
pub(crate) fn forget(catalog: u64) {
    let _ = RECENT.try_with(|recent| {
        if let Ok(mut recent) = recent.try_borrow_mut() {
            for place in &mut recent.versions {
                if place.as_ref().is_some_and(|(of, _)| *of == catalog) {
                    *place = None;
                }
            }
        }
    });
}
