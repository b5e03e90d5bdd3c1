//! A bounded set of names that grows and never shrinks, read without a lock.

use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};

use once_cell::race::OnceBox;
use parking_lot::Mutex;
use rustc_hash::FxHasher;

use crate::labels::budget::Budget;

/// Names with a value each, in an open-addressed table of at least twice as many places as there may be names.
///
/// There may be `limit` names of each [`Budget`], so that what requests bring never takes a place from what code
/// declares.
pub(crate) struct Names<T> {
    places: Box<[OnceBox<Named<T>>]>,
    limit: usize,
    /// Of both budgets.
    len: AtomicUsize,
    declared: AtomicUsize,
    /// The place of the name that was added last.
    newest: AtomicU32,
    growing: Mutex<()>,
}

pub(crate) struct Named<T> {
    pub(crate) name: Arc<str>,
    /// How many names were there before this one.
    index: u32,
    /// The place of the one that was added before this one: a table is mostly free places, and reading through them all would take
    /// longer than reading the names.
    before: u32,
    declared: AtomicBool,
    pub(crate) value: T,
}

impl<T> Named<T> {
    pub(crate) fn index(&self) -> usize {
        self.index as usize
    }
}

impl<T> Names<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            places: (0..(2 * Self::most(limit)).next_power_of_two())
                .map(|_| OnceBox::new())
                .collect(),
            limit,
            len: AtomicUsize::new(0),
            declared: AtomicUsize::new(0),
            newest: AtomicU32::new(0),
            growing: Mutex::new(()),
        }
    }

    /// The entry of `name`, or the free place where it would be.
    #[inline(never)]
    fn find(&self, name: &str) -> Result<&Named<T>, usize> {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        let start = hasher.finish() as usize;
        let mask = self.places.len() - 1;
        // At least half of the places are free, so this ends.
        let mut step = 0;
        loop {
            let place = start.wrapping_add(step) & mask;
            match self.places[place].get() {
                Some(named) if *named.name == *name => return Ok(named),
                Some(_) => step += 1,
                None => return Err(place),
            }
        }
    }

    /// The entry of `name`. The newest is tried first, without a hash: of many tables it is the only one.
    #[inline(always)]
    pub(crate) fn get(&self, name: &str) -> Option<&Named<T>> {
        match self.places[self.newest.load(Ordering::Relaxed) as usize].get() {
            Some(newest) if *newest.name == *name => Some(newest),
            _ => self.find(name).ok(),
        }
    }

    /// The entry of `name`, made when it is new; nothing when its budget is spent, or `make` finds no room. A name that a
    /// request brought and code declares moves to the other budget, with its entry.
    pub(crate) fn get_or_add(
        &self,
        name: &str,
        budget: Budget,
        make: impl FnOnce(&Arc<str>) -> Option<T>,
    ) -> Option<&Named<T>> {
        let serves = |named: &&Named<T>| budget == Budget::Requested || named.declared.load(Ordering::Acquire);
        if let Some(named) = self.get(name).filter(serves) {
            return Some(named);
        }
        let _growing = self.growing.lock();
        let (len, declared) = (self.len(), self.declared.load(Ordering::Relaxed));
        let room = match budget {
            Budget::Declared => declared < self.limit,
            Budget::Requested => len - declared < self.limit,
        };
        let found = self.find(name);
        let named = match found {
            Ok(named) if serves(&named) => return Some(named),
            _ if !room => return None,
            Ok(named) => named,
            Err(place) => {
                let name: Arc<str> = name.into();
                let named = Named {
                    value: make(&name)?,
                    index: len as u32,
                    before: self.newest.load(Ordering::Relaxed),
                    declared: AtomicBool::new(false),
                    name,
                };
                let named = self.places[place].get_or_init(|| Box::new(named));
                self.newest.store(place as u32, Ordering::Release);
                self.len.store(len + 1, Ordering::Release);
                named
            }
        };
        if budget == Budget::Declared {
            named.declared.store(true, Ordering::Release);
            self.declared.store(declared + 1, Ordering::Relaxed);
        }
        Some(named)
    }

    /// How many of these names are not declared yet.
    pub(crate) fn undeclared<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> usize {
        let declared = |name: &&str| {
            self.get(name)
                .is_some_and(|named| named.declared.load(Ordering::Acquire))
        };
        names.into_iter().filter(|name| !declared(name)).count()
    }

    /// How many more names may be declared.
    pub(crate) fn room(&self) -> usize {
        self.limit - self.declared.load(Ordering::Relaxed)
    }

    pub(crate) fn declared(&self) -> usize {
        self.declared.load(Ordering::Relaxed)
    }

    /// Names there can be, of both budgets.
    pub(crate) const fn most(limit: usize) -> usize {
        2 * limit
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// Entries from the one added last to the first.
    fn newest_first(&self) -> impl Iterator<Item = &Named<T>> {
        let at = |place: u32| self.places[place as usize].get();
        let any = (self.len() > 0).then(|| self.newest.load(Ordering::Acquire));
        std::iter::successors(any.and_then(at), move |named| {
            (named.index > 0).then_some(named.before).and_then(at)
        })
    }

    /// All entries, in the order they were added.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Named<T>> {
        let mut all = Vec::with_capacity(self.len());
        all.extend(self.newest_first());
        all.into_iter().rev()
    }

    /// Hands out all entries, in the order they were added, and allocates nothing while there are few.
    pub(crate) fn each<'a>(&'a self, take: impl FnMut(&'a Named<T>)) {
        const FEW: usize = 8;
        let len = self.len();
        if len > FEW {
            self.all().for_each(take);
            return;
        }
        let mut few: [Option<&Named<T>>; FEW] = [None; FEW];
        for named in self.newest_first() {
            // One that was added just now may be past them, and has its turn next time.
            if let Some(place) = few.get_mut(named.index()) {
                *place = Some(named);
            }
        }
        few[..len].iter().copied().flatten().for_each(take);
    }
}
