//! Scores, classes and outcomes: what a version predicts, and what came of it.

use std::sync::Arc;
use std::sync::OnceLock;

use crate::histogram::{Histogram, Reading};
use crate::label::{Labels, OTHER, canonical};
use crate::layout::Layout;
use crate::limits::OpenLabel;
use crate::model::Version;
use crate::monitor::Shared;
use crate::names::Names;
use crate::stripes::Stripes;

/// Scores of one version.
pub(crate) struct Scores {
    histogram: Histogram,
    /// One cell.
    non_finite: Stripes,
}

impl Scores {
    pub(crate) fn new(layout: Arc<Layout>) -> Self {
        Self {
            histogram: Histogram::new(layout),
            non_finite: Stripes::new(1),
        }
    }

    #[inline]
    pub(crate) fn record(&self, score: f64) {
        if score.is_finite() {
            self.histogram.observe(score);
        } else {
            self.record_non_finite();
        }
    }

    #[cold]
    fn record_non_finite(&self) {
        self.non_finite.lane().add(0, 1);
    }

    pub(crate) fn record_all(&self, scores: impl Iterator<Item = f64>) {
        self.histogram.observe_all(scores.filter(|score| {
            if !score.is_finite() {
                self.record_non_finite();
            }
            score.is_finite()
        }));
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        self.histogram.mark().wrapping_add(self.non_finite.mark())
    }

    pub(crate) fn layout(&self) -> &Arc<Layout> {
        self.histogram.layout()
    }

    pub(crate) fn read(&self) -> Reading {
        self.histogram.read()
    }

    pub(crate) fn non_finite(&self) -> u64 {
        self.non_finite.sum(0)
    }
}

/// Counters of one version that differ in one open label.
pub(crate) struct NamedCounters {
    shared: Arc<Shared>,
    label: OpenLabel,
    limit: usize,
    names: Names<Labels>,
    other: OnceLock<Labels>,
    /// A cell for each name, and one for what was folded.
    cells: Stripes,
}

impl NamedCounters {
    pub(crate) fn new(shared: Arc<Shared>, label: OpenLabel, limit: usize) -> Self {
        Self {
            shared,
            label,
            limit,
            names: Names::new(limit),
            other: OnceLock::new(),
            cells: Stripes::new(limit + 1),
        }
    }

    /// The cell of a name; that of the folded ones when there is no room.
    #[inline]
    pub(crate) fn index(&self, name: &str) -> usize {
        self.names
            .get(name)
            .map_or_else(|| self.enter(name), |named| named.index)
    }

    #[cold]
    fn enter(&self, name: &str) -> usize {
        let labels = |name: &Arc<str>| Some(Labels::new([(self.label.as_str(), name)]));
        canonical(name, self.shared.limits.value_bytes)
            .and_then(|name| self.names.get_or_add(&name, labels))
            .map_or_else(
                || {
                    self.shared.overflow.count(self.label, name);
                    self.other
                        .get_or_init(|| Labels::new([(self.label.as_str(), &OTHER.into())]));
                    self.limit
                },
                |named| named.index,
            )
    }

    #[inline]
    pub(crate) fn count(&self, index: usize) {
        self.cells.lane().add(index, 1);
    }

    /// See [`Stripes::mark`].
    pub(crate) fn mark(&self) -> u64 {
        self.cells.mark()
    }

    /// Labels and counts, in the order the names came.
    pub(crate) fn read(&self) -> Vec<(&Labels, u64)> {
        let named = self.names.all().map(|named| (named.index, &named.value));
        let other = self.other.get().map(|labels| (self.limit, labels));
        named
            .chain(other)
            .map(|(index, labels)| (labels, self.cells.sum(index)))
            .collect()
    }
}

/// A predicted class of one version, resolved once with [`Model::class`](crate::Model::class).
#[derive(Clone)]
pub struct Class {
    pub(crate) version: Arc<Version>,
    pub(crate) name: Arc<str>,
    pub(crate) index: usize,
}

impl Class {
    /// The name it was resolved with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl std::fmt::Debug for Class {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Class").field(&self.name).finish()
    }
}

/// A prediction whose score is recorded; it may have a class too.
#[derive(Clone, Copy)]
pub struct Prediction<'a>(pub(crate) &'a Version);

impl Prediction<'_> {
    /// Counts the predicted class in `ml_prediction_class_total`, by name or by a [`Class`] resolved before.
    #[inline]
    pub fn class<'c>(self, class: impl Into<ClassRef<'c>>) {
        let classes = self.0.classes();
        classes.count(match class.into().0 {
            Reference::Resolved(class) if std::ptr::eq(&*class.version, self.0) => class.index,
            Reference::Resolved(class) => classes.index(&class.name),
            Reference::Named(name) => classes.index(name),
        });
    }
}

impl std::fmt::Debug for Prediction<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Prediction").field(&self.0.labels.text()).finish()
    }
}

/// A class, by name or resolved.
#[derive(Clone, Copy, Debug)]
pub struct ClassRef<'a>(Reference<'a>);

#[derive(Clone, Copy, Debug)]
enum Reference<'a> {
    Named(&'a str),
    Resolved(&'a Class),
}

impl<'a> From<&'a str> for ClassRef<'a> {
    #[inline]
    fn from(name: &'a str) -> Self {
        Self(Reference::Named(name))
    }
}

impl<'a> From<&'a String> for ClassRef<'a> {
    #[inline]
    fn from(name: &'a String) -> Self {
        Self(Reference::Named(name))
    }
}

impl<'a> From<&'a Class> for ClassRef<'a> {
    #[inline]
    fn from(class: &'a Class) -> Self {
        Self(Reference::Resolved(class))
    }
}
