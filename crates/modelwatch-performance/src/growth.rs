//! The growth of a loss beyond chance.

use crate::measure::{Better, Measure, Measured};

/// A value must be this many times as far from the reference as both intervals reach. An interval that covers 95 of 100 windows,
/// evaluated for many values and measures each day, would exclude the reference by chance too often.
const CLEAR: f64 = 2.0;
/// The minimum loss of a reference, where higher is better: relative to a perfect reference, any loss would be infinite. Where
/// lower is better, the loss is an error in units of its own, which no minimum fits; nothing grows from an error of 0.
const LEAST_LOSS: f64 = 0.001;

/// Returns by what share of the reference's loss a value's loss exceeds it. `None` when it does not, or when chance explains it.
///
/// A loss grows when a model gets worse. For accuracy, precision, recall, F1, area and R², it is 1 minus the measure. Calibration
/// error and bias are not losses and never grow. Both values need an interval.
///
/// # Example: an area that fell from 0.8 to 0.7
///
/// ```
/// use modelwatch_performance::{BinaryCounts, Measure, loss_growth};
///
/// let counts = |wrong: u64| {
///     let mut counts = BinaryCounts::new();
///     (0..2_000_u64).for_each(|row| counts.add(None, Some(row % 2 == 0), (row % 2 == 0) == (row % 10 >= wrong)));
///     counts.performance().get(Measure::Accuracy)
/// };
/// let growth = loss_growth(Measure::Accuracy, &counts(2)?, &counts(3)?);
/// assert!(growth.is_some_and(|growth| (growth - 0.5).abs() < 1e-9));
/// assert_eq!(loss_growth(Measure::Accuracy, &counts(3)?, &counts(2)?), None);
/// # Ok::<(), modelwatch_performance::Undefined>(())
/// ```
#[must_use]
pub fn loss_growth(measure: Measure, before: &Measured, now: &Measured) -> Option<f64> {
    let (earlier, later) = (before.interval?, now.interval?);
    let (gap, reaches, loss) = match measure.better() {
        _ if measure == Measure::CalibrationError => return None,
        Better::Higher => (
            before.value - now.value,
            [later.high - now.value, before.value - earlier.low],
            (1.0 - before.value).max(LEAST_LOSS),
        ),
        Better::Lower => (
            now.value - before.value,
            [now.value - later.low, earlier.high - before.value],
            before.value,
        ),
        Better::NearZero => return None,
    };
    let reach = reaches[0].hypot(reaches[1]);
    (gap > CLEAR * reach && loss > 0.0).then(|| gap / loss)
}
