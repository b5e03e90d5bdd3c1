//! Finds changes of every value: the sign, a factor, a summand, or a factor and a summand.

use super::fit::{Fit, Training, Window};
use super::grids::Grids;
use super::kind::Change;
use super::left::Left;
use super::round::{CONVERSIONS, factors, likely, power_of_ten, summands, to_digits};
use super::rounded::is_rounder;

/// Smaller distances are not worth explaining by a change of every value.
const WORTH: f64 = 0.1;
/// The share of the distance that a change must explain.
const EXPLAINED: f64 = 0.7;
/// If one value has a larger share, it says nothing about the others.
const ONE_ALONE: f64 = 0.95;

/// Finds a change of every value that leaves the rest as in training, and the distance left once it is undone.
pub(super) fn change_of_all(
    training: &Training<'_>,
    window: &Window,
    grids: Option<&Grids>,
    left: Left,
) -> Option<(Change, f64)> {
    let before = training.fit(&window.sorted, |value| value);
    if before.distance < WORTH || window.frequent[0].1 > ONE_ALONE {
        return None;
    }
    let most = left.0.min(before.distance * (1.0 - EXPLAINED));
    let fits = |distance: f64| distance <= most;
    let profile = training.profile;
    let mirrored = training.fit_reversed(&window.sorted, |value| -value).distance;
    let flipped = Some(mirrored).filter(|left| fits(*left) && grids.is_none_or(Grids::are_mirrored));
    let shifted = shifted(training, window, grids).filter(|(_, left)| fits(*left));
    let scaled = scaled(training, window, grids).filter(|(_, left)| fits(*left));
    match (flipped, shifted, scaled) {
        // All values are on the other side of zero, no further from it than before.
        (Some(left), _, _) if is_mirrored(training, window) => Some((Change::SignFlipped, left)),
        (Some(left), shifted, None) if shifted.is_none_or(|(_, other)| clearly(left, other)) => {
            Some((Change::SignFlipped, left))
        }
        (None, Some((by, left)), scaled)
            if scaled.is_none_or(|(factor, other)| is_near_one(factor) || clearly(left, other)) =>
        {
            let otherwise = is_mirrored(training, window)
                || grids.is_none()
                    && (is_like_a_factor(training, window)
                        || left > Left::WEEKS && may_be_otherwise(training, window, by)
                        || by.abs() < profile.deviation());
            let told = is_believed(by.abs() / profile.deviation(), left, most)
                && (left <= window.noise(training) || !otherwise);
            told.then_some((Change::Shifted { by }, left))
        }
        (None, shifted, Some((factor, left))) if shifted.is_none_or(|(_, other)| clearly(left, other)) => {
            is_believed(factor.ln().abs() / 2.0_f64.ln(), left, most).then_some((Change::Scaled { factor }, left))
        }
        (None, None, None) => scaled_and_shifted(training, window, grids, most),
        // Two changes fit about equally well: neither is reported.
        _ => None,
    }
}

/// Finds a change of every value that no season makes, even if the days differ from training's: the sign, a factor, a
/// large summand.
pub(super) fn change_beyond_seasons(training: &Training<'_>, window: &Window, grids: Option<&Grids>) -> Option<Change> {
    let by_grid = match grids {
        Some(grids) => by_grid(training, window, grids),
        None => None,
    };
    by_grid
        .or_else(|| far_away(training, window, grids))
        .or_else(|| of_others_than_zero(training, window))
}

/// The minimum number of distinct values other than zero.
const FEWEST_OTHERS: usize = 10;

