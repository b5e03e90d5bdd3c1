//! Finds changes of some of the values: a bound, a default, missing rows.

use super::fit::{Around, Training, Window};
use super::grids::Grids;
use super::kind::{Change, Side};
use super::left::Left;

/// Finds a change of some values after which the others are as in training, and the distance that is left.
pub(super) fn change_of_part(training: &Training<'_>, window: &Window, left: Left) -> Option<(Change, f64)> {
    let part = [
        clamped(training, window, left.0),
        heap(training, window, left.0),
        truncated(training, window),
    ];
    part.into_iter()
        .flatten()
        .min_by(|one, other| one.1.total_cmp(&other.1))
}

/// A new heap has at least this much more of the rows than in training.
const HEAP: f64 = 0.05;
/// Training went beyond a bound in at least this share of its rows.
const EVER: f64 = 0.0005;
/// A heap that stands out has this many times the share of the next value, and of training's share there.
const STANDS_OUT: f64 = 3.0;
/// There are more than this many other values beside it.
const OTHERS: usize = 8;
/// The share of the rows that it has.
const SHARES: std::ops::RangeInclusive<f64> = 0.2..=0.95;

/// Describes an end of the window's values.
#[derive(Clone, Copy, Debug)]
struct End {
    side: Side,
    at: f64,
    /// The share of the window at this end.
    share: f64,
    around: Around,
    /// The share of training beyond it.
    beyond: f64,
}

/// Returns both ends of the window's values.
fn ends(training: &Training<'_>, window: &Window) -> Option<[End; 2]> {
    let ends = [
        (Side::Upper, *window.sorted.last()?),
        (Side::Lower, *window.sorted.first()?),
    ];
    Some(ends.map(|(side, at)| {
        let around = training.around(at);
        End {
            side,
            at,
            share: window.below(at.next_up()) - window.below(at),
            around,
            beyond: match side {
                Side::Upper => around.above,
                Side::Lower => around.below,
            },
        }
    }))
}

/// Checks whether values beyond the window's end were moved onto it.
fn clamped(training: &Training<'_>, window: &Window, left: f64) -> Option<(Change, f64)> {
    let at_end = ends(training, window)?.into_iter().filter_map(|end| {
        let End {
            side,
            at,
            share,
            around,
            beyond,
        } = end;
        if !(2.0 * HEAP..=0.98).contains(&share) {
            return None;
        }
        let change = Change::Clamped { side, at, share };
        // The bound holds the values that lay beyond it and those that lay on it.
        let expected = beyond + around.within;
        let exact = (share - expected).abs() <= left || (share - beyond).abs() <= left / 2.0;
        let inner = |edge: f64| match side {
            Side::Upper => edge < at,
            Side::Lower => edge > at,
        };
        let distance =
            training.distance_where(inner, |_, below| below, |edge| window.below(edge)) / (1.0 - share).sqrt();
        if exact && distance <= left && (HEAP..=0.98).contains(&beyond) {
            return Some((change, distance));
        }
        // The days differ from training's. But no day piles so many values onto its end, unless training did.
        let is_on_grid = training.profile.grid().is_none_or(|grid| grid.holds(at))
            && Grids::new(training, window).is_none_or(|grids| grids.are_same());
        // If nearly all values are one, too few are left to be a column's.
        let is_bound = share <= 0.9 && beyond >= EVER && gap(window, side) <= 3.0 && is_on_grid;
        (is_bound && stands_out(window, at, share, around) && !has_moved(training, window, share))
            .then_some((change, left))
    });
    at_end.min_by(|one, other| one.1.total_cmp(&other.1))
}

/// Returns whether a value is far more frequent than the others, of which there are enough, and than it was in
/// training.
fn stands_out(window: &Window, value: f64, share: f64, around: Around) -> bool {
    match window.frequent.as_slice() {
        [(first, _), (_, next), ..] => {
            *first == value
                && SHARES.contains(&share)
                && share >= STANDS_OUT * next.max(around.within)
                && window.distinct > OTHERS
        }
        _ => false,
    }
}

/// Returns whether training's usual value moved elsewhere with as many rows, as a change of all values does.
fn has_moved(training: &Training<'_>, window: &Window, share: f64) -> bool {
    training.mostly().is_some_and(|(value, mostly)| {
        let left = window.share_around(value, training);
        share >= 0.7 * mostly && left < 0.5 * mostly
    })
}

