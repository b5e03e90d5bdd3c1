//! A model at a time.

use crate::incident::Incident;
use crate::scene::Actor;

/// A model at a time of an incident.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    pub(crate) incident: &'a Incident,
    pub(crate) actor: &'a Actor,
    pub(crate) is_hero: bool,
    /// The onset, in seconds from the first scrape.
    pub(crate) onset: f64,
    /// In seconds from the first scrape.
    pub(crate) time: f64,
}

impl Moment<'_> {
    /// Another time in minutes from the onset.
    pub(crate) fn minutes_at(&self, time: f64) -> f64 {
        (time - self.onset) / 60.0
    }
}