/// Finds a change of every value that keeps zeros, where many values are zero and as many as before.
fn of_others_than_zero(training: &Training<'_>, window: &Window) -> Option<Change> {
    let (training, before) = training.without_zeros()?;
    let (window, now) = window.without_zeros()?;
    if (now - before).abs() > Left::WEEKS || window.distinct < FEWEST_OTHERS {
        return None;
    }
    let grids = Grids::new(&training, &window);
    let left = Left::of_a_part(&training, &window);
    let change = match change_of_all(&training, &window, grids.as_ref(), left) {
        Some((change, _)) => Some(change),
        None => change_of_others(&training, &window, grids.as_ref()),
    };
    change.filter(|change| !matches!(change, Change::Shifted { .. } | Change::ScaledAndShifted { .. }))
}

fn change_of_others(training: &Training<'_>, window: &Window, grids: Option<&Grids>) -> Option<Change> {
    let by_grid = grids.and_then(|grids| by_grid(training, window, grids));
    by_grid.or_else(|| far_away(training, window, grids))
}

/// Returns whether the values lie on the other side of zero and, mirrored, most are back within training's range.
fn is_mirrored(training: &Training<'_>, window: &Window) -> bool {
    let profile = training.profile;
    let (Some(first), Some(last)) = (window.sorted.first(), window.sorted.last()) else {
        return false;
    };
    // A value close to zero counts as zero.
    let zero = (profile.largest() - profile.least()) / 50.0;
    let other_side = profile.least() >= -zero && *last <= zero || profile.largest() <= zero && *first >= -zero;
    let spread = spread(training, window).unwrap_or(1.0);
    other_side && is_alike(spread, 3.0) && training.fit_reversed(&window.sorted, |value| -value).inside >= BACK
}

/// Returns whether a factor brings the values back, too, and their spread does not point to a summand.
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

/// Returns whether a factor or the sign would bring the values back about as well as a summand, so that the fit may be
/// chance.
fn may_be_otherwise(training: &Training<'_>, window: &Window, by: f64) -> bool {
    let profile = training.profile;
    let (low, high) = window.ends();
    let spread = spread(training, window).unwrap_or(1.0);
    let about = window.quantile(0.5) / training.quantile(0.5);
    let is_factor = (-8..=8).any(|half| {
        let times = about * 2.0_f64.powf(f64::from(half) / 4.0);
        let possible = times.is_finite() && times > 0.0 && !is_near_one(times);
        possible && is_of_a_part(spread / times) && training.is_near(low / times, high / times)
    });
    let is_sign = by.abs() > profile.deviation() && training.is_near(-high, -low);
    is_factor || is_sign
}

/// The minimum difference between two spreads, in logarithms, that tells one change from another.
const TOLD_APART: f64 = 0.26;
/// Once undone, a change brings at least this share of the values back within training's range.
const BACK: f64 = 0.6;

fn clearly(left: f64, other: f64) -> bool {
    left <= 0.6 * other
}

/// Returns whether a factor is more simply described as a summand.
fn is_near_one(factor: f64) -> bool {
    (0.8..1.25).contains(&factor)
}

/// Returns whether a fit is close enough. A change by less than its unit (a doubling, a deviation) can happen within a
/// week too, so it must fit closely.
fn is_believed(units: f64, distance: f64, most: f64) -> bool {
    distance <= if units < 0.9 { most * 0.6 } else { most }
}

/// The levels at which quantiles of window and training are compared.
const LEVELS: [f64; 9] = [0.02, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98];
/// A rounder number is preferred if it leaves at most this much more distance.
const ROUNDER: f64 = 0.01;

/// Returns how many times as far the values spread as training's do; `None` if training's hardly spread.
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

/// Returns whether a spread is about `times` times training's.
fn is_alike(spread: f64, times: f64) -> bool {
    (1.0 / times..times).contains(&spread)
}

/// Returns whether a part of training may spread this much: less than the whole, as a week does, and hardly more.
fn is_of_a_part(spread: f64) -> bool {
    (0.12..1.35).contains(&spread)
}

