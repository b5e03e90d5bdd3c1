//! A small number for the current thread, owned by it alone while it lives.
//!
//! A counter that only one thread writes needs no locked instruction: a load and a store do, at a third of the cost,
//! and no other core's cache line is touched. That holds only while no two live threads share a number, so numbers
//! are leased: a thread takes one at its first measurement and gives it back when it ends. When all are taken the
//! thread gets one of the [`SHARED`] numbers past them, in turn: their cells are written with locked additions by everybody who has no
//! number of their own.

use std::cell::Cell;
use std::sync::LazyLock;
use std::thread;

use parking_lot::Mutex;

/// How many slots there are for the threads that have no number of their own: those past the [`exclusive`] ones.
pub(crate) const SHARED: usize = 4;

const UNASSIGNED: usize = usize::MAX;

/// Numbers that can be leased at once: two for each core, so that a runtime's workers and a pool for inference
/// both find one, within bounds that keep a series small.
static EXCLUSIVE: LazyLock<usize> =
    LazyLock::new(|| (2 * thread::available_parallelism().map_or(2, usize::from)).clamp(4, 64));

static POOL: Mutex<Pool> = Mutex::new(Pool::new());

pub(crate) struct Pool {
    returned: Vec<usize>,
    issued: usize,
    /// Threads that got no number of their own.
    refused: usize,
}

impl Pool {
    pub(crate) const fn new() -> Self {
        Self {
            returned: Vec::new(),
            issued: 0,
            refused: 0,
        }
    }

    /// A number nobody holds, or one of the [`SHARED`] past them. Taking the pool's lock orders the former holder's writes before the
    /// new holder's reads.
    pub(crate) fn take(&mut self, exclusive: usize) -> usize {
        if let Some(slot) = self.returned.pop() {
            return slot;
        }
        if self.issued == exclusive {
            self.refused += 1;
            return exclusive + self.refused % SHARED;
        }
        self.issued += 1;
        self.issued - 1
    }

    pub(crate) fn give_back(&mut self, slot: usize) {
        self.returned.push(slot);
    }
}

/// Gives the number back when the thread ends.
struct Lease(usize);

impl Drop for Lease {
    fn drop(&mut self) {
        // Destructors of other thread-locals may still record: they go to a shared slot.
        SLOT.set(exclusive());
        if self.0 < exclusive() {
            POOL.lock().give_back(self.0);
        }
    }
}

thread_local! {
    // Apart from the lease, because a thread-local without a destructor is one load to read.
    static SLOT: Cell<usize> = const { Cell::new(UNASSIGNED) };
    static LEASE: Lease = Lease(POOL.lock().take(*EXCLUSIVE));
}

/// Slots there can be, the shared ones included: every result of [`current`] is below it.
pub(crate) fn count() -> usize {
    exclusive() + SHARED
}

/// Slots that one thread at a time has: those below this number.
pub(crate) fn exclusive() -> usize {
    *EXCLUSIVE
}

/// The current thread's slot.
#[inline]
pub(crate) fn current() -> usize {
    let slot = SLOT.get();
    if slot == UNASSIGNED { assign() } else { slot }
}

#[cold]
fn assign() -> usize {
    let slot = LEASE.try_with(|lease| lease.0).unwrap_or_else(|_| exclusive());
    SLOT.set(slot);
    slot
}
