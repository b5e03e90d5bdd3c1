//! The parts of answering a request.

/// A part of answering a request: the `stage` label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Waiting for a free worker or a full batch.
    Queue,
    /// Getting features from a store.
    FeatureFetch,
    /// Turning the request into the model's input.
    Preprocess,
    /// The model itself.
    Compute,
    /// Turning the model's output into the answer.
    Postprocess,
}

impl Stage {
    /// Every stage, in the order a request goes through them.
    pub const ALL: [Self; 5] = [
        Self::Queue,
        Self::FeatureFetch,
        Self::Preprocess,
        Self::Compute,
        Self::Postprocess,
    ];

    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::FeatureFetch => "feature_fetch",
            Self::Preprocess => "preprocess",
            Self::Compute => "compute",
            Self::Postprocess => "postprocess",
        }
    }
}
