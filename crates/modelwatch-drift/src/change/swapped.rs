//! Finds columns that hold each other's values.

use super::fit::{Fit, Training, Window};
use super::grids::Grids;
use super::observed::Observed;
use crate::baseline::{CategoricalCounts, CategoricalProfile, Counts, Profile};

/// The maximum number of columns to compare with each other, the furthest from training first. The number of pairs
/// grows with the square.
const MOST: usize = 100;
/// The distance of a swapped column from the other's training that is allowed beyond chance.
const LEFT: f64 = 0.1;
/// A swap must explain at least this share of the distance from the column's own training.
const EXPLAINED: f64 = 0.6;

/// If the grid says that values are the other column's, at least this share of them is within its range.
const INSIDE: f64 = 0.5;

/// Returns, for each column, the name of the column that it was swapped with.
pub(super) fn find_swapped(columns: &[Observed<'_>]) -> Vec<Option<String>> {
    let mut drifting: Vec<usize> = (0..columns.len()).filter(|column| columns[*column].drifts).collect();
    let score = |column: &usize| columns[*column].measurement.score;
    drifting.sort_by(|one, other| score(other).total_cmp(&score(one)));
    drifting.truncate(MOST);
    let numbers: Vec<(usize, Training<'_>, Window)> = drifting
        .iter()
        .filter_map(|column| match (columns[*column].profile, columns[*column].counts) {
            (Profile::Numeric(profile), Counts::Numeric(counts)) => {
                Some((*column, Training::new(profile), Window::new(counts)?))
            }
            _ => None,
        })
        .collect();
    let mut pairs = Vec::new();
    for (place, (one, one_training, one_window)) in numbers.iter().enumerate() {
        for (other, other_training, other_window) in &numbers[place + 1..] {
            let own = [fit(one_training, one_window), fit(other_training, other_window)];
            let crossed = [fit(other_training, one_window), fit(one_training, other_window)];
            let noise = [one_window.noise(other_training), other_window.noise(one_training)];
            let by_grid = [
                is_of_grid(one_window, one_training, other_training),
                is_of_grid(other_window, other_training, one_training),
            ];
            if let Some(left) = left(own, crossed, noise, by_grid) {
                pairs.push((left, *one, *other));
            }
        }
    }
    for (place, one) in drifting.iter().enumerate() {
        for other in &drifting[place + 1..] {
            if let (Some(first), Some(second)) = (categories(&columns[*one]), categories(&columns[*other]))
                && holds(first, second)
                && holds(second, first)
            {
                pairs.push((0.0, *one, *other));
            }
        }
    }
    // Takes the best pair first; each column belongs to one pair only.
    pairs.sort_by(|one, other| one.0.total_cmp(&other.0));
    let mut swapped = vec![None; columns.len()];
    for (_, one, other) in pairs {
        if swapped[one].is_none() && swapped[other].is_none() {
            swapped[one] = Some(columns[other].name.to_owned());
            swapped[other] = Some(columns[one].name.to_owned());
        }
    }
    swapped
}

fn fit(training: &Training<'_>, window: &Window) -> Fit {
    training.fit(&window.sorted, |value| value)
}

/// Returns whether a window's values lie on the other column's grid, not on their own, and roughly in its range.
fn is_of_grid(window: &Window, own: &Training<'_>, other: &Training<'_>) -> bool {
    match (Grids::new(own, window), Grids::new(other, window)) {
        (Some(own), Some(grids)) => {
            let (low, high) = window.ends();
            let is_there = other.is_near(low, high) || fit(other, window).inside >= INSIDE;
            !own.are_same() && grids.are_same() && is_there
        }
        _ => false,
    }
}

/// Returns the distance that a swap leaves; `None` if it does not explain the distances.
fn left(own: [Fit; 2], crossed: [Fit; 2], noise: [f64; 2], by_grid: [bool; 2]) -> Option<f64> {
    let explains = |side: usize| {
        let most = (LEFT + noise[side]).min(own[side].distance * (1.0 - EXPLAINED));
        crossed[side].distance <= most
    };
    // If hardly any value is in the column's own range and most are in the other's, the days may differ.
    let moved = |side: usize| own[side].inside <= 0.05 && crossed[side].inside >= 0.6;
    let told = |side: usize| explains(side) || moved(side) || by_grid[side];
    (told(0) && told(1)).then(|| crossed[0].distance + crossed[1].distance)
}

fn categories<'a>(column: &Observed<'a>) -> Option<(&'a CategoricalProfile, &'a CategoricalCounts)> {
    match (column.profile, column.counts) {
        (Profile::Categorical(profile), Counts::Categorical(counts)) => Some((profile, counts)),
        _ => None,
    }
}

/// Returns whether most rows of `one` have categories that only `other` has.
fn holds(one: (&CategoricalProfile, &CategoricalCounts), other: (&CategoricalProfile, &CategoricalCounts)) -> bool {
    let present = one.1.present() as f64;
    let of_other = one
        .1
        .unnamed
        .iter()
        .filter(|(name, _)| other.0.bins().place(name).is_some());
    let rows: u64 = of_other.map(|(_, rows)| rows).sum();
    present > 0.0 && rows as f64 >= 0.8 * present
}
