//! A type whose fields are the features of a model.

use std::borrow::Cow;
use std::sync::Arc;

use super::as_feature_value::AsFeatureValue;
use super::feature::Feature;
use super::feature_value::FeatureValue;

/// A type that declares features and makes rows of them, in the same order.
///
/// Derive it: with modelwatch's feature `derive`, `#[derive(Features)]` on a struct makes a feature of each field, so
/// that no column can be swapped with another.
///
/// # Example: the fields of a request as features
///
/// ```
/// # #[cfg(feature = "derive")] {
/// use modelwatch::{FeatureValue, Features};
///
/// #[derive(Features)]
/// struct Claim {
///     income: Option<f64>,
///     zipcode: String,
/// }
///
/// let claim = Claim { income: None, zipcode: "10001".into() };
/// assert_eq!(Claim::features()[1].name(), "zipcode");
/// assert_eq!(claim.row()[0], FeatureValue::Missing);
/// # }
/// ```
pub trait Features {
    /// What [`row`](Self::row) returns: as many values as there are features.
    type Row<'a>: AsRef<[FeatureValue<'a>]> + IntoIterator<Item = FeatureValue<'a>>
    where
        Self: 'a;

    /// Returns the features, for [`ModelBuilder::features`](crate::ModelBuilder::features).
    fn features() -> Vec<Feature>;

    /// Returns the values of this one, in the order of [`features`](Self::features).
    fn row(&self) -> Self::Row<'_>;
}

/// A type of field whose kind of feature is clear: number or category.
///
/// ```
/// use modelwatch::FeatureType;
///
/// assert!(!<Option<f64>>::feature("income").is_categorical());
/// assert!(String::feature("zipcode").is_categorical());
/// ```
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is no feature",
    label = "not a number, a `bool`, a string, or an `Option` of one",
    note = "leave it out with `#[features(skip)]`, say what it is with `#[features(numeric, with = a_function)]`",
    note = "or, for an enum of categories, derive `modelwatch::Category` for it"
)]
pub trait FeatureType: AsFeatureValue {
    /// Declares a feature of this type.
    fn feature(name: &str) -> Feature;
}

/// A type of field that can be a number.
///
/// # Example: a wrapper of a number
///
/// ```
/// use modelwatch::{AsFeatureValue, FeatureValue, NumericType};
///
/// struct Kelvin(f64);
///
/// impl AsFeatureValue for Kelvin {
///     fn as_feature_value(&self) -> FeatureValue<'_> {
///         self.0.into()
///     }
/// }
/// impl NumericType for Kelvin {}
///
/// assert_eq!(Kelvin(290.0).as_feature_value(), FeatureValue::Number(290.0));
/// ```
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is no number",
    label = "has no range, and can't be `numeric`",
    note = "say `categorical` or `categories = [\"…\"]`, or nothing at all where its type is clear"
)]
pub trait NumericType: AsFeatureValue {}

/// A type of field that can be a category.
///
/// # Example: a wrapper of a text
///
/// ```
/// use modelwatch::{AsFeatureValue, CategoricalType, FeatureValue};
///
/// struct Zipcode(String);
///
/// impl AsFeatureValue for Zipcode {
///     fn as_feature_value(&self) -> FeatureValue<'_> {
///         (&self.0).into()
///     }
/// }
/// impl CategoricalType for Zipcode {}
///
/// assert_eq!(Zipcode("10001".into()).as_feature_value(), FeatureValue::Category("10001"));
/// ```
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` is no category",
    label = "has no categories, and can't be `categorical`",
    note = "hold it as a string, or make one of it with `#[features(categorical, with = a_function)]`"
)]
pub trait CategoricalType: AsFeatureValue {}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(
            impl NumericType for $number {}
            impl FeatureType for $number {
                fn feature(name: &str) -> Feature {
                    Feature::numeric(name)
                }
            }
        )*
    };
}
numbers!(f64, f32, i8, i16, i32, i64, isize, u8, u16, u32, u64, usize, bool);

macro_rules! strings {
    ($($string:ty),*) => {
        $(
            impl CategoricalType for $string {}
            impl FeatureType for $string {
                fn feature(name: &str) -> Feature {
                    Feature::categorical(name)
                }
            }
        )*
    };
}
strings!(str, String, Cow<'_, str>);

macro_rules! wrappers {
    ($($wrapper:ty),*) => {
        $(
            impl<T: FeatureType + ?Sized> FeatureType for $wrapper {
                fn feature(name: &str) -> Feature {
                    T::feature(name)
                }
            }
            impl<T: NumericType + ?Sized> NumericType for $wrapper {}
            impl<T: CategoricalType + ?Sized> CategoricalType for $wrapper {}
        )*
    };
}
wrappers!(&T, Box<T>, Arc<T>);

impl<T: FeatureType> FeatureType for Option<T> {
    fn feature(name: &str) -> Feature {
        T::feature(name)
    }
}
impl<T: NumericType> NumericType for Option<T> {}
impl<T: CategoricalType> CategoricalType for Option<T> {}

#[cfg(feature = "serde_json")]
impl NumericType for serde_json::Value {}
#[cfg(feature = "serde_json")]
impl CategoricalType for serde_json::Value {}
