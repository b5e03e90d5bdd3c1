//! Decides when a distance counts as drift.
//!
//! A feature's window is measured in two parts, so that neither dilutes the other: its **values** (the rows with a
//! value) and its **missing** part (rows without a value as one class, all others as the other). The score is the
//! larger of the two distances.
//!
//! Drift is **detected** when, for one of the parts,
//! 1. the distance is above the threshold: large enough to matter;
//! 2. and the [homogeneity test](crate::statistics::homogeneity()) on the same bins gives a p-value below the
//!    significance, which takes the window's size into account: more than chance;
//! 3. and both held in the required number of consecutive windows: still there.
//!
//! The first condition alone raises false alarms on small windows: with no drift at all, the population stability index
//! of 100 rows is 0.1 on average, and above 0.15 in one window of ten. The second alone does so on large windows, where
//! everything is significant.

use std::error::Error;
use std::fmt;

use chrono::TimeDelta;
use serde::Serialize;

use crate::baseline::{CategoricalCounts, CategoricalProfile, Counts, NumericCounts, NumericProfile, Profile};
use crate::statistics::{
    Incomparable, Pair, chi_square, hellinger, homogeneity, jensen_shannon, kolmogorov_smirnov, psi, wasserstein,
};

pub use crate::statistics::{Statistic, UnknownStatistic};

/// Decides when a feature counts as drifted.
///
/// [`Measurement`] has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rule {
    /// The statistic that measures the distance.
    pub statistic: Statistic,
    /// The distance above which drift matters. Defaults to 0.15. Applies to the missing part, too, unless
    /// [`missing_threshold`](Self::missing_threshold) is set.
    pub threshold: f64,
    /// A separate threshold for the missing part; `None` to use [`threshold`](Self::threshold).
    pub missing_threshold: Option<f64>,
    /// Whether [`for_windows`](Self::for_windows) raises the thresholds to the distances that the reference's own
    /// windows reach. Defaults to true.
    pub learned: bool,
    /// The p-value at or above which chance explains a distance. Defaults to 0.0001: if you look at 20 features every
    /// 15 minutes, 1,920 times a day, chance makes one significant once in five days, and it counts only if it is above
    /// the threshold, too.
    pub significance: f64,
    /// The number of consecutive windows before drift is detected. Defaults to 2.
    pub consecutive_windows: u32,
    /// The minimum number of rows for a window to get a score. Defaults to 100.
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
    /// Returns the rule for a feature's windows of one length. Each threshold becomes at least the distance that the
    /// reference's own windows of about that length [reach](crate::baseline::WindowLimits), so that usual distances are
    /// not drift. Returns the rule unchanged if [`learned`](Self::learned) is false, the length is unknown, or the
    /// baseline has no learned limits.
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

/// Measures one part of a window against the same part of the baseline.
///
/// [`Measurement`] has an example.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Part {
    /// The distance.
    pub score: f64,
    /// The probability that chance alone makes the parts at least this different.
    pub p_value: f64,
}

impl Part {
    fn drifts(&self, threshold: f64, significance: f64) -> bool {
        self.score > threshold && self.p_value < significance
    }
}

/// Selects a part of a window's feature.
///
/// [`Measurement`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ScorePart {
    /// The rows with a value, compared with each other.
    Values,
    /// The rows without a value, compared with those that have one.
    Missing,
}

/// Measures how far a window is from the baseline.
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
    /// The number of rows of the window.
    pub rows: u64,
    /// The larger of the parts' distances. This is the published score.
    pub score: f64,
    /// The p-value of that part.
    pub p_value: f64,
    /// The rows with a value; `None` if no row of the window has one.
    pub values: Option<Part>,
    /// The rows without a value, compared with those that have one.
    pub missing: Part,
}

