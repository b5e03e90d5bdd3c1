//! What was done to a column of numbers.

use super::fit::{Fit, Training, Window};
use super::kind::{Change, Side};
use super::round::{factors, likely, summands, to_digits};
use crate::baseline::{NumericCounts, NumericProfile};

/// The distance that is left when a change is undone may be this large, or what chance makes of so few rows: weeks differ
/// by as much.
const LEFT: f64 = 0.05;
/// And chance adds this.
const MARGIN: f64 = 0.02;
/// Nor may it be larger than this, however small the window: what can't be told is not said.
const MOST_LEFT: f64 = 0.1;
/// A change of every value that explains a smaller distance explains nothing.
const WORTH: f64 = 0.1;
/// Of the distance at least this share is explained.
const EXPLAINED: f64 = 0.7;

/// What was done to the values, where one change alone makes of training what the window is.
pub(super) fn change_of_numbers(profile: &NumericProfile, counts: &NumericCounts) -> Option<Change> {
    if counts.least == counts.largest {
        return one_value(profile, counts);
    }
    let training = Training::new(profile);
    let window = Window::new(counts)?;
    let before = training.fit(&window.sorted, |value| value);
    let left = (LEFT.max(window.noise(&training)) + MARGIN).min(MOST_LEFT);
    let part = [
        clamped(&training, &window, left),
        heap(&training, &window, left),
        truncated(&training, &window),
    ];
    let part = part
        .into_iter()
        .flatten()
        .min_by(|one, other| one.1.total_cmp(&other.1));
    let whole = whole(&training, &window, before, left);
    match (part, whole) {
        // What says more of the rows is believed unless it explains clearly less.
        (Some((part, part_left)), Some((whole, whole_left))) => Some(if whole_left < part_left { whole } else { part }),
        (Some((change, _)), None) | (None, Some((change, _))) => Some(change),
        (None, None) => far_away(&training, &window, before).or_else(|| of_others_than_zero(&training, &window)),
    }
}

/// A change of every value that leaves zeros what they are, where many are zero and as many as were.
fn of_others_than_zero(training: &Training<'_>, window: &Window) -> Option<Change> {
    let (training, before) = training.without_zeros()?;
    let (window, now) = window.without_zeros()?;
    if (now - before).abs() > LEFT {
        return None;
    }
    let fit = training.fit(&window.sorted, |value| value);
    let left = (LEFT.max(window.noise(&training)) + MARGIN).min(1.5 * MOST_LEFT);
    let (change, _) = whole(&training, &window, fit, left)?;
    (!matches!(change, Change::Shifted { .. })).then_some(change)
}

/// A value of this share in training is what the column mostly is.
const MOSTLY: f64 = 0.5;

fn one_value(profile: &NumericProfile, counts: &NumericCounts) -> Option<Change> {
    let value = counts.least.filter(|least| counts.largest == Some(*least))?;
    // A day without rain is none.
    let new = Training::new(profile).around(value).within < MOSTLY;
    let all = counts.present() == counts.sample.offered();
    (new && all).then(|| Change::OneValue {
        value: value.to_string(),
    })
}

/// A change of every value, and the distance that is left when it is undone.
fn whole(training: &Training<'_>, window: &Window, before: Fit, left: f64) -> Option<(Change, f64)> {
    if before.distance < WORTH || window.frequent[0].1 > 0.95 {
        return None;
    }
    let most = left.min(before.distance * (1.0 - EXPLAINED));
    let fits = |distance: f64| distance <= most;
    let profile = training.profile;
    let flipped = Some(training.fit_reversed(&window.sorted, |value| -value).distance).filter(|left| fits(*left));
    let shifted = shifted(training, window).filter(|(_, left)| fits(*left));
    let scaled = scaled(training, window).filter(|(_, left)| fits(*left));
    match (flipped, shifted, scaled) {
        // All values on the other side of zero, and no further from it than they were.
        (Some(left), _, _) if is_mirrored(training, window) => Some((Change::SignFlipped, left)),
        (Some(left), shifted, None) if shifted.is_none_or(|(_, other)| clearly(left, other)) => {
            Some((Change::SignFlipped, left))
        }
        (None, Some((by, left)), scaled)
            if scaled.is_none_or(|(factor, other)| is_near_one(factor) || clearly(left, other)) =>
        {
            let mirrored = training.fit_reversed(&window.sorted, |value| -value).distance;
            let otherwise =
                is_mirrored(training, window) && mirrored < 3.0 * left || is_like_a_factor(training, window);
            let told = is_believed(by.abs() / profile.deviation(), left, most)
                && (left <= window.noise(training) || !otherwise);
            told.then_some((Change::Shifted { by }, left))
        }
        (None, shifted, Some((factor, left))) if shifted.is_none_or(|(_, other)| clearly(left, other)) => {
            is_believed(factor.ln().abs() / 2.0_f64.ln(), left, most).then_some((Change::Scaled { factor }, left))
        }
        // Two that fit about as well: nobody knows which.
        _ => None,
    }
}

