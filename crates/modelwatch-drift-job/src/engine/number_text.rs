//! Reads the number in a text.

use modelwatch_drift::baseline::NO_VALUE;

/// Says what a text means where a number belongs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum NumberText {
    /// No text, or one that stands for no value.
    NoValue,
    /// A number; 0 or 1 for a boolean. It may be NaN.
    Number(f64),
    /// A value that is not a number.
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
