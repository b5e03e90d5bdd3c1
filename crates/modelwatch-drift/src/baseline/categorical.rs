//! Categories: the frequent ones by name, the rest as one.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::error::BaselineError;
use super::hygiene::Hygiene;

/// The bins of a categorical feature: names, most frequent in training first.
///
/// A value without a name here is *other* when training had more categories than were named, and *unseen* when
/// training's categories are all named: one of the two places stays empty for ever.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoricalBins {
    names: Vec<String>,
    places: HashMap<String, usize>,
    has_other: bool,
}

impl CategoricalBins {
    /// The most categories that have a name.
    pub const MOST_NAMES: usize = 1_000;

    fn new(feature: &str, names: Vec<String>, has_other: bool) -> Result<Self, BaselineError> {
        let wrong = |what: String| Err(BaselineError::inconsistent(feature, what));
        if names.len() > Self::MOST_NAMES {
            return wrong(format!(
                "it has {} categories where at most {} belong",
                names.len(),
                Self::MOST_NAMES
            ));
        }
        let mut places = HashMap::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            if places.insert(name.clone(), place).is_some() {
                return wrong(format!("its category {name:?} stands there twice"));
            }
        }
        Ok(Self {
            names,
            places,
            has_other,
        })
    }

    /// The named categories, most frequent in training first.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The index of a category among the [names](Self::names).
    #[must_use]
    pub fn place(&self, category: &str) -> Option<usize> {
        self.places.get(category).copied()
    }

    /// Whether training had categories that have no name here, so that a value without a name is one of those.
    #[must_use]
    pub fn has_other(&self) -> bool {
        self.has_other
    }

    /// No rows yet, on these bins.
    #[must_use]
    pub fn count(&self) -> CategoricalCounts {
        CategoricalCounts {
            named: vec![0; self.names.len()],
            ..CategoricalCounts::default()
        }
    }
}

/// How many rows fell where.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CategoricalCounts {
    /// Rows of each named category; as many as [`CategoricalBins::names`].
    pub named: Vec<u64>,
    /// Rows of categories that training had but that have no name.
    pub other: u64,
    /// Rows of categories that training did not have.
    pub unseen: u64,
    /// Rows with no value.
    pub missing: u64,
}

impl CategoricalCounts {
    /// Counts one row; `bins` are those the counts were made for.
    pub fn add(&mut self, bins: &CategoricalBins, category: Option<&str>) {
        self.add_rows(bins, category, 1);
    }

    /// Counts so many rows of one category, as a `GROUP BY` gives them.
    pub fn add_rows(&mut self, bins: &CategoricalBins, category: Option<&str>, rows: u64) {
        let place = match category.map(|category| bins.place(category)) {
            None => &mut self.missing,
            Some(Some(place)) => &mut self.named[place],
            Some(None) if bins.has_other => &mut self.other,
            Some(None) => &mut self.unseen,
        };
        *place += rows;
    }

    /// Adds the rows of another window on the same bins.
    pub fn merge(&mut self, other: &Self) {
        for (mine, others) in self.named.iter_mut().zip(&other.named) {
            *mine += others;
        }
        self.other += other.other;
        self.unseen += other.unseen;
        self.missing += other.missing;
    }

    /// All rows, those without a value among them.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.present() + self.missing
    }

    /// Rows that have a value.
    #[must_use]
    pub fn present(&self) -> u64 {
        self.named.iter().sum::<u64>() + self.other + self.unseen
    }
}

/// A categorical feature in training.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoricalProfile {
    bins: CategoricalBins,
    counts: CategoricalCounts,
}

impl CategoricalProfile {
    /// A category of one row in so many of training is compared on its own.
    const FREQUENT: u128 = 100;

