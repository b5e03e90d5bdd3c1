//! What a version declared of its features, and how a row is checked against it.

use std::hash::Hasher;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use rustc_hash::FxHasher;

use crate::cells::stripes::Lanes;
use crate::contract::as_feature_value::AsFeatureValue;
use crate::contract::feature::{Domain, Feature};
use crate::contract::feature_value::FeatureValue;
use crate::labels::label_set::Labels;
use crate::labels::limits::Limits;
use crate::labels::same::same;
use crate::series::feature_book::FeatureBook;
use crate::series::feature_cells::{DEFAULTED, FeatureCells, MISSING, OBSERVED, OUT_OF_RANGE};

/// What a version declared, by position.
pub(crate) struct Schema {
    specs: Box<[Spec]>,
    /// For rows that name features in another order.
    positions: Positions,
    order: Order,
    cells: Arc<FeatureCells>,
    digest: Labels,
}

/// Finds the position of a name: an open-addressed table of at least twice as many places as there are names, small enough to stay in a
/// core's cache while a wide row is read.
struct Positions(Box<[Place]>);

#[derive(Clone, Copy)]
struct Place {
    /// Of the name's hash, so that names are compared that are very likely the same.
    tag: u16,
    position: u16,
}

const FREE: Place = Place {
    tag: 0,
    position: NO_POSITION,
};

/// No feature has this one.
const NO_POSITION: u16 = u16::MAX;
const _: () = assert!(Limits::MOST_FEATURES < NO_POSITION as usize);

/// The order in which rows name features, where it is not the declared one: after each position the one that came next in a row
/// before, and after the last of them the one that came first. A guess, which each name is compared with.
struct Order(Box<[AtomicU16]>);

/// How often, in rows of one thread, the order is learned anew: seldom, because all threads read it.
const ROWS_BETWEEN_LESSONS: u64 = 64;

/// Which order the names of a row are in, as far as it has been read.
#[derive(Clone, Copy)]
enum Follows {
    Declared,
    Learned,
    Neither,
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
        let cells = Arc::new(FeatureCells::new(
            specs.iter().map(|spec| book.declare(&spec.name)),
            Lanes::PerThread,
        ));
        book.join(cells.clone());
        Self {
            positions: Positions::of(&specs),
            order: Order::new(specs.len()),
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
        let learns = rows % ROWS_BETWEEN_LESSONS == 1;
        // Rows tend to name features in the order they are declared, or else in one order. A row that is in neither tends not to be in
        // either all along, so the next guess is made where the one before would have been right.
        let (mut before, mut follows) = (self.specs.len(), Follows::Declared);
        for (name, value) in row {
            let (name, value) = (name.as_ref(), value.as_feature_value());
            let guess = match follows {
                Follows::Declared => self.declared_after(before),
                Follows::Learned => self.order.after(before),
                Follows::Neither => usize::MAX,
            };
            let position = match self.specs.get(guess) {
                Some(spec) if same(&spec.name, name) => guess,
                _ => {
                    let Some(position) = self.position(name) else {
                        undeclared(name, value);
                        continue;
                    };
                    follows = if position == self.declared_after(before) {
                        Follows::Declared
                    } else if position == self.order.after(before) {
                        Follows::Learned
                    } else {
                        if learns {
                            self.order.learn(before, position);
                        }
                        Follows::Neither
                    };
                    position
                }
            };
            before = position;
            let bit = 1 << (position % 64);
            if seen[position / 64] & bit == 0 {
                seen[position / 64] |= bit;
                if !self.specs[position].accepts(value) {
                    self.count_exception(position, value);
                }
            }
        }
        for (seen, first) in seen.iter().zip((0..self.specs.len()).step_by(64)) {
            let declared = u64::MAX >> 64usize.saturating_sub(self.specs.len() - first);
            let mut missing = declared & !seen;
            while missing != 0 {
                self.count_exception(first + missing.trailing_zeros() as usize, FeatureValue::Missing);
                missing &= missing - 1;
            }
        }
        rows
    }

    /// The position that is declared after this one, where the number of features stands for that before the first.
    #[inline]
    fn declared_after(&self, position: usize) -> usize {
        if position == self.specs.len() { 0 } else { position + 1 }
    }

    pub(crate) fn position(&self, name: &str) -> Option<usize> {
        self.positions.find(name, &self.specs)
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

impl Order {
    fn new(features: usize) -> Self {
        Self((0..=features).map(|_| AtomicU16::new(NO_POSITION)).collect())
    }

    #[inline]
    fn after(&self, position: usize) -> usize {
        usize::from(self.0[position].load(Ordering::Relaxed))
    }

    fn learn(&self, position: usize, next: usize) {
        self.0[position].store(next as u16, Ordering::Relaxed);
    }
}

impl Positions {
    /// Of names that differ.
    fn of(specs: &[Spec]) -> Self {
        let mut positions = Self(vec![FREE; (2 * specs.len()).next_power_of_two()].into());
        for (position, spec) in (0..).zip(specs) {
            let (mut place, tag) = positions.start(&spec.name);
            while positions.0[place].position != FREE.position {
                place = (place + 1) & (positions.0.len() - 1);
            }
            positions.0[place] = Place { tag, position };
        }
        positions
    }

    /// Where the search for a name begins, and its tag.
    #[inline]
    fn start(&self, name: &str) -> (usize, u16) {
        let mut hasher = FxHasher::default();
        hasher.write(name.as_bytes());
        let hash = hasher.finish();
        (hash as usize & (self.0.len() - 1), (hash >> 32) as u16)
    }

    #[inline]
    fn find(&self, name: &str, specs: &[Spec]) -> Option<usize> {
        let (mut place, tag) = self.start(name);
        loop {
            let Place { tag: known, position } = self.0[place];
            // At least half of the places are free, so this ends.
            let spec = specs.get(usize::from(position))?;
            if known == tag && same(&spec.name, name) {
                return Some(usize::from(position));
            }
            place = (place + 1) & (self.0.len() - 1);
        }
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
