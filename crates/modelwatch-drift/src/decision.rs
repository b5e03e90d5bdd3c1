//! When a distance is called drift.
//!
//! A feature's window is measured in two parts, and neither waters the other down: its **values**, those of rows that
//! have one, and its **missing** ones, a class of its own beside the class of all the others. The score is the larger of the two
//! distances.
//!
//! Drift is **detected** when, of one of the parts,
//! 1. the distance is above the threshold: large enough to matter;
//! 2. and the [homogeneity test](crate::statistics::homogeneity()) on the same bins gives a p-value below the
//!    significance, which takes the window's size into account: more than chance;
//! 3. and both held in so many consecutive windows: still there.
//!
//! The first alone is an alarm generator on small windows (the index of population stability of 100 rows of no drift at
//! all is 0.1 on average, and above 0.15 in one window of ten), the second alone on large ones, where everything is significant.

use std::error::Error;
use std::fmt;
use std::str::FromStr;

use crate::baseline::{CategoricalCounts, CategoricalProfile, Counts, NumericCounts, NumericProfile, Profile};
use crate::statistics::{
    Incomparable, Pair, chi_square, hellinger, homogeneity, jensen_shannon, kolmogorov_smirnov, psi, wasserstein,
};

/// How the distance of a window from the baseline is measured.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Statistic {
    /// [`psi`], over the baseline's deciles or categories.
    #[default]
    Psi,
    /// [`jensen_shannon`], on the same bins.
    JensenShannon,
    /// [`hellinger`], on the same bins.
    Hellinger,
    /// [`chi_square`]'s effect, on the same bins.
    ChiSquare,
    /// [`kolmogorov_smirnov`], on the fine bins; of numbers only.
    KolmogorovSmirnov,
    /// [`wasserstein`] in the baseline's standard deviations, on the fine bins; of numbers only.
    Wasserstein,
}

impl Statistic {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::Psi,
        Self::JensenShannon,
        Self::Hellinger,
        Self::ChiSquare,
        Self::KolmogorovSmirnov,
        Self::Wasserstein,
    ];

    /// Its name in the configuration: `psi`, `jensen-shannon`, `hellinger`, `chi-square`, `kolmogorov-smirnov`, `wasserstein`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Psi => "psi",
            Self::JensenShannon => "jensen-shannon",
            Self::Hellinger => "hellinger",
            Self::ChiSquare => "chi-square",
            Self::KolmogorovSmirnov => "kolmogorov-smirnov",
            Self::Wasserstein => "wasserstein",
        }
    }

    /// Whether it needs values that have an order.
    #[must_use]
    pub fn needs_order(self) -> bool {
        matches!(self, Self::KolmogorovSmirnov | Self::Wasserstein)
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Statistic {
    type Err = UnknownStatistic;

    fn from_str(name: &str) -> Result<Self, UnknownStatistic> {
        Self::ALL
            .into_iter()
            .find(|statistic| statistic.name() == name)
            .ok_or_else(|| UnknownStatistic { name: name.to_owned() })
    }
}

/// A name that no [`Statistic`] has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownStatistic {
    /// The name.
    pub name: String,
}

impl fmt::Display for UnknownStatistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Statistic::ALL.map(Statistic::name).join(", ");
        write!(f, "there is no statistic {:?}; take one of {names}", self.name)
    }
}

impl Error for UnknownStatistic {}

/// When a feature is called drifted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// How the distance is measured.
    pub statistic: Statistic,
    /// A distance matters above this; 0.15 unless set.
    pub threshold: f64,
    /// Chance explains a p-value from this on; 0.0001 unless set, so that 20 features looked at every 15 minutes, 1,920
    /// times a day, are significant by chance once in five days, and then only matter above the threshold.
    pub significance: f64,
    /// So many windows in a row; 2 unless set.
    pub consecutive_windows: u32,
    /// A window of fewer rows gets no score; 100 unless set.
    pub least_rows: u64,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            statistic: Statistic::default(),
            threshold: 0.15,
            significance: 1e-4,
            consecutive_windows: 2,
            least_rows: 100,
        }
    }
}

