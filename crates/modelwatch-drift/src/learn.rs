//! Learns the usual distances: those of the reference's own windows, in time order.
//!
//! Rows drawn at random show how far chance takes a window from its reference. Rows in the order of their times show
//! how far a day takes it: one hour has one temperature, a quarter of a year has them all. [`learn`] slides windows of
//! several lengths over the reference and measures each against the rest, by every statistic. It keeps the distance
//! that all but one in 400 windows stay below; if the reference is shorter than 400 windows, a little more than the
//! furthest. (NannyML learns its thresholds from chunks of the reference, too.)

use chrono::{DateTime, Utc};

use crate::baseline::{CategoricalSlot, Counts, Limits, NumericSlot, Profile, WindowLimits};
use crate::decision::{Distances, distances};
use crate::statistics::Statistic;
use crate::windows::{FEWEST_WINDOWS, LENGTHS, WINDOWS, starts, stay_below};

/// The maximum number of rows to slide over. A longer reference is sampled at random.
const MOST_ROWS: u64 = 1 << 21;
/// The minimum number of rows in a window, as in the rule's default; the second applies if the reference has too few
/// such windows.
const FEWEST_ROWS: [usize; 2] = [100, 20];

/// Holds the rows of a reference in the order of their times.
///
/// [`learn`](learn()) has an example.
#[derive(Clone, Debug)]
pub struct TimeOrder {
    /// Microseconds since the epoch, ascending.
    times: Vec<i64>,
    rows: Vec<u32>,
}

