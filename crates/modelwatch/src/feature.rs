//! Features: what a model expects of its input, and what it got.

use std::ops::RangeInclusive;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use parking_lot::Mutex;

use crate::error::RegisterError;
use crate::label::{Labels, OTHER, canonical};
use crate::limits::{Limits, OpenLabel};
use crate::monitor::Shared;
use crate::names::Names;
use crate::stripes::Stripes;
use crate::window::{Totals, Window};

/// A feature a model declares, with what counts as in range.
///
/// ```
/// use modelwatch::Feature;
///
/// let features = [
///     Feature::numeric("income").range(0.0..=1e6),
///     Feature::numeric("age"),
///     Feature::categorical("zipcode"),
///     Feature::categorical("channel").categories(["web", "phone"]),
/// ];
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Feature {
    pub(crate) name: String,
    pub(crate) domain: Domain,
}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Domain {
    /// Inclusive bounds.
    Numeric { low: f64, high: f64 },
    /// Sorted; nothing means that every category is in range.
    Categorical(Option<Box<[Box<str>]>>),
}

impl Feature {
    /// A number. Every finite one is in range until [`range`](Self::range) says otherwise.
    #[must_use]
    pub fn numeric(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            domain: Domain::Numeric {
                low: f64::MIN,
                high: f64::MAX,
            },
        }
    }

    /// A category. Every one is in range until [`categories`](Self::categories) says otherwise.
    #[must_use]
    pub fn categorical(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            domain: Domain::Categorical(None),
        }
    }

    /// The name it was declared with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it is a category rather than a number.
    #[must_use]
    pub const fn is_categorical(&self) -> bool {
        matches!(self.domain, Domain::Categorical(_))
    }

    /// The numbers that are in range, both ends included. Makes the feature numeric.
    #[must_use]
    pub fn range(mut self, range: RangeInclusive<f64>) -> Self {
        let (low, high) = range.into_inner();
        self.domain = Domain::Numeric { low, high };
        self
    }

    /// The categories that are in range. Makes the feature categorical.
    #[must_use]
    pub fn categories<C: Into<String>>(mut self, categories: impl IntoIterator<Item = C>) -> Self {
        let mut categories: Vec<Box<str>> = categories.into_iter().map(|category| category.into().into()).collect();
        categories.sort_unstable();
        categories.dedup();
        self.domain = Domain::Categorical(Some(categories.into()));
        self
    }
}

/// What a row holds for one feature.
///
/// Numbers, strings and `Option`s of them convert, so a row is usually written as it is. NaN is missing; a number
/// where a category is declared, or the reverse, is out of range.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum FeatureValue<'a> {
    /// Not there.
    Missing,
    /// A number, in the feature's own unit.
    Number(f64),
    /// A category.
    Category(&'a str),
    /// Not there, and the service went on with a default. Counts as defaulted, not as missing.
    Defaulted,
}

macro_rules! number {
    ($($number:ty),*) => {
        $(
            impl From<$number> for FeatureValue<'_> {
                fn from(number: $number) -> Self {
                    Self::Number(number.into())
                }
            }
            impl From<&$number> for FeatureValue<'_> {
                fn from(number: &$number) -> Self {
                    Self::Number((*number).into())
                }
            }
        )*
    };
}
number!(f64, f32, i8, i16, i32, u8, u16, u32, bool);

// Rounded to the nearest `f64`: no range is so fine.
macro_rules! long {
    ($($number:ty),*) => {
        $(
            impl From<$number> for FeatureValue<'_> {
                fn from(number: $number) -> Self {
                    Self::Number(number as f64)
                }
            }
            impl From<&$number> for FeatureValue<'_> {
                fn from(number: &$number) -> Self {
                    Self::Number(*number as f64)
                }
            }
        )*
    };
}
long!(i64, u64, isize, usize);

impl<'a> From<&'a str> for FeatureValue<'a> {
    fn from(category: &'a str) -> Self {
        Self::Category(category)
    }
}

impl<'a> From<&'a String> for FeatureValue<'a> {
    fn from(category: &'a String) -> Self {
        Self::Category(category)
    }
}

impl<'a> From<&FeatureValue<'a>> for FeatureValue<'a> {
    fn from(value: &FeatureValue<'a>) -> Self {
        *value
    }
}

impl<'a, T: Into<FeatureValue<'a>>> From<Option<T>> for FeatureValue<'a> {
    #[inline]
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

