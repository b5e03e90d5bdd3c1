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

use chrono::TimeDelta;
use serde::Serialize;

use crate::baseline::{CategoricalCounts, CategoricalProfile, Counts, NumericCounts, NumericProfile, Profile};
use crate::statistics::{
    Incomparable, Pair, chi_square, hellinger, homogeneity, jensen_shannon, kolmogorov_smirnov, psi, wasserstein,
};

pub use crate::statistics::{Statistic, UnknownStatistic};

/// When a feature is called drifted.
///
/// [`Measurement`] has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// How the distance is measured.
    pub statistic: Statistic,
    /// A distance matters above this; 0.15 unless set. Of the missing part where [`missing_threshold`](Self::missing_threshold)
    /// says nothing else.
    pub threshold: f64,
    /// The same of the missing part, where it is another.
    pub missing_threshold: Option<f64>,
    /// Whether [`for_windows`](Self::for_windows) raises the thresholds to what the reference's own windows reach; so unless set.
    pub learned: bool,
    /// Chance explains a p-value from this on; 0.0001 unless set, so that 20 features looked at every 15 minutes, 1,920
    /// times a day, are significant by chance once in five days, and then only matter above the threshold.
    pub significance: f64,
    /// So many windows in a row; 2 unless set.
    pub consecutive_windows: u32,
    /// A window of fewer rows gets no score; 100 unless set.
    pub minimum_rows: u64,
}

impl Default for Rule {
    fn default() -> Self {
        Self {
            statistic: Statistic::default(),
            threshold: 0.15,
            missing_threshold: None,
            learned: true,
            significance: 1e-4,
            consecutive_windows: 2,
            minimum_rows: 100,
        }
    }
}

impl Rule {
    /// The rule for windows of one length of a feature: each threshold is at least what the reference's own windows of about that
    /// length [reach](crate::baseline::WindowLimits), so that what is usual there is no drift. Unchanged where
    /// [`learned`](Self::learned) says so, the length is not known or the baseline has learned nothing.
    #[must_use]
    pub fn for_windows(self, profile: &Profile, length: Option<TimeDelta>) -> Self {
        let Some(length) = length.filter(|_| self.learned) else {
            return self;
        };
        let mut rule = self;
        for limits in profile.limits_for(length) {
            let missing = rule.missing_threshold.unwrap_or(rule.threshold);
            rule.missing_threshold = Some(missing.max(limits.missing.of(rule.statistic)));
            rule.threshold = rule.threshold.max(limits.values.of(rule.statistic));
        }
        rule
    }
}

/// One part of a window against the same part of the baseline.
///
/// [`Measurement`] has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The distance.
    pub score: f64,
    /// How often chance alone makes the parts at least this different.
    pub p_value: f64,
}

impl Part {
    fn drifts(&self, threshold: f64, significance: f64) -> bool {
        self.score > threshold && self.p_value < significance
    }
}

/// Which part of a window's feature.
///
/// [`Measurement`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScorePart {
    /// The rows that have a value, among themselves.
    Values,
    /// The rows that have none, beside those that have.
    Missing,
}