/// One part of a window against the same part of the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The distance.
    pub score: f64,
    /// How often chance alone makes the parts at least this different.
    pub p_value: f64,
}

impl Part {
    fn drifts(&self, rule: &Rule) -> bool {
        self.score > rule.threshold && self.p_value < rule.significance
    }
}

/// How far a window is from the baseline.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measurement {
    /// Rows of the window.
    pub rows: u64,
    /// The larger of the parts' distances: what is published.
    pub score: f64,
    /// The p-value of that part.
    pub p_value: f64,
    /// The rows that have a value; nothing when no row of the window has.
    pub values: Option<Part>,
    /// The rows that have none, beside those that have.
    pub missing: Part,
}

impl Measurement {
    /// Measures a window's feature of either kind.
    ///
    /// # Errors
    ///
    /// [`Unmeasurable::Kind`] when the counts are of the other kind, and as the functions for each.
    pub fn of(profile: &Profile, counts: &Counts, statistic: Statistic) -> Result<Self, Unmeasurable> {
        match (profile, counts) {
            (Profile::Numeric(profile), Counts::Numeric(counts)) => Self::of_numeric(profile, counts, statistic),
            (Profile::Categorical(profile), Counts::Categorical(counts)) => {
                Self::of_categorical(profile, counts, statistic)
            }
            _ => Err(Unmeasurable::Kind),
        }
    }

    /// Measures a window's numbers.
    ///
    /// # Errors
    ///
    /// [`Unmeasurable::Incomparable`] when the window has no rows or was counted on other bins.
    pub fn of_numeric(
        profile: &NumericProfile,
        window: &NumericCounts,
        statistic: Statistic,
    ) -> Result<Self, Unmeasurable> {
        let reference = profile.counts();
        if reference.bins.len() != window.bins.len() {
            return Err(Unmeasurable::Incomparable(Incomparable::Bins {
                reference: reference.bins.len(),
                window: window.bins.len(),
            }));
        }
        let values = (window.present() > 0).then(|| {
            let (coarse_reference, coarse_window) = (profile.coarse(reference), profile.coarse(window));
            let coarse = Pair::new(&coarse_reference, &coarse_window)?;
            let (fine_reference, fine_window) = (reference.in_order(), window.in_order());
            let fine = Pair::new(&fine_reference, &fine_window)?;
            let edges = profile.bins().edges();
            let score = match statistic {
                Statistic::KolmogorovSmirnov => kolmogorov_smirnov::of_counts(edges, &fine)?.value,
                // One value has no deviation to measure by: how many rows have another.
                Statistic::Wasserstein if profile.deviation() == 0.0 => fine.largest_difference(),
                Statistic::Wasserstein => {
                    let least = window.least.unwrap_or(f64::INFINITY);
                    let largest = window.largest.unwrap_or(f64::NEG_INFINITY);
                    wasserstein::of_counts(edges, least, largest, &fine, profile.deviation())?.value
                }
                _ => distance(statistic, &coarse),
            };
            Ok(Part {
                score,
                p_value: homogeneity(&coarse),
            })
        });
        let reference = [reference.present(), reference.missing];
        Self::of_parts(values, reference, [window.present(), window.missing], statistic)
    }

