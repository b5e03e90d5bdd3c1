//! How the numbers of a reference go together, and what is usual.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::pairs::{PairSums, pairs};
use super::principal::components;
use super::profile::{JointFeature, JointLimits, JointProfile};
use crate::threads::each;
use crate::windows::{FEWEST_WINDOWS, LENGTHS, WINDOWS, beginning, starts, stay_below};

/// The most features that take part. Of more, those take part that go together with another most.
pub const MOST_FEATURES: usize = 128;
/// The share of the variance that the components hold, as NannyML has it.
const SHARE: f64 = 0.65;
/// Rows that are looked at, at most; of a longer reference that many at random.
const MOST_ROWS: u64 = 1 << 17;
/// Values that are looked at, at most: 32 MiB.
const MOST_VALUES: u64 = 1 << 22;
/// Products of two values in one slide over the reference, at most; of more columns fewer rows are slid over.
const MOST_PRODUCTS: usize = 1 << 25;
/// How many rows windows of rows at random have.
const AT_RANDOM: [u32; 5] = [100, 300, 1_000, 3_000, 8_192];
/// Rows that are drawn for those, at most.
const MOST_AT_RANDOM: usize = 1 << 15;
/// So many times as many windows of time: one for each hour of most references, as a day without much traffic is one of its kind.
const HOURS: usize = 4;
/// The reference is at least so many times as large as a window of rows at random.
const FEWEST_SIZES: usize = 4;
/// A window has at least so many rows.
const FEWEST_ROWS: usize = 100;
/// Correlations of windows that are held at the same time, at most.
const MOST_CORRELATIONS: usize = 1 << 19;
/// A deviation that is less of the largest magnitude is rounding.
const ROUNDING: f64 = 1e-14;

/// The numbers of a reference's rows, from which a [`JointProfile`] is learned: of more than 131,072 rows, and of wide tables more than
/// 2²² values, some at random.
#[derive(Clone, Debug)]
pub struct JointReference {
    /// The rows that are looked at, by their places in the reference.
    rows: Vec<usize>,
    columns: Vec<JointColumn>,
}

/// What a [`JointReference`] looks at of one column.
#[derive(Clone, Debug)]
pub struct JointColumn {
    name: String,
    values: Vec<f64>,
}

impl JointReference {
    /// Returns a reference of so many rows and columns, none of which is there yet.
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

    /// Returns what is looked at of a column's values of all rows; NaN and infinite ones are missing.
    #[must_use]
    pub fn column(&self, name: &str, values: &[f64]) -> JointColumn {
        let value = |row: &usize| values.get(*row).copied().filter(|value| value.is_finite());
        JointColumn {
            name: name.to_owned(),
            values: self.rows.iter().map(|row| value(row).unwrap_or(f64::NAN)).collect(),
        }
    }

    /// Adds a column that [`column`](Self::column) made.
    pub fn add(&mut self, column: JointColumn) {
        self.columns.push(column);
    }

    /// Leaves out the columns of other names.
    pub fn retain(&mut self, is_wanted: impl Fn(&str) -> bool) {
        self.columns.retain(|column| is_wanted(&column.name));
    }

    /// Learns how the columns go together, and what is usual for windows, by so many threads; `time` gives the time of a row by its
    /// place.
    ///
    /// Nothing where fewer than two columns vary, or rows are too few to say what chance does: fewer than 400.
    #[must_use]
    pub fn learn(&self, threads: usize, time: impl Fn(usize) -> Option<DateTime<Utc>>) -> Option<JointProfile> {
        let (mut features, mut columns): (Vec<JointFeature>, Vec<&[f64]>) = self
            .columns
            .iter()
            .filter_map(|column| Some((feature(&column.name, &column.values)?, column.values.as_slice())))
            .unzip();
        if features.len() > MOST_FEATURES {
            let kept = closest(&features, &columns);
            let mut places = kept.iter().copied();
            features.retain(|_| places.next().unwrap_or_default());
            let mut places = kept.iter().copied();
            columns.retain(|_| places.next().unwrap_or_default());
        }
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
            values.extend(profile.standardized(&row));
        }
        profile.components = components(covariance(&values, size), size, SHARE);
        let errors: Vec<f64> = values.chunks_exact(size).map(|row| profile.error_of(row)).collect();
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

/// What is learned of the rows once they are reconstructed, each apart from the rest.
#[derive(Clone, Copy)]
enum Work<'a> {
    Unseen,
    Correlations,
    Limits(&'a Windows),
}

/// What came of it.
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
                rows.values.chunks_exact(rows.size).for_each(|row| sums.add(row));
                Done::Correlations(sums.correlations())
            }
            Work::Limits(windows) => Done::Limits(rows.limits(windows)),
        }
    }
}

impl JointProfile {
    /// By how much the error of rows is larger when the components were learned without them: of many columns and few rows, components
    /// are those of chance, too. Learned of each half of the rows, it is about twice what it is of all.
    fn unseen(&self, values: &[f64]) -> f64 {
        let size = self.features.len();
        let mut halves = [Vec::new(), Vec::new()];
        for (place, row) in values.chunks_exact(size).enumerate() {
            halves[(shuffled(!place as u64) % 2) as usize].extend_from_slice(row);
        }
        let error = |profile: &Self, half: &[f64]| {
            let rows = half.chunks_exact(size);
            let count = rows.len().max(1) as f64;
            rows.map(|row| profile.error_of(row)).sum::<f64>() / count
        };
        let learned = halves.each_ref().map(|half| Self {
            components: components(covariance(half, size), size, SHARE),
            ..self.clone()
        });
        let [one, other] =
            [0, 1].map(|half| error(&learned[1 - half], &halves[half]) - error(&learned[half], &halves[half]));
        f64::midpoint(one, other).max(0.0)
    }
}

