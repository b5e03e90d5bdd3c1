//! What a version declared of its features, and how a row is checked against it.

use std::collections::HashMap;
use std::sync::Arc;

use rustc_hash::FxBuildHasher;

use crate::cells::stripes::Lanes;
use crate::contract::as_feature_value::AsFeatureValue;
use crate::contract::feature::{Domain, Feature};
use crate::contract::feature_value::FeatureValue;
use crate::labels::label_set::Labels;
use crate::labels::limits::Limits;
use crate::series::feature_book::FeatureBook;
use crate::series::feature_cells::{DEFAULTED, FeatureCells, MISSING, OBSERVED, OUT_OF_RANGE};

/// What a version declared, by position.
pub(crate) struct Schema {
    specs: Box<[Spec]>,
    /// Position of each name, for rows that name features in another order.
    positions: HashMap<Arc<str>, usize, FxBuildHasher>,
    cells: Arc<FeatureCells>,
    digest: Labels,
}

struct Spec {
    /// As it was declared, wherever in the book it is counted.
    name: Arc<str>,
    domain: Domain,
    /// In range for certain; empty for a category.
    fast: (f64, f64),
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
            name: feature.name().into(),
        };
        let specs: Box<[Spec]> = features.iter().map(spec).collect();
        let positions = specs.iter().enumerate();
        let cells = Arc::new(FeatureCells::new(
            specs.iter().map(|spec| book.declare(&spec.name)),
            Lanes::PerThread,
        ));
        book.join(cells.clone());
        Self {
            positions: positions
                .map(|(position, spec)| (spec.name.clone(), position))
                .collect(),
            cells,
            digest: Labels::new([("features_digest", &digest(features).into())]),
            specs,
        }
    }

    /// The `features_digest` label.
    pub(crate) fn digest(&self) -> &Labels {
        &self.digest
    }

    pub(crate) fn cells(&self) -> &Arc<FeatureCells> {
        &self.cells
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

    pub(crate) fn len(&self) -> usize {
        self.specs.len()
    }

    /// Counts a row by position; says whether it had more values than were declared, and how many rows this thread's lane
    /// has counted.
    #[inline]
    pub(crate) fn record(&self, row: impl IntoIterator<Item = impl AsFeatureValue>) -> (bool, u64) {
        let rows = self.cells.count_row();
        let mut row = row.into_iter();
        for (position, spec) in self.specs.iter().enumerate() {
            let value = row.next();
            let value = value
                .as_ref()
                .map_or(FeatureValue::Missing, AsFeatureValue::as_feature_value);
            if !spec.accepts(value) {
                self.count_exception(position, value);
            }
        }
        (row.next().is_some(), rows)
    }

    /// Counts a row by name. What is declared and not named is missing, and what is not declared is handed out. Returns
    /// how many rows this thread's lane has counted.
    pub(crate) fn record_named<N: AsRef<str>, V: AsFeatureValue>(
        &self,
        row: impl IntoIterator<Item = (N, V)>,
        mut undeclared: impl FnMut(&str, FeatureValue<'_>),
    ) -> u64 {
        let rows = self.cells.count_row();
        let mut seen = [0u64; Limits::MOST_FEATURES / 64];
        // Rows tend to name features in the order they are declared: the next guess is usually right.
        let mut guess = 0;
        for (name, value) in row {
            let (name, value) = (name.as_ref(), value.as_feature_value());
            let guessed = self.specs.get(guess).filter(|spec| *spec.name == *name).map(|_| guess);
            let Some(position) = guessed.or_else(|| self.position(name)) else {
                undeclared(name, value);
                continue;
            };
            guess = position + 1;
            let bit = 1 << (position % 64);
            if seen[position / 64] & bit == 0 {
                seen[position / 64] |= bit;
                if !self.specs[position].accepts(value) {
                    self.count_exception(position, value);
                }
            }
        }
        for position in 0..self.specs.len() {
            if seen[position / 64] & (1 << (position % 64)) == 0 {
                self.count_exception(position, FeatureValue::Missing);
            }
        }
        rows
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.positions.get(name).copied()
    }

    /// Counts one value of one feature.
    pub(crate) fn record_one(&self, position: usize, value: FeatureValue<'_>) {
        self.cells.count(position, OBSERVED);
        if !self.specs[position].accepts(value) {
            self.count_exception(position, value);
        }
    }

    /// Counts what is not a number in range; a category may still turn out to be in range.
    fn count_exception(&self, position: usize, value: FeatureValue<'_>) {
        let what = match (value, &self.specs[position].domain) {
            (FeatureValue::Missing, _) => MISSING,
            (FeatureValue::Number(number), _) if number.is_nan() => MISSING,
            (FeatureValue::Defaulted, _) => DEFAULTED,
            (FeatureValue::Category(_), Domain::Categorical(None)) => return,
            (FeatureValue::Category(category), Domain::Categorical(Some(categories)))
                if categories.binary_search_by(|known| (**known).cmp(category)).is_ok() =>
            {
                return;
            }
            (FeatureValue::Number(_) | FeatureValue::Category(_) | FeatureValue::Unsupported, _) => OUT_OF_RANGE,
        };
        self.cells.count(position, what);
    }
}

impl Spec {
    /// In range for certain. What is not is looked at again by [`Schema::count_exception`].
    #[inline]
    fn accepts(&self, value: FeatureValue<'_>) -> bool {
        matches!(value, FeatureValue::Number(number) if self.fast.0 <= number && number <= self.fast.1)
    }
}

/// The same for the same names, order, ranges and categories, in every process and every release: FNV-1a, written out
/// here because the hashers of libraries don't promise that.
fn digest(features: &[Feature]) -> String {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let mut write = |bytes: &[u8]| {
        // With its length before it, so that no two lists are one text.
        for byte in (bytes.len() as u64).to_le_bytes().iter().chain(bytes) {
            hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    };
    for feature in features {
        write(feature.name().as_bytes());
        match feature.domain() {
            Domain::Numeric { low, high } => {
                write(b"numeric");
                // Adding zero makes one zero of two.
                write(&(low + 0.0).to_le_bytes());
                write(&(high + 0.0).to_le_bytes());
            }
            Domain::Categorical(None) => write(b"categorical"),
            Domain::Categorical(Some(categories)) => {
                write(b"categories");
                write(&(categories.len() as u64).to_le_bytes());
                categories.iter().for_each(|category| write(category.as_bytes()));
            }
        }
    }
    format!("{hash:016x}")
}
