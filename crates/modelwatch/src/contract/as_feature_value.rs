//! What can be the value of a feature in a row.

use std::borrow::Cow;
use std::sync::Arc;

use super::feature_value::FeatureValue;

/// Converts a value into what a row holds for one feature, without taking it.
///
/// Numbers, `bool`, strings and `Option`s of them convert, so a row is usually written as it is; so do enums with
/// `#[derive(Category)]` and, with the feature `serde_json`, JSON values: there `null` is missing, and a list or an
/// object is neither number nor category.
///
/// A list has values of one type. [`row!`](crate::row) makes one of values of several:
///
/// ```
/// use modelwatch::{AsFeatureValue, FeatureValue, row};
///
/// let zipcode = String::from("10001");
/// assert_eq!(zipcode.as_feature_value(), FeatureValue::Category("10001"));
/// assert_eq!(row![52_000.0, zipcode, None], [FeatureValue::Number(52_000.0), "10001".into(), FeatureValue::Missing]);
/// ```
///
/// ```compile_fail
/// modelwatch::row![52_000.0, vec![1.0, 2.0]]; // "`Vec<f64>` can't be the value of a feature"
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be the value of a feature",
    label = "not a number, a `bool`, a string, or an `Option` of one",
    note = "a row of values of several types is written `modelwatch::row![52_000.0, \"10001\", None]`",
    note = "an enum of categories can with `#[derive(modelwatch::Category)]`; a JSON value with modelwatch's feature `serde_json`"
)]
pub trait AsFeatureValue {
    /// Returns what a row holds.
    fn as_feature_value(&self) -> FeatureValue<'_>;
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(
            impl AsFeatureValue for $number {
                #[inline]
                fn as_feature_value(&self) -> FeatureValue<'_> {
                    FeatureValue::from(*self)
                }
            }
        )*
    };
}
numbers!(f64, f32, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, bool);

impl AsFeatureValue for str {
    #[inline]
    fn as_feature_value(&self) -> FeatureValue<'_> {
        FeatureValue::Category(self)
    }
}

impl AsFeatureValue for String {
    #[inline]
    fn as_feature_value(&self) -> FeatureValue<'_> {
        FeatureValue::Category(self)
    }
}

impl AsFeatureValue for Cow<'_, str> {
    #[inline]
    fn as_feature_value(&self) -> FeatureValue<'_> {
        FeatureValue::Category(self)
    }
}

impl AsFeatureValue for FeatureValue<'_> {
    #[inline]
    fn as_feature_value(&self) -> FeatureValue<'_> {
        *self
    }
}

impl<T: AsFeatureValue> AsFeatureValue for Option<T> {
    #[inline]
    fn as_feature_value(&self) -> FeatureValue<'_> {
        self.as_ref()
            .map_or(FeatureValue::Missing, AsFeatureValue::as_feature_value)
    }
}

macro_rules! pointers {
    ($($pointer:ty),*) => {
        $(
            impl<T: AsFeatureValue + ?Sized> AsFeatureValue for $pointer {
                #[inline]
                fn as_feature_value(&self) -> FeatureValue<'_> {
                    (**self).as_feature_value()
                }
            }
        )*
    };
}
pointers!(&T, Box<T>, Arc<T>);

#[cfg(feature = "serde_json")]
impl AsFeatureValue for serde_json::Value {
    fn as_feature_value(&self) -> FeatureValue<'_> {
        match self {
            Self::Null => FeatureValue::Missing,
            Self::Bool(value) => FeatureValue::from(*value),
            Self::Number(number) => number.as_f64().map_or(FeatureValue::Unsupported, FeatureValue::Number),
            Self::String(category) => FeatureValue::Category(category),
            Self::Array(_) | Self::Object(_) => FeatureValue::Unsupported,
        }
    }
}

/// Makes a row of features from values of different types: numbers, strings, `None`, and whatever else converts
/// [`AsFeatureValue`].
///
/// ```
/// use modelwatch::{Feature, Monitor, row};
///
/// let monitor = Monitor::new();
/// let features = [Feature::numeric("income"), Feature::categorical("zipcode"), Feature::numeric("age")];
/// let model = monitor.model("claims-risk", "2026-04-01").features(features).register()?;
/// model.record_features(row![52_000.0, "10001", None]);
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[macro_export]
macro_rules! row {
    (@ [$($done:tt)*]) => { [$($done)*] };
    (@ [$($done:tt)*] None $(, $($rest:tt)*)?) => {
        $crate::row!(@ [$($done)* $crate::FeatureValue::Missing,] $($($rest)*)?)
    };
    (@ [$($done:tt)*] $value:expr $(, $($rest:tt)*)?) => {
        $crate::row!(@ [$($done)* $crate::AsFeatureValue::as_feature_value(&$value),] $($($rest)*)?)
    };
    ($($values:tt)*) => { $crate::row!(@ [] $($values)*) };
}
