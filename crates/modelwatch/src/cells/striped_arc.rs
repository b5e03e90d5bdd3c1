//! A reference count for each thread.
//!
//! Two threads that clone and drop one `Arc` both write the line its count stands on, and wait for each other there:
//! that costs more than everything a request records. Here each thread counts on a line of its own.

use std::fmt;
use std::ops::Deref;
use std::sync::{Arc, OnceLock, Weak};

use once_cell::race::OnceBox;

use crate::cells::thread_slot;

/// Shares a value among threads, as [`Arc`] does, without a cache line that they all write.
///
/// Clones made on the thread that made the value are plain, as long as no other thread has cloned it. From then on, each
/// thread clones and drops a count of its own, wherever the clone at hand was made. Nothing is kept once the last clone
/// is gone.
///
/// Adapters keep in it what the services of one layer share, because routers clone their services for every request.
///
/// ```
/// use modelwatch::StripedArc;
///
/// let shared = StripedArc::new(String::from("predict"));
/// let clone = shared.clone();
/// assert_eq!(std::thread::spawn(move || clone.len()).join().unwrap(), shared.len());
/// ```
pub struct StripedArc<T>(Handle<T>);

enum Handle<T> {
    /// Keeps the counts of all threads.
    Hub(Arc<Hub<T>>),
    /// Counted by one thread.
    Local(Arc<Local<T>>),
}

struct Hub<T> {
    value: Arc<T>,
    /// The slot of the thread that made it.
    home: usize,
    /// Nothing until a second thread clones.
    locals: OnceBox<Locals<T>>,
}

/// Both by slot. The hub keeps each thread's count; a count knows the others without keeping them.
struct Locals<T> {
    kept: Box<[OnceLock<Arc<Local<T>>>]>,
    known: Arc<[OnceLock<Weak<Local<T>>>]>,
}

/// On lines of its own, with its count.
#[repr(align(64))]
struct Local<T> {
    value: Arc<T>,
    slot: usize,
    known: Arc<[OnceLock<Weak<Local<T>>>]>,
    hub: Weak<Hub<T>>,
}

impl<T> StripedArc<T> {
    /// Shares a value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Handle::Hub(Arc::new(Hub {
            value: Arc::new(value),
            home: thread_slot::current(),
            locals: OnceBox::new(),
        })))
    }

    /// Returns the value with a count that all threads write: for the few that hold all values for a while.
    pub(crate) fn value(&self) -> Arc<T> {
        match &self.0 {
            Handle::Hub(hub) => hub.value.clone(),
            Handle::Local(local) => local.value.clone(),
        }
    }

    /// Returns a reference that keeps nothing, by the count of this thread.
    pub(crate) fn downgrade(&self) -> StripedWeak<T> {
        StripedWeak(Arc::downgrade(&match &self.0 {
            Handle::Hub(hub) => Hub::local(hub, thread_slot::current()),
            Handle::Local(local) => local.here(),
        }))
    }

    /// Returns whether both share one value.
    #[must_use]
    #[inline]
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        std::ptr::eq::<T>(&**this, &**other)
    }
}

impl<T> Hub<T> {
    /// The count of a thread, one more.
    #[inline]
    fn local(this: &Arc<Self>, slot: usize) -> Arc<Local<T>> {
        let locals = this.locals.get_or_init(Box::default);
        match locals.kept[slot].get() {
            Some(local) => local.clone(),
            None => Self::add(this, locals, slot),
        }
    }

    #[cold]
    fn add(this: &Arc<Self>, locals: &Locals<T>, slot: usize) -> Arc<Local<T>> {
        let local = locals.kept[slot].get_or_init(|| {
            Arc::new(Local {
                value: this.value.clone(),
                slot,
                known: locals.known.clone(),
                hub: Arc::downgrade(this),
            })
        });
        locals.known[slot].get_or_init(|| Arc::downgrade(local));
        local.clone()
    }
}

impl<T> Default for Locals<T> {
    fn default() -> Self {
        Self {
            kept: (0..thread_slot::count()).map(|_| OnceLock::new()).collect(),
            known: (0..thread_slot::count()).map(|_| OnceLock::new()).collect(),
        }
    }
}

impl<T> Local<T> {
    /// The count of this thread, one more.
    #[inline]
    fn here(self: &Arc<Self>) -> Arc<Self> {
        let slot = thread_slot::current();
        if slot == self.slot { self.clone() } else { self.at(slot) }
    }

    fn at(self: &Arc<Self>, slot: usize) -> Arc<Self> {
        let known = self.known[slot].get().and_then(Weak::upgrade);
        // Without the hub there are no further counts: this one serves both threads.
        let added = || self.hub.upgrade().map(|hub| Hub::local(&hub, slot));
        known.or_else(added).unwrap_or_else(|| self.clone())
    }
}

impl<T> Clone for StripedArc<T> {
    #[inline]
    fn clone(&self) -> Self {
        Self(match &self.0 {
            Handle::Local(local) => Handle::Local(local.here()),
            Handle::Hub(hub) => {
                let slot = thread_slot::current();
                if slot == hub.home && hub.locals.get().is_none() {
                    Handle::Hub(hub.clone())
                } else {
                    Handle::Local(Hub::local(hub, slot))
                }
            }
        })
    }
}

impl<T> Deref for StripedArc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        match &self.0 {
            Handle::Hub(hub) => &hub.value,
            Handle::Local(local) => &local.value,
        }
    }
}

impl<T> From<T> for StripedArc<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}

impl<T: fmt::Debug> fmt::Debug for StripedArc<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        T::fmt(self, f)
    }
}

/// A reference that keeps nothing.
pub(crate) struct StripedWeak<T>(Weak<Local<T>>);

impl<T> StripedWeak<T> {
    #[inline]
    pub(crate) fn upgrade(&self) -> Option<StripedArc<T>> {
        Some(StripedArc(Handle::Local(self.0.upgrade()?)))
    }
}