/// Fibonacci hashing: the order of what comes out has nothing to do with that of the rows.
fn shuffled(row: u64) -> u64 {
    row.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32
}

/// Mean and deviation, where values vary; the mean stands for those that are missing.
fn feature(name: &str, values: &[f64]) -> Option<JointFeature> {
    let present = || values.iter().copied().filter(|value| !value.is_nan());
    let largest = present().map(f64::abs).fold(0.0, f64::max);
    let rows = present().count();
    if rows < FEWEST_ROWS || largest == 0.0 {
        return None;
    }
    // Of the largest magnitude, so that no square overflows or vanishes.
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

/// Which features go together with another most.
fn closest(features: &[JointFeature], columns: &[&[f64]]) -> Vec<bool> {
    let size = features.len();
    let rows = columns.first().map_or(0, |column| column.len());
    let mut sums = PairSums::new(size);
    let mut row = vec![0.0; size];
    for place in 0..rows {
        for ((value, feature), column) in row.iter_mut().zip(features).zip(columns) {
            *value = (column[place] - feature.mean) / feature.deviation;
        }
        sums.add(&row);
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

/// Of rows in deviations whose mean is 0, the mean in place of what is missing.
fn covariance(values: &[f64], size: usize) -> Vec<f64> {
    let mut sums = vec![0.0; size * size];
    let mut present = vec![0.0; size];
    for row in values.chunks_exact(size) {
        present
            .iter_mut()
            .zip(row)
            .for_each(|(present, value)| *present = if value.is_nan() { 0.0 } else { *value });
        for (place, value) in present.iter().enumerate().filter(|(_, value)| **value != 0.0) {
            let sums = &mut sums[place * size..(place + 1) * size];
            sums.iter_mut()
                .zip(&present)
                .for_each(|(sum, other)| *sum += value * other);
        }
    }
    let share = size as f64 / values.len().max(1) as f64;
    sums.iter_mut().for_each(|sum| *sum *= share);
    sums
}

/// The reference's rows in deviations, and their reconstruction errors.
struct Rows<'a> {
    size: usize,
    values: &'a [f64],
    errors: &'a [f64],
}

impl Rows<'_> {
    fn row(&self, place: usize) -> &[f64] {
        &self.values[place * self.size..][..self.size]
    }

    /// So many rows of those, evenly, where sliding over all of them takes too long.
    fn thinned(&self, places: Vec<usize>, most: usize) -> Vec<usize> {
        let products = self.size * (self.size + 1) / 2;
        let most = most.min(MOST_PRODUCTS / products).max(FEWEST_ROWS);
        let one_of = places.len().div_ceil(most).max(1) as u64;
        let taken = places.into_iter().enumerate();
        // Another order than that by which rows were taken before.
        let taken = taken.filter(|(place, _)| shuffled(!*place as u64).is_multiple_of(one_of));
        taken.map(|(_, place)| place).collect()
    }

    /// How many windows are looked at.
    fn windows(&self) -> usize {
        (MOST_CORRELATIONS / (self.size * (self.size - 1) / 2)).clamp(FEWEST_WINDOWS, WINDOWS)
    }

    /// Windows of some sizes of rows at random: what chance does.
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

    /// Windows of time, of rows by their times, in that order: what is usual.
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
        places.iter().for_each(|place| sums.add(self.row(*place)));
        Order {
            errors: places.iter().map(|place| self.errors[*place]).sum(),
            places,
            sums,
        }
    }

    /// What windows reach, each against the rest. Nothing where too few have enough rows.
    fn limits(&self, windows: &Windows) -> Option<JointLimits> {
        let order = &*windows.order;
        let mut window = PairSums::new(self.size);
        let (mut from, mut to) = (0, 0);
        let (mut below, mut above) = (Vec::new(), Vec::new());
        let mut moved: Vec<Vec<f64>> = vec![Vec::new(); self.size * (self.size - 1) / 2];
        for (first, end) in windows.reaches.iter().copied() {
            if first >= to {
                // Nothing of the window before is in this one.
                window = PairSums::new(self.size);
                (from, to) = (first, first);
            }
            for place in &order.places[to..end.max(to)] {
                window.add(self.row(*place));
            }
            for place in &order.places[from..first] {
                window.remove(self.row(*place));
            }
            (from, to) = (first, end.max(to));
            let (rows, others) = (to - from, order.places.len() - (to - from));
            if rows < FEWEST_ROWS || others < FEWEST_ROWS {
                continue;
            }
            let errors: f64 = order.places[from..to].iter().map(|place| self.errors[*place]).sum();
            let off = errors / rows as f64 - (order.errors - errors) / others as f64;
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

/// Rows in an order, over which windows slide.
struct Order {
    places: Vec<usize>,
    /// Of all of them.
    sums: PairSums,
    errors: f64,
}

/// Windows of one length or size.
struct Windows {
    seconds: Option<u32>,
    rows: Option<u32>,
    order: Arc<Order>,
    /// From one place in the order to another, both of which ascend.
    reaches: Vec<(usize, usize)>,
    /// How many windows have no row in common.
    apart: usize,
}