impl Measurement {
    /// Measures a window's feature of either kind.
    ///
    /// # Errors
    ///
    /// [`Unmeasurable::Kind`] when the counts are of the other kind, and the errors of the function for each kind.
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
    /// [`Unmeasurable::Incomparable`] when the window has no rows or was counted on different bins.
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
    /// [`Unmeasurable::Order`] when the statistic needs numbers; [`Unmeasurable::Incomparable`] when the window has no
    /// rows or was counted on different bins.
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

    /// Returns the part that is further away, to which the [`score`](Self::score) belongs.
    #[must_use]
    pub fn part(&self) -> ScorePart {
        match self.values {
            Some(values) if values.score >= self.missing.score => ScorePart::Values,
            _ => ScorePart::Missing,
        }
    }

    /// Returns whether one of the parts is above the threshold and significant.
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

/// Holds two samples on the fine bins.
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

    /// Returns the distance by a statistic that needs order.
    fn distance(&self, statistic: Statistic) -> Result<f64, Incomparable> {
        let pair = Pair::new(&self.reference, &self.window)?;
        let edges = self.profile.bins().edges();
        let deviation = self.profile.deviation();
        Ok(match statistic {
            // A single value has no deviation to measure by: use the share of rows with a different value.
            Statistic::Wasserstein if deviation == 0.0 => pair.largest_difference(),
            Statistic::Wasserstein => wasserstein::of_counts(edges, self.least, self.largest, &pair, deviation)?.value,
            _ => kolmogorov_smirnov::of_counts(edges, &pair)?.value,
        })
    }
}

/// Returns the distances of a window from a reference on the same bins, by every statistic for this kind, without
/// p-values. Returns `None` for a window without rows or counts of the other kind.
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
    // A window without values has only its missing part.
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

/// Holds distances by statistic, in the order of [`Statistic::ALL`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct Distances {
    pub(crate) values: [f64; Statistic::ALL.len()],
    pub(crate) missing: [f64; Statistic::ALL.len()],
}

/// Returns the distance on bins that need no order. On two classes, statistics of order all have one distance: how far
/// the share moved.
fn distance(statistic: Statistic, pair: &Pair<'_>) -> f64 {
    match statistic {
        Statistic::Psi => psi(pair),
        Statistic::JensenShannon => jensen_shannon(pair),
        Statistic::Hellinger => hellinger(pair),
        Statistic::ChiSquare => chi_square(pair).effect,
        Statistic::KolmogorovSmirnov | Statistic::Wasserstein => pair.largest_difference(),
    }
}

/// Tracks whether a feature drifts, from one window to the next.
///
/// Do not pass windows that could not be measured (too few rows, or none): they neither continue nor break a run of
/// windows.
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
    /// Records the next window's measurement and returns whether drift is now detected.
    pub fn observe(&mut self, measurement: &Measurement, rule: &Rule) -> bool {
        self.observe_window(measurement.drifts(rule), rule)
    }

    /// Records whether the next window drifts and returns whether drift is now detected. Pass `true` if it is above the
    /// threshold and significant, or drifts for another reason, such as values of a different type.
    pub fn observe_window(&mut self, above: bool, rule: &Rule) -> bool {
        self.in_a_row = if above { self.in_a_row.saturating_add(1) } else { 0 };
        self.detected(rule)
    }

    /// Returns whether drift is detected after the windows so far.
    #[must_use]
    pub fn detected(&self, rule: &Rule) -> bool {
        self.in_a_row >= rule.consecutive_windows.max(1)
    }

    /// Returns how many windows in a row, up to the last, were above the threshold and significant.
    #[must_use]
    pub fn in_a_row(&self) -> u32 {
        self.in_a_row
    }
}

/// Explains why a window can't be measured.
///
/// [`Measurement`] has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Unmeasurable {
    /// There are no rows, or the bins differ.
    Incomparable(Incomparable),
    /// The window counts numbers and the baseline categories, or vice versa.
    Kind,
    /// The statistic needs an order, which categories don't have.
    Order {
        /// The statistic.
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
