//! The windows of a reference: how long they are, where they begin, and what their distances stay below.

/// The lengths, in seconds: minutes, hours, days, weeks.
pub(crate) const LENGTHS: [u32; 13] = [
    900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 129_600, 172_800, 345_600, 604_800, 1_209_600,
];
/// Windows begin at least this part of their length apart where that is more.
const APART: u32 = 24;
/// The reference is at least so many times as long as its windows.
const FEWEST_LENGTHS: i64 = 4;
/// Windows of a length, at most.
pub(crate) const WINDOWS: usize = 2_000;
/// Windows begin at whole hours, and shorter ones at whole quarters, as those of a job do.
const BEGINNINGS: [u32; 2] = [3_600, 900];
/// Windows of a length, at least.
pub(crate) const FEWEST_WINDOWS: usize = 20;
/// Of so many windows one may be further away.
const ONE_OF: usize = 400;
/// What all windows stay below is exceeded by windows that begin a little earlier.
const MARGIN: f64 = 1.05;

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
    let beyond = distances.len() * (apart / ONE_OF) / apart.max(1);
    let quarter = distances.len().div_ceil(4);
    let further_first = |one: &f64, other: &f64| other.total_cmp(one);
    // No more of them are looked at: one in four hundred, and the upper quarter.
    if quarter < distances.len() {
        distances.select_nth_unstable_by(quarter, further_first);
    }
    let upper = &mut distances[..quarter];
    upper.sort_unstable_by(further_first);
    let reached = upper.get(beyond).copied().unwrap_or_default();
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
