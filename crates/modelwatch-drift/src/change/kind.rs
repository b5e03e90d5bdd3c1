//! Names the changes.

use std::fmt;

use serde::{Serialize, Serializer};

use super::round::to_digits;

/// Says which end of a column.
///
/// [`explain`](super::explain()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// The small values.
    Lower,
    /// The large values.
    Upper,
}

/// Says how a column changed. Shares are 0 to 1, of the rows with a value, except where a variant says "of all rows".
///
/// [`explain`](super::explain()) has an example.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "change", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Change {
    /// The values have a different type and can't be compared.
    OtherType {
        /// The type in training.
        expected: String,
        /// The type in the window.
        found: String,
    },
    /// Every row has the same value.
    OneValue {
        /// The value.
        value: String,
    },
    /// The column and another one swapped their values.
    Swapped {
        /// The other column.
        with: String,
    },
    /// Every value has the opposite sign.
    SignFlipped,
    /// Every value is multiplied.
    Scaled {
        /// The factor; below 1 if values were divided.
        factor: f64,
    },
    /// Something was added to every value.
    Shifted {
        /// The amount; negative if it was subtracted.
        by: f64,
    },
    /// Every value is multiplied, then something is added to it, as a change of unit does.
    ScaledAndShifted {
        /// The factor; below 1 if values were divided.
        factor: f64,
        /// The amount added; negative if it was subtracted.
        by: f64,
    },
    /// Values lost their digits.
    Rounded {
        /// Values are whole multiples of this.
        to: f64,
    },
    /// Values beyond a bound became the bound.
    Clamped {
        /// The end that was clamped.
        side: Side,
        /// The bound.
        at: f64,
        /// The share of rows at the bound.
        share: f64,
    },
    /// Rows with values beyond a bound are gone.
    Truncated {
        /// The end that was cut off.
        side: Side,
        /// The bound.
        at: f64,
        /// The share of training beyond the bound.
        share: f64,
    },
    /// Some rows have one value, such as a default. The rest is as before.
    HeapAdded {
        /// The value.
        at: f64,
        /// The share of rows with the value.
        share: f64,
        /// The share in training.
        before: f64,
    },
    /// The window has categories that training did not have, or not among its most frequent.
    NewCategories {
        /// The ten most frequent of them, with their shares.
        names: Vec<(String, f64)>,
        /// The share of all of them together.
        share: f64,
    },
    /// Categories of training are gone from the window, or nearly gone.
    CategoriesGone {
        /// The ten most frequent of them, with their shares in training.
        names: Vec<(String, f64)>,
        /// The share of all of them together in training.
        share: f64,
    },
    /// A category has another name.
    Renamed {
        /// The name in training.
        from: String,
        /// The name in the window.
        to: String,
        /// The new name's share.
        share: f64,
        /// The old name's share in training.
        before: f64,
    },
    /// More rows are missing a value.
    MissingMore {
        /// The share of all rows.
        share: f64,
        /// The same share in training.
        before: f64,
    },
    /// Fewer rows are missing a value.
    MissingLess {
        /// The share of all rows.
        share: f64,
        /// The same share in training.
        before: f64,
    },
}

/// Classifies a [`Change`]: a small fixed set, fit for a label.
///
/// [`explain`](super::explain()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ChangeKind {
    /// [`Change::OtherType`].
    OtherType,
    /// [`Change::OneValue`].
    OneValue,
    /// [`Change::Swapped`].
    Swapped,
    /// [`Change::SignFlipped`].
    SignFlipped,
    /// [`Change::Scaled`].
    Scaled,
    /// [`Change::Shifted`].
    Shifted,
    /// [`Change::ScaledAndShifted`].
    ScaledAndShifted,
    /// [`Change::Rounded`].
    Rounded,
    /// [`Change::Clamped`].
    Clamped,
    /// [`Change::Truncated`].
    Truncated,
    /// [`Change::HeapAdded`].
    HeapAdded,
    /// [`Change::NewCategories`].
    NewCategories,
    /// [`Change::CategoriesGone`].
    CategoriesGone,
    /// [`Change::Renamed`].
    Renamed,
    /// [`Change::MissingMore`].
    MissingMore,
    /// [`Change::MissingLess`].
    MissingLess,
}

