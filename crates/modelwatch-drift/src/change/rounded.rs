//! Finds values that lost their digits.

use super::fit::{Training, Window};
use super::grids::{Grids, is_round};
use super::kind::Change;
use super::left::Left;
use super::round::to_digits;
use crate::sketch::Grid;

/// Finds values that are whole multiples of a round number where training's were not, and otherwise as in training.
/// Also returns the distance that is left.
pub(super) fn rounded(
    training: &Training<'_>,
    window: &Window,
    grids: Option<&Grids>,
    left: Left,
) -> Option<(Change, f64)> {
    let grid = window.grid?.grid;
    let step = grid.step();
    let profile = training.profile;
    let stays = window.quantile(0.01) >= profile.least() - step && window.quantile(0.99) <= profile.largest() + step;
    if !stays || !is_rounder(training, &grid, grids) {
        return None;
    }
    let mut places = window.sorted.clone();
    places.dedup();
    // A value now below a place was below it before, or below it by half a step or a whole step less, depending on
    // whether digits were cut, rounded or rounded up.
    let fit = |less: &dyn Fn(f64) -> f64| {
        let places = places.iter().skip(1);
        places
            .map(|place| (window.below(place - step / 2.0) - training.share_below(less(*place))).abs())
            .fold(0.0, f64::max)
    };
    let ways: [&dyn Fn(f64) -> f64; 4] = [
        &|place| place,
        &|place| place - step / 2.0,
        &|place| place - step,
        &|place| if place > 0.0 { place } else { place - step },
    ];
    let distance = ways.into_iter().map(fit).fold(f64::INFINITY, f64::min);
    (distance <= left.0).then(|| (Change::Rounded { to: to_digits(step, 1) }, distance))
}

/// Returns whether people round to a grid and training's values do not lie on it.
pub(super) fn is_rounder(training: &Training<'_>, grid: &Grid, grids: Option<&Grids>) -> bool {
    let step = grid.step();
    let is_new = match (training.profile.grid(), grids) {
        (Some(before), Some(grids)) => before.step() < 1.3 * step && !grids.are_same(),
        // Edges lie in the middle between values.
        _ => {
            let edges = training.profile.bins().edges();
            let halves = Grid::of_multiples(step / 2.0);
            let on_it = edges.iter().filter(|edge| halves.holds(**edge)).count();
            2 * on_it < edges.len()
        }
    };
    is_round(grid) && is_new
}
