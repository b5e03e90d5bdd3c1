use std::fmt;

use modelwatch::StripedArc;

use crate::classify::Classifier;

/// What a layer and its services share: which model, and how its answers are counted.
pub(crate) struct Settings<M> {
    /// Routers clone their services for every request, so no two threads may write one count.
    pub(crate) models: StripedArc<M>,
    pub(crate) classify: Option<Classifier>,
}

impl<M> Clone for Settings<M> {
    #[inline]
    fn clone(&self) -> Self {
        Self {
            models: self.models.clone(),
            classify: self.classify.clone(),
        }
    }
}

impl<M: fmt::Debug> fmt::Debug for Settings<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("models", &self.models)
            .finish_non_exhaustive()
    }
}