    /// Measures a window's categories.
    ///
    /// # Errors
    ///
    /// [`Unmeasurable::Order`] when the statistic is one of numbers, [`Unmeasurable::Incomparable`] when the window has no rows or
    /// was counted on other bins.
    pub fn of_categorical(
        profile: &CategoricalProfile,
        window: &CategoricalCounts,
        statistic: Statistic,
    ) -> Result<Self, Unmeasurable> {
        if statistic.needs_order() {
            return Err(Unmeasurable::Order { statistic });
        }
        let reference = profile.counts();
        if reference.named.len() != window.named.len() {
            return Err(Unmeasurable::Incomparable(Incomparable::Bins {
                reference: reference.named.len(),
                window: window.named.len(),
            }));
        }
        let values = (window.present() > 0).then(|| {
            let (coarse_reference, coarse_window) = (profile.coarse(reference), profile.coarse(window));
            let coarse = Pair::new(&coarse_reference, &coarse_window)?;
            Ok(Part {
                score: distance(statistic, &coarse),
                p_value: homogeneity(&coarse),
            })
        });
        let reference = [reference.present(), reference.missing];
        Self::of_parts(values, reference, [window.present(), window.missing], statistic)
    }

    fn of_parts(
        values: Option<Result<Part, Incomparable>>,
        reference: [u64; 2],
        window: [u64; 2],
        statistic: Statistic,
    ) -> Result<Self, Unmeasurable> {
        let values = values.transpose().map_err(Unmeasurable::Incomparable)?;
        let pair = Pair::new(&reference, &window).map_err(Unmeasurable::Incomparable)?;
        let missing = Part {
            score: distance(statistic, &pair),
            p_value: homogeneity(&pair),
        };
        let larger = values.filter(|values| values.score >= missing.score).unwrap_or(missing);
        Ok(Self {
            rows: window[0] + window[1],
            score: larger.score,
            p_value: larger.p_value,
            values,
            missing,
        })
    }

    /// Whether one of the parts is above the threshold and significant.
    #[must_use]
    pub fn drifts(&self, rule: &Rule) -> bool {
        self.missing.drifts(rule) || self.values.is_some_and(|values| values.drifts(rule))
    }
}

/// The distance on bins that need no order. Two classes have one distance for the statistics of order: how far the share moved.
fn distance(statistic: Statistic, pair: &Pair<'_>) -> f64 {
    match statistic {
        Statistic::Psi => psi(pair),
        Statistic::JensenShannon => jensen_shannon(pair),
        Statistic::Hellinger => hellinger(pair),
        Statistic::ChiSquare => chi_square(pair).effect,
        Statistic::KolmogorovSmirnov | Statistic::Wasserstein => pair.largest_difference(),
    }
}

/// Whether a feature drifts, from one window to the next.
///
/// A window that could not be measured (too few rows, no rows) is not shown to it: it neither continues nor breaks the
/// row.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detector {
    in_a_row: u32,
}

impl Detector {
    /// Takes the next window's measurement; whether drift is detected now.
    pub fn observe(&mut self, measurement: &Measurement, rule: &Rule) -> bool {
        self.in_a_row = if measurement.drifts(rule) {
            self.in_a_row.saturating_add(1)
        } else {
            0
        };
        self.detected(rule)
    }

    /// Whether drift is detected after the windows so far.
    #[must_use]
    pub fn detected(&self, rule: &Rule) -> bool {
        self.in_a_row >= rule.consecutive_windows.max(1)
    }

    /// How many windows in a row were above the threshold and significant.
    #[must_use]
    pub fn in_a_row(&self) -> u32 {
        self.in_a_row
    }
}

/// Why a window can't be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unmeasurable {
    /// No rows, or other bins.
    Incomparable(Incomparable),
    /// The window counts numbers and the baseline categories, or the other way.
    Kind,
    /// Categories have no order.
    Order {
        /// The statistic that needs one.
        statistic: Statistic,
    },
}

impl fmt::Display for Unmeasurable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomparable(why) => why.fmt(f),
            Self::Kind => f.write_str(
                "the feature is a number in one of baseline and window and a category in the other; log it as it was in training",
            ),
            Self::Order { statistic } => write!(
                f,
                "{statistic} is of numbers and the feature is a category; take psi, jensen-shannon, hellinger or chi-square"
            ),
        }
    }
}

impl Error for Unmeasurable {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Incomparable(why) => Some(why),
            _ => None,
        }
    }
}
