//! `alertmanager.yml` as far as it decides who hears what and when.

use std::collections::BTreeMap;
use std::fmt;

use serde::Deserialize;

use super::hours::NamedInterval;
use super::matcher::Matcher;
use crate::rehearsal::Alert;
use crate::seconds::duration;

/// A configuration of Alertmanager.
///
/// # Example
///
/// ```
/// use std::collections::BTreeMap;
///
/// use modelwatch_drill::notification::Configuration;
///
/// let configuration = Configuration::parse(r#"
/// route:
///   receiver: tickets
///   routes:
///     - receiver: pages
///       matchers: ['severity="page"']
/// "#)?;
/// let labels = |severity: &str| BTreeMap::from([("severity".to_owned(), severity.to_owned())]);
/// assert_eq!(configuration.receivers(&labels("page")), ["pages"]);
/// assert_eq!(configuration.receivers(&labels("ticket")), ["tickets"]);
/// # Ok::<(), modelwatch_drill::notification::ConfigurationError>(())
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Configuration {
    pub(super) root: Route,
    pub(super) inhibitions: Vec<Inhibition>,
    pub(super) intervals: Vec<NamedInterval>,
}

/// Why a configuration can't be followed.
///
/// # Example
///
/// ```
/// use modelwatch_drill::notification::Configuration;
///
/// let error = Configuration::parse("route: { receiver: pages, group_wait: soon }").unwrap_err();
/// assert_eq!(error.to_string(), "alertmanager.yml: \"soon\" is no duration");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigurationError(String);

impl fmt::Display for ConfigurationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "alertmanager.yml: {}", self.0)
    }
}

impl std::error::Error for ConfigurationError {}

/// A route with what it inherits.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) receiver: String,
    matchers: Vec<Matcher>,
    pub(super) group_by: Vec<String>,
    /// Seconds, as all times are.
    pub(super) group_wait: u32,
    pub(super) group_interval: u32,
    pub(super) repeat_interval: u32,
    pub(super) active: Vec<String>,
    goes_on: bool,
    routes: Vec<Self>,
    /// The place in the tree, which tells groups of different routes apart.
    pub(super) place: String,
}

/// Which alerts silence which.
#[derive(Clone, Debug)]
pub(super) struct Inhibition {
    source: Vec<Matcher>,
    target: Vec<Matcher>,
    equal: Vec<String>,
}

#[derive(Deserialize)]
struct File {
    route: FileRoute,
    #[serde(default)]
    inhibit_rules: Vec<FileInhibition>,
    #[serde(default)]
    time_intervals: Vec<NamedInterval>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRoute {
    receiver: Option<String>,
    #[serde(default)]
    matchers: Vec<String>,
    group_by: Option<Vec<String>>,
    group_wait: Option<String>,
    group_interval: Option<String>,
    repeat_interval: Option<String>,
    #[serde(default)]
    active_time_intervals: Vec<String>,
    #[serde(default, rename = "continue")]
    goes_on: bool,
    #[serde(default)]
    routes: Vec<Self>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileInhibition {
    source_matchers: Vec<String>,
    target_matchers: Vec<String>,
    #[serde(default)]
    equal: Vec<String>,
}

impl Configuration {
    /// Reads a configuration as modelwatch generates it.
    ///
    /// # Errors
    ///
    /// It is not YAML, or asks for something that is not followed here.
    pub fn parse(text: &str) -> Result<Self, ConfigurationError> {
        let file: File = serde_saphyr::from_str(text).map_err(|error| ConfigurationError(error.to_string()))?;
        let inherited = Route {
            receiver: String::new(),
            matchers: Vec::new(),
            group_by: Vec::new(),
            // Alertmanager's own defaults.
            group_wait: 30,
            group_interval: 300,
            repeat_interval: 4 * 3600,
            active: Vec::new(),
            goes_on: false,
            routes: Vec::new(),
            place: String::new(),
        };
        let inhibitions = file.inhibit_rules.iter().map(|rule| {
            Ok(Inhibition {
                source: matchers(&rule.source_matchers)?,
                target: matchers(&rule.target_matchers)?,
                equal: rule.equal.clone(),
            })
        });
        Ok(Self {
            root: Route::read(&file.route, &inherited, 0)?,
            inhibitions: inhibitions.collect::<Result<_, _>>()?,
            intervals: file.time_intervals,
        })
    }

    /// The receivers of alerts with these labels.
    #[must_use]
    pub fn receivers(&self, labels: &BTreeMap<String, String>) -> Vec<&str> {
        let mut routes = Vec::new();
        self.root.matching(labels, &mut routes);
        routes.into_iter().map(|route| route.receiver.as_str()).collect()
    }
}

fn matchers(texts: &[String]) -> Result<Vec<Matcher>, ConfigurationError> {
    let parsed = texts
        .iter()
        .map(|text| Matcher::parse(text).ok_or_else(|| ConfigurationError(format!("{text:?} is no matcher"))));
    parsed.collect()
}

fn all(matchers: &[Matcher], labels: &BTreeMap<String, String>) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels))
}

impl Route {
    fn read(file: &FileRoute, inherited: &Self, index: usize) -> Result<Self, ConfigurationError> {
        let time = |text: &Option<String>, inherited: u32| match text {
            Some(text) => duration(text).ok_or_else(|| ConfigurationError(format!("{text:?} is no duration"))),
            None => Ok(inherited),
        };
        let mut route = Self {
            receiver: file.receiver.clone().unwrap_or_else(|| inherited.receiver.clone()),
            matchers: matchers(&file.matchers)?,
            group_by: file.group_by.clone().unwrap_or_else(|| inherited.group_by.clone()),
            group_wait: time(&file.group_wait, inherited.group_wait)?,
            group_interval: time(&file.group_interval, inherited.group_interval)?,
            repeat_interval: time(&file.repeat_interval, inherited.repeat_interval)?,
            active: file.active_time_intervals.clone(),
            goes_on: file.goes_on,
            routes: Vec::new(),
            place: format!("{}/{index}", inherited.place),
        };
        let routes = file.routes.iter().enumerate();
        route.routes = routes
            .map(|(index, below)| Self::read(below, &route, index))
            .collect::<Result<_, _>>()?;
        Ok(route)
    }

    /// Adds the routes that alerts with these labels take; whether it took any.
    pub(super) fn matching<'r>(&'r self, labels: &BTreeMap<String, String>, found: &mut Vec<&'r Self>) -> bool {
        if !all(&self.matchers, labels) {
            return false;
        }
        let before = found.len();
        for route in &self.routes {
            if route.matching(labels, found) && !route.goes_on {
                break;
            }
        }
        if found.len() == before {
            found.push(self);
        }
        true
    }

    /// The key of the group of an alert.
    pub(super) fn group(&self, alert: &Alert) -> Vec<String> {
        if self.group_by.iter().any(|label| label == "...") {
            return alert.labels.values().cloned().collect();
        }
        self.group_by
            .iter()
            .map(|label| alert.label(label).to_owned())
            .collect()
    }
}

impl Inhibition {
    /// Whether an alert is silenced by one of those that fire.
    pub(super) fn silences<'a>(&self, alert: &Alert, mut firing: impl Iterator<Item = &'a Alert>) -> bool {
        if !all(&self.target, &alert.labels) {
            return false;
        }
        // What is both is not silenced by another that is both, or they would silence each other.
        let is_source = all(&self.source, &alert.labels);
        firing.any(|other| {
            all(&self.source, &other.labels)
                && !(is_source && all(&self.target, &other.labels))
                && self.equal.iter().all(|label| alert.label(label) == other.label(label))
        })
    }
}
