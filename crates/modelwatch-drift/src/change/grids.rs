//! What the grids of training and of a window say: whether values were multiplied, and by what.

use super::fit::{Training, Window};
use super::round::to_digits;
use crate::sketch::{Found, Grid};

/// Whether a grid is one that people round to: steps of 1, 2 or 5 with zeros behind or before them, from zero.
pub(super) fn is_round(grid: &Grid) -> bool {
    let step = to_digits(grid.step(), 1);
    let digit = (step / 10_f64.powf(step.log10().floor())).round();
    // The step was found by subtractions.
    (grid.step() / step - 1.0).abs() < 1e-9 && [1.0, 2.0, 5.0].contains(&digit) && grid.holds(0.0)
}

/// The grid of training and that of a window.
#[derive(Clone, Copy, Debug)]
pub(super) struct Grids {
    training: Grid,
    window: Found,
}

impl Grids {
    /// A chance of less than e to the minus fourteenth, one in a million, is none.
    const NO_CHANCE: f64 = 14.0;
    /// A chance of less than e to the minus seventh, one in a thousand, is hardly one.
    const HARDLY_A_CHANCE: f64 = 7.0;
    /// A window's values may by chance lie on a grid up to so many times as coarse.
    const COARSEST: u32 = 12;

    pub(super) fn new(training: &Training<'_>, window: &Window) -> Option<Self> {
        Some(Self {
            training: *training.profile.grid()?,
            window: window.grid?,
        })
    }

    /// Whether the window's grid is that of training's values times a factor and plus a summand, which by chance may be a few times
    /// as coarse.
    fn is_of(&self, grid: &Grid) -> bool {
        let coarser = self.window.grid.coarser_than(grid);
        coarser.is_some_and(|times| self.by_chance(times))
    }

    /// Whether values all lie on every second or tenth place by chance alone.
    fn by_chance(&self, times: f64) -> bool {
        (self.window.distinct as f64 - 1.0) * times.ln() < Self::NO_CHANCE
    }

    /// Whether values may lie on training's grid.
    pub(super) fn are_same(&self) -> bool {
        self.is_of(&self.training)
    }

    /// Whether values may lie on training's grid with the other sign.
    pub(super) fn are_mirrored(&self) -> bool {
        self.is_of(&self.training.mirrored())
    }

    /// Whether something may have been added to training's values, and nothing multiplied.
    pub(super) fn allow_summand(&self) -> bool {
        let times = self.window.grid.steps_of(&self.training);
        times.is_some_and(|times| self.by_chance(times))
    }

    /// What training's values may have been multiplied by, whatever was added then, the likeliest first.
    pub(super) fn ratios(&self) -> impl Iterator<Item = f64> {
        let ratio = self.window.grid.step() / self.training.step();
        let times = (1..=Self::COARSEST).map(f64::from);
        times
            .filter(|times| self.by_chance(*times))
            .map(move |times| ratio / times)
            .filter(|factor| (factor - 1.0).abs() > 1e-6)
    }

    /// What training's values may have been multiplied by with nothing added, the likeliest first.
    pub(super) fn factors(&self) -> impl Iterator<Item = f64> {
        self.ratios()
            .filter(|factor| self.is_of(&self.training.changed(*factor, 0.0)))
    }

    /// Whether so many different values lie on the window's grid that none twice as coarse would be theirs by chance, once in a
    /// thousand times.
    pub(super) fn are_sure(&self) -> bool {
        (self.window.distinct as f64 - 1.0) * 2.0_f64.ln() >= Self::HARDLY_A_CHANCE
    }

    /// The summand nearest to a number that takes training's values to where the window's lie.
    pub(super) fn summand_near(&self, about: f64) -> f64 {
        let first = self.window.grid.offset() - self.training.offset();
        let step = self.training.step();
        first + ((about - first) / step).round() * step
    }

    /// What training's values have been multiplied by before something was added, where it can be but one number.
    pub(super) fn only_ratio(&self) -> Option<f64> {
        let mut ratios = self.ratios();
        ratios.next().filter(|_| ratios.next().is_none())
    }

    /// Whether training's values times a factor and plus a summand may lie where the window's do.
    pub(super) fn allow(&self, factor: f64, by: f64) -> bool {
        self.is_of(&self.training.changed(factor, by))
    }

    /// Whether the window's grid is one that people round to, and coarser than that of training's values times a factor.
    pub(super) fn are_of_digits_cut_after(&self, factor: f64) -> bool {
        let grid = &self.window.grid;
        is_round(grid) && grid.step() > 1.5 * factor * self.training.step()
    }

    /// The window's grid.
    pub(super) fn window(&self) -> &Grid {
        &self.window.grid
    }
}