    /// A profile of training's categories, each with its rows, in any order; so many rows have none. The
    /// [`MOST_NAMES`](CategoricalBins::MOST_NAMES) most frequent are named, ties in the order of the alphabet.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Empty`] when no row has a category, [`BaselineError::ConstantCategory`] when there is only one and no
    /// row is missing, [`BaselineError::TooFewRows`] when fewer rows than `hygiene` asks for have one, [`BaselineError::Inconsistent`]
    /// when a category stands there twice or the rows overflow.
    pub fn new(
        feature: &str,
        categories: impl IntoIterator<Item = (String, u64)>,
        missing: u64,
        hygiene: &Hygiene,
    ) -> Result<Self, BaselineError> {
        let mut categories: Vec<(String, u64)> = categories.into_iter().filter(|(_, rows)| *rows > 0).collect();
        categories.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let rest = categories.split_off(categories.len().min(CategoricalBins::MOST_NAMES));
        let other = rest
            .iter()
            .try_fold(0_u64, |sum, (_, rows)| sum.checked_add(*rows))
            .ok_or_else(|| too_many(feature))?;
        let (names, named): (Vec<String>, Vec<u64>) = categories.into_iter().unzip();
        let profile = Self::checked(feature, names, named, other, missing)?;
        hygiene.check_rows(feature, profile.counts.present())?;
        if profile.counts.named.len() == 1 && other == 0 && missing == 0 {
            return Err(BaselineError::ConstantCategory {
                feature: feature.to_owned(),
                category: profile.bins.names[0].clone(),
            });
        }
        Ok(profile)
    }

    fn checked(
        feature: &str,
        names: Vec<String>,
        named: Vec<u64>,
        other: u64,
        missing: u64,
    ) -> Result<Self, BaselineError> {
        let bins = CategoricalBins::new(feature, names, other > 0)?;
        if named.len() != bins.names.len() {
            let what = format!("it has {} counts for {} categories", named.len(), bins.names.len());
            return Err(BaselineError::inconsistent(feature, what));
        }
        if !named.is_sorted_by(|a, b| a >= b) {
            let what = "its categories do not stand in the order of their rows".to_owned();
            return Err(BaselineError::inconsistent(feature, what));
        }
        let rows = named
            .iter()
            .chain([&other, &missing])
            .try_fold(0_u64, |sum, count| sum.checked_add(*count))
            .ok_or_else(|| too_many(feature))?;
        if rows == missing {
            return Err(BaselineError::Empty {
                feature: Some(feature.to_owned()),
            });
        }
        let counts = CategoricalCounts {
            named,
            other,
            unseen: 0,
            missing,
        };
        Ok(Self { bins, counts })
    }

    /// Where values fall.
    #[must_use]
    pub fn bins(&self) -> &CategoricalBins {
        &self.bins
    }

    /// `counts` as they are compared: the rows of each category that has at least 1 % of training's, of all others that
    /// training had together, and of those it did not have.
    ///
    /// # Panics
    ///
    /// When the counts are not on this profile's bins.
    #[must_use]
    pub fn coarse(&self, counts: &CategoricalCounts) -> Vec<u64> {
        assert_eq!(counts.named.len(), self.bins.names.len(), "counts of other categories");
        let rows = u128::from(self.counts.present());
        let frequent = self.counts.named.iter();
        let frequent = frequent
            .take_while(|count| u128::from(**count) * Self::FREQUENT >= rows)
            .count();
        let (frequent, rare) = counts.named.split_at(frequent);
        let rare = rare.iter().sum::<u64>() + counts.other;
        frequent.iter().copied().chain([rare, counts.unseen]).collect()
    }

    /// How many fell there in training.
    #[must_use]
    pub fn counts(&self) -> &CategoricalCounts {
        &self.counts
    }
}

fn too_many(feature: &str) -> BaselineError {
    BaselineError::inconsistent(feature, "its counts add up to more than any file can hold".to_owned())
}

/// What stands in the file for a categorical profile.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CategoricalDocument {
    categories: Vec<String>,
    counts: Vec<u64>,
    other: u64,
    missing: u64,
}

impl CategoricalDocument {
    pub(super) fn of(profile: &CategoricalProfile) -> Self {
        Self {
            categories: profile.bins.names.clone(),
            counts: profile.counts.named.clone(),
            other: profile.counts.other,
            missing: profile.counts.missing,
        }
    }

    pub(super) fn into_profile(self, feature: &str) -> Result<CategoricalProfile, BaselineError> {
        CategoricalProfile::checked(feature, self.categories, self.counts, self.other, self.missing)
    }
}
