//! A feature a model declares.

use std::fmt;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

/// A feature a model declares, with what counts as in range.
///
/// ```
/// use modelwatch::Feature;
///
/// let features: [Feature; 4] = [
///     Feature::numeric("income").range(0.0..=1e6),
///     Feature::numeric("age"),
///     Feature::categorical("zipcode"),
///     Feature::categorical("channel").categories(["web", "phone"]),
/// ];
/// assert_eq!(features.map(|feature| feature.is_categorical()), [false, false, true, true]);
/// ```
///
/// A category has no range and a number has no categories. The type parameter says what may still be added, and
/// the compiler infers it; a list of features is one of `Feature` as it is written here.
///
/// ```compile_fail
/// use modelwatch::Feature;
///
/// let zipcode: Feature = Feature::categorical("zipcode").range(0.0..=1e6);
/// ```
///
/// ```compile_fail
/// use modelwatch::Feature;
///
/// let age: Feature = Feature::numeric("age").categories(["young", "old"]);
/// ```
pub struct Feature<K = Declared> {
    name: String,
    domain: Domain,
    kind: PhantomData<K>,
}

/// A [`Feature`] to which nothing is added any more.
///
/// ```
/// use modelwatch::Feature;
///
/// let zipcode: Feature = Feature::categorical("zipcode"); // `Feature<Declared>`
/// assert!(zipcode.is_categorical());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Declared {}

/// A [`Feature`] that may be given a [range](Feature::range).
///
/// ```
/// use modelwatch::{Feature, Numeric};
///
/// let age = Feature::<Numeric>::numeric("age");
/// assert_eq!(age.range(0.0..=120.0).name(), "age");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numeric {}

/// A [`Feature`] that may be given [categories](Feature::categories).
///
/// ```
/// use modelwatch::{Categorical, Feature};
///
/// let channel = Feature::<Categorical>::categorical("channel");
/// assert!(channel.categories(["web", "phone"]).is_categorical());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Categorical {}

mod sealed {
    pub trait Sealed {}
    impl Sealed for super::Declared {}
    impl Sealed for super::Numeric {}
    impl Sealed for super::Categorical {}
}

/// What [`Feature::numeric`] makes, as the place it is written in asks for it.
///
/// ```
/// use modelwatch::{Feature, MaybeNumeric};
///
/// fn named<K: MaybeNumeric>(name: &str) -> Feature<K> {
///     Feature::numeric(name)
/// }
///
/// assert_eq!(named("age").range(0.0..=120.0), Feature::numeric("age").range(0.0..=120.0));
/// ```
pub trait MaybeNumeric: sealed::Sealed {}
impl MaybeNumeric for Declared {}
impl MaybeNumeric for Numeric {}

/// What [`Feature::categorical`] makes, as the place it is written in asks for it.
///
/// ```
/// use modelwatch::{Feature, MaybeCategorical};
///
/// fn named<K: MaybeCategorical>(name: &str) -> Feature<K> {
///     Feature::categorical(name)
/// }
///
/// assert_eq!(named("channel").categories(["web"]), Feature::categorical("channel").categories(["web"]));
/// ```
pub trait MaybeCategorical: sealed::Sealed {}
impl MaybeCategorical for Declared {}
impl MaybeCategorical for Categorical {}

#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Domain {
    /// Inclusive bounds.
    Numeric { low: f64, high: f64 },
    /// Sorted; nothing means that every category is in range.
    Categorical(Option<Box<[Box<str>]>>),
}

impl<K: MaybeNumeric> Feature<K> {
    /// Declares a number. Every finite one is in range unless [`range`](Feature::range) narrows that.
    #[must_use]
    pub fn numeric(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            domain: Domain::Numeric {
                low: f64::MIN,
                high: f64::MAX,
            },
            kind: PhantomData,
        }
    }
}

impl<K: MaybeCategorical> Feature<K> {
    /// Declares a category. Every one is in range unless [`categories`](Feature::categories) narrows that.
    #[must_use]
    pub fn categorical(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            domain: Domain::Categorical(None),
            kind: PhantomData,
        }
    }
}

impl Feature<Numeric> {
    /// Sets the numbers that are in range, both ends included.
    #[must_use]
    pub fn range(self, range: RangeInclusive<f64>) -> Feature {
        let (low, high) = range.into_inner();
        Feature {
            name: self.name,
            domain: Domain::Numeric { low, high },
            kind: PhantomData,
        }
    }
}

impl Feature<Categorical> {
    /// Sets the categories that are in range.
    #[must_use]
    pub fn categories<C: Into<String>>(self, categories: impl IntoIterator<Item = C>) -> Feature {
        let mut categories: Vec<Box<str>> = categories.into_iter().map(|category| category.into().into()).collect();
        categories.sort_unstable();
        categories.dedup();
        Feature {
            name: self.name,
            domain: Domain::Categorical(Some(categories.into())),
            kind: PhantomData,
        }
    }
}

impl Feature {
    pub(crate) fn new(name: String, domain: Domain) -> Self {
        Self {
            name,
            domain,
            kind: PhantomData,
        }
    }

    /// Returns the name it was declared with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns whether it is a category rather than a number.
    #[must_use]
    pub const fn is_categorical(&self) -> bool {
        matches!(self.domain, Domain::Categorical(_))
    }

    pub(crate) fn domain(&self) -> &Domain {
        &self.domain
    }
}

impl<K> Clone for Feature<K> {
    fn clone(&self) -> Self {
        Self {
            name: self.name.clone(),
            domain: self.domain.clone(),
            kind: PhantomData,
        }
    }
}

impl<K> fmt::Debug for Feature<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Feature")
            .field("name", &self.name)
            .field("domain", &self.domain)
            .finish()
    }
}

impl<K> PartialEq for Feature<K> {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.domain == other.domain
    }
}
