//! A histogram without locks: a layout and striped cells.

use std::sync::Arc;

use crate::layout::Layout;
use crate::stripes::{Lane, Stripes};

/// Observations of durations, sizes or scores. Values are in the recorded unit of the layout.
pub(crate) struct Histogram {
    layout: Arc<Layout>,
    stripes: Stripes,
}

const SUM: usize = 0;
const FIRST: usize = 1;

impl Histogram {
    pub(crate) fn new(layout: Arc<Layout>) -> Self {
        Self {
            stripes: Stripes::new(FIRST + layout.cells()),
            layout,
        }
    }

    pub(crate) fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Counts a finite value.
    #[inline]
    pub(crate) fn observe(&self, value: f64) {
        observe(&self.stripes.lane(), &self.layout, value);
    }

    pub(crate) fn observe_all(&self, values: impl Iterator<Item = f64>) {
        let lane = self.stripes.lane();
        values.for_each(|value| observe(&lane, &self.layout, value));
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        self.stripes.mark()
    }

    pub(crate) fn read(&self) -> Reading {
        // The sum first: a value that arrives meanwhile may be missing from it, never from the count only in part.
        let sum = self.stripes.sum_f64(SUM);
        let mut cells = vec![0; self.layout.cells()];
        self.stripes.add_to(FIRST, &mut cells);
        Reading {
            sum: self.layout.exposed(sum),
            layout: self.layout.clone(),
            cells,
        }
    }
}

#[inline]
fn observe(lane: &Lane<'_>, layout: &Layout, value: f64) {
    lane.add_f64(SUM, value);
    lane.add(FIRST + layout.locate(value), 1);
}

/// A histogram as it was at one moment.
#[derive(Clone)]
pub(crate) struct Reading {
    pub(crate) layout: Arc<Layout>,
    /// Count of each cell of the layout.
    pub(crate) cells: Vec<u64>,
    /// Sum of the values, in exposed units.
    pub(crate) sum: f64,
}

impl Reading {
    pub(crate) fn count(&self) -> u64 {
        self.cells.iter().sum()
    }
}
