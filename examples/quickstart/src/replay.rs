//! The traffic: flights sent to the service at a steady rate over kept-alive connections.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Map, Value};

use crate::data::{FEATURES, Features, Flight};
use crate::incident::{FORGOTTEN, Incident, Kind};

/// Connections: enough for a slow canary at the default rate.
const CLIENTS: usize = 32;

/// What is sent, and how far that has got.
pub(crate) struct Replay {
    pub(crate) address: SocketAddr,
    pub(crate) rate: f64,
    pub(crate) duration: Duration,
    pub(crate) incident: Incident,
    /// Played one after the other, each for an equal share of the time, from the start again if it is short.
    pub(crate) weeks: Vec<Week>,
    pub(crate) progress: Progress,
}

pub(crate) struct Week {
    pub(crate) name: &'static str,
    pub(crate) flights: Vec<Flight>,
}

#[derive(Default)]
pub(crate) struct Progress {
    /// Requests that were answered, whatever the answer.
    pub(crate) answered: AtomicU64,
    /// Requests that got no answer: the service was gone.
    pub(crate) unanswered: AtomicU64,
    week: AtomicUsize,
    stopped: AtomicBool,
}

impl Replay {
    /// Sends everything, and returns when the last answer is there.
    pub(crate) fn run(&self) {
        let started = Instant::now();
        let total = (self.rate * self.duration.as_secs_f64()).round() as u64;
        let next = AtomicU64::new(0);
        thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| {
                    let agent = ureq::Agent::new_with_config(
                        ureq::config::Config::builder().http_status_as_error(false).build(),
                    );
                    let url = format!("http://{}/predict", self.address);
                    loop {
                        let number = next.fetch_add(1, Ordering::Relaxed);
                        if number >= total || self.progress.stopped.load(Ordering::Relaxed) {
                            return;
                        }
                        let due = started + Duration::from_secs_f64(number as f64 / self.rate);
                        thread::sleep(due.saturating_duration_since(Instant::now()));
                        self.send(&agent, &url, number, total);
                    }
                });
            }
        });
    }

    fn send(&self, agent: &ureq::Agent, url: &str, number: u64, total: u64) {
        let (week, place) = place(number, total, self.weeks.len());
        self.progress.week.store(week, Ordering::Relaxed);
        let flights = &self.weeks[week].flights;
        let mut features = flights[place % flights.len()].features;
        if self.incident.now() == Some(Kind::FeatureMissing) && number.is_multiple_of(3) {
            let forgotten = FEATURES.iter().position(|name| *name == FORGOTTEN);
            forgotten.into_iter().for_each(|position| features[position] = None);
        }
        let request = agent.post(url).header("content-type", "application/json");
        // Reading the body to its end gives the connection back.
        let answer = request
            .send(body(&features))
            .and_then(|mut answer| answer.body_mut().read_to_vec());
        let counter = if answer.is_ok() {
            &self.progress.answered
        } else {
            &self.progress.unanswered
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// No further request is sent.
    pub(crate) fn stop(&self) {
        self.progress.stopped.store(true, Ordering::Relaxed);
    }

    /// The week that is being played.
    pub(crate) fn week(&self) -> &'static str {
        self.weeks[self.progress.week.load(Ordering::Relaxed)].name
    }
}

/// The week a request belongs to, and how many came before it in that week.
fn place(number: u64, total: u64, weeks: usize) -> (usize, usize) {
    let weeks = weeks as u64;
    let week = number * weeks / total;
    let first = (week * total).div_ceil(weeks);
    (week as usize, (number - first) as usize)
}

/// The features that are there.
fn body(features: &Features) -> Vec<u8> {
    let present = FEATURES
        .iter()
        .zip(features)
        .filter_map(|(name, value)| Some((name.to_string(), Value::from((*value)?))));
    let features: Map<String, Value> = present.collect();
    Value::Object(Map::from_iter([("features".into(), Value::Object(features))]))
        .to_string()
        .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_week_begins_with_its_first_flight() {
        assert_eq!(place(0, 12_000, 2), (0, 0));
        assert_eq!(place(5_999, 12_000, 2), (0, 5_999));
        assert_eq!(place(6_000, 12_000, 2), (1, 0));
        let odd: Vec<_> = (0..5).map(|number| place(number, 5, 2)).collect();
        assert_eq!(odd, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]);
        assert_eq!(place(0, 1, 2), (0, 0));
    }
}
