//! Lays out the windows of a reference: their lengths, their starts, and the limits that their distances stay below.

/// The lengths in seconds: minutes, hours, days, weeks.
pub(crate) const LENGTHS: [u32; 13] = [
    900, 1_800, 3_600, 7_200, 14_400, 28_800, 43_200, 86_400, 129_600, 172_800, 345_600, 604_800, 1_209_600,
];
/// Windows begin at least this fraction of their length apart, if that is more than the grid below.
const APART: u32 = 24;
/// The reference is at least this many times as long as a window.
const FEWEST_LENGTHS: i64 = 4;
/// The maximum number of windows of one length.
pub(crate) const WINDOWS: usize = 2_000;
/// Windows begin at whole hours, and shorter ones at whole quarters, as a job's windows do.
const BEGINNINGS: [u32; 2] = [3_600, 900];
/// The minimum number of windows of one length.
pub(crate) const FEWEST_WINDOWS: usize = 20;
/// One in this many windows may be further away.
const ONE_OF: usize = 400;
/// Windows that begin a little earlier exceed the limit that all windows stay below, hence this margin.
const MARGIN: f64 = 1.05;

/// Returns where windows of a length begin, at most `most`, each wholly between the first and the last time; `None` if
/// fewer than four fit.
pub(crate) fn starts(first: i64, last: i64, seconds: u32, most: usize) -> Option<Vec<i64>> {
    let length = i64::from(seconds) * 1_000_000;
    // The latest start that leaves the whole window within the reference.
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

/// Returns the distance that one window in [`ONE_OF`] exceeds. `apart` windows fit into the reference without overlap.
///
/// If at least that many fit, the windows themselves give the distance. If fewer fit, the furthest of them only exceeds
/// what one in a few reaches, and the next window may go further. So the mean excess of the upper quarter is added: if
/// a tail falls off exponentially, the furthest of e times as many windows goes further by that much (Pickands,
/// *Statistical Inference Using Extreme Order Statistics*, 1975).
pub(crate) fn stay_below(mut distances: Vec<f64>, apart: usize) -> f64 {
    let beyond = distances.len() * (apart / ONE_OF) / apart.max(1);
    let quarter = distances.len().div_ceil(4);
    let further_first = |one: &f64, other: &f64| other.total_cmp(one);
    // Only the largest distances matter: one in four hundred, and the upper quarter.
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
    // Rounded up to four significant digits, which is as many as anybody reads.
    let digits = 10_f64.powi(3 - limit.abs().max(f64::MIN_POSITIVE).log10().floor() as i32);
    let rounded = (limit * digits).ceil() / digits;
    if rounded.is_finite() { rounded } else { limit }
}

/// Returns where a numbered window begins, 0 to 1, ascending: one position in each of `of` equal parts, at a different
/// place in each so that windows do not always begin at the same hour.
pub(crate) fn beginning(number: usize, of: usize) -> f64 {
    const GOLDEN: f64 = 0.618_033_988_749_894_9;
    ((number as f64 * GOLDEN).fract() + number as f64) / of as f64
}
