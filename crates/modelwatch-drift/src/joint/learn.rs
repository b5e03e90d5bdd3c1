//! Learns how the numbers of a reference go together, and how far its own windows stray.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::pairs::{PairSums, pairs};
use super::principal::components;
use super::products::{Block, Products};
use super::profile::{JointFeature, JointLimits, JointProfile};
use crate::threads::each;
use crate::windows::{FEWEST_WINDOWS, LENGTHS, WINDOWS, beginning, starts, stay_below};

/// The maximum number of features that take part. If there are more, those most strongly correlated with another one
/// take part.
pub const MOST_FEATURES: usize = 128;
/// The share of the variance that the components hold, the same as NannyML's.
const SHARE: f64 = 0.65;
/// The maximum number of rows to look at. A longer reference is sampled at random.
const MOST_ROWS: u64 = 1 << 17;
/// The maximum number of values to look at: 32 MiB.
const MOST_VALUES: u64 = 1 << 22;
/// The maximum number of products of two values in one slide over the reference. With more columns, windows slide over
/// fewer rows.
const MOST_PRODUCTS: usize = 1 << 25;
/// The sizes, in rows, of the windows drawn at random.
const AT_RANDOM: [u32; 5] = [100, 300, 1_000, 3_000, 8_192];
/// The maximum number of rows drawn for those windows.
const MOST_AT_RANDOM: usize = 1 << 15;
/// There are this many times as many windows of time: one for each hour of most references, because a day without much
/// traffic is the only one of its kind.
const HOURS: usize = 4;
/// The reference has at least this many times the rows of a random window.
const FEWEST_SIZES: usize = 4;
/// The minimum number of rows in a window.
const FEWEST_ROWS: usize = 100;
/// The maximum number of window correlations held at the same time.
const MOST_CORRELATIONS: usize = 1 << 19;
/// A deviation below this fraction of the largest magnitude is rounding.
const ROUNDING: f64 = 1e-14;

/// Holds the numbers of a reference's rows, from which you learn a [`JointProfile`]. If the reference has more than
/// 131,072 rows, or a wide table has more than 2²² values, it holds a random sample of the rows.
///
/// # Example: two features that no longer rise together
///
/// ```
/// use modelwatch_drift::joint::{
///     JointColumn, JointFeature, JointLimits, JointMeasurement, JointProfile, JointReference, MovedPair, Unjudged,
/// };
/// use modelwatch_drift::sketch::RowSample;
///
/// // In training, the surface is thrice the rooms, give or take. Both vary as before in the window, but not together.
/// let rooms: Vec<f64> = (0..4_000).map(|row| f64::from(row * 7 % 10)).collect();
/// let surface: Vec<f64> = rooms.iter().zip(0..).map(|(rooms, row)| 3.0 * rooms + f64::from(row % 3)).collect();
/// let mut reference = JointReference::new(4_000, 2);
/// let column: JointColumn = reference.column("rooms", &rooms);
/// reference.add(column);
/// reference.add(reference.column("surface", &surface));
/// let profile: JointProfile = reference.learn(1, |_| None).expect("both vary");
/// assert!(matches!(&profile.features()[1], JointFeature { name, .. } if name == "surface"));
/// assert!(profile.limits().iter().all(|limits: &JointLimits| limits.rows.is_some())); // of windows of rows at random
///
/// let window = |rows: usize| {
///     let mut window = RowSample::new(2);
///     window.offer(rows, |places| {
///         let reversed = places.iter().map(|row| surface[surface.len() - 1 - row]);
///         vec![places.iter().map(|row| rooms[*row]).collect(), reversed.collect()]
///     });
///     window
/// };
/// let measured: JointMeasurement = profile.measure(&window(1_000), None)?;
/// assert!(measured.drifts(), "{measured:?}");
/// let moved: &MovedPair = &measured.pairs[0];
/// assert!(moved.before > 0.9 && moved.now < 0.5, "{moved}");
/// assert_eq!(profile.measure(&window(50), None), Err(Unjudged::TooFewRows { rows: 50 }));
/// # Ok::<(), Unjudged>(())
/// ```
#[derive(Clone, Debug)]
pub struct JointReference {
    /// The rows to look at, by their positions in the reference.
    rows: Vec<usize>,
    columns: Vec<JointColumn>,
}

