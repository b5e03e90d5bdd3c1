//! What is changed about single alerts, and how an Alertmanager that is somebody else's is treated.

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Location;
use crate::reader::{Field, Table, boolean, is_name, name, text};
use crate::version::Version;

/// `[alertmanager]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alertmanager {
    /// Whether `alertmanager.yml` is generated. With `false` it belongs to somebody else, and a fragment for it is made.
    pub manage: bool,
    /// The oldest release that has to take it. Defaults to 0.25.
    pub minimum_version: Version,
}

impl Default for Alertmanager {
    fn default() -> Self {
        Self {
            manage: true,
            minimum_version: Version::ALERTMANAGER,
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
        };
        table.finish();
        read
    }
}

/// `[alerts]`: what is changed about alerts that the stack can raise.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alerts {
    /// The value of the label `severity` of what wakes somebody. Nothing: `page`.
    pub page: Option<String>,
    /// The value of the label `severity` of everything else. Nothing: `ticket`.
    pub ticket: Option<String>,
    /// Single alerts, by name.
    pub single: BTreeMap<String, SingleAlert>,
}

/// `[alerts.<name>]`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SingleAlert {
    /// Whether it is there at all. Defaults to `true`.
    pub enabled: bool,
    /// Labels it has besides.
    pub labels: BTreeMap<String, String>,
    /// Annotations it has besides.
    pub annotations: BTreeMap<String, String>,
    /// Where it stands.
    pub location: Location,
}

/// Labels that routing, tests and dashboards rely on.
const TAKEN_LABELS: [&str; 7] = ["alertname", "job", "model_name", "plane", "severity", "stack", "team"];
/// Annotations that every alert has.
const TAKEN_ANNOTATIONS: [&str; 6] = [
    "dashboard_url",
    "description",
    "query",
    "query_url",
    "runbook_url",
    "summary",
];

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
        let single = table
            .named()
            .into_iter()
            .filter(|(key, _)| key != "severities")
            .filter_map(|(alert, field)| Some((alert, SingleAlert::read(&field)?)))
            .collect();
        Self { page, ticket, single }
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
