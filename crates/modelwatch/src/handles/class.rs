//! A predicted class, by name or resolved once.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::cells::striped_arc::StripedArc;
use crate::series::version::VersionSeries;

/// A predicted class of one version, resolved once with [`Model::class`](crate::Model::class).
///
/// # Example: resolve a class once
///
/// ```
/// use modelwatch::Monitor;
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let fraud = model.class("fraud");
/// model.record_prediction(0.97).class(&fraud); // looks no name up
/// assert_eq!(monitor.value("ml_prediction_class_total", &[("class", fraud.name())]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone)]
pub struct Class {
    pub(crate) version: StripedArc<VersionSeries>,
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

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Class").field(&self.name).finish()
    }
}

/// Names the class of a prediction: a string, a [`Class`] resolved before, or an `Option` of one, where nothing is no
/// class.
///
/// Enums with `#[derive(Category)]` do too and, with the feature `serde_json`, JSON values: a string is its own text,
/// `null` is no class, and whatever else there is is called as it is written in JSON.
///
/// ```
/// use modelwatch::Monitor;
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// model.record_prediction(0.97).class("fraud");
/// model.record_prediction(0.03).class(None::<&str>);
/// assert_eq!(monitor.value("ml_prediction_class_total", &[]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't name a class",
    label = "not a string, a resolved `Class`, or an `Option` of one",
    note = "an enum of classes can with `#[derive(modelwatch::Category)]`; a JSON value with modelwatch's feature `serde_json`"
)]
pub trait AsClass {
    /// Returns the class, if there is one.
    fn as_class(&self) -> Option<ClassRef<'_>>;
}

/// A class, by name or resolved. Made of a name with `From`.
///
/// # Example: classes from an enum of your own
///
/// ```
/// use modelwatch::{AsClass, ClassRef};
///
/// enum Decision {
///     Approve,
///     Unknown,
/// }
///
/// impl AsClass for Decision {
///     fn as_class(&self) -> Option<ClassRef<'_>> {
///         match self {
///             Self::Approve => Some("approve".into()),
///             Self::Unknown => None,
///         }
///     }
/// }
///
/// assert_eq!(Decision::Approve.as_class().unwrap().name(), "approve");
/// assert!(Decision::Unknown.as_class().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct ClassRef<'a>(pub(crate) Reference<'a>);

#[derive(Clone, Debug)]
pub(crate) enum Reference<'a> {
    Named(Cow<'a, str>),
    Resolved(&'a Class),
}

impl ClassRef<'_> {
    /// Returns the name of the class.
    #[must_use]
    pub fn name(&self) -> &str {
        match &self.0 {
            Reference::Named(name) => name,
            Reference::Resolved(class) => class.name(),
        }
    }
}

impl<'a, N: Into<Cow<'a, str>>> From<N> for ClassRef<'a> {
    #[inline]
    fn from(name: N) -> Self {
        Self(Reference::Named(name.into()))
    }
}

impl AsClass for str {
    #[inline]
    fn as_class(&self) -> Option<ClassRef<'_>> {
        Some(self.into())
    }
}

impl AsClass for String {
    #[inline]
    fn as_class(&self) -> Option<ClassRef<'_>> {
        self.as_str().as_class()
    }
}

impl AsClass for Cow<'_, str> {
    #[inline]
    fn as_class(&self) -> Option<ClassRef<'_>> {
        (**self).as_class()
    }
}

impl AsClass for Class {
    #[inline]
    fn as_class(&self) -> Option<ClassRef<'_>> {
        Some(ClassRef(Reference::Resolved(self)))
    }
}

impl<T: AsClass> AsClass for Option<T> {
    #[inline]
    fn as_class(&self) -> Option<ClassRef<'_>> {
        self.as_ref().and_then(AsClass::as_class)
    }
}

impl<T: AsClass + ?Sized> AsClass for &T {
    #[inline]
    fn as_class(&self) -> Option<ClassRef<'_>> {
        (**self).as_class()
    }
}

#[cfg(feature = "serde_json")]
impl AsClass for serde_json::Value {
    fn as_class(&self) -> Option<ClassRef<'_>> {
        match self {
            Self::Null => None,
            Self::String(name) => name.as_class(),
            Self::Bool(_) | Self::Number(_) | Self::Array(_) | Self::Object(_) => Some(self.to_string().into()),
        }
    }
}