/// Whether the values lie on the other side of zero, and mirrored in it most are back within training's range.
fn is_mirrored(training: &Training<'_>, window: &Window) -> bool {
    let profile = training.profile;
    let (Some(first), Some(last)) = (window.sorted.first(), window.sorted.last()) else {
        return false;
    };
    let other_side = profile.least() >= 0.0 && *last <= 0.0 || profile.largest() <= 0.0 && *first >= 0.0;
    let spread = spread(training, window).unwrap_or(1.0);
    other_side && is_alike(spread, 3.0) && training.fit_reversed(&window.sorted, |value| -value).inside >= BACK
}

/// Whether a factor brings the values back too, and their spread does not say that it was a summand.
fn is_like_a_factor(training: &Training<'_>, window: &Window) -> bool {
    let times = window.quantile(0.5) / training.quantile(0.5);
    let Some(spread) = spread(training, window) else {
        return false;
    };
    times > 0.0
        && times.is_finite()
        && !is_near_one(times)
        && is_alike(spread / times, 3.0)
        && training.fit(&window.sorted, |value| value / times).inside >= BACK
        && (spread / times).ln().abs() < spread.ln().abs() + TOLD_APART
}

/// Two spreads differ at least by this, in logarithms, if they tell one change from another.
const TOLD_APART: f64 = 0.26;
/// Undone, a change brings at least this share of the values back within training's range.
const BACK: f64 = 0.6;

fn clearly(left: f64, other: f64) -> bool {
    left <= 0.6 * other
}

/// Whether a factor is more simply told as a summand.
fn is_near_one(factor: f64) -> bool {
    (0.8..1.25).contains(&factor)
}

/// A change of less than its unit (a doubling, a deviation) is what a week can do too: it has to fit closely.
fn is_believed(units: f64, distance: f64, most: f64) -> bool {
    distance <= if units < 0.9 { most * 0.6 } else { most }
}

/// The levels at which quantiles of window and training are compared.
const LEVELS: [f64; 9] = [0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98];
/// A number that is rounder is believed if it leaves so much more.
const ROUNDER: f64 = 0.01;

/// How many times as far the values spread as training's do; nothing where training's hardly spread.
fn spread(training: &Training<'_>, window: &Window) -> Option<f64> {
    let levels = [(0.05, 0.95), (0.02, 0.98), (0.25, 0.75)];
    let spreads = levels.into_iter().map(|(low, high)| {
        let trained = training.quantile(high) - training.quantile(low);
        ((window.quantile(high) - window.quantile(low)) / trained, trained)
    });
    let range = training.profile.largest() - training.profile.least();
    let (ratio, _) = spreads
        .into_iter()
        .find(|(ratio, trained)| *trained > range / 50.0 && *ratio > 0.0)?;
    Some(ratio)
}

/// Whether a spread is training's, about so many times.
fn is_alike(spread: f64, times: f64) -> bool {
    (1.0 / times..times).contains(&spread)
}

