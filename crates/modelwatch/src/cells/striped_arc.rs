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
pub struct StripedArc<T>(Arc<Count<T>>);

/// On lines of its own, with its count. One pointer leads to it, so that a handle is moved in a register.
#[repr(align(64))]
struct Count<T> {
    value: Arc<T>,
    /// The slot of the thread that counts here.
    slot: usize,
    role: Role<T>,
}

enum Role<T> {
    /// The first count, which keeps those of all threads: nothing until a second thread clones.
    Hub(OnceBox<Counts<T>>),
    /// That of one thread.
    Local { known: Known<T>, hub: Weak<Count<T>> },
}

/// By slot.
type Known<T> = Arc<[OnceLock<Weak<Count<T>>>]>;

/// Both by slot. The hub keeps each thread's count; a count knows the others without keeping them.
struct Counts<T> {
    kept: Box<[OnceLock<Arc<Count<T>>>]>,
    known: Known<T>,
}

impl<T> StripedArc<T> {
    /// Shares a value.
    #[must_use]
    pub fn new(value: T) -> Self {
        Self(Arc::new(Count {
            value: Arc::new(value),
            slot: thread_slot::current(),
            role: Role::Hub(OnceBox::new()),
        }))
    }

    /// Returns the value with a count that all threads write: for the few that hold all values for a while.
    pub(crate) fn value(&self) -> Arc<T> {
        self.0.value.clone()
    }

    /// Returns a reference that keeps nothing, by the count of this thread.
    pub(crate) fn downgrade(&self) -> StripedWeak<T> {
        let slot = thread_slot::current();
        let own = slot == self.0.slot && matches!(self.0.role, Role::Local { .. });
        StripedWeak(if own {
            Arc::downgrade(&self.0)
        } else {
            Arc::downgrade(&Count::elsewhere(&self.0, slot))
        })
    }

    /// Returns whether both share one value.
    #[must_use]
    #[inline]
    pub fn ptr_eq(this: &Self, other: &Self) -> bool {
        Arc::ptr_eq(&this.0.value, &other.0.value)
    }
}

impl<T> Count<T> {
    /// That of a thread, one more.
    fn local(hub: &Arc<Self>, counts: &OnceBox<Counts<T>>, slot: usize) -> Arc<Self> {
        let counts = counts.get_or_init(Box::default);
        match counts.kept[slot].get() {
            Some(local) => local.clone(),
            None => Self::add(hub, counts, slot),
        }
    }

    #[cold]
    fn add(hub: &Arc<Self>, counts: &Counts<T>, slot: usize) -> Arc<Self> {
        let local = counts.kept[slot].get_or_init(|| {
            Arc::new(Self {
                value: hub.value.clone(),
                slot,
                role: Role::Local {
                    known: counts.known.clone(),
                    hub: Arc::downgrade(hub),
                },
            })
        });
        counts.known[slot].get_or_init(|| Arc::downgrade(local));
        local.clone()
    }

    /// That of a thread, one more, where this count is at hand.
    fn elsewhere(this: &Arc<Self>, slot: usize) -> Arc<Self> {
        let (known, hub) = match &this.role {
            Role::Hub(counts) => return Self::local(this, counts, slot),
            Role::Local { known, hub } => (known, hub),
        };
        let known = known[slot].get().and_then(Weak::upgrade);
        // Without the hub there are no further counts: this one serves both threads.
        let added = || hub.upgrade().map(|hub| Self::elsewhere(&hub, slot));
        known.or_else(added).unwrap_or_else(|| this.clone())
    }
}

impl<T> Default for Counts<T> {
    fn default() -> Self {
        Self {
            kept: (0..thread_slot::count()).map(|_| OnceLock::new()).collect(),
            known: (0..thread_slot::count()).map(|_| OnceLock::new()).collect(),
        }
    }
}

impl<T> Clone for StripedArc<T> {
    #[inline]
    fn clone(&self) -> Self {
        let slot = thread_slot::current();
        let own = slot == self.0.slot
            && match &self.0.role {
                Role::Hub(counts) => counts.get().is_none(),
                Role::Local { .. } => true,
            };
        Self(if own {
            self.0.clone()
        } else {
            Count::elsewhere(&self.0, slot)
        })
    }
}

impl<T> Deref for StripedArc<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.0.value
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
pub(crate) struct StripedWeak<T>(Weak<Count<T>>);

impl<T> StripedWeak<T> {
    #[inline]
    pub(crate) fn upgrade(&self) -> Option<StripedArc<T>> {
        self.0.upgrade().map(StripedArc)
    }
}
