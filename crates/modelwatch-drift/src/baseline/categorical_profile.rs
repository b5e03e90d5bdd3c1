//! Profiles a categorical feature in training.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::categorical_bins::{CategoricalBins, CategoricalSlot};
use super::categorical_counts::CategoricalCounts;
use super::category_text::category_text;
use super::error::BaselineError;
use super::hygiene::Hygiene;
use super::limits::{self, WindowLimits};
use crate::sketch::Frequent;

/// Profiles a categorical feature in training: its bins, and how many rows fell into each.
///
/// # Example: count a window on training's categories
///
/// ```
/// use modelwatch_drift::baseline::{CategoricalBins, CategoricalCounts, CategoricalProfile, CategoricalSlot, Hygiene};
///
/// let training = [("web".to_owned(), 700), ("branch".to_owned(), 300)];
/// let profile = CategoricalProfile::new("channel", training, 0, &Hygiene::default())?;
///
/// let bins: &CategoricalBins = profile.bins();
/// assert_eq!(bins.slot(Some("web")), CategoricalSlot::Named(0)); // the most frequent first
/// let mut window: CategoricalCounts = bins.count();
/// for channel in [Some("web"), Some("app"), None] {
///     window.add(bins, channel);
/// }
/// assert_eq!((window.named, window.unseen, window.missing), (vec![1, 0], 1, 1));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct CategoricalProfile {
    bins: CategoricalBins,
    counts: CategoricalCounts,
    coarse: CoarseCategories,
    limits: Vec<WindowLimits>,
}

impl CategoricalProfile {
    /// Creates a profile from training's categories and their row counts, in any order, and the number of rows without
    /// a value. Categories with the same [text](category_text) are one category. Categories whose text stands for no
    /// value are missing. The [`MOST_NAMES`](CategoricalBins::MOST_NAMES) most frequent categories get a name; ties go
    /// in alphabetical order.
    ///
    /// # Errors
    ///
    /// [`BaselineError::Empty`] when no row has a category, [`BaselineError::TooFewRows`] when fewer rows have one than
    /// `hygiene` requires, [`BaselineError::Inconsistent`] when the number of rows overflows.
    pub fn new(
        feature: &str,
        categories: impl IntoIterator<Item = (String, u64)>,
        missing: u64,
        hygiene: &Hygiene,
    ) -> Result<Self, BaselineError> {
        let add = |sum: u64, rows: u64| sum.checked_add(rows).ok_or_else(|| too_many(feature));
        let mut missing = missing;
        let mut rows_of: HashMap<String, u64> = HashMap::new();
        for (category, rows) in categories.into_iter().filter(|(_, rows)| *rows > 0) {
            match category_text(&category) {
                None => missing = add(missing, rows)?,
                Some(text) => {
                    let sum = rows_of.entry(text.to_owned()).or_insert(0);
                    *sum = add(*sum, rows)?;
                }
            }
        }
        let mut categories: Vec<(String, u64)> = rows_of.into_iter().collect();
        categories.sort_unstable_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        let rest = categories.split_off(categories.len().min(CategoricalBins::MOST_NAMES));
        let mut other = vec![0; if rest.is_empty() { 0 } else { CategoricalBins::GROUPS }];
        for (category, rows) in &rest {
            let group = &mut other[CategoricalBins::group(category, CategoricalBins::GROUPS)];
            *group = add(*group, *rows)?;
        }
        let (names, named): (Vec<String>, Vec<u64>) = categories.into_iter().unzip();
        let profile = Self::checked(feature, names, named, other, missing)?;
        hygiene.check_rows(feature, profile.counts.present())?;
        Ok(profile)
    }

