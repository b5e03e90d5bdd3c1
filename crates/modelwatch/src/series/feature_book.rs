//! The features of one model, over all its versions: their names, and which share of them was missing lately.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::{Mutex, RwLock};

use crate::cells::window::{Totals, Window};
use crate::contract::reserved::OTHER;
use crate::labels::budget::Budget;
use crate::labels::label_set::Labels;
use crate::labels::names::Names;
use crate::labels::open_label::OpenLabel;
use crate::labels::value::canonical;
use crate::series::context::Context;
use crate::series::feature_cells::FeatureCells;

/// Gives each feature name of a model an index and a label, and joins what its versions counted for the missing ratio.
pub(crate) struct FeatureBook {
    context: Arc<Context>,
    names: Names<Labels>,
    other: Labels,
    members: RwLock<Members>,
    /// A version has had a feature: a page of many models asks it of each.
    used: AtomicBool,
    window: Mutex<Window>,
}

#[derive(Default)]
struct Members {
    cells: Vec<Arc<FeatureCells>>,
    /// What versions counted that are members no more, by index.
    left: Vec<Totals>,
}

impl FeatureBook {
    pub(crate) fn new(context: Arc<Context>) -> Self {
        Self {
            names: Names::new(context.limits.features_per_model),
            other: label(&OTHER.into()),
            members: RwLock::default(),
            used: AtomicBool::new(false),
            window: Mutex::new(Window::new(context.window, Instant::now())),
            context,
        }
    }

    /// The index of a feature; that of the overflow when there is no room.
    pub(crate) fn index(&self, name: &str) -> usize {
        self.names
            .get(name)
            .map_or_else(|| self.enter(name), |named| named.index())
    }

    #[cold]
    fn enter(&self, name: &str) -> usize {
        let added = canonical(name, self.context.limits.value_bytes).and_then(|name| {
            self.names
                .get_or_add(&name, Budget::Requested, |name| Some(label(name)))
        });
        added.map_or_else(
            || {
                self.context.overflow.count(OpenLabel::FeatureName, name);
                self.overflow()
            },
            |named| named.index(),
        )
    }

    /// Counts what a version counts for the model, too.
    pub(crate) fn join(&self, cells: Arc<FeatureCells>) {
        self.window.lock().reserve(self.len());
        self.members.write().cells.push(cells);
        self.used.store(true, Ordering::Release);
    }

    /// Keeps what a forgotten version counted, without its cells. Locked, so that no reader counts it twice or not at all.
    pub(crate) fn leave(&self, cells: &Arc<FeatureCells>) {
        let mut members = self.members.write();
        if let Some(position) = members.cells.iter().position(|known| Arc::ptr_eq(known, cells)) {
            members.cells.swap_remove(position);
            members.left.resize(self.len(), Totals::default());
            add_totals(cells, &mut members.left);
        }
    }

    /// Keeps a copy of the totals for the window, if one is due.
    pub(crate) fn look_after_window(&self, now: Instant) {
        if let Some(mut window) = self.window.try_lock() {
            if window.is_due(now) {
                window.keep(now, |totals| self.add_totals(totals));
            }
        }
    }

    /// The share of the last window's observations in which a feature was missing, by index; nothing where there were
    /// no observations.
    pub(crate) fn missing_ratios(&self, now: Instant) -> Vec<Option<f64>> {
        let mut totals = Vec::new();
        let window = self.window.lock();
        self.add_totals(&mut totals);
        let base = window.base(now);
        let ratio = |(index, totals)| missing_ratio(totals, base.get(index).copied().unwrap_or_default());
        totals.into_iter().enumerate().map(ratio).collect()
    }

    /// Observed and missing by index, in a buffer of the caller's.
    fn add_totals(&self, into: &mut Vec<Totals>) {
        let members = self.members.read();
        if members.cells.is_empty() && members.left.is_empty() {
            return;
        }
        into.extend_from_slice(&members.left);
        into.resize(self.len(), Totals::default());
        members.cells.iter().for_each(|cells| add_totals(cells, into));
    }

    /// Whether no version has ever had a feature.
    pub(crate) fn is_unused(&self) -> bool {
        !self.used.load(Ordering::Acquire)
    }

    /// The index of a feature that code declares, whatever requests brought; there has to be [room](Self::room_for) for
    /// it, else it is that of the overflow.
    pub(crate) fn declare(&self, name: &str) -> usize {
        let declared = self.names.get_or_add(name, Budget::Declared, |name| Some(label(name)));
        declared.map_or_else(|| self.overflow(), |named| named.index())
    }

    /// How many of these features are not declared yet, and how many more may be.
    pub(crate) fn room_for<'a>(&self, names: impl IntoIterator<Item = &'a str>) -> (usize, usize) {
        (self.names.undeclared(names), self.names.room())
    }

    /// Features there can be, the overflow included.
    pub(crate) fn len(&self) -> usize {
        self.overflow() + 1
    }

    /// The index of the overflow, which is the last.
    pub(crate) fn overflow(&self) -> usize {
        Names::<Labels>::most(self.context.limits.features_per_model)
    }

    /// The `feature_name` label of each feature, by index; nothing where no version has any.
    pub(crate) fn labels(&self) -> Vec<Option<&Labels>> {
        if self.is_unused() || self.members.read().cells.is_empty() {
            return Vec::new();
        }
        let mut labels: Vec<_> = vec![None; self.len()];
        for named in self.names.all() {
            labels[named.index()] = Some(&named.value);
        }
        labels[self.overflow()] = Some(&self.other);
        labels
    }
}

fn label(feature: &Arc<str>) -> Labels {
    Labels::new([("feature_name", feature)])
}

fn add_totals(cells: &FeatureCells, into: &mut [Totals]) {
    cells.each_missing_and_observed(|index, missing, observed| {
        let totals = &mut into[index];
        *totals = [totals[0].wrapping_add(observed), totals[1].wrapping_add(missing)];
    });
}

/// The share of observations since `base` in which the feature was missing, if there were any.
fn missing_ratio(totals: Totals, base: Totals) -> Option<f64> {
    let observed = totals[0].saturating_sub(base[0]);
    let missing = totals[1].saturating_sub(base[1]);
    // The copy and the counts are not of one moment.
    (observed > 0).then(|| (missing as f64 / observed as f64).min(1.0))
}
