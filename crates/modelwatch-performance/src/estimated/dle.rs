//! Direct loss estimation: the expected error of a predicted number, given the model's input.

use super::boosting::{Binned, Boosted};
use super::columns::Cut;
use super::doubt::{CannotEstimate, Estimate};
use crate::exact_sum::ExactSum;
use crate::interval;
use crate::measure::{Measure, Measured, Performance, Undefined};
use crate::realised::root;

/// The fewest rows to learn from.
const LEAST_ROWS: usize = 200;
/// The most rows to keep for learning. Each row of a larger reference is kept with the same probability.
const MOST_ROWS: usize = 200_000;

/// Labelled rows to learn from: the model's input, its prediction, and the target.
/// The example of [`Dle`](crate::Dle) has one.
#[derive(Clone, Debug)]
pub struct LossReference {
    features: usize,
    rows: Vec<Row>,
    seen: u64,
}

#[derive(Clone, Debug)]
struct Row {
    /// The features, followed by the prediction.
    values: Vec<f64>,
    error: f64,
}

impl LossReference {
    /// Makes a reference without rows, for this many features.
    #[must_use]
    pub fn new(features: usize) -> Self {
        Self {
            features,
            rows: Vec::new(),
            seen: 0,
        }
    }

    /// Adds a row: its features, its prediction and its target. Features are numbers: NaN for a missing one, and any number that
    /// represents a category. Keeps a random sample beyond 200,000 rows. Ignores a row whose prediction or target is not finite.
    ///
    /// # Errors
    ///
    /// Returns an error when the row has another number of features.
    pub fn add(&mut self, features: &[f64], predicted: f64, actual: f64) -> Result<(), CannotEstimate> {
        if features.len() != self.features {
            return Err(CannotEstimate::Ragged {
                values: features.len(),
                wanted: self.features,
            });
        }
        let error = predicted - actual;
        if !(error * error).is_finite() {
            return Ok(());
        }
        self.seen += 1;
        let place = match self.rows.len() < MOST_ROWS {
            true => self.rows.len(),
            // Vitter's algorithm R (1985).
            false => (mix(self.seen) % self.seen) as usize,
        };
        if place < MOST_ROWS {
            let values = features.iter().copied().chain([predicted]).collect();
            let row = Row { values, error };
            match self.rows.get_mut(place) {
                Some(kept) => *kept = row,
                None => self.rows.push(row),
            }
        }
        Ok(())
    }
}

/// Estimates errors of predicted numbers without labels (NannyML calls it DLE).
///
/// It learns from a labelled reference, with boosted regression trees, how large absolute and squared errors are for given
/// features and predictions. This holds while the model predicts each kind of input as well as in the reference, however often
/// each input comes (*covariate shift*). Without labels, it can't see a changed relation between inputs and targets (*concept
/// drift*): [`Estimate::doubts`] compares the two when labels arrive.
///
/// Its interval contains the figure by labels in 95 % of windows.
/// # Example: errors that grow with distance
///
/// ```
/// use modelwatch_performance::{CannotEstimate, Dle, LossCounts, LossReference, Measure};
///
/// let mut reference = LossReference::new(1);
/// assert!(matches!(Dle::learn(&reference), Err(CannotEstimate::TooFewRows { rows: 0, .. })));
/// for row in 0..600_u32 {
///     let distance = f64::from(row % 60);
///     reference.add(&[distance], 0.0, if row % 2 == 0 { distance } else { -distance })?;
/// }
/// let dle = Dle::learn(&reference)?;
///
/// let expected = |distance| {
///     let mut window = LossCounts::new();
///     (0..100).for_each(|_| dle.count(&mut window, &[distance], 0.0));
///     dle.estimate(&window).performance.get(Measure::MeanAbsoluteError)
/// };
/// assert!(expected(55.0)?.value > 3.0 * expected(5.0)?.value);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dle {
    cuts: Vec<Cut>,
    absolute: Loss,
    squared: Loss,
    rows: usize,
}

/// A loss as a function of the features.
#[derive(Clone, Debug)]
struct Loss {
    model: Boosted,
    /// The variance of a loss divided by the square of its expectation, from rows that the model was not fitted to.
    dispersion: f64,
}

/// The expected losses of predictions without labels, as counts. Neither the order of rows nor the way of merging changes a
/// figure.
/// The example of [`Dle`](crate::Dle) has one.
#[derive(Clone, Debug, Default)]
pub struct LossCounts {
    rows: u64,
    beyond: u64,
    left_out: u64,
    absolute: Expectation,
    squared: Expectation,
}

#[derive(Clone, Debug, Default)]
struct Expectation {
    sum: ExactSum,
    squares: ExactSum,
}