// One by one, because a blanket implementation sends the compiler in circles where it has to infer a type.
macro_rules! borrowed_option {
    ($($value:ty),*) => {
        $(
            impl<'a> From<&'a Option<$value>> for FeatureValue<'a> {
                #[inline]
                fn from(value: &'a Option<$value>) -> Self {
                    value.as_ref().map_or(Self::Missing, Into::into)
                }
            }
        )*
    };
}
borrowed_option!(
    f64, f32, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, bool, String
);

impl<'a> From<&'a Option<&'a str>> for FeatureValue<'a> {
    #[inline]
    fn from(value: &'a Option<&'a str>) -> Self {
        (*value).into()
    }
}

/// What a version declared, by position; by default nothing.
pub(crate) struct Schema {
    specs: Box<[Spec]>,
    /// One cell: rows recorded. Each row is an observation of every declared feature.
    rows: Stripes,
    warned_of_surplus: AtomicBool,
}

struct Spec {
    /// As it was declared, wherever in the book it is counted.
    name: Box<str>,
    domain: Domain,
    /// In range for certain; empty for a category.
    fast: (f64, f64),
    /// In the model's book.
    index: usize,
}

impl Default for Schema {
    fn default() -> Self {
        Self {
            specs: Box::default(),
            rows: Stripes::new(1),
            warned_of_surplus: AtomicBool::new(false),
        }
    }
}

/// How often, in rows of one thread, the window is looked after where nobody scrapes.
const ROWS_BETWEEN_LOOKS: u64 = 64;

impl Schema {
    /// Enters features that were [checked](check) in the book.
    pub(crate) fn new(features: &[Feature], book: &FeatureBook) -> Self {
        let specs = features
            .iter()
            .map(|feature| Spec {
                fast: match feature.domain {
                    Domain::Numeric { low, high } => (low, high),
                    Domain::Categorical(_) => (f64::INFINITY, f64::NEG_INFINITY),
                },
                domain: feature.domain.clone(),
                index: book.index(&feature.name),
                name: feature.name.as_str().into(),
            })
            .collect();
        book.window.lock().reserve(book.shared.limits.features_per_model + 1);
        Self {
            specs,
            ..Self::default()
        }
    }

    /// Whether the same features were declared in the same order.
    pub(crate) fn is(&self, features: &[Feature]) -> bool {
        let same = |(spec, feature): (&Spec, &Feature)| *spec.name == *feature.name && spec.domain == feature.domain;
        self.specs.len() == features.len() && self.specs.iter().zip(features).all(same)
    }

    pub(crate) fn features(&self) -> impl Iterator<Item = Feature> {
        self.specs.iter().map(|spec| Feature {
            name: (*spec.name).into(),
            domain: spec.domain.clone(),
        })
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
                book.count_exception(spec, value);
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
            let order = (guess..self.specs.len()).chain(0..guess);
            let Some(position) = order.into_iter().find(|position| *self.specs[*position].name == *name) else {
                book.observe(book.index(name), value);
                continue;
            };
            guess = position + 1;
            let bit = 1 << (position % 64);
            if seen[position / 64] & bit == 0 {
                seen[position / 64] |= bit;
                let spec = &self.specs[position];
                if !spec.accepts(value) {
                    book.count_exception(spec, value);
                }
            }
        }
        for (position, spec) in self.specs.iter().enumerate() {
            if seen[position / 64] & (1 << (position % 64)) == 0 {
                book.count_exception(spec, FeatureValue::Missing);
            }
        }
        look
    }

    /// Counts one value of one feature.
    pub(crate) fn record_one(&self, book: &FeatureBook, name: &str, value: FeatureValue<'_>) {
        match self.specs.iter().find(|spec| *spec.name == *name) {
            Some(spec) => {
                book.count(spec.index, OBSERVED);
                if !spec.accepts(value) {
                    book.count_exception(spec, value);
                }
            }
            None => book.observe(book.index(name), value),
        }
    }

    /// Before what is missing in the row, so that no reader sees more missing than observed.
    fn count_row(&self) -> bool {
        self.rows.lane().add(0, 1).is_multiple_of(ROWS_BETWEEN_LOOKS)
    }

    #[cold]
    fn warn_of_surplus(&self, book: &FeatureBook) {
        if !self.warned_of_surplus.swap(true, Ordering::Relaxed) {
            tracing::warn!(
                model_name = &*book.model,
                declared = self.specs.len(),
                "a row has more values than the model has declared features; what comes after them is not counted: \
                 declare the rest with ModelBuilder::features, in the order of the row",
            );
        }
    }

    /// Hands out this version's rows, which are observations of each of its features, by index in the book.
    pub(crate) fn each_observed(&self, mut add: impl FnMut(usize, u64)) {
        let rows = self.rows.sum(0);
        self.specs.iter().for_each(|spec| add(spec.index, rows));
    }

    /// Writes this version's rows into the book, when the version is forgotten.
    pub(crate) fn settle(&self, book: &FeatureBook) {
        let lane = book.cells.lane();
        self.each_observed(|index, rows| _ = lane.add(index * PER_FEATURE + OBSERVED, rows));
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        self.rows.mark()
    }
}