impl TimeOrder {
    /// Orders rows by their times. Rows without a time are in no window.
    ///
    /// Returns `None` if fewer than two times differ, or there are more than 2³² rows.
    #[must_use]
    pub fn new(times: impl IntoIterator<Item = Option<DateTime<Utc>>, IntoIter: ExactSizeIterator>) -> Option<Self> {
        let times = times.into_iter();
        let one_of = (times.len() as u64).div_ceil(MOST_ROWS).max(1);
        let mut rows: Vec<(i64, u32)> = Vec::with_capacity(times.len().min(MOST_ROWS as usize));
        for (row, time) in times.enumerate() {
            // Fibonacci hashing: the choice of rows has nothing to do with their order.
            let taken = (row as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 32;
            if let Some(time) = time
                && taken.is_multiple_of(one_of)
            {
                rows.push((time.timestamp_micros(), u32::try_from(row).ok()?));
            }
        }
        rows.sort_unstable();
        let (times, rows): (Vec<i64>, Vec<u32>) = rows.into_iter().unzip();
        (times.first() < times.last()).then_some(Self { times, rows })
    }
}

/// Learns a feature's limits and returns the profile with them. `cell` returns the [`Cell`] of a reference's row: the
/// slot that it falls into.
///
/// # Example: hours of a week that differ
///
/// ```
/// use chrono::{DateTime, Duration};
/// use modelwatch_drift::baseline::{Hygiene, Limits, NumericProfile, Profile, WindowLimits};
/// use modelwatch_drift::learn::{Cell, TimeOrder, learn};
/// use modelwatch_drift::statistics::Statistic;
///
/// // A week of temperatures, one a minute, warmer at noon than at midnight.
/// let minutes = 7 * 24 * 60;
/// let values: Vec<f64> = (0..minutes).map(|minute| 10.0 - 5.0 * (f64::from(minute) / 720.0 * 3.14159).cos()).collect();
/// let times = (0..minutes).map(|minute| Some(DateTime::UNIX_EPOCH + Duration::minutes(i64::from(minute))));
///
/// let profile = NumericProfile::from_values("temperature", values.clone(), 0, &Hygiene::default())?;
/// let bins = profile.bins().clone();
/// let order = TimeOrder::new(times).expect("the times differ");
/// let learned = learn(Profile::Numeric(profile), &order, |row| Cell::from(bins.slot(Some(values[row]))));
///
/// // An hour is further from the week than a day is.
/// let reach = |of: &WindowLimits| Limits::of(&of.values, Statistic::Psi);
/// let [hour, day] = [3_600, 86_400].map(|seconds| learned.limits().iter().find(|of| of.seconds == seconds).map(reach));
/// assert!(hour > day && day.is_some(), "{hour:?} {day:?}");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[must_use]
pub fn learn(profile: Profile, order: &TimeOrder, cell: impl Fn(usize) -> Cell) -> Profile {
    let cells: Vec<u32> = order.rows.iter().map(|row| cell(*row as usize).0).collect();
    let limits: Vec<WindowLimits> = LENGTHS
        .into_iter()
        .filter_map(|seconds| of_length(&profile, order, &cells, seconds))
        .collect();
    match profile {
        Profile::Numeric(profile) => Profile::Numeric(profile.with_limits(limits)),
        Profile::Categorical(profile) => Profile::Categorical(profile.with_limits(limits)),
    }
}

/// Stores where a row falls, in four bytes.
///
/// [`learn`](learn()) has an example.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell(u32);

const MISSING: u32 = u32::MAX;
const ABOVE: u32 = u32::MAX - 1;
const BELOW: u32 = u32::MAX - 2;
const UNSEEN: u32 = u32::MAX - 3;
/// The first cell of the groups of categories without a name.
const OTHER: u32 = 1 << 31;

impl From<NumericSlot> for Cell {
    fn from(slot: NumericSlot) -> Self {
        Self(match slot {
            NumericSlot::Below => BELOW,
            NumericSlot::Bin(bin) => bin as u32,
            NumericSlot::Above => ABOVE,
            NumericSlot::Missing => MISSING,
        })
    }
}

impl From<CategoricalSlot> for Cell {
    fn from(slot: CategoricalSlot) -> Self {
        Self(match slot {
            CategoricalSlot::Named(name) => name as u32,
            CategoricalSlot::Other(group) => OTHER + group as u32,
            CategoricalSlot::Unseen => UNSEEN,
            CategoricalSlot::Missing => MISSING,
        })
    }
}

/// Returns the count that a cell belongs to.
fn place(counts: &mut Counts, cell: u32) -> Option<&mut u64> {
    match (counts, cell) {
        (Counts::Numeric(counts), MISSING) => Some(&mut counts.missing),
        (Counts::Numeric(counts), BELOW) => Some(&mut counts.below),
        (Counts::Numeric(counts), ABOVE) => Some(&mut counts.above),
        (Counts::Numeric(counts), bin) => counts.bins.get_mut(bin as usize),
        (Counts::Categorical(counts), MISSING) => Some(&mut counts.missing),
        (Counts::Categorical(counts), UNSEEN) => Some(&mut counts.unseen),
        (Counts::Categorical(counts), cell) => match cell.checked_sub(OTHER) {
            Some(group) => counts.other.get_mut(group as usize),
            None => counts.named.get_mut(cell as usize),
        },
    }
}

fn of_length(profile: &Profile, order: &TimeOrder, cells: &[u32], seconds: u32) -> Option<WindowLimits> {
    let length = i64::from(seconds) * 1_000_000;
    let (first, last) = (*order.times.first()?, *order.times.last()?);
    let starts = starts(first, last, seconds, WINDOWS)?;
    let mut window = profile.count();
    let mut rest = whole(profile);
    let (mut from, mut to) = (0, 0);
    let mut measured: Vec<(usize, Distances)> = Vec::with_capacity(WINDOWS);
    for start in starts {
        // A row that enters the window leaves the rest, and vice versa.
        while order.times.get(to).is_some_and(|time| *time < start + length) {
            move_row(&mut rest, &mut window, cells[to]);
            to += 1;
        }
        while from < to && order.times[from] < start {
            move_row(&mut window, &mut rest, cells[from]);
            from += 1;
        }
        if to - from >= FEWEST_ROWS[1]
            && let Some(distances) = distances(profile, &rest, &window)
        {
            measured.push((to - from, distances));
        }
    }
    let enough = FEWEST_ROWS.into_iter().map(|fewest| {
        let of_rows = measured.iter().filter(|(rows, _)| *rows >= fewest);
        of_rows.map(|(_, distances)| *distances).collect::<Vec<_>>()
    });
    let measured = enough.into_iter().find(|measured| measured.len() >= FEWEST_WINDOWS)?;
    let apart = ((last - first) / length) as usize;
    let limit = |part: fn(&Distances) -> &[f64; Statistic::ALL.len()]| {
        let mut limits = [0.0; Statistic::ALL.len()];
        for (statistic, limit) in limits.iter_mut().enumerate() {
            *limit = stay_below(
                measured.iter().map(|distances| part(distances)[statistic]).collect(),
                apart,
            );
        }
        Limits::new(limits)
    };
    Some(WindowLimits {
        seconds,
        windows: measured.len() as u32,
        values: limit(|distances| &distances.values),
        missing: limit(|distances| &distances.missing),
    })
}

fn whole(profile: &Profile) -> Counts {
    match profile {
        Profile::Numeric(profile) => Counts::Numeric(profile.counts().clone()),
        Profile::Categorical(profile) => Counts::Categorical(profile.counts().clone()),
    }
}

fn move_row(from: &mut Counts, to: &mut Counts, cell: u32) {
    if let Some(rows) = place(from, cell) {
        *rows = rows.saturating_sub(1);
    }
    if let Some(rows) = place(to, cell) {
        *rows += 1;
    }
}
