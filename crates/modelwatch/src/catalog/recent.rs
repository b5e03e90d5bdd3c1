//! The versions this thread resolved last, found without a lock.
//!
//! A thread remembers a version without keeping it: what a dropped monitor made is freed, whatever threads remember.

use std::cell::{Cell, RefCell};
use std::mem::ManuallyDrop;
use std::sync::Arc;

use crate::cells::striped_arc::{StripedArc, StripedWeak};
use crate::labels::same::same;
use crate::series::version::VersionSeries;

/// Versions a thread remembers besides the latest: enough for a stable one, a canary and a few models.
const OTHERS: usize = 3;

type Place = Option<Box<Remembered>>;

thread_local! {
    // Apart from the others, which drop it when the thread ends, because a thread-local without a destructor is one load to find.
    static LATEST: Cell<ManuallyDrop<Place>> = const { Cell::new(ManuallyDrop::new(None)) };
    static EARLIER: RefCell<Earlier> = const { RefCell::new(Earlier { places: [const { None }; OTHERS], next: 0 }) };
}

struct Remembered {
    catalog: u64,
    model: Arc<str>,
    version: Arc<str>,
    series: StripedWeak<VersionSeries>,
}

struct Earlier {
    places: [Place; OTHERS],
    /// Which of them is forgotten next.
    next: usize,
}

impl Drop for Earlier {
    fn drop(&mut self) {
        drop(replace_latest(None));
    }
}

impl Remembered {
    #[inline(always)]
    fn is(&self, catalog: u64, model: &str, version: &str) -> bool {
        self.catalog == catalog && same(&self.version, version) && same(&self.model, model)
    }
}

#[inline(always)]
fn replace_latest(place: Place) -> Place {
    ManuallyDrop::into_inner(LATEST.replace(ManuallyDrop::new(place)))
}

/// The version this thread found last, if it has these names and is in use. Nothing is called on the way: what a call has
/// to save is written before the reference to the version can be counted, which waits for that.
#[inline(always)]
pub(crate) fn recall_latest(catalog: u64, model: &str, version: &str) -> Option<StripedArc<VersionSeries>> {
    let latest = replace_latest(None);
    let found = match &latest {
        Some(latest) if latest.is(catalog, model, version) => latest.series.upgrade(),
        _ => None,
    };
    LATEST.set(ManuallyDrop::new(latest));
    found.filter(|series| !series.is_retired())
}

/// The version of these names, if this thread remembers it from earlier and it is in use. It is the latest from now on.
pub(crate) fn recall_earlier(catalog: u64, model: &str, version: &str) -> Option<StripedArc<VersionSeries>> {
    let find = |earlier: &RefCell<Earlier>| {
        let mut earlier = earlier.try_borrow_mut().ok()?;
        let mut places = earlier.places.iter_mut();
        let is = |place: &&mut Place| place.as_ref().is_some_and(|known| known.is(catalog, model, version));
        let place = places.find(is)?;
        let series = place.as_ref()?.series.upgrade()?;
        *place = replace_latest(place.take());
        Some(series)
    };
    let found = EARLIER.try_with(find).ok().flatten();
    found.filter(|series| !series.is_retired())
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
    let _ = EARLIER.try_with(|earlier| {
        if let Ok(mut earlier) = earlier.try_borrow_mut() {
            let next = earlier.next;
            // In the place of what is forgotten: who asks for more versions than are remembered allocates nothing.
            let latest = match earlier.places[next].take() {
                Some(mut place) => {
                    *place = remembered;
                    place
                }
                None => Box::new(remembered),
            };
            earlier.places[next] = replace_latest(Some(latest));
            earlier.next = (next + 1) % OTHERS;
        }
    });
}

/// Forgets what this thread remembers of a catalog that is going.
pub(crate) fn forget(catalog: u64) {
    let of_it = |place: &mut Place| drop(place.take_if(|known| known.catalog == catalog));
    let _ = EARLIER.try_with(|earlier| {
        if let Ok(mut earlier) = earlier.try_borrow_mut() {
            let mut latest = replace_latest(None);
            earlier.places.iter_mut().chain([&mut latest]).for_each(of_it);
            LATEST.set(ManuallyDrop::new(latest));
        }
    });
}
