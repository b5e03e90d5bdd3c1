//! The features of one version: those it declared, and those it got undeclared.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use crate::cells::created::Created;
use crate::cells::stripes::Lanes;
use crate::contract::as_feature_value::AsFeatureValue;
use crate::contract::feature::Feature;
use crate::contract::feature_value::FeatureValue;
use crate::series::feature_book::FeatureBook;
use crate::series::feature_cells::{DEFAULTED, FeatureCells, FeatureCounts, MISSING, OBSERVED};
use crate::series::schema::Schema;

/// The book is that of the version's model, always the same.
pub(crate) struct Features {
    lanes: Lanes,
    schema: OnceLock<Schema>,
    /// A position for each index in the book.
    undeclared: OnceLock<Arc<FeatureCells>>,
    warned_of_surplus: AtomicBool,
}

/// How often, in rows of one thread, the window is looked after where nobody scrapes.
const ROWS_BETWEEN_LOOKS: u64 = 64;

impl Features {
    /// Of a version whose series have these lanes.
    pub(crate) fn new(lanes: Lanes) -> Self {
        Self {
            lanes,
            schema: OnceLock::new(),
            undeclared: OnceLock::new(),
            warned_of_surplus: AtomicBool::new(false),
        }
    }

    pub(crate) fn declare(&self, features: &[Feature], book: &FeatureBook) {
        self.schema.get_or_init(|| Schema::new(features, book));
    }

    pub(crate) fn schema(&self) -> Option<&Schema> {
        self.schema.get()
    }

    /// Counts a row by position, and says whether the window wants to be looked after.
    #[inline]
    pub(crate) fn record(&self, model: &str, row: impl IntoIterator<Item = impl AsFeatureValue>) -> bool {
        let (surplus, rows) = match self.schema.get() {
            Some(schema) => schema.record(row),
            None => (row.into_iter().next().is_some(), 1),
        };
        if surplus {
            self.warn_of_surplus(model);
        }
        rows % ROWS_BETWEEN_LOOKS == 0
    }

    /// Counts a row by name, and says whether the window wants to be looked after.
    pub(crate) fn record_named<N: AsRef<str>, V: AsFeatureValue>(
        &self,
        book: &FeatureBook,
        row: impl IntoIterator<Item = (N, V)>,
    ) -> bool {
        let mut look = false;
        let mut undeclared = |name: &str, value: FeatureValue<'_>| look |= self.observe_undeclared(book, name, value);
        match self.schema.get() {
            Some(schema) => {
                let rows = schema.record_named(row, undeclared);
                look | (rows % ROWS_BETWEEN_LOOKS == 0)
            }
            None => {
                row.into_iter()
                    .for_each(|(name, value)| undeclared(name.as_ref(), value.as_feature_value()));
                look
            }
        }
    }

    /// Counts one value of one feature.
    pub(crate) fn record_one(&self, book: &FeatureBook, name: &str, value: FeatureValue<'_>) {
        let declared = self
            .schema
            .get()
            .and_then(|schema| Some((schema, schema.position(name)?)));
        match declared {
            Some((schema, position)) => schema.record_one(position, value),
            None => {
                self.observe_undeclared(book, name, value);
            }
        }
    }

    /// Counts one value of a feature that this version did not declare: it has no range to be out of. Says whether the
    /// window wants to be looked after.
    fn observe_undeclared(&self, book: &FeatureBook, name: &str, value: FeatureValue<'_>) -> bool {
        let cells = self.undeclared.get_or_init(|| {
            let cells = Arc::new(FeatureCells::new(0..book.len(), self.lanes));
            book.join(cells.clone());
            cells
        });
        let index = book.index(name);
        let observed = cells.count(index, OBSERVED);
        match value {
            FeatureValue::Missing => _ = cells.count(index, MISSING),
            FeatureValue::Number(number) if number.is_nan() => _ = cells.count(index, MISSING),
            FeatureValue::Defaulted => _ = cells.count(index, DEFAULTED),
            FeatureValue::Number(_) | FeatureValue::Category(_) | FeatureValue::Unsupported => {}
        }
        observed % ROWS_BETWEEN_LOOKS == 0
    }

    #[cold]
    fn warn_of_surplus(&self, model: &str) {
        if !self.warned_of_surplus.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                model_name = model,
                declared = self.schema.get().map_or(0, Schema::len),
                "a row has more values than the model has declared features; what comes after them is not counted: \
                 declare the rest with ModelBuilder::features, in the order of the row",
            );
        }
    }

    /// Counts by index in the book: of every declared feature, and of those seen without having been declared.
    pub(crate) fn read(&self, book: &FeatureBook) -> Vec<Option<FeatureCounts>> {
        if self.cells().next().is_none() {
            return Vec::new();
        }
        let mut all = vec![None; book.len()];
        let mut add = |index: usize, counts: FeatureCounts| {
            let sums: &mut FeatureCounts = all[index].get_or_insert_default();
            sums.iter_mut()
                .zip(counts)
                .for_each(|(sum, count)| *sum = sum.wrapping_add(count));
        };
        let declared = self.schema.get().map(|schema| schema.cells().read());
        declared
            .into_iter()
            .flatten()
            .for_each(|(index, counts)| add(index, counts));
        let undeclared = self.undeclared.get().map(|cells| cells.read());
        let seen = undeclared
            .into_iter()
            .flatten()
            .filter(|(_, counts)| counts[OBSERVED] > 0);
        seen.for_each(|(index, counts)| add(index, counts));
        all
    }

    /// Keeps for the model what this version counted.
    pub(crate) fn forget(&self, book: &FeatureBook) {
        self.cells().for_each(|cells| book.leave(cells));
    }

    /// See [`Stripes::mark`](crate::cells::stripes::Stripes::mark).
    pub(crate) fn mark(&self) -> u64 {
        self.cells().map(|cells| cells.mark()).fold(0, u64::wrapping_add)
    }

    /// When the first of them was counted or declared, if any is.
    pub(crate) fn created(&self) -> Option<Created> {
        self.cells().next().map(|cells| cells.created())
    }

    fn cells(&self) -> impl Iterator<Item = &Arc<FeatureCells>> {
        self.schema
            .get()
            .map(Schema::cells)
            .into_iter()
            .chain(self.undeclared.get())
    }
}
