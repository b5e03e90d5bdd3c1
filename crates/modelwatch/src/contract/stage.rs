//! The parts of answering a request.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::unknown_name::UnknownName;

/// A part of answering a request: the `stage` label.
///
/// A service may have stages of its own besides these, see [`AsStage`].
///
/// # Example: time a stage
///
/// ```
/// use modelwatch::{Monitor, Stage};
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// let score = model.stage(Stage::Compute, || 0.82);
/// assert_eq!(score, 0.82);
/// assert_eq!(monitor.value("ml_inference_stage_seconds_count", &[("stage", "compute")]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
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

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Stage {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        UnknownName::find(name, "stage", &Self::ALL, |stage| stage.as_str())
    }
}

/// Names a stage: a [`Stage`], or a string for a stage of the service's own, such as `rerank`. A string that is called
/// like a [`Stage`] is that one.
///
/// A version has as many stages of its own as [`Limits::stages_per_version`](crate::Limits::stages_per_version) allows.
///
/// # Example: a stage of your own
///
/// ```
/// use modelwatch::Monitor;
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// model.stage("rerank", || ());
/// assert_eq!(monitor.value("ml_inference_stage_seconds_count", &[("stage", "rerank")]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[diagnostic::on_unimplemented(message = "`{Self}` can't name a stage", label = "neither a `Stage` nor a string")]
pub trait AsStage {
    /// Returns the stage's name.
    fn as_stage(&self) -> StageRef<'_>;
}

/// A stage by its name. Made of a [`Stage`] or a string with `From`.
///
/// # Example: stages from an enum of your own
///
/// ```
/// use modelwatch::{AsStage, Monitor, Stage, StageRef};
///
/// enum Part {
///     Rerank,
///     Compute,
/// }
///
/// impl AsStage for Part {
///     fn as_stage(&self) -> StageRef<'_> {
///         match self {
///             Self::Rerank => "rerank".into(),
///             Self::Compute => Stage::Compute.into(),
///         }
///     }
/// }
///
/// let monitor = Monitor::new();
/// let model = monitor.model("claims-risk", "2026-04-01").register()?;
/// model.stage(Part::Rerank, || ());
/// model.stage(Part::Compute, || ());
/// assert_eq!(monitor.value("ml_inference_stage_seconds_count", &[]), Ok(2.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct StageRef<'a>(pub(crate) Reference<'a>);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Reference<'a> {
    Standard(Stage),
    Named(&'a str),
}

impl From<Stage> for StageRef<'_> {
    #[inline]
    fn from(stage: Stage) -> Self {
        Self(Reference::Standard(stage))
    }
}

impl<'a> From<&'a str> for StageRef<'a> {
    #[inline]
    fn from(name: &'a str) -> Self {
        let standard = Stage::ALL.into_iter().find(|stage| stage.as_str() == name);
        Self(standard.map_or(Reference::Named(name), Reference::Standard))
    }
}

impl AsStage for Stage {
    #[inline]
    fn as_stage(&self) -> StageRef<'_> {
        (*self).into()
    }
}

impl AsStage for str {
    #[inline]
    fn as_stage(&self) -> StageRef<'_> {
        self.into()
    }
}

impl AsStage for String {
    #[inline]
    fn as_stage(&self) -> StageRef<'_> {
        self.as_str().into()
    }
}

impl AsStage for Cow<'_, str> {
    #[inline]
    fn as_stage(&self) -> StageRef<'_> {
        (**self).into()
    }
}

impl<T: AsStage + ?Sized> AsStage for &T {
    #[inline]
    fn as_stage(&self) -> StageRef<'_> {
        (**self).as_stage()
    }
}
