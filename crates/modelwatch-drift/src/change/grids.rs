//! Compares the grids of training and of a window: were values multiplied, and by which factor?

use super::fit::{Training, Window};
use super::round::to_digits;
use crate::sketch::{Found, Grid};

/// Returns whether people round to this grid: steps of 1, 2 or 5 times a power of ten, from zero.
pub(super) fn is_round(grid: &Grid) -> bool {
    let step = to_digits(grid.step(), 1);
    let digit = (step / 10_f64.powf(step.log10().floor())).round();
    // The step was found by subtraction, so allow for rounding.
    (grid.step() / step - 1.0).abs() < 1e-9 && [1.0, 2.0, 5.0].contains(&digit) && grid.holds(0.0)
}

/// Holds the grid of training and the grid of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grids {
    training: Grid,
    window: Found,
}

impl Grids {
    /// Rules chance out below e to the minus fourteenth, one in a million.
    const NO_CHANCE: f64 = 14.0;
    /// Chance below e to the minus seventh, one in a thousand, is unlikely.
    const HARDLY_A_CHANCE: f64 = 7.0;
    /// By chance, a window's values may lie on a grid up to this many times as coarse.
    const COARSEST: u32 = 12;

    pub(super) fn new(training: &Training<'_>, window: &Window) -> Option<Self> {
        Some(Self {
            training: *training.profile.grid()?,
            window: window.grid?,
        })
    }

    /// Returns whether the window's grid is that of training's values times a factor and plus a summand. By chance it
    /// may be a few times as coarse.
    fn is_of(&self, grid: &Grid) -> bool {
        let coarser = self.window.grid.coarser_than(grid);
        coarser.is_some_and(|times| self.by_chance(times))
    }

    /// Returns whether chance alone may put all values on every second or tenth place.
    fn by_chance(&self, times: f64) -> bool {
        (self.window.distinct as f64 - 1.0) * times.ln() < Self::NO_CHANCE
    }

    /// Returns whether values may lie on training's grid.
    pub(super) fn are_same(&self) -> bool {
        self.is_of(&self.training)
    }

    /// Returns whether values may lie on training's grid with the opposite sign.
    pub(super) fn are_mirrored(&self) -> bool {
        self.is_of(&self.training.mirrored())
    }

    /// Returns whether something may have been added to training's values without multiplying them.
    pub(super) fn allow_summand(&self) -> bool {
        let times = self.window.grid.steps_of(&self.training);
        times.is_some_and(|times| self.by_chance(times))
    }

    /// Returns the factors that training's values may have been multiplied by, with any summand added afterwards, the
    /// likeliest first.
    pub(super) fn ratios(&self) -> impl Iterator<Item = f64> {
        let ratio = self.window.grid.step() / self.training.step();
        let times = (1..=Self::COARSEST).map(f64::from);
        times
            .filter(|times| self.by_chance(*times))
            .map(move |times| ratio / times)
            .filter(|factor| (factor - 1.0).abs() > 1e-6)
    }

    /// Returns the factors that training's values may have been multiplied by with nothing added, the likeliest first.
    pub(super) fn factors(&self) -> impl Iterator<Item = f64> {
        self.ratios()
            .filter(|factor| self.is_of(&self.training.changed(*factor, 0.0)))
    }

    /// Returns whether the window's grid has so many distinct values that by chance they would lie on one twice as
    /// coarse less than once in a thousand times.
    pub(super) fn are_sure(&self) -> bool {
        (self.window.distinct as f64 - 1.0) * 2.0_f64.ln() >= Self::HARDLY_A_CHANCE
    }

    /// Returns the summand nearest to a number that moves training's values to where the window's lie.
    pub(super) fn summand_near(&self, about: f64) -> f64 {
        let first = self.window.grid.offset() - self.training.offset();
        let step = self.training.step();
        first + ((about - first) / step).round() * step
    }

    /// Returns the factor that training's values were multiplied by before something was added, if only one factor is
    /// possible.
    pub(super) fn only_ratio(&self) -> Option<f64> {
        let mut ratios = self.ratios();
        ratios.next().filter(|_| ratios.next().is_none())
    }

    /// Returns whether training's values times a factor and plus a summand may lie where the window's do.
    pub(super) fn allow(&self, factor: f64, by: f64) -> bool {
        self.is_of(&self.training.changed(factor, by))
    }

    /// Returns whether people round to the window's grid, and it is coarser than the grid of training's values times a
    /// factor.
    pub(super) fn are_of_digits_cut_after(&self, factor: f64) -> bool {
        let grid = &self.window.grid;
        is_round(grid) && grid.step() > 1.5 * factor * self.training.step()
    }

    /// Returns the window's grid.
    pub(super) fn window(&self) -> &Grid {
        &self.window.grid
    }
}