impl ChangeKind {
    /// All kinds.
    pub const ALL: [Self; 16] = [
        Self::OtherType,
        Self::OneValue,
        Self::Swapped,
        Self::SignFlipped,
        Self::Scaled,
        Self::Shifted,
        Self::ScaledAndShifted,
        Self::Rounded,
        Self::Clamped,
        Self::Truncated,
        Self::HeapAdded,
        Self::NewCategories,
        Self::CategoriesGone,
        Self::Renamed,
        Self::MissingMore,
        Self::MissingLess,
    ];

    /// Returns the name: `other_type`, `one_value`, `swapped`, `sign_flipped`, `scaled`, `shifted`,
    /// `scaled_and_shifted`, `rounded`, `clamped`, `truncated`, `heap_added`, `new_categories`, `categories_gone`,
    /// `renamed`, `missing_more` or `missing_less`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::OtherType => "other_type",
            Self::OneValue => "one_value",
            Self::Swapped => "swapped",
            Self::SignFlipped => "sign_flipped",
            Self::Scaled => "scaled",
            Self::Shifted => "shifted",
            Self::ScaledAndShifted => "scaled_and_shifted",
            Self::Rounded => "rounded",
            Self::Clamped => "clamped",
            Self::Truncated => "truncated",
            Self::HeapAdded => "heap_added",
            Self::NewCategories => "new_categories",
            Self::CategoriesGone => "categories_gone",
            Self::Renamed => "renamed",
            Self::MissingMore => "missing_more",
            Self::MissingLess => "missing_less",
        }
    }

    /// Finds the kind with a name; `None` if no kind has it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Describes the kind as half a sentence, as in "income *is multiplied by a constant*". A [`Change`] adds the
    /// numbers.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::OtherType => "holds values of another type than in training",
            Self::OneValue => "is the same in every row",
            Self::Swapped => "and another feature hold each other's values",
            Self::SignFlipped => "has its sign flipped",
            Self::Scaled => "is multiplied by a constant",
            Self::Shifted => "has a constant added to it",
            Self::ScaledAndShifted => "is in another unit: multiplied by a constant, and another added",
            Self::Rounded => "has lost its digits",
            Self::Clamped => "is clamped at a bound",
            Self::Truncated => "lacks the rows beyond a bound",
            Self::HeapAdded => "has one value in a part of the rows, as a default has",
            Self::NewCategories => "has categories that training had not",
            Self::CategoriesGone => "lacks categories that training had",
            Self::Renamed => "has a category under another name",
            Self::MissingMore => "is missing more often than in training",
            Self::MissingLess => "is missing less often than in training",
        }
    }
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Serialize for ChangeKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Change {
    /// Returns the kind of this change.
    #[must_use]
    pub fn kind(&self) -> ChangeKind {
        match self {
            Self::OtherType { .. } => ChangeKind::OtherType,
            Self::OneValue { .. } => ChangeKind::OneValue,
            Self::Swapped { .. } => ChangeKind::Swapped,
            Self::SignFlipped => ChangeKind::SignFlipped,
            Self::Scaled { .. } => ChangeKind::Scaled,
            Self::Shifted { .. } => ChangeKind::Shifted,
            Self::ScaledAndShifted { .. } => ChangeKind::ScaledAndShifted,
            Self::Rounded { .. } => ChangeKind::Rounded,
            Self::Clamped { .. } => ChangeKind::Clamped,
            Self::Truncated { .. } => ChangeKind::Truncated,
            Self::HeapAdded { .. } => ChangeKind::HeapAdded,
            Self::NewCategories { .. } => ChangeKind::NewCategories,
            Self::CategoriesGone { .. } => ChangeKind::CategoriesGone,
            Self::Renamed { .. } => ChangeKind::Renamed,
            Self::MissingMore { .. } => ChangeKind::MissingMore,
            Self::MissingLess { .. } => ChangeKind::MissingLess,
        }
    }
}

