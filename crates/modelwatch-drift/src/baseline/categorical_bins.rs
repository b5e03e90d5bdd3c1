//! Where a category falls: the frequent ones by name, the rest by groups of their hash.

use std::collections::HashMap;

use twox_hash::XxHash3_128;

use super::category_text::category_text;
use super::error::BaselineError;

/// Where a category falls.
///
/// [`CategoricalProfile`](super::CategoricalProfile) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CategoricalSlot {
    /// The named category of this index.
    Named(usize),
    /// A category without a name, of which training had some: the group of this index.
    Other(usize),
    /// A category that training did not have.
    Unseen,
    /// No value, or one of the texts that stand for none.
    Missing,
}

/// The bins of a categorical feature: names, most frequent in training first, and groups of what has no name.
///
/// A value is looked up by its [text](category_text). One without a name here is *unseen* when training's categories are
/// all named. When training had more categories than were named it is *other*, in the group that a hash of its text
/// (XXH3 of 128 bits, modulo the [`groups`](Self::groups)) gives it, the same in every process and release.
///
/// [`CategoricalProfile`](super::CategoricalProfile) has an example.
#[derive(Clone, Debug, PartialEq)]
pub struct CategoricalBins {
    names: Vec<String>,
    places: HashMap<String, usize>,
    groups: usize,
}

impl CategoricalBins {
    /// The most categories that have a name.
    pub const MOST_NAMES: usize = 1_000;
    /// The groups of the categories without a name.
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

    /// The named categories, most frequent in training first.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// How many groups the categories without a name fall into; none where training's are all named.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups
    }

    /// Whether training had categories that have no name here, so that a value without a name is one of those.
    #[must_use]
    pub fn has_other(&self) -> bool {
        self.groups > 0
    }

    /// Where a category falls.
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

    /// The index of a category among the [names](Self::names).
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