/// Returns whether training lacks a value, by its range or its grid, while training has most of the others.
fn is_foreign(training: &Training<'_>, window: &Window, value: f64, share: f64) -> bool {
    let profile = training.profile;
    let is_known = |value: f64| {
        (profile.least()..=profile.largest()).contains(&value) && profile.grid().is_none_or(|grid| grid.holds(value))
    };
    let others = window.sorted.iter().filter(|other| **other != value);
    let (known, all) = others.fold((0_usize, 0_usize), |(known, all), other| {
        (known + usize::from(is_known(*other)), all + 1)
    });
    let next = window.frequent.iter().find(|(other, _)| *other != value);
    let is_usual = |other: f64| {
        training
            .mostly()
            .is_some_and(|(_, mostly)| training.around(other).within >= mostly)
    };
    let is_first = next.is_none_or(|(other, next)| share >= 2.0 * next || is_usual(*other));
    is_first && share >= 2.0 * HEAP && !is_known(value) && 5 * known >= 3 * all && window.distinct > OTHERS
}

/// Returns how far the last of the other values is from an end, relative to the usual gap between them: small near a
/// bound, large near a default.
fn gap(window: &Window, side: Side) -> f64 {
    let mut values: Vec<f64> = window.sorted.clone();
    values.dedup();
    if side == Side::Lower {
        values.reverse();
    }
    let [others @ .., end] = values.as_slice() else {
        return f64::INFINITY;
    };
    let (Some(first), Some(last)) = (others.first(), others.last()) else {
        return f64::INFINITY;
    };
    let mut gaps: Vec<f64> = others.windows(2).map(|pair| (pair[1] - pair[0]).abs()).collect();
    gaps.sort_unstable_by(f64::total_cmp);
    // If values have all their digits, the usual gap is close to zero.
    let usual = gaps.get(gaps.len() / 2).copied().unwrap_or_default();
    (end - last).abs() / usual.max((last - first).abs() / 50.0)
}

/// Checks whether one value appears in some of the rows.
fn heap(training: &Training<'_>, window: &Window, left: f64) -> Option<(Change, f64)> {
    let ends = ends(training, window)?;
    let heaps = window.frequent.iter().filter_map(|(at, share)| {
        let around = training.around(*at);
        let before = around.within;
        let added = (share - before) / (1.0 - before).max(f64::MIN_POSITIVE);
        if share - before < HEAP || *share > *SHARES.end() || *share < STANDS_OUT * before {
            return None;
        }
        let mixed = |edge: f64, below: f64| (1.0 - added) * below + if edge > *at { added } else { 0.0 };
        let distance = training.distance_where(|_| true, mixed, |edge| window.below(edge)) / (1.0 - added).sqrt();
        if has_moved(training, window, *share) {
            return None;
        }
        let profile = training.profile;
        let is_within = (profile.least()..=profile.largest()).contains(at);
        // At an end of the window that the others reach, it may just as well be a bound.
        let is_bound = ends
            .iter()
            .any(|end| end.at == *at && gap(window, end.side) < 5.0 && (end.beyond >= EVER || !is_within));
        let stands_out = !is_bound && stands_out(window, *at, *share, around)
            || (!is_bound || !is_within) && is_foreign(training, window, *at, *share);
        let change = Change::HeapAdded {
            at: *at,
            share: *share,
            before,
        };
        (distance <= left && !is_bound || stands_out).then_some((change, distance.min(left)))
    });
    heaps.min_by(|one, other| one.1.total_cmp(&other.1))
}

/// The minimum share of training beyond a bound for its absence to be worth mentioning.
const GONE: f64 = 0.1;
/// The distance that may be left when rows are gone. This is stricter than for other changes, because calm days have no
/// large values either.
const GONE_LEFT: (f64, f64) = (0.05, 0.08);

/// Checks whether values beyond the window's end are gone while the others are distributed as before.
fn truncated(training: &Training<'_>, window: &Window) -> Option<(Change, f64)> {
    let (usual, largest) = GONE_LEFT;
    let most = usual.max(window.noise(training)).min(largest);
    if window.frequent[0].1 > 0.5 {
        return None;
    }
    let at_end = ends(training, window)?.into_iter().filter_map(|end| {
        let from = match end.side {
            Side::Upper => 0.0,
            Side::Lower => end.around.below,
        };
        let gone = end.beyond;
        let bound = end.share >= HEAP && (end.share - gone).abs() <= HEAP;
        if !(GONE..=0.9).contains(&gone) || bound || end.share > HEAP.max(2.0 * end.around.within) {
            return None;
        }
        let conditional = |_: f64, below: f64| ((below - from) / (1.0 - gone)).clamp(0.0, 1.0);
        let distance = training.distance_where(|_| true, conditional, |edge| window.below(edge));
        let change = Change::Truncated {
            side: end.side,
            at: end.at,
            share: gone,
        };
        (distance <= most).then_some((change, distance))
    });
    at_end.min_by(|one, other| one.1.total_cmp(&other.1))
}