/// Formats as half a sentence, as in "income *is about 100 times what it was in training*".
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OtherType { expected, found } => write!(f, "holds {found} where training had {expected}"),
            Self::OneValue { value } => write!(f, "is {value} in every row"),
            Self::Swapped { with } => write!(f, "and {with} hold each other's values"),
            Self::SignFlipped => f.write_str("has its sign flipped: multiplied by -1 it equals training"),
            Self::Scaled { factor } if *factor < 1.0 => write!(
                f,
                "is divided by {}: multiplied by that it equals training",
                number(1.0 / factor)
            ),
            Self::Scaled { factor } => write!(
                f,
                "is multiplied by {}: divided by that it equals training",
                number(*factor)
            ),
            Self::Shifted { by } if *by < 0.0 => {
                write!(f, "is lower by {}: with that added it equals training", number(-by))
            }
            Self::Shifted { by } => write!(
                f,
                "is higher by {}: with that subtracted it equals training",
                number(*by)
            ),
            Self::ScaledAndShifted { factor, by } => {
                let (sign, by) = if *by < 0.0 { ("minus", -by) } else { ("plus", *by) };
                write!(
                    f,
                    "is training's values times {} {sign} {}: with that undone it equals training",
                    number(*factor),
                    number(by)
                )
            }
            Self::Rounded { to } => write!(
                f,
                "has lost its digits: every value is a whole multiple of {}, and otherwise as in training",
                number(*to)
            ),
            Self::Clamped { side, at, share } => write!(
                f,
                "is clamped {} {}: {} of the values lie on it, and the others are as in training",
                side.beyond(),
                number(*at),
                percent(*share)
            ),
            Self::Truncated { side, at, share } => write!(
                f,
                "has no values {} {}, where training had {}, and the others are as in training",
                side.beyond(),
                number(*at),
                percent(*share)
            ),
            Self::HeapAdded { at, share, before } => write!(
                f,
                "is {} in {} of the rows ({} in training), and the others are as in training",
                number(*at),
                percent(*share),
                percent(*before)
            ),
            Self::NewCategories { names, share } => {
                write!(
                    f,
                    "has categories that training did not have, {} of the rows: ",
                    percent(*share)
                )?;
                write_names(f, names)
            }
            Self::CategoriesGone { names, share } => {
                write!(f, "has no rows of what was {} of training: ", percent(*share))?;
                write_names(f, names)
            }
            Self::Renamed {
                from,
                to,
                share,
                before,
            } => write!(
                f,
                "has {to:?} ({}) where training had {from:?} ({})",
                percent(*share),
                percent(*before)
            ),
            Self::MissingMore { share, before } | Self::MissingLess { share, before } => write!(
                f,
                "is missing in {} of the rows ({} in training)",
                percent(*share),
                percent(*before)
            ),
        }
    }
}

impl Side {
    fn beyond(self) -> &'static str {
        match self {
            Self::Lower => "below",
            Self::Upper => "above",
        }
    }
}

fn write_names(f: &mut fmt::Formatter<'_>, names: &[(String, f64)]) -> fmt::Result {
    for (place, (name, share)) in names.iter().enumerate() {
        let comma = if place == 0 { "" } else { ", " };
        write!(f, "{comma}{name:?} {}", percent(*share))?;
    }
    Ok(())
}

/// Formats with at most six digits, without trailing zeros.
fn number(value: f64) -> String {
    let rounded = to_digits(value, 6);
    if rounded != 0.0 && !(1e-6..1e15).contains(&rounded.abs()) {
        return format!("{rounded:e}");
    }
    rounded.to_string()
}

fn percent(share: f64) -> String {
    let percent = share * 100.0;
    if percent != 0.0 && percent < 0.1 {
        return "less than 0.1 %".to_owned();
    }
    format!("{} %", to_digits(percent, if percent < 10.0 { 2 } else { 3 }))
}