/// Returns the factor that leaves the least distance.
fn scaled(training: &Training<'_>, window: &Window, grids: Option<&Grids>) -> Option<(f64, f64)> {
    let all = spread(training, window)?;
    let fit = |factor: f64| training.fit(&window.sorted, |value| value / factor).distance;
    if let Some(grids) = grids {
        let alike = grids.factors().filter(|exact| is_alike(all / exact, 2.0));
        let by_grid = likeliest(grids, alike.map(|exact| (exact, fit(exact))).collect());
        let noise = window.noise(training);
        let rounded = scaled_and_rounded(training, window, grids)
            .filter(|(_, left)| *left <= noise && by_grid.is_none_or(|(_, other)| clearly(*left, other)));
        return rounded.or_else(|| by_grid.map(|(exact, left)| (written(exact), left)));
    }
    let ratio = |level: f64| window.quantile(level) / training.quantile(level);
    let spread = |low: f64, high: f64| {
        (window.quantile(high) - window.quantile(low)) / (training.quantile(high) - training.quantile(low))
    };
    let estimates = LEVELS
        .into_iter()
        .map(ratio)
        .chain([spread(0.05, 0.95), spread(0.1, 0.9), spread(0.25, 0.75)]);
    let possible = estimates.filter(|factor| factor.is_finite() && *factor > 0.0 && (1e-12..1e12).contains(factor));
    let (best, distance) = best(possible, fit)?;
    // No factor is likelier than another power of ten, so it may leave as much as chance does.
    let chance = (window.noise(training) - distance).max(ROUNDER);
    let is_power = |factor: f64| factor != 1.0 && factor == power_of_ten(factor);
    let rounder = factors(best)
        .find(|factor| fit(*factor) <= distance + if is_power(*factor) { chance } else { ROUNDER })
        .unwrap_or(best);
    // A factor this close to 1 is no change.
    ((rounder - 1.0).abs() > 0.02 && is_alike(all / rounder, 2.0)).then(|| (rounder, fit(rounder)))
}

/// Finds the power of ten that values were multiplied by before they were rounded, and the distance that it leaves. The
/// grid is that of the rounding, so it does not reveal the factor.
fn scaled_and_rounded(training: &Training<'_>, window: &Window, grids: &Grids) -> Option<(f64, f64)> {
    let about = window.quantile(0.5) / training.quantile(0.5);
    if !(1e-12..1e12).contains(&about) {
        return None;
    }
    let factor = power_of_ten(about);
    (factor != 1.0 && grids.are_of_digits_cut_after(factor)).then(|| {
        let fit = training.fit(&window.sorted, |value| value / factor);
        (factor, fit.distance)
    })
}

/// A distance that is smaller by this much is not due to chance.
const FAR_BETTER: f64 = 0.4;

/// Returns the likeliest of the factors that the grid allows, given the distances that they leave: the first if there
/// are enough values to be sure, else the one that leaves clearly the least.
fn likeliest(grids: &Grids, mut factors: Vec<(f64, f64)>) -> Option<(f64, f64)> {
    let first = factors.first().copied()?;
    factors.sort_by(|one, other| one.1.total_cmp(&other.1));
    let best = factors[0];
    // Rare values that are absent from the window make a grid coarser, too.
    let is_better = best.1 + FAR_BETTER <= first.1;
    if grids.are_sure() {
        return Some(if is_better { best } else { first });
    }
    let is_clear = factors.get(1).is_none_or(|second| clearly(best.1, second.1));
    (is_clear && (is_better || best.0 == first.0)).then_some(best)
}

/// Returns a factor found by a grid as somebody would write it.
fn written(exact: f64) -> f64 {
    let same = |factor: &f64| (factor / exact - 1.0).abs() <= 1e-6;
    factors(exact)
        .chain([to_digits(exact, 6), 1.0 / to_digits(1.0 / exact, 6)])
        .find(same)
        .unwrap_or(exact)
}

