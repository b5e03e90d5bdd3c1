//! Groups over time: when each is flushed, and whether there is something to say.

use std::collections::{BTreeMap, BTreeSet};

use super::configuration::{Configuration, Route};
use super::hours::Clock;
use crate::rehearsal::{Alert, Evaluation};

/// What a receiver gets.
///
/// # Example
///
/// ```
/// use std::collections::BTreeMap;
///
/// use modelwatch_drill::notification::{Clock, Configuration, Message, messages};
/// use modelwatch_drill::rehearsal::{Alert, Evaluation};
///
/// let alert = |name: &str| Alert::new([("alertname".to_owned(), name.to_owned())].into(), BTreeMap::new());
/// let (errors, slow) = (alert("MLInferenceHighErrorRate"), alert("MLInferenceHighLatencyP95"));
/// let evaluations = [
///     Evaluation::new(0, vec![errors.clone()]),
///     Evaluation::new(120, vec![errors.clone(), slow.clone()]),
///     Evaluation::new(480, vec![errors, slow]),
/// ];
/// let routes = Configuration::parse("route: { receiver: pages, group_wait: 30s, group_interval: 5m }")?;
/// let heard: Vec<Message> = messages(&routes, Clock::new(0, false), &evaluations);
/// let news: Vec<_> = heard.iter().map(|message| (message.at, message.firing.len(), message.new)).collect();
/// assert_eq!(news, [(30, 1, 1), (330, 2, 1)]);
/// # Ok::<(), modelwatch_drill::notification::ConfigurationError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// In seconds from the first scrape.
    pub at: u32,
    /// Who gets it.
    pub receiver: String,
    /// The alerts that fire.
    pub firing: Vec<Alert>,
    /// How many of them the group's message before did not have; none where it only says what is over.
    pub new: usize,
    /// Whether it says again, after the repeat interval, what was said.
    pub repeated: bool,
}

type Labels = BTreeMap<String, String>;

/// The alerts of a route that share their group's labels.
struct Group<'c> {
    route: &'c Route,
    /// When it is flushed next.
    next: u32,
    /// By labels; nothing where the alert is over and that was not said yet.
    alerts: BTreeMap<Labels, Option<Alert>>,
}

/// What a group's last message said.
#[derive(Default)]
struct Said {
    at: u32,
    firing: BTreeSet<Labels>,
    resolved: BTreeSet<Labels>,
}

type Key = (String, Vec<String>);

/// Sends what fires at each evaluation to its receivers, and returns the messages in their order.
#[must_use]
pub fn messages(configuration: &Configuration, clock: Clock, evaluations: &[Evaluation]) -> Vec<Message> {
    let mut groups: BTreeMap<Key, Group<'_>> = BTreeMap::new();
    let mut said: BTreeMap<Key, Said> = BTreeMap::new();
    let mut messages = Vec::new();
    let mut firing: &[Alert] = &[];
    for evaluation in evaluations {
        // What is due before this evaluation goes out as it was.
        flush(
            configuration,
            clock,
            &mut groups,
            &mut said,
            firing,
            evaluation.at,
            &mut messages,
        );
        firing = &evaluation.firing;
        for group in groups.values_mut() {
            for (labels, alert) in &mut group.alerts {
                if !firing.iter().any(|firing| firing.labels == *labels) {
                    *alert = None;
                }
            }
        }
        for alert in firing {
            let mut routes = Vec::new();
            configuration.root.matching(&alert.labels, &mut routes);
            for route in routes {
                let key = (route.place.clone(), route.group(alert));
                let group = groups.entry(key).or_insert_with(|| Group {
                    route,
                    next: evaluation.at + route.group_wait,
                    alerts: BTreeMap::new(),
                });
                group.alerts.insert(alert.labels.clone(), Some(alert.clone()));
            }
        }
    }
    let end = evaluations.last().map_or(0, |evaluation| evaluation.at + 1);
    flush(configuration, clock, &mut groups, &mut said, firing, end, &mut messages);
    messages.sort_by_key(|message| message.at);
    messages
}

/// Flushes every group that is due before a time.
fn flush(
    configuration: &Configuration,
    clock: Clock,
    groups: &mut BTreeMap<Key, Group<'_>>,
    said: &mut BTreeMap<Key, Said>,
    firing: &[Alert],
    before: u32,
    messages: &mut Vec<Message>,
) {
    for (key, group) in groups.iter_mut() {
        while group.next < before {
            let at = group.next;
            group.next += group.route.group_interval;
            let active = &group.route.active;
            let is_active = active.is_empty()
                || configuration
                    .intervals
                    .iter()
                    .any(|interval| active.contains(&interval.name) && interval.holds(clock, at));
            let is_silenced = |alert: &Alert| {
                configuration
                    .inhibitions
                    .iter()
                    .any(|inhibition| inhibition.silences(alert, firing.iter()))
            };
            let told = group.alerts.values().flatten().filter(|alert| !is_silenced(alert));
            let told: Vec<_> = told.cloned().collect();
            let over: BTreeSet<_> = group
                .alerts
                .iter()
                .filter(|(_, alert)| alert.is_none())
                .map(|(labels, _)| labels.clone())
                .collect();
            if is_active {
                let said = said.entry(key.clone()).or_default();
                messages.extend(said.next(group.route, at, told, &over));
            }
            // Alertmanager forgets what is over once it was flushed.
            group.alerts.retain(|_, alert| alert.is_some());
            if group.alerts.is_empty() {
                break;
            }
        }
    }
    groups.retain(|_, group| !group.alerts.is_empty());
}

impl Said {
    /// The message that a flush sends, if there is something to say.
    fn next(&mut self, route: &Route, at: u32, firing: Vec<Alert>, over: &BTreeSet<Labels>) -> Option<Message> {
        let now: BTreeSet<_> = firing.iter().map(|alert| alert.labels.clone()).collect();
        let new = now.difference(&self.firing).count();
        let ended = !over.is_subset(&self.resolved) && over.iter().any(|labels| self.firing.contains(labels));
        let repeated = new == 0 && !now.is_empty() && at >= self.at + route.repeat_interval;
        if new == 0 && !ended && !repeated {
            return None;
        }
        *self = Self {
            at,
            firing: now,
            resolved: over.clone(),
        };
        Some(Message {
            at,
            receiver: route.receiver.clone(),
            firing,
            new,
            repeated,
        })
    }
}