/// Holds the values that a [`JointReference`] looks at in one column.
///
/// [`JointReference`] has an example.
#[derive(Clone, Debug)]
pub struct JointColumn {
    name: String,
    values: Vec<f64>,
    /// `None` if the values do not vary.
    feature: Option<JointFeature>,
}

impl JointReference {
    /// Creates a reference for this number of rows and columns. Add the columns with [`add`](Self::add).
    #[must_use]
    pub fn new(rows: u64, columns: usize) -> Self {
        let most = MOST_ROWS.min(MOST_VALUES / columns.max(1) as u64).max(1);
        let one_of = rows.div_ceil(most).max(1);
        let rows = (0..rows).filter(|row| shuffled(*row).is_multiple_of(one_of));
        Self {
            rows: rows.map(|row| row as usize).collect(),
            columns: Vec::new(),
        }
    }

    /// Picks the values to look at from a column's values of all rows. NaN and infinite values are missing.
    #[must_use]
    pub fn column(&self, name: &str, values: &[f64]) -> JointColumn {
        let value = |row: &usize| values.get(*row).copied().filter(|value| value.is_finite());
        let values: Vec<f64> = self.rows.iter().map(|row| value(row).unwrap_or(f64::NAN)).collect();
        JointColumn {
            name: name.to_owned(),
            feature: feature(name, &values),
            values,
        }
    }

    /// Adds a column made by [`column`](Self::column).
    pub fn add(&mut self, column: JointColumn) {
        self.columns.push(column);
    }

    /// Keeps only the columns whose names `is_wanted` accepts.
    pub fn retain(&mut self, is_wanted: impl Fn(&str) -> bool) {
        self.columns.retain(|column| is_wanted(&column.name));
    }

    /// Drops the columns that take no part: those that do not vary, and those beyond [`MOST_FEATURES`], where other
    /// columns go together more strongly. Returns the names of the remaining columns, in the order that a window's rows
    /// must have.
    pub fn settle(&mut self) -> Vec<String> {
        self.columns.retain(|column| column.feature.is_some());
        if self.columns.len() > MOST_FEATURES {
            let kept = closest(&self.columns);
            let mut places = kept.into_iter();
            self.columns.retain(|_| places.next().unwrap_or_default());
        }
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// Learns how the columns go together and how far the reference's own windows stray, on `threads` threads. `time`
    /// returns the time of a row by its position.
    ///
    /// Returns `None` if fewer than two columns vary, or if there are fewer than 400 rows, too few to measure chance.
    #[must_use]
    pub fn learn(mut self, threads: usize, time: impl Fn(usize) -> Option<DateTime<Utc>>) -> Option<JointProfile> {
        self.settle();
        let features: Vec<JointFeature> = self
            .columns
            .iter()
            .filter_map(|column| column.feature.clone())
            .collect();
        let columns: Vec<&[f64]> = self.columns.iter().map(|column| column.values.as_slice()).collect();
        let size = features.len();
        if size < 2 {
            return None;
        }
        let mut profile = JointProfile {
            features,
            rows: self.rows.len() as u64,
            components: Vec::new(),
            error: 0.0,
            correlations: Vec::new(),
            limits: Vec::new(),
        };
        let mut values = Vec::with_capacity(self.rows.len() * size);
        let mut row = vec![0.0; size];
        for place in 0..self.rows.len() {
            row.iter_mut()
                .zip(&columns)
                .for_each(|(value, column)| *value = column[place]);
            profile.standardize(&row, &mut values);
        }
        profile.components = components(covariance(values.chunks_exact(size), size), size, SHARE);
        let errors = profile.errors_of(&values);
        profile.error = errors.iter().sum::<f64>() / errors.len().max(1) as f64;
        let times = self.rows.iter().enumerate();
        let mut times: Vec<(i64, usize)> = times
            .filter_map(|(place, row)| Some((time(*row)?.timestamp_micros(), place)))
            .collect();
        times.sort_unstable();
        let rows = Rows {
            size,
            values: &values,
            errors: &errors,
        };
        let (at_random, in_order) = (rows.at_random(), rows.in_order(&times));
        let of_limits = at_random.iter().chain(&in_order).map(Work::Limits);
        let work = [Work::Unseen, Work::Correlations].into_iter().chain(of_limits);
        let mut unseen = 0.0;
        let mut correlations = Vec::new();
        for done in each(threads, work, |work| work.done(&profile, &rows)) {
            match done {
                Done::Unseen(error) => unseen = error,
                Done::Correlations(all) => correlations = all,
                Done::Limits(limits) => profile.limits.extend(limits),
            }
        }
        if profile.limits.iter().all(|limits| limits.rows.is_none()) {
            return None;
        }
        profile.correlations = correlations;
        profile.limits.iter_mut().for_each(|limits| limits.above += unseen);
        Some(profile)
    }
}

/// Splits the learning that follows the reconstruction into independent tasks.
#[derive(Clone, Copy)]
enum Work<'a> {
    Unseen,
    Correlations,
    Limits(&'a Windows),
}

/// Holds the result of a task.
enum Done {
    Unseen(f64),
    Correlations(Vec<Option<f64>>),
    Limits(Option<JointLimits>),
}

impl Work<'_> {
    fn done(self, profile: &JointProfile, rows: &Rows<'_>) -> Done {
        match self {
            Work::Unseen => Done::Unseen(profile.unseen(rows.values)),
            Work::Correlations => {
                let mut sums = PairSums::new(rows.size);
                sums.add(rows.values.chunks_exact(rows.size));
                Done::Correlations(sums.correlations())
            }
            Work::Limits(windows) => Done::Limits(rows.limits(windows)),
        }
    }
}

