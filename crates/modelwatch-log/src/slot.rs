//! A record on its way from a serving thread to the writer.

use modelwatch::FeatureValue;

use crate::shape::Shape;

/// Where a category is missing.
pub(crate) const ABSENT: u32 = u32::MAX;

/// One record. Its buffers keep their room from one record to the next.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// The [`Stream`](crate::stream::Stream) it belongs to.
    pub(crate) stream: u32,
    /// Microseconds since the epoch.
    pub(crate) time: i64,
    /// NaN where there is none.
    pub(crate) score: f64,
    /// Of the numeric features, in their order; NaN where missing.
    pub(crate) numbers: Vec<f64>,
    /// The categories one after the other, then the class.
    text: String,
    /// Lengths of the categories, in their order, or [`ABSENT`].
    lengths: Vec<u32>,
    has_class: bool,
}

impl Slot {
    /// A slot with room for a record of this shape, its strings of ordinary length.
    pub(crate) fn with_room(shape: &Shape) -> Box<Self> {
        const ORDINARY_BYTES: usize = 24;
        Box::new(Self {
            numbers: Vec::with_capacity(shape.numeric()),
            text: String::with_capacity((shape.categorical() + 1) * ORDINARY_BYTES),
            lengths: Vec::with_capacity(shape.categorical()),
            ..Self::default()
        })
    }

    /// Takes a row by position. What is missing at its end, or of the other kind than was declared, is missing.
    #[inline]
    pub(crate) fn fill<'a, R>(&mut self, shape: &Shape, row: R, most_bytes: usize)
    where
        R: IntoIterator,
        R::Item: Into<FeatureValue<'a>>,
    {
        self.numbers.clear();
        self.text.clear();
        self.lengths.clear();
        self.has_class = false;
        let mut row = row.into_iter();
        for column in shape.columns() {
            let value = row.next().map_or(FeatureValue::Missing, Into::into);
            match (value, column.categorical) {
                (FeatureValue::Number(number), false) => self.numbers.push(number),
                (_, false) => self.numbers.push(f64::NAN),
                (FeatureValue::Category(category), true) => self.push_category(category, most_bytes),
                (_, true) => self.lengths.push(ABSENT),
            }
        }
    }

    fn push_category(&mut self, category: &str, most_bytes: usize) {
        let category = bounded(category, most_bytes);
        self.text.push_str(category);
        self.lengths.push(category.len() as u32);
    }

    /// In place of an earlier one.
    pub(crate) fn set_class(&mut self, class: &str, most_bytes: usize) {
        let categories = self.lengths.iter().filter(|length| **length != ABSENT).sum::<u32>();
        self.text.truncate(categories as usize);
        self.text.push_str(bounded(class, most_bytes));
        self.has_class = true;
    }

    /// Each categorical feature's value, and then the class.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Option<&str>> {
        let mut rest = &*self.text;
        let mut categories = self.lengths.iter();
        let mut class_due = true;
        std::iter::from_fn(move || {
            if let Some(length) = categories.next() {
                if *length == ABSENT {
                    return Some(None);
                }
                let (category, after) = rest.split_at(*length as usize);
                rest = after;
                return Some(Some(category));
            }
            std::mem::take(&mut class_due).then(|| self.has_class.then_some(rest))
        })
    }
}

/// As much of a text as there is room for, in whole characters.
fn bounded(text: &str, most_bytes: usize) -> &str {
    &text[..text.floor_char_boundary(most_bytes)]
}