/// The factor that leaves the least.
fn scaled(training: &Training<'_>, window: &Window) -> Option<(f64, f64)> {
    let all = spread(training, window)?;
    let ratio = |level: f64| window.quantile(level) / training.quantile(level);
    let spread = |low: f64, high: f64| {
        (window.quantile(high) - window.quantile(low)) / (training.quantile(high) - training.quantile(low))
    };
    let estimates = LEVELS
        .into_iter()
        .map(ratio)
        .chain([spread(0.05, 0.95), spread(0.1, 0.9), spread(0.25, 0.75)]);
    let possible = estimates.filter(|factor| factor.is_finite() && *factor > 0.0 && (1e-12..1e12).contains(factor));
    let fit = |factor: f64| training.fit(&window.sorted, |value| value / factor).distance;
    let (best, distance) = best(possible, fit)?;
    let rounder = factors(best)
        .find(|factor| fit(*factor) <= distance + ROUNDER)
        .unwrap_or(best);
    // As good as nothing: no change by a factor.
    ((rounder - 1.0).abs() > 0.02 && is_alike(all / rounder, 2.0)).then(|| (rounder, fit(rounder)))
}

/// The summand that leaves the least.
fn shifted(training: &Training<'_>, window: &Window) -> Option<(f64, f64)> {
    let estimates = LEVELS
        .into_iter()
        .map(|level| window.quantile(level) - training.quantile(level));
    let fit = |by: f64| training.fit(&window.sorted, |value| value - by).distance;
    let (best, distance) = best(estimates.filter(|by| by.is_finite() && *by != 0.0), fit)?;
    let rounder = summands(best).find(|by| fit(*by) <= distance + ROUNDER).unwrap_or(best);
    spread(training, window)
        .is_none_or(|spread| is_alike(spread, 2.0))
        .then(|| (rounder, fit(rounder)))
}

fn best(estimates: impl Iterator<Item = f64>, fit: impl Fn(f64) -> f64) -> Option<(f64, f64)> {
    estimates
        .map(|estimate| (estimate, fit(estimate)))
        .min_by(|one, other| one.1.total_cmp(&other.1))
}

/// A heap that was not there has at least this share more than in training.
const HEAP: f64 = 0.05;
/// A heap that stands out has so many times the share of the next value.
const STANDS_OUT: f64 = 4.0;

/// Values beyond the window's end lie on it.
fn clamped(training: &Training<'_>, window: &Window, left: f64) -> Option<(Change, f64)> {
    let ends = [
        (Side::Upper, window.sorted.last().copied()?),
        (Side::Lower, window.sorted.first().copied()?),
    ];
    let at_end = ends.into_iter().filter_map(|(side, at)| {
        let share = window.below(at.next_up()) - window.below(at);
        let around = training.around(at);
        let beyond = match side {
            Side::Upper => around.above,
            Side::Lower => around.below,
        };
        // What lay beyond the bound lies on it, and what lay there.
        let expected = beyond + around.within;
        let exact = (share - expected).abs() <= left || (share - beyond).abs() <= left / 2.0;
        if !(2.0 * HEAP..=0.9).contains(&share) || !(HEAP..=0.9).contains(&beyond) || !exact {
            return None;
        }
        let inner = |edge: f64| match side {
            Side::Upper => edge < at,
            Side::Lower => edge > at,
        };
        let distance =
            training.distance_where(inner, |_, below| below, |edge| window.below(edge)) / (1.0 - share).sqrt();
        (distance <= left).then_some((Change::Clamped { side, at, share }, distance))
    });
    at_end.min_by(|one, other| one.1.total_cmp(&other.1))
}

/// Whether a value is far more frequent than all others, of which there are as many as in any window.
fn stands_out(training: &Training<'_>, window: &Window, value: f64) -> bool {
    let of_training = training
        .profile
        .counts()
        .bins
        .iter()
        .filter(|count| **count > 0)
        .count();
    match window.frequent.as_slice() {
        [(first, share), (_, next), ..] => {
            *first == value && *share >= STANDS_OUT * next && window.distinct > 30.min(of_training / 2)
        }
        _ => false,
    }
}