impl JointProfile {
    /// Returns by how much the error of rows grows when the components were learned without them. With many columns and
    /// few rows, some components come from chance. Learning from each half of the rows gives about twice the growth of
    /// learning from all.
    fn unseen(&self, values: &[f64]) -> f64 {
        let size = self.features.len();
        let half_of = |place: usize| (shuffled(!place as u64) % 2) as usize;
        let errors_by = [0, 1].map(|half| {
            let rows = values.chunks_exact(size).enumerate();
            let rows = rows.filter(|(place, _)| half_of(*place) == half).map(|(_, row)| row);
            let learned = Self {
                components: components(covariance(rows, size), size, SHARE),
                ..self.clone()
            };
            learned.errors_of(values)
        });
        // The mean error of one half with the components learned from a half.
        let error = |of: usize, half: usize| {
            let errors = errors_by[of].iter().enumerate();
            let (mut sum, mut rows) = (0.0, 0_usize);
            for (_, error) in errors.filter(|(place, _)| half_of(*place) == half) {
                sum += error;
                rows += 1;
            }
            sum / rows.max(1) as f64
        };
        let [one, other] = [0, 1].map(|half| error(1 - half, half) - error(half, half));
        f64::midpoint(one, other).max(0.0)
    }
}

/// Fibonacci hashing: the order of the results has nothing to do with the order of the rows.
fn shuffled(row: u64) -> u64 {
    row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
}

/// Returns mean and deviation if values vary. The mean stands in for missing values.
fn feature(name: &str, values: &[f64]) -> Option<JointFeature> {
    let present = || values.iter().copied().filter(|value| !value.is_nan());
    let largest = present().map(f64::abs).fold(0.0, f64::max);
    let rows = present().count();
    if rows < FEWEST_ROWS || largest == 0.0 {
        return None;
    }
    // Divided by the largest magnitude, so that no square overflows or vanishes.
    let mean = present().map(|value| value / largest).sum::<f64>() / rows as f64;
    let squares: f64 = present().map(|value| (value / largest - mean).powi(2)).sum();
    let deviation = (squares / values.len() as f64).sqrt();
    let (mean, scaled) = (mean * largest, deviation * largest);
    let varies = deviation > ROUNDING && mean.is_finite() && scaled.is_finite() && scaled > 0.0;
    varies.then(|| JointFeature {
        name: name.to_owned(),
        mean,
        deviation: scaled,
    })
}

/// Returns which features go together with another one most strongly.
fn closest(columns: &[JointColumn]) -> Vec<bool> {
    /// Rows held in deviations at the same time.
    const AT_ONCE: usize = 1_024;
    let size = columns.len();
    let rows = columns.first().map_or(0, |column| column.values.len());
    let deviation = |column: &JointColumn, place: usize| {
        let feature = column.feature.as_ref();
        feature.map_or(f64::NAN, |feature| {
            (column.values[place] - feature.mean) / feature.deviation
        })
    };
    let mut sums = PairSums::new(size);
    let mut some = Vec::with_capacity(AT_ONCE * size);
    for first in (0..rows).step_by(AT_ONCE) {
        some.clear();
        for place in first..rows.min(first + AT_ONCE) {
            some.extend(columns.iter().map(|column| deviation(column, place)));
        }
        sums.add(some.chunks_exact(size));
    }
    let mut closest = vec![0.0_f64; size];
    for ((one, other), correlation) in pairs(size).zip(sums.correlations()) {
        let correlation = correlation.unwrap_or_default().abs();
        closest[one] = closest[one].max(correlation);
        closest[other] = closest[other].max(correlation);
    }
    let mut order: Vec<usize> = (0..size).collect();
    order.sort_by(|one, other| closest[*other].total_cmp(&closest[*one]));
    let mut kept = vec![false; size];
    order
        .into_iter()
        .take(MOST_FEATURES)
        .for_each(|place| kept[place] = true);
    kept
}

