//! A histogram without locks: a layout and striped cells.

use std::sync::Arc;

use crate::cells::created::Created;
use crate::cells::exemplar::Exemplar;
use crate::cells::layout::Layout;
use crate::cells::stripes::{Lane, Lanes, Stripes};

/// Observations of durations, sizes or scores. Values are in the recorded unit of the layout.
pub(crate) struct Histogram {
    layout: Arc<Layout>,
    stripes: Stripes,
}

const SUM: usize = 0;
const FIRST: usize = 1;

impl Histogram {
    pub(crate) fn new(layout: Arc<Layout>, lanes: Lanes) -> Self {
        Self {
            stripes: Stripes::new(FIRST + layout.cells(), lanes),
            layout,
        }
    }

    pub(crate) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Counts a finite value.
    #[inline]
    pub(crate) fn observe(&self, value: f64) {
        let cell = self.layout.locate(value);
        self.stripes.write(|lane| count(lane, cell, value));
    }

    /// As [`observe`](Self::observe), for nearly every value that is measured; returns whether it was counted. One that is not
    /// finite never is.
    #[inline]
    pub(crate) fn observe_at_once(&self, value: f64) -> bool {
        let Some(cell) = self.layout.locate_at_once(value) else {
            return false;
        };
        self.stripes.write(|lane| count(lane, cell, value));
        true
    }

    pub(crate) fn observe_all(&self, values: impl Iterator<Item = f64>) {
        let lane = self.stripes.lane();
        values.for_each(|value| count(&lane, self.layout.locate(value), value));
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        self.stripes.mark()
    }

    pub(crate) fn read(&self) -> Reading {
        let mut values = Vec::new();
        self.stripes.read(&mut values);
        Reading {
            sum: self.layout.exposed(self.stripes.sum_f64(SUM)),
            sum_nanoseconds: None,
            layout: self.layout.clone(),
            values,
            first: FIRST,
            exemplars: Vec::new(),
            created: self.stripes.created(),
        }
    }
}

#[inline(always)]
fn count(lane: &Lane<'_>, cell: usize, value: f64) {
    lane.add_f64(SUM, value);
    lane.add(FIRST + cell, 1);
}

/// A histogram as it was at one moment.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) layout: Arc<Layout>,
    /// Sum of the values, in exposed units.
    pub(crate) sum: f64,
    /// The same in nanoseconds, where they are whole and no more than a float holds exactly: every format then says the same.
    pub(crate) sum_nanoseconds: Option<u64>,
    /// The counts of the layout's cells, from the first on.
    pub(crate) values: Vec<u64>,
    pub(crate) first: usize,
    /// Of the classic buckets, as far as there are any.
    pub(crate) exemplars: Vec<Option<Exemplar>>,
    pub(crate) created: Created,
}

impl Reading {
    /// The exemplar of a classic bucket.
    pub(crate) fn exemplar(&self, bucket: usize) -> Option<&Exemplar> {
        self.exemplars.get(bucket)?.as_ref()
    }

    /// Count of each cell of the layout.
    pub(crate) fn cells(&self) -> &[u64] {
        &self.values[self.first..]
    }

    pub(crate) fn count(&self) -> u64 {
        self.cells().iter().sum()
    }
}