impl Spec {
    /// In range for certain. What is not is looked at again by [`FeatureBook::count_exception`].
    #[inline]
    fn accepts(&self, value: FeatureValue<'_>) -> bool {
        matches!(value, FeatureValue::Number(number) if self.fast.0 <= number && number <= self.fast.1)
    }
}

/// Whether a model can have these features.
pub(crate) fn check(model: &str, features: &[Feature], limits: &Limits) -> Result<(), RegisterError> {
    if features.len() > limits.features_per_model {
        return Err(RegisterError::Limit {
            model: model.into(),
            limit: "features_per_model",
            most: limits.features_per_model,
            declared: features.len(),
        });
    }
    for (position, feature) in features.iter().enumerate() {
        crate::monitor::check_name("feature_name", &feature.name, limits)?;
        if features[..position].iter().any(|earlier| earlier.name == feature.name) {
            return Err(RegisterError::Duplicate {
                model: model.into(),
                label: "feature_name",
                name: feature.name.clone(),
            });
        }
        if let Domain::Numeric { low, high } = feature.domain
            && low.partial_cmp(&high).is_none_or(std::cmp::Ordering::is_gt)
        {
            return Err(RegisterError::Range {
                model: model.into(),
                feature: feature.name.clone(),
                low,
                high,
            });
        }
    }
    Ok(())
}

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
    shared: Arc<Shared>,
    model: Arc<str>,
    names: Names<Labels>,
    other: Labels,
    /// [`FeatureCounts`] of each name in turn, and of what was folded.
    cells: Stripes,
    pub(crate) window: Mutex<Window>,
}

impl FeatureBook {
    pub(crate) fn new(shared: Arc<Shared>, model: Arc<str>) -> Self {
        let limit = shared.limits.features_per_model;
        Self {
            names: Names::new(limit),
            other: labels(&model, &OTHER.into()),
            cells: Stripes::new((limit + 1) * PER_FEATURE),
            window: Mutex::new(Window::new(shared.window, Instant::now())),
            shared,
            model,
        }
    }

    /// The index of a feature; that of the folded ones when there is no room.
    pub(crate) fn index(&self, name: &str) -> usize {
        self.names
            .get(name)
            .map_or_else(|| self.enter(name), |named| named.index)
    }

    #[cold]
    fn enter(&self, name: &str) -> usize {
        let limits = &self.shared.limits;
        let added = canonical(name, limits.value_bytes)
            .and_then(|name| self.names.get_or_add(&name, |name| Some(labels(&self.model, name))));
        added.map_or_else(
            || {
                self.shared.overflow.count(OpenLabel::FeatureName, name);
                limits.features_per_model
            },
            |named| named.index,
        )
    }

    #[inline]
    fn count(&self, index: usize, what: usize) {
        self.cells.lane().add(index * PER_FEATURE + what, 1);
    }

    /// Counts what is not a number in range; a category may still turn out to be in range.
    fn count_exception(&self, spec: &Spec, value: FeatureValue<'_>) {
        let what = match (value, &spec.domain) {
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
        self.count(spec.index, what);
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

    /// Counts by index, the last for what was folded; without the rows of the versions.
    pub(crate) fn counts(&self) -> Vec<FeatureCounts> {
        let mut counts = vec![[0; PER_FEATURE]; self.shared.limits.features_per_model + 1];
        self.cells.add_to(0, counts.as_flattened_mut());
        counts
    }

    /// As [`counts`](Self::counts), what the window needs of them, in a buffer of the caller's.
    pub(crate) fn add_totals(&self, into: &mut Vec<Totals>) {
        let cell = |index, what| self.cells.sum(index * PER_FEATURE + what);
        into.extend(
            (0..=self.shared.limits.features_per_model).map(|index| [cell(index, OBSERVED), cell(index, MISSING)]),
        );
    }

    /// Each feature's index and labels, that of the folded ones last.
    pub(crate) fn labels(&self) -> Vec<(usize, &Labels)> {
        let named = self.names.all().map(|named| (named.index, &named.value));
        named
            .chain([(self.shared.limits.features_per_model, &self.other)])
            .collect()
    }
}

fn labels(model: &Arc<str>, feature: &Arc<str>) -> Labels {
    Labels::new([("model_name", model), ("feature_name", feature)])
}
