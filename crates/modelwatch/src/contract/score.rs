//! What can be the score of a prediction.

/// Converts into the score of a prediction: a number, an `Option` of one, or [`NoScore`].
///
/// # Example: what is a score
///
/// ```
/// use modelwatch::{IntoScore, NoScore};
///
/// assert_eq!(0.5_f32.into_score(), Some(0.5));
/// assert_eq!(None::<f64>.into_score(), None);
/// assert_eq!(NoScore.into_score(), None);
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a score",
    label = "neither a number nor an `Option` of one",
    note = "a prediction without a score, such as an embedding, is recorded with `modelwatch::NoScore`"
)]
pub trait IntoScore {
    /// Returns the score, if there is one.
    fn into_score(self) -> Option<f64>;
}

/// Says that a prediction has no score, such as an embedding or a text.
///
/// ```
/// use modelwatch::{NoScore, row};
/// # let monitor = modelwatch::Monitor::new();
/// # let model = monitor.model("embedder", "2026-04-01").register()?;
///
/// model.record(row!["how late is flight 12?"], NoScore);
/// assert_eq!(monitor.value("ml_prediction_unscored_total", &[]), Ok(1.0));
/// # Ok::<(), modelwatch::RegisterError>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NoScore;

impl IntoScore for NoScore {
    #[inline]
    fn into_score(self) -> Option<f64> {
        None
    }
}

impl<S: IntoScore> IntoScore for Option<S> {
    #[inline]
    fn into_score(self) -> Option<f64> {
        self.and_then(IntoScore::into_score)
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(
            impl IntoScore for $number {
                #[inline]
                fn into_score(self) -> Option<f64> {
                    Some(self.into())
                }
            }
        )*
    };
}
numbers!(f64, f32, i8, i16, i32, u8, u16, u32);
