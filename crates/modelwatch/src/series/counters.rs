//! Counters that differ in one label whose values callers choose.

use std::sync::{Arc, OnceLock};

use crate::cells::created::Created;
use crate::cells::stripes::{Lanes, Stripes};
use crate::contract::reserved::OTHER;
use crate::labels::budget::Budget;
use crate::labels::label_set::Labels;
use crate::labels::names::Names;
use crate::labels::open_label::OpenLabel;
use crate::labels::value::canonical;
use crate::series::context::Context;

/// One of the counters.
pub(crate) struct Entry {
    pub(crate) labels: Labels,
    pub(crate) created: Created,
}

/// Counters of one version that differ in one open label.
pub(crate) struct NamedCounters {
    context: Arc<Context>,
    label: OpenLabel,
    limit: usize,
    names: Names<Entry>,
    other: OnceLock<Entry>,
    /// A cell for each name, and one for the overflow.
    cells: Stripes,
}

impl NamedCounters {
    pub(crate) fn new(context: Arc<Context>, label: OpenLabel, limit: usize, lanes: Lanes) -> Self {
        Self {
            context,
            label,
            limit,
            names: Names::new(limit),
            other: OnceLock::new(),
            cells: Stripes::new(Names::<Entry>::most(limit) + 1, lanes),
        }
    }

    /// The cell of a name; that of the overflow when there is no room.
    #[inline]
    pub(crate) fn index(&self, name: &str) -> usize {
        self.names
            .get(name)
            .map_or_else(|| self.enter(name), |named| named.index())
    }

    #[cold]
    fn enter(&self, name: &str) -> usize {
        canonical(name, self.context.limits.value_bytes)
            .and_then(|name| {
                self.names
                    .get_or_add(&name, Budget::Requested, |name| Some(self.entry(name)))
            })
            .map_or_else(
                || {
                    self.context.overflow.count(self.label, name);
                    self.other.get_or_init(|| self.entry(&OTHER.into()));
                    self.overflow()
                },
                |named| named.index(),
            )
    }

    fn entry(&self, name: &Arc<str>) -> Entry {
        Entry {
            labels: Labels::new([(self.label.as_str(), name)]),
            created: Created::now(),
        }
    }

    /// The cell of the overflow, which is the last.
    fn overflow(&self) -> usize {
        Names::<Entry>::most(self.limit)
    }

    /// Exposes a name that code declares, whatever requests brought; there has to be [room](Self::room_for) for it.
    pub(crate) fn declare(&self, name: &str) {
        self.names
            .get_or_add(name, Budget::Declared, |name| Some(self.entry(name)));
    }

    /// How many of these names are not declared yet, and how many more may be.
    pub(crate) fn room_for(&self, names: &[String]) -> (usize, usize) {
        (
            self.names.undeclared(names.iter().map(String::as_str)),
            self.names.room(),
        )
    }

    #[inline]
    pub(crate) fn count(&self, index: usize) {
        self.cells.write(|lane| _ = lane.add(index, 1));
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        self.cells.mark()
    }

    /// Entries and counts, in the order the names came.
    pub(crate) fn read(&self) -> Vec<(&Entry, u64)> {
        let named = self.names.all().map(|named| (named.index(), &named.value));
        let other = self.other.get().map(|entry| (self.overflow(), entry));
        named
            .chain(other)
            .map(|(index, entry)| (entry, self.cells.sum(index)))
            .collect()
    }
}
