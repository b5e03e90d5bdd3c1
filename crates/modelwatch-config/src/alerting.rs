//! Changes to single alerts, and how to work with an Alertmanager that you do not generate.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::error::Location;
use crate::passed::PassedTable;
use crate::reader::{Field, Table, boolean, count, duration, is_name, name, text};
use crate::team::{Webhook, passed};
use crate::version::Version;

/// `[alertmanager]`: whether you generate its configuration, and for which release.
/// # Example: a dead man's switch
///
/// ```
/// use modelwatch_config::{Config, Watchdog};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [alertmanager.watchdog]
/// webhook = { url = "https://hc.example.com/ping/modelwatch" }
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// let watchdog: &Watchdog = config.alertmanager.watchdog.as_ref().expect("the section is there");
/// assert_eq!(watchdog.repeat_interval.as_secs(), 300);
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Alertmanager {
    /// Whether to generate `alertmanager.yml`. With `false`, you keep your own, and modelwatch writes a fragment to
    /// paste into it.
    pub manage: bool,
    /// The oldest release of Alertmanager that must accept the configuration. Defaults to 0.25.
    pub minimum_version: Version,
    /// Where to send an alert that always fires, so that its silence shows that alerts don't get through. Optional.
    pub watchdog: Option<Watchdog>,
}

/// `[alertmanager.watchdog]`: a dead man's switch. It pages you when it stops hearing from Alertmanager.
/// The example of [`Alertmanager`](crate::Alertmanager) has one.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Watchdog {
    /// An HTTP endpoint.
    pub webhook: Option<Webhook>,
    /// Any other receiver of Alertmanager, by its key.
    pub receivers: PassedTable,
    /// The time between notifications. Defaults to 5 minutes.
    pub repeat_interval: Duration,
}

impl Watchdog {
    fn read(table: Table<'_, '_>) -> Self {
        let read = Self {
            webhook: table.table("webhook").and_then(Webhook::read),
            receivers: passed(&table, "receivers"),
            repeat_interval: table
                .read("repeat_interval", duration)
                .unwrap_or(Duration::from_secs(300)),
        };
        if table.field("webhook").is_none() && table.field("receivers").is_none() {
            table.reader.report(
                table.location(),
                format!("{} has no channel", table.path),
                "add webhook = { url = \"https://…\" } or receivers",
            );
        }
        table.finish();
        read
    }
}

impl Default for Alertmanager {
    fn default() -> Self {
        Self {
            manage: true,
            minimum_version: Version::ALERTMANAGER,
            watchdog: None,
        }
    }
}

impl Alertmanager {
    pub(crate) fn read(table: Table<'_, '_>) -> Self {
        let usual = Self::default();
        let read = Self {
            manage: table.read("manage", boolean).unwrap_or(usual.manage),
            minimum_version: table
                .read("minimum_version", Version::read(Version::ALERTMANAGER))
                .unwrap_or(usual.minimum_version),
            watchdog: table.table("watchdog").map(Watchdog::read),
        };
        table.finish();
        read
    }
}

/// `[alerts]`: your changes to the generated alerts.
/// # Example: other severities, and one alert less
///
/// ```
/// use modelwatch_config::{Config, SingleAlert};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [alerts]
/// severities = { page = "critical", ticket = "warning" }
/// [alerts.MLClientErrorsHigh]
/// enabled = false
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// assert_eq!(config.alerts.page.as_deref(), Some("critical"));
/// let off: &SingleAlert = &config.alerts.single["MLClientErrorsHigh"];
/// assert!(!off.enabled);
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alerts {
    /// The value of the label `severity` for alerts that page. Defaults to `page` when absent.
    pub page: Option<String>,
    /// The value of the label `severity` for every other alert. Defaults to `ticket` when absent.
    pub ticket: Option<String>,
    /// How many models of one job must be in trouble at once to become one incident with one page. Defaults to 5.
    pub many_models: u64,
    /// Single alerts, by name.
    pub single: BTreeMap<String, SingleAlert>,
}

/// `[alerts.<name>]`: your changes to one alert.
/// The example of [`Alerts`](crate::Alerts) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SingleAlert {
    /// Whether the alert exists. Defaults to `true`.
    pub enabled: bool,
    /// Extra labels.
    pub labels: BTreeMap<String, String>,
    /// Extra annotations.
    pub annotations: BTreeMap<String, String>,
    /// Where the section is in the file.
    pub location: Location,
}

/// Labels that routing, tests and dashboards rely on, so a file can't set them.
const TAKEN_LABELS: [&str; 7] = ["alertname", "job", "model_name", "plane", "severity", "stack", "team"];
/// Annotations that every alert already has.
const TAKEN_ANNOTATIONS: [&str; 6] = [
    "dashboard_url",
    "description",
    "query",
    "query_url",
    "runbook_url",
    "summary",
];

impl Default for Alerts {
    fn default() -> Self {
        Self {
            page: None,
            ticket: None,
            many_models: 5,
            single: BTreeMap::new(),
        }
    }
}

impl Alerts {
    pub(crate) fn read(table: Table<'_, '_>) -> Self {
        let severities = table.table("severities");
        let (page, ticket) = severities.map_or((None, None), |table| {
            let read = (table.read("page", name), table.read("ticket", name));
            if read.0.as_deref().unwrap_or("page") == read.1.as_deref().unwrap_or("ticket") {
                table.reader.report(
                    table.location(),
                    format!("{} gives pages and tickets one name", table.path),
                    "give them two: routing tells them apart by it",
                );
            }
            table.finish();
            read
        });
        let many_models = table.read("many_models", |value| {
            count(value)
                .ok()
                .filter(|models| (2..=1000).contains(models))
                .ok_or_else(|| "a number of models from 2 to 1000".to_owned())
        });
        let single = table
            .named()
            .into_iter()
            .filter(|(key, _)| !["severities", "many_models"].contains(&key.as_str()))
            .filter_map(|(alert, field)| Some((alert, SingleAlert::read(&field)?)))
            .collect();
        Self {
            page,
            ticket,
            many_models: many_models.unwrap_or(Self::default().many_models),
            single,
        }
    }
}

impl SingleAlert {
    fn read(field: &Field<'_, '_>) -> Option<Self> {
        let location = field.location();
        let table = field.table()?;
        let read = Self {
            enabled: table.read("enabled", boolean).unwrap_or(true),
            labels: pairs(&table, "labels", &TAKEN_LABELS),
            annotations: pairs(&table, "annotations", &TAKEN_ANNOTATIONS),
            location,
        };
        table.finish();
        Some(read)
    }
}

fn pairs(table: &Table<'_, '_>, key: &'static str, taken: &[&str]) -> BTreeMap<String, String> {
    let mut seen = BTreeSet::new();
    let fields = table.table(key).map(|table| table.named()).unwrap_or_default();
    fields
        .into_iter()
        .filter_map(|(name, field)| {
            let plain = name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
                && !name.starts_with("__")
                && !name.starts_with(|first: char| first.is_ascii_digit());
            if !is_name(&name) || !plain {
                field.report(
                    format!("{} is no name that Prometheus takes", field.path),
                    "use letters, digits and underscores",
                );
            } else if taken.contains(&name.as_str()) {
                field.report(
                    format!("{} is set by modelwatch", field.path),
                    "take another name: routing, tests and dashboards rely on this one",
                );
            }
            seen.insert(name.clone());
            Some((name, field.read(text)?))
        })
        .collect()
}
