//! The derive macros of `modelwatch`, which re-exports them with its feature `derive`. Use them from there.
//!
//! A service that declares its features in one place and builds the row in another can swap two columns, and nothing
//! notices. With `#[derive(Features)]` on the request, declaration and row come from the same fields.

mod attribute;
mod category;
mod features;
#[cfg(test)]
mod mistakes;

use proc_macro::TokenStream;
use syn::{DeriveInput, parse_macro_input};

/// Implements `modelwatch::Features` for a struct with named fields: one feature a field, in their order.
///
/// # Example: a request whose fields are the features
///
/// ```
/// use modelwatch::{Category, Features, Monitor};
///
/// #[derive(Category)]
/// enum Channel {
///     #[category(rename = "web")]
///     Web,
///     #[category(rename = "phone")]
///     Phone,
/// }
///
/// #[derive(Features)]
/// struct Claim {
///     #[features(range = 0.0..=1e6)]
///     income: Option<f64>, // a number in this range, or missing
///     age: u8, // any number
///     zipcode: String, // any category
///     channel: Channel, // one of its variants
///     #[features(skip)]
///     trace_id: String, // no feature
/// }
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").features(Claim::features()).register()?;
///
/// let claim = Claim {
///     income: None,
///     age: 41,
///     zipcode: "10001".into(),
///     channel: Channel::Web,
///     trace_id: "4bf92f35".into(),
/// };
/// model.record_features(claim.row());
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
///
/// # Attributes of a field
///
/// | `#[features(…)]` | the field is |
/// | --- | --- |
/// | nothing | a number or a category, as its type says |
/// | `range = 0.0..=1e6` | a number, in range between these, both included; either may be left out |
/// | `categories = ["web", "phone"]` | a category, in range if it is one of these |
/// | `numeric`, `categorical` | a number, a category, for a type that may be both |
/// | `with = path` | what the function `path` makes of `&field`: anything that converts into a `FeatureValue` |
/// | `rename = "name"` | a feature of this name instead of the field's |
/// | `skip` | no feature |
///
/// The types are numbers, `bool`, strings (`String`, `&str`, `Cow<str>`, `Box<str>`, `Arc<str>`), enums that derive
/// [`Category`](macro@Category), `Option`s of and references to all these, and types of yours that implement `modelwatch::FeatureType`.
///
/// # Errors
///
/// A declaration that makes no sense does not compile; the error is at the field.
///
/// ```compile_fail
/// # use modelwatch::Features;
/// #[derive(Features)]
/// struct Claim {
///     #[features(range = 0.0..=1.0)]
///     zipcode: String, // a category has no range
/// }
/// ```
///
/// ```compile_fail
/// # use modelwatch::Features;
/// #[derive(Features)]
/// struct Claim {
///     history: Vec<f64>, // no feature: skip it, or say with a function what it is
/// }
/// ```
///
/// ```compile_fail
/// # use modelwatch::Features;
/// #[derive(Features)]
/// struct Claim {
///     income: f64,
///     #[features(rename = "income")] // a second feature of this name
///     income_after_tax: f64,
/// }
/// ```
#[proc_macro_derive(Features, attributes(features))]
pub fn derive_features(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    features::expand(&input)
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}

/// Makes an enum of variants without fields a category and a class: `modelwatch::FeatureType`, all it needs, and
/// `modelwatch::AsClass`.
///
/// A category is called as its variant is, or as `#[category(rename = "…")]` on the variant says.
///
/// ```
/// use modelwatch::{AsFeatureValue, Category, FeatureValue};
///
/// #[derive(Category)]
/// enum Channel {
///     Web,
///     #[category(rename = "tele phone")]
///     Phone,
/// }
///
/// assert_eq!(Channel::Web.as_feature_value(), FeatureValue::Category("Web"));
/// assert_eq!(Channel::Phone.as_feature_value(), FeatureValue::Category("tele phone"));
/// ```
///
/// ```compile_fail
/// # use modelwatch::Category;
/// #[derive(Category)]
/// enum Channel {
///     Web(u32), // a variant with fields is no category
/// }
/// ```
#[proc_macro_derive(Category, attributes(category))]
pub fn derive_category(input: TokenStream) -> TokenStream {
    let input = parse_macro_input!(input as DeriveInput);
    category::expand(&input)
        .unwrap_or_else(|error| error.into_compile_error())
        .into()
}