/// Returns the summand that leaves the least distance.
fn shifted(training: &Training<'_>, window: &Window, grids: Option<&Grids>) -> Option<(f64, f64)> {
    if grids.is_some_and(|grids| !may_be_shifted(grids)) {
        return None;
    }
    let estimates = LEVELS
        .into_iter()
        .map(|level| window.quantile(level) - training.quantile(level));
    let fit = |by: f64| training.fit(&window.sorted, |value| value - by).distance;
    let (best, distance) = best(estimates.filter(|by| by.is_finite() && *by != 0.0), fit)?;
    let on_grid = |by: &f64| grids.is_none_or(|grids| grids.allow(1.0, *by));
    let rounder = summands(best).find(|by| fit(*by) <= distance + ROUNDER && on_grid(by));
    let rounder = rounder.unwrap_or_else(|| grids.map_or(best, |grids| grids.summand_near(best)));
    if rounder == 0.0 {
        return None;
    }
    spread(training, window)
        .is_none_or(|spread| is_alike(spread, 2.0))
        .then(|| (rounder, fit(rounder)))
}

/// Returns whether the grid allows a summand and does not point to the sign.
fn may_be_shifted(grids: &Grids) -> bool {
    grids.allow_summand() && (grids.are_same() || !grids.are_mirrored())
}

fn best(estimates: impl Iterator<Item = f64>, fit: impl Fn(f64) -> f64) -> Option<(f64, f64)> {
    estimates
        .map(|estimate| (estimate, fit(estimate)))
        .min_by(|one, other| one.1.total_cmp(&other.1))
}

/// Finds a factor and a summand: a change of unit, or any if the grid gives the factor and the rest equals training.
fn scaled_and_shifted(
    training: &Training<'_>,
    window: &Window,
    grids: Option<&Grids>,
    most: f64,
) -> Option<(Change, f64)> {
    let grids = grids?;
    let fit = |factor: f64, by: f64| training.fit(&window.sorted, |value| (value - by) / factor).distance;
    let unit = units(grids)
        .map(|(factor, by)| (factor, by, fit(factor, by)))
        .find(|(_, _, distance)| *distance <= most);
    if let Some((factor, by, distance)) = unit {
        return Some((Change::ScaledAndShifted { factor, by }, distance));
    }
    let factor = grids.only_ratio().filter(|_| units(grids).next().is_none())?;
    let estimates = LEVELS.map(|level| window.quantile(level) - factor * training.quantile(level));
    let (best, distance) = best(estimates.into_iter(), |by| fit(factor, by))?;
    let by = summands(best).find(|by| fit(factor, *by) <= distance + ROUNDER && grids.allow(factor, *by))?;
    let distance = fit(factor, by);
    // A week may lie this far from training.
    let worth = by.abs() >= factor * training.profile.deviation();
    (worth && distance <= most).then(|| {
        let factor = written(factor);
        (Change::ScaledAndShifted { factor, by }, distance)
    })
}

/// Returns the changes of unit that the grid allows.
fn units(grids: &Grids) -> impl Iterator<Item = (f64, f64)> {
    CONVERSIONS.into_iter().filter(|(factor, by)| {
        let is_factor = |exact: f64| (exact / factor - 1.0).abs() <= 1e-6;
        grids.ratios().any(is_factor) && grids.allow(*factor, *by)
    })
}

/// Once undone, a change found by the grid brings at least this share of the values back within training's range, or
/// all of them near it.
const GRID_BACK: f64 = 0.5;
/// After a change, at most this share of the values is within training's range.
const OUTSIDE: f64 = 0.05;

