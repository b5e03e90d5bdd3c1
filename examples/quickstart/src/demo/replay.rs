//! The traffic: flights sent to the service at a steady rate over kept-alive connections.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use chrono::{DateTime, TimeDelta, Utc};
use flights::data::{FEATURES, Flight};
use serde_json::{Map, Value};

use super::incident::{CONVERTED, FORGOTTEN, Incident, KILOMETRES, Kind};
use crate::drift::protocol::Window;

/// Connections: enough for a slow canary at the default rate.
const CLIENTS: usize = 32;

/// Far apart in a week, and prime, so that every flight has its turn.
const STRIDE: usize = 7919;

/// What is sent, and how far that has got.
pub(crate) struct Replay {
    pub(crate) address: SocketAddr,
    /// Requests a second; where nobody says, as many as play every flight once.
    pub(crate) rate: Option<f64>,
    pub(crate) duration: Duration,
    pub(crate) incident: Incident,
    /// Whether a request has the features of another flight of its week.
    pub(crate) mixed: bool,
    /// Whether a request tells when the flight departs; otherwise it is of the moment at which it comes.
    pub(crate) timed: bool,
    /// Played one after the other. With a rate, each for an equal share of the time, from the start again if it is short.
    pub(crate) weeks: Vec<Week>,
    pub(crate) progress: Progress,
}

pub(crate) struct Week {
    pub(crate) name: &'static str,
    /// Midnight of its first day, where the flights depart.
    pub(crate) begins: DateTime<Utc>,
    pub(crate) flights: Vec<Flight>,
}

impl Week {
    const DAYS: i32 = 7;

    pub(crate) fn days(&self) -> impl Iterator<Item = Window> {
        (0..Self::DAYS).map(|day| self.window(day, day + 1))
    }

    pub(crate) fn whole(&self) -> Window {
        self.window(0, Self::DAYS)
    }

    fn window(&self, first: i32, end: i32) -> Window {
        let midnight = |day| self.begins + TimeDelta::days(1) * day;
        Window {
            start: midnight(first),
            end: midnight(end),
        }
    }
}

#[derive(Default)]
pub(crate) struct Progress {
    /// Requests that were answered, whatever the answer.
    pub(crate) answered: AtomicU64,
    /// Requests that got no answer: the service was gone.
    pub(crate) unanswered: AtomicU64,
    week: AtomicUsize,
    /// When the flight that was sent last departs, in seconds since the epoch.
    time: AtomicU64,
    stopped: AtomicBool,
    ended: AtomicBool,
}

/// Says so, however the replay ends.
struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

impl Replay {
    /// Sends everything, and returns when the last answer is there.
    pub(crate) fn run(&self) {
        let started = Instant::now();
        let _ended = Ended(&self.progress.ended);
        let lengths = self.lengths();
        let total: u64 = lengths.iter().sum();
        let rate = total as f64 / self.duration.as_secs_f64();
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
                        let due = started + Duration::from_secs_f64(number as f64 / rate);
                        thread::sleep(due.saturating_duration_since(Instant::now()));
                        self.send(&agent, &url, number, &lengths);
                    }
                });
            }
        });
    }

    /// How many requests each week has.
    fn lengths(&self) -> Vec<u64> {
        match self.rate {
            None => self.weeks.iter().map(|week| week.flights.len() as u64).collect(),
            Some(rate) => {
                let total = (rate * self.duration.as_secs_f64()).round() as u64;
                let weeks = self.weeks.len() as u64;
                let begin = |week: u64| (week * total).div_ceil(weeks);
                (0..weeks).map(|week| begin(week + 1) - begin(week)).collect()
            }
        }
    }

    fn send(&self, agent: &ureq::Agent, url: &str, number: u64, lengths: &[u64]) {
        let (week, place) = place(number, lengths);
        let flights = &self.weeks[week].flights;
        let mut flight = flights[place % flights.len()];
        if self.mixed {
            flight.features = flights[place.wrapping_mul(STRIDE) % flights.len()].features;
        }
        let departs = flight
            .scheduled
            .duration_since(SystemTime::UNIX_EPOCH)
            .map_or(0, |since| since.as_secs());
        self.progress.time.store(departs, Ordering::Relaxed);
        self.progress.week.store(week, Ordering::Relaxed);
        let mut change = |feature, to: &dyn Fn(f64) -> Option<f64>| {
            for (name, value) in FEATURES.iter().zip(&mut flight.features) {
                if *name == feature {
                    *value = value.and_then(to);
                }
            }
        };
        match self.incident.now() {
            Some(Kind::FeatureMissing) if number.is_multiple_of(3) => change(FORGOTTEN, &|_| None),
            Some(Kind::FeatureDrift) => change(CONVERTED, &|miles| Some(miles * KILOMETRES)),
            _ => {}
        }
        let request = agent.post(url).header("content-type", "application/json");
        // Reading the body to its end gives the connection back.
        let answer = request
            .send(body(self.timed.then_some(departs), &flight))
            .and_then(|mut answer| answer.body_mut().read_to_vec());
        let counter = if answer.is_ok() {
            &self.progress.answered
        } else {
            &self.progress.unanswered
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    /// Whether requests are still on their way.
    pub(crate) fn goes_on(&self) -> bool {
        !self.progress.ended.load(Ordering::Acquire)
    }

    /// No further request is sent.
    pub(crate) fn stop(&self) {
        self.progress.stopped.store(true, Ordering::Relaxed);
    }

    /// Whether somebody stopped it.
    pub(crate) fn is_stopped(&self) -> bool {
        self.progress.stopped.load(Ordering::Relaxed)
    }

    /// Whether that week has been played up to that time.
    pub(crate) fn has_passed(&self, week: usize, time: DateTime<Utc>) -> bool {
        let played = self.progress.week.load(Ordering::Relaxed);
        let departs = self.progress.time.load(Ordering::Relaxed);
        played > week || (played == week && i64::try_from(departs).is_ok_and(|departs| departs >= time.timestamp()))
    }

    /// The week that is being played.
    pub(crate) fn week(&self) -> &'static str {
        self.weeks[self.progress.week.load(Ordering::Relaxed)].name
    }
}

/// The week a request belongs to, and how many came before it in that week.
fn place(number: u64, lengths: &[u64]) -> (usize, usize) {
    let mut before = number;
    for (week, length) in lengths.iter().enumerate() {
        match before.checked_sub(*length) {
            None => return (week, before as usize),
            Some(rest) => before = rest,
        }
    }
    (lengths.len() - 1, before as usize)
}

/// When it departs, in seconds since the epoch, where that is told, and the features that are there.
fn body(departs: Option<u64>, flight: &Flight) -> Vec<u8> {
    let present = FEATURES
        .iter()
        .zip(&flight.features)
        .filter_map(|(name, value)| Some((name.to_string(), Value::from((*value)?))));
    let features: Map<String, Value> = present.collect();
    Value::Object(Map::from_iter([
        ("time".into(), departs.into()),
        ("features".into(), Value::Object(features)),
    ]))
    .to_string()
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_week_begins_with_its_first_flight() {
        assert_eq!(place(0, &[6_000, 6_000]), (0, 0));
        assert_eq!(place(5_999, &[6_000, 6_000]), (0, 5_999));
        assert_eq!(place(6_000, &[6_000, 6_000]), (1, 0));
        let odd: Vec<_> = (0..5).map(|number| place(number, &[3, 2])).collect();
        assert_eq!(odd, [(0, 0), (0, 1), (0, 2), (1, 0), (1, 1)]);
        assert_eq!(place(0, &[1, 0]), (0, 0));
    }
}