impl Dle {
    /// Learns from labelled rows that the model was not trained on. The same rows in the same order give the same estimator.
    ///
    /// # Errors
    ///
    /// Returns an error for fewer than 200 usable rows.
    pub fn learn(reference: &LossReference) -> Result<Self, CannotEstimate> {
        let rows = &reference.rows;
        if rows.len() < LEAST_ROWS {
            return Err(CannotEstimate::TooFewRows {
                rows: rows.len(),
                least: LEAST_ROWS,
            });
        }
        let places = 0..=reference.features;
        let cuts: Vec<Cut> = places
            .map(|place| Cut::learn(rows.iter().map(|row| row.values[place])))
            .collect();
        let binned = |(place, cut): (usize, &Cut)| rows.iter().map(|row| cut.bin(row.values[place])).collect();
        let columns: Vec<Vec<u8>> = cuts.iter().enumerate().map(binned).collect();
        let bins: Vec<usize> = cuts.iter().map(Cut::bins).collect();
        let binned = Binned {
            columns: &columns,
            bins: &bins,
        };
        let loss = |of: fn(f64) -> f64| {
            let losses: Vec<f64> = rows.iter().map(|row| of(row.error)).collect();
            Loss::learn(&binned, &losses)
        };
        Ok(Self {
            absolute: loss(f64::abs),
            squared: loss(|error| error * error),
            rows: rows.len(),
            cuts,
        })
    }

    /// Counts a prediction, with the same features as in the reference. A prediction that is not finite, or a row with another
    /// number of features, only counts in [`LossCounts::left_out`].
    pub fn count(&self, counts: &mut LossCounts, features: &[f64], predicted: f64) {
        if !predicted.is_finite() || features.len() + 1 != self.cuts.len() {
            counts.left_out += 1;
            return;
        }
        let values = || features.iter().copied().chain([predicted]);
        let bins: Vec<u8> = values().zip(&self.cuts).map(|(value, cut)| cut.bin(value)).collect();
        counts.rows += 1;
        counts.beyond += u64::from(values().zip(&self.cuts).any(|(value, cut)| cut.is_beyond(value)));
        counts.absolute.add(self.absolute.of(&bins));
        counts.squared.add(self.squared.of(&bins));
    }

    /// Estimates the errors of the predictions that [`count`](Self::count) counted.
    #[must_use]
    pub fn estimate(&self, window: &LossCounts) -> Estimate {
        let measured = |loss: &Loss, expected: &Expectation| {
            if window.rows == 0 {
                return Err(Undefined::NoRows);
            }
            let rows = window.rows as f64;
            let value = expected.sum.value() / rows;
            let of_a_row = loss.dispersion * expected.squares.value() / rows;
            let error = (of_a_row / rows + of_a_row / self.rows as f64).sqrt();
            Ok(Measured {
                value,
                interval: interval::logarithmic(value, error, window.rows),
                rows: window.rows,
                within: 0.0,
            })
        };
        Estimate {
            performance: Performance::new([
                (Measure::MeanAbsoluteError, measured(&self.absolute, &window.absolute)),
                (
                    Measure::RootMeanSquaredError,
                    root(measured(&self.squared, &window.squared)),
                ),
            ]),
            rows: window.rows,
            beyond: window.beyond,
        }
    }
}

impl Loss {
    fn learn(binned: &Binned<'_>, losses: &[f64]) -> Self {
        let (one, other): (Vec<usize>, Vec<usize>) = (0..losses.len()).partition(|row| mix(*row as u64) & 1 == 0);
        let (mut residuals, mut squares) = (0.0, 0.0);
        for (fitted, judged) in [(&one, &other), (&other, &one)] {
            let model = Boosted::fit(binned, fitted, losses);
            for row in judged {
                let expected = model.value(|column| binned.columns[column][*row]).max(0.0);
                residuals += (losses[*row] - expected).powi(2);
                squares += expected * expected;
            }
        }
        let all: Vec<usize> = (0..losses.len()).collect();
        Self {
            model: Boosted::fit(binned, &all, losses),
            dispersion: if squares > 0.0 { residuals / squares } else { 0.0 },
        }
    }

    /// A loss is never below 0, although a sum of trees may be.
    fn of(&self, bins: &[u8]) -> f64 {
        self.model.value(|column| bins[column]).max(0.0)
    }
}

impl LossCounts {
    /// Makes counts without rows.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds the counts of other rows, made with the same [`Dle`].
    pub fn merge(&mut self, other: &Self) {
        self.rows += other.rows;
        self.beyond += other.beyond;
        self.left_out += other.left_out;
        self.absolute.merge(&other.absolute);
        self.squared.merge(&other.squared);
    }

    /// Returns the number of rows without an estimate.
    #[must_use]
    pub fn left_out(&self) -> u64 {
        self.left_out
    }
}

impl Expectation {
    fn add(&mut self, loss: f64) {
        self.sum.add(loss);
        self.squares.add(loss * loss);
    }

    fn merge(&mut self, other: &Self) {
        self.sum.merge(&other.sum);
        self.squares.merge(&other.squares);
    }
}

/// The finaliser of SplitMix64 (Steele, Lea and Flood, 2014): a number that looks random and is the same in every run.
fn mix(number: u64) -> u64 {
    let z = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