/// Returns the covariance of rows in deviations whose mean is 0, with the mean in place of missing values.
fn covariance<'a>(rows: impl Iterator<Item = &'a [f64]>, size: usize) -> Vec<f64> {
    let mut sums = Products::new(size);
    let mut block = Block::new(size);
    let present = |value: f64| if value.is_nan() { 0.0 } else { value };
    let mut count = 0_usize;
    block.fill(rows, present, |block| {
        count += block.len();
        sums.add(block, 1.0);
    });
    let share = size as f64 / (count * size).max(1) as f64;
    let each = (0..size).flat_map(|row| (0..size).map(move |column| (row.min(column), row.max(column))));
    each.map(|(one, other)| sums.of(one, other) * share).collect()
}

/// Holds the reference's rows in deviations, and their reconstruction errors.
struct Rows<'a> {
    size: usize,
    values: &'a [f64],
    errors: &'a [f64],
}

impl Rows<'_> {
    fn row(&self, place: usize) -> &[f64] {
        &self.values[place * self.size..][..self.size]
    }

    /// Picks evenly spread rows from `places` if sliding over all of them takes too long.
    fn thinned(&self, places: Vec<usize>, most: usize) -> Vec<usize> {
        let products = self.size * (self.size + 1) / 2;
        let most = most.min(MOST_PRODUCTS / products).max(FEWEST_ROWS);
        let one_of = places.len().div_ceil(most).max(1) as u64;
        let taken = places.into_iter().enumerate();
        // Uses a different order from the one that picked rows before.
        let taken = taken.filter(|(place, _)| shuffled(!*place as u64).is_multiple_of(one_of));
        taken.map(|(_, place)| place).collect()
    }

    /// Returns the number of windows to look at.
    fn windows(&self) -> usize {
        (MOST_CORRELATIONS / (self.size * (self.size - 1) / 2)).clamp(FEWEST_WINDOWS, WINDOWS)
    }

    /// Returns windows of several sizes with random rows: they measure chance.
    fn at_random(&self) -> Vec<Windows> {
        let mut order: Vec<usize> = (0..self.errors.len()).collect();
        order.sort_unstable_by_key(|place| (*place as u64).wrapping_mul(0xD6E8_FEB8_6659_FD93) >> 16);
        order.truncate(MOST_AT_RANDOM);
        let order = Arc::new(self.ordered(self.thinned(order, MOST_AT_RANDOM)));
        let of_sizes = AT_RANDOM.into_iter().filter_map(|rows| {
            let (of_window, all) = (rows as usize, order.places.len());
            if all < FEWEST_SIZES * of_window {
                return None;
            }
            let room = (all - of_window) as f64;
            let windows = self.windows();
            let mut starts: Vec<usize> = (0..windows)
                .map(|number| (room * beginning(number, windows)) as usize)
                .collect();
            starts.dedup();
            Some(Windows {
                seconds: None,
                rows: Some(rows),
                order: order.clone(),
                reaches: starts.into_iter().map(|start| (start, start + of_window)).collect(),
                apart: all / of_window,
            })
        });
        of_sizes.collect()
    }

    /// Returns windows of time, with the rows in the order of their times: they measure what time does.
    fn in_order(&self, times: &[(i64, usize)]) -> Vec<Windows> {
        let places = self.thinned((0..times.len()).collect(), times.len());
        let times: Vec<(i64, usize)> = places.into_iter().map(|place| times[place]).collect();
        let (Some((first, _)), Some((last, _))) = (times.first(), times.last()) else {
            return Vec::new();
        };
        let order = Arc::new(self.ordered(times.iter().map(|(_, place)| *place).collect()));
        let before = |time: i64| times.partition_point(|(other, _)| *other < time);
        let of_lengths = LENGTHS.into_iter().filter_map(|seconds| {
            let length = i64::from(seconds) * 1_000_000;
            let starts = starts(*first, *last, seconds, HOURS * self.windows())?;
            Some(Windows {
                seconds: Some(seconds),
                rows: None,
                order: order.clone(),
                reaches: starts
                    .into_iter()
                    .map(|start| (before(start), before(start + length)))
                    .collect(),
                apart: ((last - first) / length) as usize,
            })
        });
        of_lengths.collect()
    }

    fn ordered(&self, places: Vec<usize>) -> Order {
        let mut sums = PairSums::new(self.size);
        sums.add(places.iter().map(|place| self.row(*place)));
        let errors: Vec<f64> = places.iter().map(|place| self.errors[*place]).collect();
        Order {
            all_errors: errors.iter().sum(),
            errors,
            places,
            sums,
        }
    }

    /// Returns the distances that windows reach, each against the rest; `None` if too few windows have enough rows.
    fn limits(&self, windows: &Windows) -> Option<JointLimits> {
        let order = &*windows.order;
        let sums_of_errors = windows.sums_of_errors();
        let mut window = PairSums::new(self.size);
        let (mut from, mut to) = (0, 0);
        let (mut below, mut above) = (Vec::new(), Vec::new());
        let mut moved: Vec<Vec<f64>> = vec![Vec::new(); self.size * (self.size - 1) / 2];
        for ((first, end), errors) in windows.reaches.iter().copied().zip(sums_of_errors) {
            if first >= to {
                // The previous window shares no row with this one.
                window = PairSums::new(self.size);
                (from, to) = (first, first);
            }
            let rows = |from: usize, to: usize| order.places[from..to].iter().map(|place| self.row(*place));
            window.add(rows(to, end));
            window.remove(rows(from, first));
            (from, to) = (first, end);
            let (rows, others) = (to - from, order.places.len() - (to - from));
            if rows < FEWEST_ROWS || others < FEWEST_ROWS {
                continue;
            }
            let off = errors / rows as f64 - (order.all_errors - errors) / others as f64;
            below.push((-off).max(0.0));
            above.push(off.max(0.0));
            let rest = order.sums.less(&window).correlations();
            let both = window.correlations().into_iter().zip(rest);
            for (moved, (window, rest)) in moved.iter_mut().zip(both) {
                moved.extend(window.zip(rest).map(|(window, rest)| (window - rest).abs()));
            }
        }
        if above.len() < FEWEST_WINDOWS {
            return None;
        }
        let hundredths = moved.into_iter().map(|moved| {
            let reach = stay_below(moved, windows.apart);
            (reach * 100.0).ceil().clamp(0.0, 255.0) as u8
        });
        Some(JointLimits {
            seconds: windows.seconds,
            rows: windows.rows,
            windows: above.len() as u32,
            hundredths: hundredths.collect(),
            below: stay_below(below, windows.apart),
            above: stay_below(above, windows.apart),
        })
    }
}

