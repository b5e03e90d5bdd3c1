//! Worlds: the series that Prometheus would have scraped while an incident happened.
//!
//! Requests are drawn one by one, so what they have in common is right without being said: a slow request is slow in its route,
//! its stage and its version, a score decides a class and the class an outcome. Counters count, histograms are cumulative, and
//! a process that restarts begins at zero.

mod condition;
mod counters;
mod drift_job;
mod moment;
mod random;
mod requests;
mod series;
mod shares;
mod write;

use crate::incident::Incident;
use crate::scene::Scene;

pub use series::Series;

/// The series of an incident in a scene.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct World {
    /// Every series, with a sample for each scrape; the first scrape is at 0.
    pub series: Vec<Series>,
    /// Between scrapes, in seconds.
    pub step: u32,
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

impl World {
    /// Makes the world of an incident. The same scene, incident and settings always make the same.
    #[must_use]
    pub fn new(scene: &Scene, incident: &Incident, settings: &Settings) -> Self {
        write::world(scene, incident, settings)
    }
}
