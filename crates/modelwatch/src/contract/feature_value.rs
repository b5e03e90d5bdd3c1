//! What a row holds for one feature.

/// What a row holds for one feature.
///
/// Numbers, strings and `Option`s of them are taken as they are, see [`AsFeatureValue`](crate::AsFeatureValue). NaN is
/// missing; a number where a category is declared, or the reverse, is out of range.
///
/// # Example: a row of values
///
/// ```
/// use modelwatch::{FeatureValue, row};
///
/// let row = row![52_000.0, "10001", None];
/// assert_eq!(row[0], FeatureValue::Number(52_000.0));
/// assert_eq!(row[1], FeatureValue::Category("10001"));
/// assert_eq!(row[2], FeatureValue::Missing);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum FeatureValue<'a> {
    /// Not there.
    Missing,
    /// A number, in the feature's own unit.
    Number(f64),
    /// A category.
    Category(&'a str),
    /// Not there, and the service went on with a default. Counts as defaulted, not as missing.
    Defaulted,
    /// There, and neither number nor category, such as a list: out of range for every declared feature.
    Unsupported,
}

macro_rules! number {
    ($($number:ty),*) => {
        $(
            impl From<$number> for FeatureValue<'_> {
                fn from(number: $number) -> Self {
                    Self::Number(number.into())
                }
            }
            impl From<&$number> for FeatureValue<'_> {
                fn from(number: &$number) -> Self {
                    Self::Number((*number).into())
                }
            }
        )*
    };
}
number!(f64, f32, i8, i16, i32, u8, u16, u32, bool);

// Rounded to the nearest `f64`: no range is so fine.
macro_rules! long {
    ($($number:ty),*) => {
        $(
            impl From<$number> for FeatureValue<'_> {
                fn from(number: $number) -> Self {
                    Self::Number(number as f64)
                }
            }
            impl From<&$number> for FeatureValue<'_> {
                fn from(number: &$number) -> Self {
                    Self::Number(*number as f64)
                }
            }
        )*
    };
}
long!(i64, u64, isize, usize);

impl<'a> From<&'a str> for FeatureValue<'a> {
    fn from(category: &'a str) -> Self {
        Self::Category(category)
    }
}

impl<'a> From<&'a String> for FeatureValue<'a> {
    fn from(category: &'a String) -> Self {
        Self::Category(category)
    }
}

impl<'a> From<&FeatureValue<'a>> for FeatureValue<'a> {
    fn from(value: &FeatureValue<'a>) -> Self {
        *value
    }
}

impl<'a, T: Into<FeatureValue<'a>>> From<Option<T>> for FeatureValue<'a> {
    #[inline]
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Missing, Into::into)
    }
}

// One by one, because a blanket implementation sends the compiler in circles where it has to infer a type.
macro_rules! borrowed_option {
    ($($value:ty),*) => {
        $(
            impl<'a> From<&'a Option<$value>> for FeatureValue<'a> {
                #[inline]
                fn from(value: &'a Option<$value>) -> Self {
                    value.as_ref().map_or(Self::Missing, Into::into)
                }
            }
        )*
    };
}
borrowed_option!(
    f64, f32, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, bool, String
);

impl<'a> From<&'a Option<&'a str>> for FeatureValue<'a> {
    #[inline]
    fn from(value: &'a Option<&'a str>) -> Self {
        (*value).into()
    }
}
