//! Decides how near to training a window must be once a change is undone.

use super::fit::{Training, Window};

/// The distance that may be left when a change is undone.
#[derive(Clone, Copy, Debug)]
pub(super) struct Left(pub(super) f64);

impl Left {
    /// As much as weeks differ from each other,
    pub(super) const WEEKS: f64 = 0.05;
    /// or as chance makes of this many rows, and this margin on top.
    const MARGIN: f64 = 0.02;
    /// The limit never exceeds this, however small the window: modelwatch names no change that it can't tell from
    /// another.
    pub(super) const MOST: f64 = 0.1;

    pub(super) fn of(training: &Training<'_>, window: &Window) -> Self {
        Self((Self::WEEKS.max(window.noise(training)) + Self::MARGIN).min(Self::MOST))
    }

    /// Same, for a change of only some rows.
    pub(super) fn of_a_part(training: &Training<'_>, window: &Window) -> Self {
        Self((Self::WEEKS.max(window.noise(training)) + Self::MARGIN).min(1.5 * Self::MOST))
    }
}