/// If the window's grid is not training's, finds the cause: the sign, a factor, another unit, lost digits, a summand.
fn by_grid(training: &Training<'_>, window: &Window, grids: &Grids) -> Option<Change> {
    // The usual value of training is the usual value of the window, too, after any change.
    let is_heaped = training
        .mostly()
        .is_none_or(|(_, mostly)| window.frequent[0].1 >= mostly / 2.0);
    if grids.are_same() || !is_heaped {
        return None;
    }
    let spread = spread(training, window)?;
    let sorted = &window.sorted;
    let back = |undo: &dyn Fn(f64) -> f64| training.fit(sorted, undo).inside;
    let (low, high) = window.ends();
    if grids.are_mirrored() {
        let mirrored = training.fit_reversed(sorted, |value| -value);
        let outside = back(&|value| value) <= OUTSIDE;
        let is_back = mirrored.inside >= GRID_BACK || training.is_near(-high, -low) && outside;
        return (is_back && is_like_a_week(spread)).then_some(Change::SignFlipped);
    }
    let is_near = |factor: f64, by: f64| {
        back(&|value| (value - by) / factor) >= GRID_BACK || training.is_near((low - by) / factor, (high - by) / factor)
    };
    let distance = |factor: f64, by: f64| training.fit(sorted, |value| (value - by) / factor).distance;
    let factors = grids
        .factors()
        .filter(|factor| is_like_a_week(spread / factor) && is_near(*factor, 0.0))
        .map(|factor| (factor, distance(factor, 0.0)))
        .collect();
    let factor = likeliest(grids, factors).map(|(factor, _)| factor);
    // If another factor plus lost digits fits clearly better, the grid says nothing about the factor.
    let rounded = scaled_and_rounded(training, window, grids);
    if let (Some(factor), Some((_, other))) = (factor, rounded)
        && clearly(other, distance(factor, 0.0))
    {
        return None;
    }
    let unit = units(grids).find(|(factor, by)| is_like_a_week(spread / factor) && is_near(*factor, *by));
    // A column that only lost digits stays where it was.
    let is_rounded = is_like_a_week(spread)
        && back(&|value| value) >= GRID_BACK
        && training.is_near(low, high)
        && is_rounder(training, grids.window(), Some(grids));
    match (factor, unit, is_rounded) {
        (Some(factor), Some((times, by)), false) => {
            match (distance(factor, 0.0), distance(times, by)) {
                (plain, unit) if clearly(unit, plain) => Some(Change::ScaledAndShifted { factor: times, by }),
                (plain, unit) if clearly(plain, unit) => Some(Change::Scaled {
                    factor: written(factor),
                }),
                // Neither clearly fits.
                _ => None,
            }
        }
        (Some(factor), None, false) => Some(Change::Scaled {
            factor: written(factor),
        }),
        (None, Some((factor, by)), false) => Some(Change::ScaledAndShifted { factor, by }),
        (None, None, true) => Some(Change::Rounded {
            to: to_digits(grids.window().step(), 1),
        }),
        (None, None, false) => {
            let outside = grids.allow_summand() && is_like_a_week(spread) && back(&|value| value) <= OUTSIDE;
            let about = window.quantile(0.5) - training.quantile(0.5);
            outside.then(|| Change::Shifted {
                by: to_digits(about, 1),
            })
        }
        // A column that lost its digits may just as well have another unit.
        _ => None,
    }
}

/// Returns whether a week's values may spread this much, given that the grid already says how they changed.
fn is_like_a_week(spread: f64) -> bool {
    (0.1..4.0).contains(&spread)
}

