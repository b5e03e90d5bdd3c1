//! How near to training a window has to be once a change is undone.

use super::fit::{Training, Window};

/// How much distance may be left when a change is undone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left(pub(super) f64);

impl Left {
    /// As much as weeks differ by,
    pub(super) const WEEKS: f64 = 0.05;
    /// or as chance makes of so few rows, and this more.
    const MARGIN: f64 = 0.02;
    /// Nor may it be larger than this, however small the window: what can't be told is not said.
    pub(super) const MOST: f64 = 0.1;

    pub(super) fn of(training: &Training<'_>, window: &Window) -> Self {
        Self((Self::WEEKS.max(window.noise(training)) + Self::MARGIN).min(Self::MOST))
    }

    /// The same of what is a part of the rows only.
    pub(super) fn of_a_part(training: &Training<'_>, window: &Window) -> Self {
        Self((Self::WEEKS.max(window.noise(training)) + Self::MARGIN).min(1.5 * Self::MOST))
    }
}
