//! Finds where a category falls: frequent categories by name, the rest in groups by hash.

use std::collections::HashMap;

use twox_hash::XxHash3_128;

use super::category_text::category_text;
use super::error::BaselineError;

/// Says where a category falls.
///
/// [`CategoricalProfile`](super::CategoricalProfile) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategoricalSlot {
    /// In the named category at this index.
    Named(usize),
    /// In the group at this index: the category has no name, and training had categories without one.
    Other(usize),
    /// Nowhere: training did not have this category.
    Unseen,
    /// The row has no value, or one of the texts that stand for a missing value.
    Missing,
}

/// Holds the bins of a categorical feature: names, most frequent in training first, and groups for categories without a
/// name.
///
/// Values are looked up by their [text](category_text). If all of training's categories have a name, a value without
/// one is *unseen*. If training had more categories than names, it is *other*: it falls into the group that a hash of
/// its text (XXH3 of 128 bits, modulo the [`groups`](Self::groups)) selects, the same in every process and release.
///
/// [`CategoricalProfile`](super::CategoricalProfile) has an example.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoricalBins {
    names: Vec<String>,
    places: HashMap<String, usize>,
    groups: usize,
}

impl CategoricalBins {
    /// The maximum number of named categories.
    pub const MOST_NAMES: usize = 1_000;
    /// The number of groups for categories without a name.
    pub const GROUPS: usize = 64;

    pub(super) fn new(feature: &str, names: Vec<String>, groups: usize) -> Result<Self, BaselineError> {
        let wrong = |what: String| Err(BaselineError::inconsistent(feature, what));
        if names.len() > Self::MOST_NAMES {
            return wrong(format!(
                "it has {} categories where at most {} belong",
                names.len(),
                Self::MOST_NAMES
            ));
        }
        if groups > Self::GROUPS {
            return wrong(format!(
                "it has {groups} groups of other categories where at most {} belong",
                Self::GROUPS
            ));
        }
        let mut places = HashMap::with_capacity(names.len());
        for (place, name) in names.iter().enumerate() {
            if places.insert(name.clone(), place).is_some() {
                return wrong(format!("its category {name:?} stands there twice"));
            }
        }
        Ok(Self { names, places, groups })
    }

    /// Returns the named categories, most frequent in training first.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Returns the number of groups for categories without a name; 0 if all of training's categories have a name.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Returns whether training had categories without a name here. If so, a value without a name counts as one of
    /// them.
    #[must_use]
    pub fn has_other(&self) -> bool {
        self.groups > 0
    }

    /// Returns where a category falls.
    #[must_use]
    pub fn slot(&self, category: Option<&str>) -> CategoricalSlot {
        let Some(text) = category else {
            return CategoricalSlot::Missing;
        };
        if let Some(place) = self.places.get(text) {
            return CategoricalSlot::Named(*place);
        }
        let Some(text) = category_text(text) else {
            return CategoricalSlot::Missing;
        };
        match self.places.get(text) {
            Some(place) => CategoricalSlot::Named(*place),
            None if self.groups == 0 => CategoricalSlot::Unseen,
            None => CategoricalSlot::Other(Self::group(text, self.groups)),
        }
    }

    /// Returns the index of a category among the [names](Self::names).
    #[must_use]
    pub fn place(&self, category: &str) -> Option<usize> {
        match self.slot(Some(category)) {
            CategoricalSlot::Named(place) => Some(place),
            _ => None,
        }
    }

    pub(super) fn group(text: &str, groups: usize) -> usize {
        (XxHash3_128::oneshot(text.as_bytes()) % groups.max(1) as u128) as usize
    }
}