/// How far a window is from the baseline.
///
/// # Example: a category that training did not have
///
/// ```
/// use modelwatch_drift::baseline::{CategoricalProfile, Hygiene};
/// use modelwatch_drift::decision::{Measurement, Part, Rule, ScorePart, Statistic, Unmeasurable};
///
/// let training = [("web".to_owned(), 700), ("branch".to_owned(), 300)];
/// let profile = CategoricalProfile::new("channel", training, 0, &Hygiene::default())?;
/// let mut window = profile.bins().count();
/// for (channel, rows) in [("web", 350), ("branch", 150), ("app", 500)] {
///     window.add_rows(profile.bins(), Some(channel), rows);
/// }
///
/// let measured = Measurement::of_categorical(&profile, &window, Statistic::Psi)?;
/// assert!(measured.drifts(&Rule::default()));
/// assert_eq!(measured.part(), ScorePart::Values); // not the rows without a value:
/// assert!(matches!(measured.missing, Part { score, .. } if score < 0.01));
///
/// let of_order = Measurement::of_categorical(&profile, &window, Statistic::Wasserstein);
/// assert_eq!(of_order, Err(Unmeasurable::Order { statistic: Statistic::Wasserstein }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
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
        same_bins(profile.bins().len(), window.bins.len())?;
        let values = (window.present() > 0).then(|| {
            let (coarse_reference, coarse_window) = (profile.coarse(reference), profile.coarse(window));
            let coarse = Pair::new(&coarse_reference, &coarse_window)?;
            let score = if statistic.needs_order() {
                Fine::new(profile, reference, window).distance(statistic)?
            } else {
                distance(statistic, &coarse)
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
        let bins = |counts: &CategoricalCounts| counts.named.len() + counts.other.len();
        let reference = profile.counts();
        same_bins(bins(reference), bins(window))?;
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

    /// The part that is further away, which is the one the [`score`](Self::score) is of.
    #[must_use]
    pub fn part(&self) -> ScorePart {
        match self.values {
            Some(values) if values.score >= self.missing.score => ScorePart::Values,
            _ => ScorePart::Missing,
        }
    }

    /// Whether one of the parts is above the threshold and significant.
    #[must_use]
    pub fn drifts(&self, rule: &Rule) -> bool {
        let missing = rule.missing_threshold.unwrap_or(rule.threshold);
        self.missing.drifts(missing, rule.significance)
            || self
                .values
                .is_some_and(|values| values.drifts(rule.threshold, rule.significance))
    }
}

fn same_bins(reference: usize, window: usize) -> Result<(), Unmeasurable> {
    match reference == window {
        true => Ok(()),
        false => Err(Unmeasurable::Incomparable(Incomparable::Bins { reference, window })),
    }
}

/// Two samples on the fine bins.
struct Fine<'a> {
    profile: &'a NumericProfile,
    reference: Vec<u64>,
    window: Vec<u64>,
    least: f64,
    largest: f64,
}

impl<'a> Fine<'a> {
    fn new(profile: &'a NumericProfile, reference: &NumericCounts, window: &NumericCounts) -> Self {
        let ends = [reference, window];
        let least = ends.iter().filter_map(|counts| counts.least);
        let largest = ends.iter().filter_map(|counts| counts.largest);
        Self {
            profile,
            reference: reference.in_order(),
            window: window.in_order(),
            least: least.fold(f64::INFINITY, f64::min),
            largest: largest.fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// The distance by a statistic of order.
    fn distance(&self, statistic: Statistic) -> Result<f64, Incomparable> {
        let pair = Pair::new(&self.reference, &self.window)?;
        let edges = self.profile.bins().edges();
        let deviation = self.profile.deviation();
        Ok(match statistic {
            // One value has no deviation to measure by: how many rows have another.
            Statistic::Wasserstein if deviation == 0.0 => pair.largest_difference(),
            Statistic::Wasserstein => wasserstein::of_counts(edges, self.least, self.largest, &pair, deviation)?.value,
            _ => kolmogorov_smirnov::of_counts(edges, &pair)?.value,
        })
    }
}

/// The distances of a window from a reference on the same bins by every statistic there is for the kind, without their
/// p-values; nothing of a window without rows, or of counts of another kind.
pub(crate) fn distances(profile: &Profile, reference: &Counts, window: &Counts) -> Option<Distances> {
    let (coarse, fine) = match (profile, reference, window) {
        (Profile::Numeric(profile), Counts::Numeric(reference), Counts::Numeric(window)) => (
            [profile.coarse(reference), profile.coarse(window)],
            Some(Fine::new(profile, reference, window)),
        ),
        (Profile::Categorical(profile), Counts::Categorical(reference), Counts::Categorical(window)) => {
            ([profile.coarse(reference), profile.coarse(window)], None)
        }
        _ => return None,
    };
    let parts = [reference, window].map(|counts| [counts.rows() - counts.missing(), counts.missing()]);
    let missing = Pair::new(&parts[0], &parts[1]).ok()?;
    let missing = Statistic::ALL.map(|statistic| distance(statistic, &missing));
    // A window without a value has nothing but that.
    let values = match Pair::new(&coarse[0], &coarse[1]) {
        Err(_) => [0.0; Statistic::ALL.len()],
        Ok(pair) => Statistic::ALL.map(|statistic| match &fine {
            Some(fine) if statistic.needs_order() => fine.distance(statistic).unwrap_or_default(),
            None if statistic.needs_order() => 0.0,
            _ => distance(statistic, &pair),
        }),
    };
    Some(Distances { values, missing })
}

/// By statistic, in the order of [`Statistic::ALL`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distances {
    pub(crate) values: [f64; Statistic::ALL.len()],
    pub(crate) missing: [f64; Statistic::ALL.len()],
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
///
/// # Example: two windows in a row
///
/// ```
/// use modelwatch_drift::decision::{Detector, Rule};
///
/// let rule = Rule { consecutive_windows: 2, ..Rule::default() };
/// let mut detector = Detector::default();
/// assert!(!detector.observe_window(true, &rule));
/// assert!(detector.observe_window(true, &rule));
/// assert!(!detector.observe_window(false, &rule)); // back to normal
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Detector {
    in_a_row: u32,
}

impl Detector {
    /// Takes the next window's measurement; whether drift is detected now.
    pub fn observe(&mut self, measurement: &Measurement, rule: &Rule) -> bool {
        self.observe_window(measurement.drifts(rule), rule)
    }

    /// Takes whether the next window is above the threshold and significant, or is drift for another reason, such as values of
    /// another type; whether drift is detected now.
    pub fn observe_window(&mut self, above: bool, rule: &Rule) -> bool {
        self.in_a_row = if above { self.in_a_row.saturating_add(1) } else { 0 };
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
///
/// [`Measurement`] has an example.
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