/// Holds rows in an order that windows slide over.
struct Order {
    places: Vec<usize>,
    /// The sums over all rows.
    sums: PairSums,
    /// The errors, in this order.
    errors: Vec<f64>,
    all_errors: f64,
}

/// Holds windows of one length or size.
struct Windows {
    seconds: Option<u32>,
    rows: Option<u32>,
    order: Arc<Order>,
    /// Each window as a range of positions in the order; both ends ascend.
    reaches: Vec<(usize, usize)>,
    /// The number of windows without common rows.
    apart: usize,
}

impl Windows {
    /// Returns the sum of errors of each window, in order.
    fn sums_of_errors(&self) -> Vec<f64> {
        /// The number of windows summed side by side: within a window, each addition waits for the one before.
        const ABREAST: usize = 8;
        let mut sums = Vec::with_capacity(self.reaches.len());
        for some in self.reaches.chunks(ABREAST) {
            let of_each = some.iter().map(|(first, end)| &self.order.errors[*first..*end]);
            let of_each: Vec<&[f64]> = of_each.collect();
            let together = of_each.iter().map(|errors| errors.len()).min().unwrap_or_default();
            let mut abreast = [0.0; ABREAST];
            for row in 0..together {
                let each = abreast.iter_mut().zip(&of_each);
                each.for_each(|(sum, errors)| *sum += errors[row]);
            }
            let each = abreast.into_iter().zip(of_each);
            sums.extend(each.map(|(sum, errors)| errors[together..].iter().fold(sum, |sum, error| sum + error)));
        }
        sums
    }
}
