//! A record on its way from a serving thread to the writer.

use std::fmt::{self, Write as _};

use modelwatch::{AsFeatureValue, FeatureValue, PredictionContext};

use crate::shape::Shape;

/// A text in the slot's own: where it begins and ends.
type Span = (u32, u32);
/// Where there is no text.
const ABSENT: Span = (u32::MAX, u32::MAX);

/// Texts that every record has, behind those of its features.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Common {
    Class,
    Id,
    TraceId,
    Route,
    PipelineVersion,
}

/// How many those are.
pub(crate) const COMMON: usize = 5;

impl Common {
    /// Nothing for what this release does not know.
    pub(crate) fn of(what: PredictionContext) -> Option<Self> {
        match what {
            PredictionContext::Id => Some(Self::Id),
            PredictionContext::TraceId => Some(Self::TraceId),
            PredictionContext::Route => Some(Self::Route),
            PredictionContext::PipelineVersion => Some(Self::PipelineVersion),
            _ => None,
        }
    }
}

/// One record. Its buffers keep their room from one record to the next.
#[derive(Debug, Default)]
pub(crate) struct Slot {
    /// The number of the stream it belongs to.
    pub(crate) stream: u32,
    /// Microseconds since the epoch.
    pub(crate) time: i64,
    /// NaN where there is none.
    pub(crate) score: f64,
    /// Of the numeric features, in their order; NaN where missing.
    pub(crate) numbers: Vec<f64>,
    /// Of the categorical features, in their order, and then of what is [`Common`].
    spans: Vec<Span>,
    /// What the spans are of.
    text: String,
}

impl Slot {
    /// A slot with room for a record of this shape, its strings of ordinary length.
    pub(crate) fn with_room(shape: &Shape) -> Box<Self> {
        const ORDINARY_BYTES: usize = 24;
        let texts = shape.categorical() + COMMON;
        Box::new(Self {
            numbers: Vec::with_capacity(shape.numeric()),
            spans: Vec::with_capacity(texts),
            text: String::with_capacity(texts * ORDINARY_BYTES),
            ..Self::default()
        })
    }

    fn clear(&mut self) {
        self.numbers.clear();
        self.spans.clear();
        self.text.clear();
    }

    /// Has every feature missing, and no class.
    pub(crate) fn reset(&mut self, shape: &Shape) {
        self.clear();
        self.numbers.resize(shape.numeric(), f64::NAN);
        self.spans.resize(shape.categorical() + COMMON, ABSENT);
    }

    /// Takes the value of one feature of a slot that was [reset](Self::reset), and of a feature that comes twice the first
    /// value. One that nobody declared is left out, one of the other kind than was declared is missing.
    #[inline]
    pub(crate) fn set(&mut self, shape: &Shape, position: usize, value: FeatureValue<'_>, most_bytes: usize) {
        let Some(column) = shape.columns().get(position) else {
            return;
        };
        match (value, column.categorical) {
            (FeatureValue::Number(number), false) if self.numbers[column.place].is_nan() => {
                self.numbers[column.place] = number;
            }
            (FeatureValue::Category(category), true) if self.spans[column.place] == ABSENT => {
                self.spans[column.place] = self.append(category, most_bytes);
            }
            _ => {}
        }
    }

    /// Takes a row by position. What is missing at its end, or of the other kind than was declared, is missing.
    #[inline]
    pub(crate) fn fill<R>(&mut self, shape: &Shape, row: R, most_bytes: usize)
    where
        R: IntoIterator,
        R::Item: AsFeatureValue,
    {
        self.clear();
        let mut row = row.into_iter();
        for column in shape.columns() {
            let value = row.next();
            let value = value
                .as_ref()
                .map_or(FeatureValue::Missing, AsFeatureValue::as_feature_value);
            match (value, column.categorical) {
                (FeatureValue::Number(number), false) => self.numbers.push(number),
                (_, false) => self.numbers.push(f64::NAN),
                (FeatureValue::Category(category), true) => {
                    let span = self.append(category, most_bytes);
                    self.spans.push(span);
                }
                (_, true) => self.spans.push(ABSENT),
            }
        }
        self.spans.extend([ABSENT; COMMON]);
    }

    /// Takes a row by name, of a name that comes twice the first value. What nobody declared is left out.
    pub(crate) fn fill_named<R, N, V>(&mut self, shape: &Shape, row: R, most_bytes: usize)
    where
        R: IntoIterator<Item = (N, V)>,
        N: AsRef<str>,
        V: AsFeatureValue,
    {
        self.reset(shape);
        // Rows tend to name features in the order they are declared: the next guess is usually right.
        let mut guess = 0;
        for (name, value) in row {
            let Some(position) = shape.position(name.as_ref(), guess) else {
                continue;
            };
            guess = position + 1;
            self.set(shape, position, value.as_feature_value(), most_bytes);
        }
    }

    fn append(&mut self, text: &str, most_bytes: usize) -> Span {
        let begin = self.text.len();
        self.text.push_str(bounded(text, most_bytes));
        (begin as u32, self.text.len() as u32)
    }

    /// Sets a text in place of an earlier one.
    pub(crate) fn set_common(&mut self, which: Common, text: &str, most_bytes: usize) {
        let Some(place) = (self.spans.len() + which as usize).checked_sub(COMMON) else {
            return;
        };
        let (begin, end) = self.spans[place];
        // The last text gives its room back; one further ahead is passed over.
        if end as usize == self.text.len() {
            self.text.truncate(begin as usize);
        }
        self.spans[place] = self.append(text, most_bytes);
    }

    /// As [`set_common`](Self::set_common), of a slot that was [reset](Self::reset), whatever can be shown.
    pub(crate) fn show_common(&mut self, which: Common, shown: impl fmt::Display, most_bytes: usize) {
        let begin = self.text.len();
        // A string takes everything; what can't be shown is left out.
        let whole = write!(self.text, "{shown}").is_ok();
        let end = begin + bounded(&self.text[begin..], most_bytes).len();
        self.text.truncate(end);
        let place = (self.spans.len() + which as usize).checked_sub(COMMON);
        if let (Some(place), true) = (place, whole) {
            self.spans[place] = (begin as u32, end as u32);
        }
    }

    /// Each categorical feature's value, and then what is [`Common`], in its order.
    pub(crate) fn texts(&self) -> impl Iterator<Item = Option<&str>> {
        self.spans
            .iter()
            .map(|(begin, end)| self.text.get(*begin as usize..*end as usize))
    }
}

/// As much of a text as there is room for, in whole characters.
fn bounded(text: &str, most_bytes: usize) -> &str {
    let end = (0..=text.len().min(most_bytes))
        .rev()
        .find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or_default()]
}
