//! A bounded set of names that grows and never shrinks, read without a lock.

use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use once_cell::race::OnceBox;
use parking_lot::Mutex;
use rustc_hash::FxHasher;

/// Names with a value each, in an open-addressed table of twice as many places as there may be names.
pub(crate) struct Names<T> {
    places: Box<[OnceBox<Named<T>>]>,
    limit: usize,
    len: AtomicUsize,
    growing: Mutex<()>,
}

pub(crate) struct Named<T> {
    pub(crate) name: Arc<str>,
    /// How many names were there before this one.
    pub(crate) index: usize,
    pub(crate) value: T,
}

impl<T> Names<T> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            places: (0..(2 * limit).next_power_of_two()).map(|_| OnceBox::new()).collect(),
            limit,
            len: AtomicUsize::new(0),
            growing: Mutex::new(()),
        }
    }

    /// The entry of `name`, or the free place where it would be.
    fn find(&self, name: &str) -> Result<&Named<T>, &OnceBox<Named<T>>> {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        let start = hasher.finish() as usize;
        let mask = self.places.len() - 1;
        // At least half of the places are free, so this ends.
        let mut step = 0;
        loop {
            let place = &self.places[start.wrapping_add(step) & mask];
            match place.get() {
                Some(named) if *named.name == *name => return Ok(named),
                Some(_) => step += 1,
                None => return Err(place),
            }
        }
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Named<T>> {
        self.find(name).ok()
    }

    /// The entry of `name`, made when it is new; nothing when there is no room, or `make` finds none.
    pub(crate) fn get_or_add(&self, name: &str, make: impl FnOnce(&Arc<str>) -> Option<T>) -> Option<&Named<T>> {
        if let Ok(named) = self.find(name) {
            return Some(named);
        }
        let _growing = self.growing.lock();
        match self.find(name) {
            Ok(named) => Some(named),
            Err(_) if self.len() == self.limit => None,
            Err(place) => {
                let name: Arc<str> = name.into();
                let named = Named {
                    value: make(&name)?,
                    index: self.len(),
                    name,
                };
                let named = place.get_or_init(|| Box::new(named));
                self.len.store(named.index + 1, Ordering::Release);
                Some(named)
            }
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.len.load(Ordering::Acquire)
    }

    /// All entries, in the order they were added.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Named<T>> {
        let mut all: Vec<Option<&Named<T>>> = vec![None; self.len()];
        for named in self.places.iter().filter_map(OnceBox::get) {
            // One that was added after the vector was made has its turn next time.
            if let Some(place) = all.get_mut(named.index) {
                *place = Some(named);
            }
        }
        all.into_iter().flatten()
    }
}
