//! A prediction that is recorded, and may have a class too.

use std::fmt;

use crate::handles::class::{AsClass, ClassRef, Reference};
use crate::series::version::VersionSeries;

/// A prediction whose score is recorded; it may have a class too.
///
/// ```
/// use modelwatch::Monitor;
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// model.record_prediction(0.82).class("review");
/// assert_eq!(monitor.value("ml_prediction_score_sum", &[]), Ok(0.82));
/// assert_eq!(monitor.value("ml_prediction_class_total", &[("class", "review")]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Prediction<'a>(pub(crate) &'a VersionSeries);

impl Prediction<'_> {
    /// Counts the predicted class in `ml_prediction_class_total`, by name or by a [`Class`](crate::Class) resolved before;
    /// nothing where there is none.
    #[inline]
    pub fn class(self, class: impl AsClass) {
        if let Some(class) = class.as_class() {
            self.count(&class);
        }
    }

    #[inline]
    pub(crate) fn count(self, class: &ClassRef<'_>) {
        let classes = self.0.classes();
        classes.count(match &class.0 {
            Reference::Resolved(class) if std::ptr::eq(&*class.version, self.0) => class.index,
            Reference::Resolved(class) => classes.index(&class.name),
            Reference::Named(name) => classes.index(name),
        });
    }
}

impl fmt::Debug for Prediction<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Prediction").field(&self.0.labels.text()).finish()
    }
}
