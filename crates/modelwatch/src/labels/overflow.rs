//! Counts the label values for which there was no room.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::contract::reserved::OTHER;
use crate::labels::open_label::OpenLabel;
use crate::labels::value::shown;

/// What was folded, by label.
#[derive(Debug, Default)]
pub(crate) struct Overflow {
    counts: [AtomicU64; OpenLabel::ALL.len()],
    warned: [AtomicBool; OpenLabel::ALL.len()],
}

impl Overflow {
    /// Counts a folded value, and warns of the label's first.
    pub(crate) fn count(&self, label: OpenLabel, value: &str) {
        self.counts[label as usize].fetch_add(1, Ordering::Relaxed);
        if !self.warned[label as usize].swap(true, Ordering::Relaxed) {
            tracing::warn!(
                label = label.as_str(),
                value = shown(value),
                "label is at its limit: this value and further new ones are counted under {other}; raise \
                 Limits::{field}, or find out who sends so many",
                other = OTHER,
                field = label.field(),
            );
        }
    }

    pub(crate) fn counted(&self, label: OpenLabel) -> u64 {
        self.counts[label as usize].load(Ordering::Relaxed)
    }
}
