//! The scores of one version.

use std::sync::Arc;

use crate::cells::created::Created;
use crate::cells::histogram::{Histogram, Reading};
use crate::cells::layout::Layout;
use crate::cells::stripes::{Lanes, Stripes};

/// Scores of one version.
pub(crate) struct Scores {
    histogram: Histogram,
    /// One cell.
    non_finite: Stripes,
}

impl Scores {
    pub(crate) fn new(layout: Arc<Layout>, lanes: Lanes) -> Self {
        Self {
            histogram: Histogram::new(layout, lanes),
            non_finite: Stripes::new(1, lanes),
        }
    }

    #[inline]
    pub(crate) fn record(&self, score: f64) {
        if !self.histogram.observe_at_once(score) {
            self.record_rare(score);
        }
    }

    #[cold]
    fn record_rare(&self, score: f64) {
        if score.is_finite() {
            self.histogram.observe(score);
        } else {
            self.record_non_finite();
        }
    }

    #[cold]
    fn record_non_finite(&self) {
        self.non_finite.lane().add(0, 1);
    }

    pub(crate) fn record_all(&self, scores: impl Iterator<Item = f64>) {
        self.histogram.observe_all(scores.filter(|score| {
            if !score.is_finite() {
                self.record_non_finite();
            }
            score.is_finite()
        }));
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        self.histogram.mark().wrapping_add(self.non_finite.mark())
    }

    pub(crate) fn layout(&self) -> &Arc<Layout> {
        self.histogram.layout()
    }

    pub(crate) fn read(&self) -> Reading {
        self.histogram.read()
    }

    pub(crate) fn created(&self) -> Created {
        self.non_finite.created()
    }

    pub(crate) fn non_finite(&self) -> u64 {
        self.non_finite.sum(0)
    }
}
