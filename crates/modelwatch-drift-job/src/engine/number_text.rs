//! The number that a text is.

use modelwatch_drift::baseline::NO_VALUE;

/// What a text says where a number belongs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NumberText {
    /// One of the texts that stand for no value, or none.
    NoValue,
    /// A number, of a boolean 0 or 1; it may be NaN.
    Number(f64),
    /// A value, and no number.
    NoNumber,
}

impl NumberText {
    pub(crate) fn of(text: &str) -> Self {
        match text.trim() {
            text if NO_VALUE.contains(&text) => Self::NoValue,
            text if text.eq_ignore_ascii_case("true") => Self::Number(1.0),
            text if text.eq_ignore_ascii_case("false") => Self::Number(0.0),
            text => text.parse().map_or(Self::NoNumber, Self::Number),
        }
    }

    pub(crate) fn number(self) -> Option<f64> {
        match self {
            Self::Number(number) => Some(number),
            Self::NoValue | Self::NoNumber => None,
        }
    }
}