/// If training has hardly any value of the window, accepts an unlikely change that brings most of them back, even if
/// the days differ: the sign, a factor far from one, or a distance that no season makes.
fn far_away(training: &Training<'_>, window: &Window, grids: Option<&Grids>) -> Option<Change> {
    /// The largest factor that a season makes.
    const SEASON: f64 = 1.6;
    const FAR: f64 = 10.0;
    const DEVIATIONS: f64 = 8.0;
    let sorted = &window.sorted;
    let before = training.fit(sorted, |value| value);
    let profile = training.profile;
    let spread = spread(training, window)?;
    let by = window.quantile(0.5) - training.quantile(0.5);
    let times = window.quantile(0.5) / training.quantile(0.5);
    if is_reversed(training, window, before) && grids.is_none_or(Grids::are_mirrored) {
        return Some(Change::SignFlipped);
    }
    // A value that makes up most of the window must have made up most of training.
    let is_heaped = window.frequent[0].1 > 0.5 && training.around(window.frequent[0].0 - by).within < 0.5;
    let back = |Fit { inside, .. }: Fit| inside >= BACK;
    let undone = training.fit(sorted, |value| value - by);
    // If the grid says that nothing was multiplied, this many deviations are not a season, wherever training's range
    // ends.
    let is_summand = grids.is_some_and(|grids| grids.are_sure() && may_be_shifted(grids));
    if is_summand
        && back(undone)
        && undone.distance <= 0.3
        && before.distance >= 0.9
        && by.abs() >= DEVIATIONS * profile.deviation()
    {
        return Some(Change::Shifted { by: to_digits(by, 2) });
    }
    if before.inside > OUTSIDE || is_heaped || is_mirrored(training, window) {
        return None;
    }
    let may_spread = |spread: f64| match grids {
        Some(_) => is_like_a_week(spread),
        None => is_of_a_part(spread),
    };
    let may_be_shifted = may_spread(spread) && back(undone) && grids.is_none_or(may_be_shifted);
    let may_be_scaled = times > 0.0
        && times.is_finite()
        && may_spread(spread / times)
        && back(training.fit(sorted, |value| value / times))
        && grids.is_none_or(|grids| grids.factors().next().is_some());
    match (may_be_shifted, may_be_scaled) {
        (false, true) if grids.is_none() && !(1.0 / FAR..FAR).contains(&times) => {
            let nice: Vec<f64> = likely(times, SEASON).collect();
            let factor = match nice.as_slice() {
                [factor] => *factor,
                _ => to_digits(times, 1),
            };
            Some(Change::Scaled { factor })
        }
        (true, false) if grids.is_none() && may_be_otherwise(training, window, by) => None,
        (true, false) if by.abs() >= DEVIATIONS * profile.deviation() || beyond_range(training, window, by) => {
            Some(Change::Shifted { by: to_digits(by, 1) })
        }
        // A factor or a summand: both are possible, so neither is reported.
        _ => None,
    }
}

/// Returns whether values lie on the other side of zero, or have their tail on the other side, as only a change of sign
/// makes them.
fn is_reversed(training: &Training<'_>, window: &Window, before: Fit) -> bool {
    let mirrored = training.fit_reversed(&window.sorted, |value| -value);
    if mirrored.inside < BACK {
        return false;
    }
    if is_mirrored(training, window) && before.inside <= 0.5 {
        // With a round number subtracted, they may lie there, too.
        let fits = |by: f64, distance: f64| {
            distance <= Left::MOST && clearly(distance, mirrored.distance) && to_digits(by, 1) == by
        };
        return shifted(training, window, None).is_none_or(|(by, distance)| !fits(by, distance));
    }
    let tails = |at: &dyn Fn(f64) -> f64| ((at(0.95) - at(0.5)) / (at(0.5) - at(0.05))).ln();
    let trained = tails(&|level| training.quantile(level));
    let now = tails(&|level| window.quantile(level));
    // The tail was three times as long on one side; now it is on the other.
    let turned = trained.abs() > 1.1 && now.abs() > 1.1 && trained.signum() != now.signum();
    turned && mirrored.distance <= 0.35 && clearly(mirrored.distance, before.distance)
}

/// Returns whether a distance is more than the whole range of training, where the window would be a part of it.
fn beyond_range(training: &Training<'_>, window: &Window, by: f64) -> bool {
    let range = training.profile.largest() - training.profile.least();
    let back = training.fit(&window.sorted, |value| value - by);
    window.distinct >= 20 && by.abs() >= 1.1 * range && back.inside >= 0.9
}
