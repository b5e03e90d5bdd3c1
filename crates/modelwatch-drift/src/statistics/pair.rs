//! Holds two samples counted on the same bins.

use std::error::Error;
use std::fmt;

/// Holds the counts of a reference and of a window on the same bins. Both have rows.
///
/// # Example: the same shares, and others
///
/// ```
/// use modelwatch_drift::statistics::{ChiSquare, Incomparable, Pair, chi_square, homogeneity, psi};
///
/// let training = [500, 300, 200];
/// let same = Pair::new(&training, &[50, 30, 20])?;
/// assert!(psi(&same) < 0.01 && homogeneity(&same) > 0.9);
///
/// let other = Pair::new(&training, &[20, 30, 50])?;
/// let ChiSquare { p_value, degrees_of_freedom, .. } = chi_square(&other);
/// assert!(psi(&other) > 0.15 && p_value < 1e-4);
/// assert_eq!(degrees_of_freedom, 2);
///
/// assert_eq!(Pair::new(&training, &[0, 0, 0]).err(), Some(Incomparable::NoWindow));
/// # Ok::<(), Incomparable>(())
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Pair<'a> {
    reference: &'a [u64],
    window: &'a [u64],
    reference_rows: f64,
    window_rows: f64,
}

impl<'a> Pair<'a> {
    /// Pairs the counts, bin by bin.
    ///
    /// # Errors
    ///
    /// The numbers of bins differ, or one of the samples has no rows, so that there is nothing to compare.
    pub fn new(reference: &'a [u64], window: &'a [u64]) -> Result<Self, Incomparable> {
        if reference.len() != window.len() {
            return Err(Incomparable::Bins {
                reference: reference.len(),
                window: window.len(),
            });
        }
        let rows = |counts: &[u64]| counts.iter().map(|count| u128::from(*count)).sum::<u128>() as f64;
        let (reference_rows, window_rows) = (rows(reference), rows(window));
        if reference_rows == 0.0 {
            return Err(Incomparable::NoReference);
        }
        if window_rows == 0.0 {
            return Err(Incomparable::NoWindow);
        }
        Ok(Self {
            reference,
            window,
            reference_rows,
            window_rows,
        })
    }

    /// Returns the number of rows of the reference.
    pub(super) fn reference_rows(&self) -> f64 {
        self.reference_rows
    }

    /// Returns the number of rows of the window.
    pub(super) fn window_rows(&self) -> f64 {
        self.window_rows
    }

    /// Returns the number of bins.
    pub(super) fn len(&self) -> usize {
        self.reference.len()
    }

    /// Returns the rows of reference and window in each bin, leaving out bins without rows in both.
    pub(super) fn counts(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        self.all_counts().filter(|(reference, window)| reference + window > 0.0)
    }

    /// Returns the shares of reference and window in each bin, in order.
    pub(super) fn shares(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        self.all_counts()
            .map(|(reference, window)| (reference / self.reference_rows, window / self.window_rows))
    }

    /// Returns the largest difference between the shares in a bin.
    pub(crate) fn largest_difference(&self) -> f64 {
        self.shares()
            .map(|(reference, window)| (window - reference).abs())
            .fold(0.0, f64::max)
    }

    fn all_counts(&self) -> impl Iterator<Item = (f64, f64)> + Clone {
        self.reference
            .iter()
            .zip(self.window)
            .map(|(reference, window)| (*reference as f64, *window as f64))
    }
}

/// Explains why two samples can't be compared.
///
/// [`Pair`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Incomparable {
    /// They were counted on different bins.
    Bins {
        /// The number of bins of the reference.
        reference: usize,
        /// The number of bins of the window.
        window: usize,
    },
    /// The reference has no rows.
    NoReference,
    /// The window has no rows.
    NoWindow,
}

impl fmt::Display for Incomparable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bins { reference, window } => write!(
                f,
                "the reference has {reference} bins and the window {window}; count the window on the baseline's bins"
            ),
            Self::NoReference => f.write_str("the reference has no rows to compare with; build the baseline again"),
            Self::NoWindow => f.write_str("the window has no rows to compare; wait for one that has"),
        }
    }
}

impl Error for Incomparable {}