    fn checked(
        feature: &str,
        names: Vec<String>,
        named: Vec<u64>,
        other: Vec<u64>,
        missing: u64,
    ) -> Result<Self, BaselineError> {
        let bins = CategoricalBins::new(feature, names, other.len())?;
        if named.len() != bins.names().len() {
            let what = format!("it has {} counts for {} categories", named.len(), bins.names().len());
            return Err(BaselineError::inconsistent(feature, what));
        }
        if !named.is_sorted_by(|a, b| a >= b) {
            let what = "its categories do not stand in the order of their rows".to_owned();
            return Err(BaselineError::inconsistent(feature, what));
        }
        let rows = named
            .iter()
            .chain(&other)
            .chain([&missing])
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
            missing,
            ..CategoricalCounts::default()
        };
        let coarse = CoarseCategories::new(&counts);
        Ok(Self {
            bins,
            counts,
            coarse,
            limits: Vec::new(),
        })
    }

    /// Returns the bins that values fall into.
    #[must_use]
    pub fn bins(&self) -> &CategoricalBins {
        &self.bins
    }

    /// Returns `counts` as the statistics compare them: the rows of each category that has at least 1 % of training's
    /// rows, of the rare categories in up to ten groups of about equal share (at least 1 % each), and of the categories
    /// that training did not have.
    ///
    /// # Panics
    ///
    /// Panics if the counts are not on this profile's bins.
    #[must_use]
    pub fn coarse(&self, counts: &CategoricalCounts) -> Vec<u64> {
        assert_eq!(
            counts.named.len(),
            self.bins.names().len(),
            "counts of other categories"
        );
        assert_eq!(counts.other.len(), self.bins.groups(), "counts of other groups");
        let mut coarse = vec![0; self.coarse.len + 1];
        let places = self.coarse.named.iter().zip(&counts.named);
        for (place, rows) in places.chain(self.coarse.other.iter().zip(&counts.other)) {
            coarse[*place] += rows;
        }
        coarse[self.coarse.len] = counts.unseen;
        coarse
    }

    /// Returns the index of a slot among the [coarse](Self::coarse) counts; `None` for a missing value.
    #[must_use]
    pub fn coarse_place(&self, slot: CategoricalSlot) -> Option<usize> {
        match slot {
            CategoricalSlot::Named(place) => self.coarse.named.get(place).copied(),
            CategoricalSlot::Other(group) => self.coarse.other.get(group).copied(),
            CategoricalSlot::Unseen => Some(self.coarse.len),
            CategoricalSlot::Missing => None,
        }
    }

    /// Returns the distances that the reference's own windows reach, by ascending length; empty if the reference has no
    /// times.
    #[must_use]
    pub fn limits(&self) -> &[WindowLimits] {
        &self.limits
    }

    /// Returns the same bins with other rows: `counts` stands for training's rows from here on. The comparison uses the
    /// same categories as training's rows. The new profile has no learned limits.
    ///
    /// Returns `None` if no row has a value or the counts are on other bins.
    #[must_use]
    pub fn recounted(&self, counts: &CategoricalCounts) -> Option<Self> {
        let same = counts.named.len() == self.bins.names().len() && counts.other.len() == self.bins.groups();
        (same && counts.present() > 0).then(|| Self {
            bins: self.bins.clone(),
            counts: CategoricalCounts {
                unnamed: Frequent::default(),
                ..counts.clone()
            },
            coarse: self.coarse.clone(),
            limits: Vec::new(),
        })
    }

    pub(crate) fn with_limits(self, limits: Vec<WindowLimits>) -> Self {
        Self { limits, ..self }
    }

    /// Returns the row counts of training.
    #[must_use]
    pub fn counts(&self) -> &CategoricalCounts {
        &self.counts
    }
}

/// Maps each category to its index in the comparison.
#[derive(Clone, Debug, PartialEq)]
struct CoarseCategories {
    named: Vec<usize>,
    other: Vec<usize>,
    /// The number of places, without the one for unseen categories.
    len: usize,
}

impl CoarseCategories {
    /// A category is compared on its own if it has at least one in this many of training's rows. A group of rare
    /// categories has at least as large a share.
    const FREQUENT: u128 = 100;
    /// The maximum number of groups of rare categories.
    const GROUPS: u128 = 10;

    fn new(counts: &CategoricalCounts) -> Self {
        let rows = u128::from(counts.present());
        let is_frequent = |count: &&u64| u128::from(**count) * Self::FREQUENT >= rows;
        let frequent = counts.named.iter().take_while(is_frequent).count();
        let rare = &counts.named[frequent..];
        let rare_rows: u128 = rare.iter().chain(&counts.other).map(|count| u128::from(*count)).sum();
        let groups = (rare_rows * Self::FREQUENT / rows.max(1)).clamp(1, Self::GROUPS) as usize;
        // Largest first, each into the group with the fewest rows so far: a greedy even split.
        let mut units: Vec<(u64, usize)> = rare.iter().chain(&counts.other).copied().zip(0..).collect();
        units.sort_unstable_by(|one, other| other.0.cmp(&one.0).then_with(|| one.1.cmp(&other.1)));
        let mut filled = vec![0_u128; groups];
        let mut places = vec![0; units.len()];
        for (rows, unit) in units {
            let lightest = (0..groups).min_by_key(|group| filled[*group]).unwrap_or_default();
            // One extra row each, so that empty categories are spread, too.
            filled[lightest] += u128::from(rows) + 1;
            places[unit] = frequent + lightest;
        }
        let other = places.split_off(rare.len());
        Self {
            named: (0..frequent).chain(places).collect(),
            other,
            len: frequent + groups,
        }
    }
}

fn too_many(feature: &str) -> BaselineError {
    BaselineError::inconsistent(feature, "its counts add up to more than any file can hold".to_owned())
}

/// Stores a categorical profile in the file.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct CategoricalDocument {
    categories: Vec<String>,
    counts: Vec<u64>,
    /// By group; a single number in the first format.
    other: Other,
    missing: u64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    windows: Vec<WindowLimits>,
}

#[derive(Deserialize, Serialize)]
#[serde(untagged)]
enum Other {
    Together(u64),
    Groups(Vec<u64>),
}

impl CategoricalDocument {
    pub(super) fn of(profile: &CategoricalProfile) -> Self {
        Self {
            categories: profile.bins.names().to_vec(),
            counts: profile.counts.named.clone(),
            other: Other::Groups(profile.counts.other.clone()),
            missing: profile.counts.missing,
            windows: profile.limits.clone(),
        }
    }

    pub(super) fn into_profile(self, feature: &str) -> Result<CategoricalProfile, BaselineError> {
        let other = match self.other {
            Other::Together(0) => Vec::new(),
            Other::Together(rows) => vec![rows],
            Other::Groups(groups) => groups,
        };
        limits::check(feature, &self.windows)?;
        let profile = CategoricalProfile::checked(feature, self.categories, self.counts, other, self.missing)?;
        Ok(profile.with_limits(self.windows))
    }
}
