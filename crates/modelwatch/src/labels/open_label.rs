//! The labels whose values callers choose.

/// Labels whose values callers choose.
#[derive(Clone, Copy, Debug)]
pub(crate) enum OpenLabel {
    ModelName,
    ModelVersion,
    Route,
    FeatureName,
    Class,
    Outcome,
    Stage,
}

impl OpenLabel {
    pub(crate) const ALL: [Self; 7] = [
        Self::ModelName,
        Self::ModelVersion,
        Self::Route,
        Self::FeatureName,
        Self::Class,
        Self::Outcome,
        Self::Stage,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::ModelName => "model_name",
            Self::ModelVersion => "model_version",
            Self::Route => "route",
            Self::FeatureName => "feature_name",
            Self::Class => "class",
            Self::Outcome => "outcome",
            Self::Stage => "stage",
        }
    }

    /// The field of [`Limits`] that raises this label's limit.
    pub(crate) const fn field(self) -> &'static str {
        match self {
            Self::ModelName => "models",
            Self::ModelVersion => "versions_per_model",
            Self::Route => "routes_per_version or routes",
            Self::FeatureName => "features_per_model",
            Self::Class => "classes_per_version",
            Self::Outcome => "outcomes_per_version",
            Self::Stage => "stages_per_version",
        }
    }
}
