//! A world, and how it is made.

use super::series::Series;

/// The series of an incident in a scene.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct World {
    /// Every series, with a sample for each scrape; the first scrape is at 0.
    pub series: Vec<Series>,
    /// Between scrapes, in seconds.
    pub step: u32,
    /// When everything is known, in seconds from the first scrape; before it only requests, targets and what serves.
    pub begins: u32,
    /// The onset, in seconds from the first scrape.
    pub onset: u32,
    /// The last scrape, in seconds from the first.
    pub end: u32,
}

/// How a world is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Settings {
    /// How long everything is well before the onset, in minutes.
    pub history: u32,
    /// Another seed is another sample.
    pub seed: u64,
}

impl Settings {
    /// Makes settings of so many minutes of history and a seed.
    #[must_use]
    pub fn new(history: u32, seed: u64) -> Self {
        Self { history, seed }
    }
}

impl Default for Settings {
    /// An hour and a half, and the seed 0.
    fn default() -> Self {
        Self::new(90, 0)
    }
}
