//! What a version declared of its features, and how a row is checked against it.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustc_hash::FxBuildHasher;

use crate::contract::feature::{Domain, Feature};
use crate::contract::feature_value::FeatureValue;
use crate::labels::limits::Limits;
use crate::series::declared_rows::DeclaredRows;
use crate::series::feature_book::{DEFAULTED, FeatureBook, MISSING, OBSERVED, OUT_OF_RANGE};

/// What a version declared, by position; by default nothing.
pub(crate) struct Schema {
    specs: Box<[Spec]>,
    /// Position of each name, for rows that name features in another order.
    positions: HashMap<Arc<str>, usize, FxBuildHasher>,
    rows: Arc<DeclaredRows>,
    warned_of_surplus: AtomicBool,
}

struct Spec {
    /// As it was declared, wherever in the book it is counted.
    name: Arc<str>,
    domain: Domain,
    /// In range for certain; empty for a category.
    fast: (f64, f64),
    /// In the model's book.
    index: usize,
}

/// How often, in rows of one thread, the window is looked after where nobody scrapes.
const ROWS_BETWEEN_LOOKS: u64 = 64;

impl Default for Schema {
    fn default() -> Self {
        Self::of(Box::default())
    }
}

impl Schema {
    /// Enters features in the book.
    pub(crate) fn new(features: &[Feature], book: &FeatureBook) -> Self {
        let spec = |feature: &Feature| Spec {
            fast: match *feature.domain() {
                Domain::Numeric { low, high } => (low, high),
                Domain::Categorical(_) => (f64::INFINITY, f64::NEG_INFINITY),
            },
            domain: feature.domain().clone(),
            index: book.index(feature.name()),
            name: feature.name().into(),
        };
        let schema = Self::of(features.iter().map(spec).collect());
        book.declare(schema.rows.clone());
        schema
    }

    fn of(specs: Box<[Spec]>) -> Self {
        Self {
            positions: specs
                .iter()
                .enumerate()
                .map(|(position, spec)| (spec.name.clone(), position))
                .collect(),
            rows: Arc::new(DeclaredRows::new(specs.iter().map(|spec| spec.index))),
            warned_of_surplus: AtomicBool::new(false),
            specs,
        }
    }

    pub(crate) fn rows(&self) -> &Arc<DeclaredRows> {
        &self.rows
    }

    /// Whether the same features were declared in the same order.
    pub(crate) fn is(&self, features: &[Feature]) -> bool {
        let same =
            |(spec, feature): (&Spec, &Feature)| *spec.name == *feature.name() && spec.domain == *feature.domain();
        self.specs.len() == features.len() && self.specs.iter().zip(features).all(same)
    }

    pub(crate) fn features(&self) -> impl Iterator<Item = Feature> {
        self.specs
            .iter()
            .map(|spec| Feature::new((*spec.name).into(), spec.domain.clone()))
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.specs.iter().map(|spec| &*spec.name)
    }

    /// Counts a row by position, and says whether the window wants to be looked after.
    #[inline]
    pub(crate) fn record<'a, V: Into<FeatureValue<'a>>>(
        &self,
        book: &FeatureBook,
        row: impl IntoIterator<Item = V>,
    ) -> bool {
        let look = self.count_row();
        let mut row = row.into_iter();
        for spec in &self.specs {
            let value = row.next().map_or(FeatureValue::Missing, Into::into);
            if !spec.accepts(value) {
                spec.count_exception(book, value);
            }
        }
        if row.next().is_some() {
            self.warn_of_surplus(book);
        }
        look
    }

    /// Counts a row by name. What is declared and not named is missing.
    pub(crate) fn record_named<'a, N: AsRef<str>, V: Into<FeatureValue<'a>>>(
        &self,
        book: &FeatureBook,
        row: impl IntoIterator<Item = (N, V)>,
    ) -> bool {
        let look = self.count_row();
        let mut seen = [0u64; Limits::MOST_FEATURES / 64];
        // Rows tend to name features in the order they are declared: the next guess is usually right.
        let mut guess = 0;
        for (name, value) in row {
            let (name, value) = (name.as_ref(), value.into());
            let guessed = self.specs.get(guess).filter(|spec| *spec.name == *name).map(|_| guess);
            let Some(position) = guessed.or_else(|| self.positions.get(name).copied()) else {
                book.observe(book.index(name), value);
                continue;
            };
            guess = position + 1;
            let bit = 1 << (position % 64);
            if seen[position / 64] & bit == 0 {
                seen[position / 64] |= bit;
                let spec = &self.specs[position];
                if !spec.accepts(value) {
                    spec.count_exception(book, value);
                }
            }
        }
        for (position, spec) in self.specs.iter().enumerate() {
            if seen[position / 64] & (1 << (position % 64)) == 0 {
                spec.count_exception(book, FeatureValue::Missing);
            }
        }
        look
    }

    /// Counts one value of one feature.
    pub(crate) fn record_one(&self, book: &FeatureBook, name: &str, value: FeatureValue<'_>) {
        match self.positions.get(name).map(|position| &self.specs[*position]) {
            Some(spec) => {
                book.count(spec.index, OBSERVED);
                if !spec.accepts(value) {
                    spec.count_exception(book, value);
                }
            }
            None => book.observe(book.index(name), value),
        }
    }

    /// Before what is missing in the row, so that no reader sees more missing than observed.
    fn count_row(&self) -> bool {
        self.rows.count().is_multiple_of(ROWS_BETWEEN_LOOKS)
    }

    #[cold]
    fn warn_of_surplus(&self, book: &FeatureBook) {
        if !self.warned_of_surplus.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                model_name = book.model(),
                declared = self.specs.len(),
                "a row has more values than the model has declared features; what comes after them is not counted: \
                 declare the rest with ModelBuilder::features, in the order of the row",
            );
        }
    }

    /// See [`Stripes::mark`](crate::cells::stripes::Stripes::mark).
    pub(crate) fn mark(&self) -> u64 {
        self.rows.mark()
    }
}

impl Spec {
    /// In range for certain. What is not is looked at again by [`count_exception`](Self::count_exception).
    #[inline]
    fn accepts(&self, value: FeatureValue<'_>) -> bool {
        matches!(value, FeatureValue::Number(number) if self.fast.0 <= number && number <= self.fast.1)
    }

    /// Counts what is not a number in range; a category may still turn out to be in range.
    fn count_exception(&self, book: &FeatureBook, value: FeatureValue<'_>) {
        let what = match (value, &self.domain) {
            (FeatureValue::Missing, _) => MISSING,
            (FeatureValue::Number(number), _) if number.is_nan() => MISSING,
            (FeatureValue::Defaulted, _) => DEFAULTED,
            (FeatureValue::Category(_), Domain::Categorical(None)) => return,
            (FeatureValue::Category(category), Domain::Categorical(Some(categories)))
                if categories.binary_search_by(|known| (**known).cmp(category)).is_ok() =>
            {
                return;
            }
            (FeatureValue::Number(_) | FeatureValue::Category(_), _) => OUT_OF_RANGE,
        };
        book.count(self.index, what);
    }
}
