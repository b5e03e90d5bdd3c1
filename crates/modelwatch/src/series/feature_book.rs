//! The features of one model: what was observed, missing, defaulted and out of range.

use std::sync::Arc;
use std::time::Instant;

use parking_lot::{Mutex, RwLock};

use crate::cells::stripes::Stripes;
use crate::cells::window::{Totals, Window};
use crate::contract::feature_value::FeatureValue;
use crate::contract::metrics::{
    FEATURE_DEFAULTED, FEATURE_MISSING, FEATURE_OBSERVATIONS, FEATURE_OUT_OF_RANGE, Metric,
};
use crate::contract::reserved::OTHER;
use crate::labels::label_set::Labels;
use crate::labels::names::Names;
use crate::labels::open_label::OpenLabel;
use crate::labels::value::canonical;
use crate::series::context::Context;
use crate::series::declared_rows::DeclaredRows;

/// Missing, defaulted, out of range, and observed one by one: last, because cells are read in this order and written in
/// the reverse one, so that no reader sees more missing than observed.
pub(crate) type FeatureCounts = [u64; PER_FEATURE];
const PER_FEATURE: usize = 4;
pub(crate) const MISSING: usize = 0;
pub(crate) const DEFAULTED: usize = 1;
pub(crate) const OUT_OF_RANGE: usize = 2;
pub(crate) const OBSERVED: usize = 3;

/// The features of one model, over all its versions: `feature_name` is not split by version.
pub(crate) struct FeatureBook {
    context: Arc<Context>,
    model: Arc<str>,
    names: Names<Labels>,
    other: Labels,
    /// [`FeatureCounts`] of each name in turn, and of those past the limit.
    cells: Stripes,
    /// Rows of the versions that declared features.
    declared: RwLock<Vec<Arc<DeclaredRows>>>,
    pub(crate) window: Mutex<Window>,
}

impl FeatureBook {
    pub(crate) fn new(context: Arc<Context>, model: Arc<str>) -> Self {
        let limit = context.limits.features_per_model;
        Self {
            names: Names::new(limit),
            other: labels(&model, &OTHER.into()),
            cells: Stripes::new((limit + 1) * PER_FEATURE),
            declared: RwLock::default(),
            window: Mutex::new(Window::new(context.window, Instant::now())),
            context,
            model,
        }
    }

    /// The index of a feature; that of the overflow when there is no room.
    pub(crate) fn index(&self, name: &str) -> usize {
        self.names
            .get(name)
            .map_or_else(|| self.enter(name), |named| named.index)
    }

    #[cold]
    fn enter(&self, name: &str) -> usize {
        let limits = &self.context.limits;
        let added = canonical(name, limits.value_bytes)
            .and_then(|name| self.names.get_or_add(&name, |name| Some(labels(&self.model, name))));
        added.map_or_else(
            || {
                self.context.overflow.count(OpenLabel::FeatureName, name);
                limits.features_per_model
            },
            |named| named.index,
        )
    }

    #[inline]
    pub(crate) fn count(&self, index: usize, what: usize) {
        self.cells.lane().add(index * PER_FEATURE + what, 1);
    }

    /// Counts one value of a feature that nobody declared: it has no range to be out of.
    pub(crate) fn observe(&self, index: usize, value: FeatureValue<'_>) {
        self.count(index, OBSERVED);
        match value {
            FeatureValue::Missing => self.count(index, MISSING),
            FeatureValue::Number(number) if number.is_nan() => self.count(index, MISSING),
            FeatureValue::Defaulted => self.count(index, DEFAULTED),
            FeatureValue::Number(_) | FeatureValue::Category(_) => {}
        }
    }

    /// Includes the rows of a version in the observations of its features.
    pub(crate) fn declare(&self, rows: Arc<DeclaredRows>) {
        self.window.lock().reserve(self.len());
        self.declared.write().push(rows);
    }

    /// Keeps what a forgotten version counted, without the version. Locked, so that no reader counts its rows twice or
    /// not at all.
    pub(crate) fn forget(&self, rows: &Arc<DeclaredRows>) {
        let mut declared = self.declared.write();
        if let Some(position) = declared.iter().position(|known| Arc::ptr_eq(known, rows)) {
            declared.swap_remove(position);
            let lane = self.cells.lane();
            rows.each_observed(|feature, rows| {
                lane.add(feature * PER_FEATURE + OBSERVED, rows);
            });
        }
    }

    /// Counts by index, the last for the overflow.
    pub(crate) fn counts(&self) -> Vec<FeatureCounts> {
        let declared = self.declared.read();
        let mut counts = vec![[0; PER_FEATURE]; self.len()];
        self.cells.add_to(0, counts.as_flattened_mut());
        for rows in &*declared {
            rows.each_observed(|feature, rows| counts[feature][OBSERVED] += rows);
        }
        counts
    }

    /// Keeps a copy of the counters for the window, if one is due.
    pub(crate) fn look_after_window(&self, now: Instant) {
        if let Some(mut window) = self.window.try_lock()
            && window.is_due(now)
        {
            window.keep(now, |totals| self.add_totals(totals));
        }
    }

    /// As [`counts`](Self::counts), what the window needs of them, in a buffer of the caller's.
    fn add_totals(&self, into: &mut Vec<Totals>) {
        let declared = self.declared.read();
        let cell = |index, what| self.cells.sum(index * PER_FEATURE + what);
        into.extend((0..self.len()).map(|index| [cell(index, OBSERVED), cell(index, MISSING)]));
        for rows in &*declared {
            rows.each_observed(|feature, rows| into[feature][0] += rows);
        }
    }

    /// Features there can be, the overflow included.
    fn len(&self) -> usize {
        self.context.limits.features_per_model + 1
    }

    pub(crate) fn model(&self) -> &str {
        &self.model
    }

    /// Each feature's index and labels, that of the overflow last.
    pub(crate) fn labels(&self) -> Vec<(usize, &Labels)> {
        let named = self.names.all().map(|named| (named.index, &named.value));
        named
            .chain([(self.context.limits.features_per_model, &self.other)])
            .collect()
    }
}

fn labels(model: &Arc<str>, feature: &Arc<str>) -> Labels {
    Labels::new([("model_name", model), ("feature_name", feature)])
}

/// The share of observations since `base` in which the feature was missing, if there were any.
pub(crate) fn missing_ratio(counts: &FeatureCounts, base: Totals) -> Option<f64> {
    let observed = counts[OBSERVED].saturating_sub(base[0]);
    let missing = counts[MISSING].saturating_sub(base[1]);
    // The copy and the counts are not of one moment.
    (observed > 0).then(|| (missing as f64 / observed as f64).min(1.0))
}

/// The counters of a feature, in the order they are exposed.
pub(crate) const FEATURE_COUNTERS: [(&Metric, usize); 4] = [
    (&FEATURE_OBSERVATIONS, OBSERVED),
    (&FEATURE_MISSING, MISSING),
    (&FEATURE_DEFAULTED, DEFAULTED),
    (&FEATURE_OUT_OF_RANGE, OUT_OF_RANGE),
];