/// One value in a part of the rows.
fn heap(training: &Training<'_>, window: &Window, left: f64) -> Option<(Change, f64)> {
    let heaps = window.frequent.iter().filter_map(|(at, share)| {
        let around = training.around(*at);
        let before = around.within;
        let added = (share - before) / (1.0 - before).max(f64::MIN_POSITIVE);
        if share - before < HEAP || *share > 0.95 || *share < 4.0 * before {
            return None;
        }
        let mixed = |edge: f64, below: f64| (1.0 - added) * below + if edge > *at { added } else { 0.0 };
        let distance = training.distance_where(|_| true, mixed, |edge| window.below(edge)) / (1.0 - added).sqrt();
        // On an end of the window it may as well be a bound.
        let at_end = window.sorted.first() == Some(at) && around.below > 0.0
            || window.sorted.last() == Some(at) && around.above > 0.0;
        let stands_out = (0.2..0.7).contains(share) && !at_end && stands_out(training, window, *at);
        let change = Change::HeapAdded {
            at: *at,
            share: *share,
            before,
        };
        (distance <= left || stands_out).then_some((change, distance.min(left)))
    });
    heaps.min_by(|one, other| one.1.total_cmp(&other.1))
}

/// Training's share beyond a bound is at least this, if its absence is to be worth a word.
const GONE: f64 = 0.1;

/// No values beyond the window's end, and the others as they were among themselves.
fn truncated(training: &Training<'_>, window: &Window) -> Option<(Change, f64)> {
    let ends = [
        (Side::Upper, window.sorted.last().copied()?),
        (Side::Lower, window.sorted.first().copied()?),
    ];
    let most = (LEFT.max(window.noise(training))).min(MOST_LEFT * 0.8);
    if window.frequent[0].1 > 0.5 {
        return None;
    }
    let at_end = ends.into_iter().filter_map(|(side, at)| {
        let around = training.around(at);
        let (gone, from) = match side {
            Side::Upper => (around.above, 0.0),
            Side::Lower => (around.below, around.below),
        };
        let heap = window.below(at.next_up()) - window.below(at);
        let bound = heap >= HEAP && (heap - gone).abs() <= HEAP;
        if !(GONE..=0.9).contains(&gone) || bound || heap > HEAP.max(2.0 * around.within) {
            return None;
        }
        let conditional = |_: f64, below: f64| ((below - from) / (1.0 - gone)).clamp(0.0, 1.0);
        let distance = training.distance_where(|_| true, conditional, |edge| window.below(edge));
        (distance <= most).then_some((Change::Truncated { side, at, share: gone }, distance))
    });
    at_end.min_by(|one, other| one.1.total_cmp(&other.1))
}

/// Where training has hardly a value of the window, an unlikely change that brings most of them back is believed though the
/// days differ: the sign, a factor far from one, or a distance that no season makes.
fn far_away(training: &Training<'_>, window: &Window, before: Fit) -> Option<Change> {
    /// Of the values at most this share is within training's range.
    const OUTSIDE: f64 = 0.05;
    /// A season does not multiply by more.
    const SEASON: f64 = 1.6;
    const FAR: f64 = 4.0;
    const DEVIATIONS: f64 = 8.0;
    if before.inside > OUTSIDE || window.frequent[0].1 > 0.5 {
        return None;
    }
    if is_mirrored(training, window) {
        return Some(Change::SignFlipped);
    }
    let spread = spread(training, window)?;
    let sorted = &window.sorted;
    let by = window.quantile(0.5) - training.quantile(0.5);
    let times = window.quantile(0.5) / training.quantile(0.5);
    let shifted = is_alike(spread, 3.0)
        && by.abs() >= DEVIATIONS * training.profile.deviation()
        && training.fit(sorted, |value| value - by).inside >= BACK
        && !is_like_a_factor(training, window);
    let scaled = times > 0.0
        && times.is_finite()
        && !(1.0 / FAR..FAR).contains(&times)
        && is_alike(spread / times, 3.0)
        && training.fit(sorted, |value| value / times).inside >= BACK
        && (!is_alike(spread, 3.0) || (spread / times).ln().abs() + TOLD_APART < spread.ln().abs());
    if scaled {
        let nice: Vec<f64> = likely(times, SEASON).collect();
        let factor = match nice.as_slice() {
            [factor] => *factor,
            _ => to_digits(times, 1),
        };
        return Some(Change::Scaled { factor });
    }
    shifted.then(|| Change::Shifted { by: to_digits(by, 2) })
}
