//! What is usual: the distances of the reference's own windows, in time order.
//!
//! Rows drawn at random say how far chance takes a window from its reference. Rows in the order of their times say how far a
//! day takes it: an hour of one day has one temperature and a quarter has all. [`learn`] slides windows of each of
//! some lengths over the reference, measures each against the rest of it, by every statistic, and keeps what all but one
//! in 400 stay below: where the reference is shorter than 400 windows, a little beyond the furthest. (NannyML learns its thresholds from
//! chunks of the reference too.)

use chrono::{DateTime, Utc};

use crate::baseline::{CategoricalSlot, Counts, Limits, NumericSlot, Profile, WindowLimits};
use crate::decision::{Distances, distances};
use crate::statistics::Statistic;

/// The lengths, in seconds: minutes, hours, days, weeks.
pub(crate) const LENGTHS: [u32; 13] = [
    900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 129_600, 172_800, 345_600, 604_800, 1_209_600,
];
/// Windows begin at least this part of their length apart where that is more.
const APART: u32 = 24;
/// Rows that are slid over, at most; of a longer reference that many at random.
const MOST_ROWS: u64 = 1 << 21;
/// The reference is at least so many times as long as its windows.
const FEWEST_LENGTHS: i64 = 4;
/// Windows of a length, at most.
pub(crate) const WINDOWS: usize = 2_000;
/// Windows begin at whole hours, and shorter ones at whole quarters, as those of a job do.
const BEGINNINGS: [u32; 2] = [3_600, 900];
/// Windows of a length, at least.
pub(crate) const FEWEST_WINDOWS: usize = 20;
/// A window has at least so many rows, as the rule's default has it; where the reference has too few such windows, fewer.
const FEWEST_ROWS: [usize; 2] = [100, 20];
/// Of so many windows one may be further away.
const ONE_OF: usize = 400;
/// What all windows stay below is exceeded by windows that begin a little earlier.
const MARGIN: f64 = 1.05;

/// The rows of a reference in the order of their times.
#[derive(Clone, Debug)]
pub struct TimeOrder {
    /// Microseconds, ascending.
    times: Vec<i64>,
    rows: Vec<u32>,
}

impl TimeOrder {
    /// Orders rows by their times; those without one are in no window.
    ///
    /// Nothing where fewer than two times differ, or there are more than 2³² rows.
    #[must_use]
    pub fn new(times: impl IntoIterator<Item = Option<DateTime<Utc>>, IntoIter: ExactSizeIterator>) -> Option<Self> {
        let times = times.into_iter();
        let one_of = (times.len() as u64).div_ceil(MOST_ROWS).max(1);
        let mut rows: Vec<(i64, u32)> = Vec::with_capacity(times.len().min(MOST_ROWS as usize));
        for (row, time) in times.enumerate() {
            // Fibonacci hashing: which rows are taken has nothing to do with their order.
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

/// Learns a feature's limits from the slots of the reference's rows: `cell` gives the [`Cell`] of a row. The profile
/// with them.
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

/// Where a row falls, in four bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell(u32);

const MISSING: u32 = u32::MAX;
const ABOVE: u32 = u32::MAX - 1;
const BELOW: u32 = u32::MAX - 2;
const UNSEEN: u32 = u32::MAX - 3;
/// The groups of categories without a name begin here.
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

/// The place of a cell among counts.
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
        // A row that enters the window leaves the rest, and the other way round.
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

/// Where windows of a length begin, so many at most, each whole between the first and the last time; nothing where fewer than four fit.
pub(crate) fn starts(first: i64, last: i64, seconds: u32, most: usize) -> Option<Vec<i64>> {
    let length = i64::from(seconds) * 1_000_000;
    // Where the last window may begin, the whole of it within the reference.
    let room = last - first - length;
    if (last - first) / length < FEWEST_LENGTHS {
        return None;
    }
    let grid = BEGINNINGS.into_iter().find(|grid| *grid <= seconds)?;
    // A week that begins an hour later is the same week.
    let grid = i64::from(grid.max(seconds / APART / 3_600 * 3_600)) * 1_000_000;
    let mut starts: Vec<i64> = (0..most)
        .map(|number| first + (room as f64 * beginning(number, most)) as i64)
        .map(|start| start.div_euclid(grid) * grid)
        .filter(|start| *start >= first)
        .collect();
    starts.dedup();
    Some(starts)
}

/// The distance that one window in [`ONE_OF`] goes beyond; `apart` fit into the reference without overlap.
///
/// Where at least as many fit it is that of the windows themselves. Where fewer do, the furthest of them is beyond what one in a
/// few reaches and no more, and the next window may go further. So the mean excess of the upper quarter is added, which is how
/// much further the furthest of e times as many goes where a tail falls off exponentially (Pickands, *Statistical Inference
/// Using Extreme Order Statistics*, 1975).
pub(crate) fn stay_below(mut distances: Vec<f64>, apart: usize) -> f64 {
    distances.sort_unstable_by(|one, other| other.total_cmp(one));
    let beyond = distances.len() * (apart / ONE_OF) / apart.max(1);
    let reached = distances.get(beyond).copied().unwrap_or_default();
    let upper = &distances[..distances.len().div_ceil(4)];
    let quartile = upper.last().copied().unwrap_or_default();
    let excess = upper.iter().map(|distance| distance - quartile).sum::<f64>() / upper.len().max(1) as f64;
    let further = (ONE_OF as f64 / apart.max(1) as f64).ln().clamp(0.0, 1.0) * excess;
    let limit = (reached + further) * MARGIN;
    // Rounded up to four digits, which is all a person reads.
    let digits = 10_f64.powi(3 - limit.abs().max(f64::MIN_POSITIVE).log10().floor() as i32);
    let rounded = (limit * digits).ceil() / digits;
    if rounded.is_finite() { rounded } else { limit }
}

/// Where the window of a number begins, 0 to 1: ascending, one at a place of its own in each of as many equal parts, so that windows
/// do not always begin at the same hour.
pub(crate) fn beginning(number: usize, of: usize) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    ((number as f64 * GOLDEN).fract() + number as f64) / of as f64
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
