//! `[models.drift.warehouse]`: a database table whose rows the database counts itself. `[models.performance.outcomes]`:
//! a table of labels.
//!
//! The address of the database is a secret, so it is never in this file. An environment variable or an ADBC connection
//! profile holds it. A mistake in either key is reported without its value, which may be the secret itself.

use std::time::Duration;

use toml::de::DeValue;

use crate::reader::{Expected, Field, Table, duration, text};

pub(crate) const TIMEOUT: Duration = Duration::from_secs(300);
const VARIABLE: &str = "the name of an environment variable";
const PROFILE: &str = "the name or the path of an ADBC connection profile";
const TABLE: &str = "give it one to three names with dots between them, such as \"analytics.predictions\"";
const SECRET: &str = "keep addresses and passwords out of this file";

/// `[models.drift.warehouse]` or `[models.performance.outcomes]`: a database table, and how to reach it.
/// # Example: a table of PostgreSQL
///
/// ```
/// use modelwatch_config::{DriftWarehouse, WarehouseAccess};
///
/// let access = WarehouseAccess::Variable("CLAIMS_DATABASE".to_owned());
/// let warehouse = DriftWarehouse::new("postgresql", vec!["claims".into(), "predictions".into()], access)?;
/// assert_eq!(warehouse.timeout.as_secs(), 300);
///
/// // Where a secret itself stands in place of its variable's name, the error does not show it.
/// let secret = WarehouseAccess::Variable("postgresql://ml:hunter2@db/claims".to_owned());
/// let error = DriftWarehouse::new("postgresql", vec!["predictions".into()], secret).unwrap_err();
/// assert!(!error.contains("hunter2"), "{error}");
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DriftWarehouse {
    /// The database's dialect of SQL: one of [`DIALECTS`](Self::DIALECTS).
    pub dialect: String,
    /// The table or view, as the database spells it: catalogue, schema and name, as far as needed.
    pub table: Vec<String>,
    /// How to reach the database.
    pub access: WarehouseAccess,
    /// The ADBC driver: a name, or the path of its library. Defaults to that of the dialect.
    pub driver: Option<String>,
    /// How long one window may take. Defaults to 5 minutes.
    pub timeout: Duration,
}

/// How to reach a database.
/// The example of [`DriftWarehouse`](crate::DriftWarehouse) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WarehouseAccess {
    /// `uri_from`: the environment variable that holds the database's URI.
    Variable(String),
    /// `profile`: the name or path of an ADBC connection profile.
    Profile(String),
}

impl DriftWarehouse {
    /// The supported dialects.
    pub const DIALECTS: [&str; 9] = [
        "postgresql",
        "duckdb",
        "sqlite",
        "bigquery",
        "snowflake",
        "databricks",
        "trino",
        "clickhouse",
        "spark",
    ];

    /// Returns a table with the required settings, and defaults for everything else.
    ///
    /// # Errors
    ///
    /// Returns what is wrong when the dialect is not one of [`DIALECTS`](Self::DIALECTS), the table has no name, or the
    /// access is a secret itself. The message does not show the secret.
    pub fn new(dialect: &str, table: Vec<String>, access: WarehouseAccess) -> Result<Self, String> {
        if !Self::DIALECTS.contains(&dialect) {
            let known = Self::DIALECTS.join(", ");
            return Err(format!("no dialect is called {dialect:?}; use one of {known}"));
        }
        if !is_table(&table) {
            return Err(format!("{:?} is no table's name; {TABLE}", table.join(".")));
        }
        let (is_name, expected) = match &access {
            WarehouseAccess::Variable(name) => (is_variable(name), VARIABLE),
            WarehouseAccess::Profile(name) => (is_profile(name), PROFILE),
        };
        if !is_name {
            return Err(format!(
                "what says how to reach the database is not {expected}; keep addresses and passwords out of it"
            ));
        }
        Ok(Self {
            dialect: dialect.to_owned(),
            table,
            access,
            driver: None,
            timeout: TIMEOUT,
        })
    }

    pub(crate) fn read(table: Table<'_, '_>) -> Option<Self> {
        let dialect = table.required("dialect", "\"postgresql\"", dialect);
        let name = match table.field("table") {
            Some(field) => table_name(&field),
            None => table
                .required("table", "\"analytics.predictions\"", text)
                .map(|name| vec![name]),
        };
        let access = WarehouseAccess::read(&table, "the database", "WAREHOUSE_URI");
        let driver = table.read("driver", text);
        let timeout = table.read("timeout", duration).unwrap_or(TIMEOUT);
        table.finish();
        Some(Self {
            dialect: dialect?,
            table: name?,
            access: access?,
            driver,
            timeout,
        })
    }
}

impl WarehouseAccess {
    /// Reads `uri_from` or `profile`, exactly one of the two.
    pub(crate) fn read(table: &Table<'_, '_>, whom: &str, example: &str) -> Option<Self> {
        let variable = table.field("uri_from");
        let profile = table.field("profile");
        match (&variable, &profile) {
            (Some(variable), None) => named(variable, VARIABLE, is_variable).map(Self::Variable),
            (None, Some(profile)) => named(profile, PROFILE, is_profile).map(Self::Profile),
            (None, None) => {
                table.reader.report(
                    table.location(),
                    format!("{} does not say how to reach {whom}", table.path),
                    format!(
                        "add uri_from = {example:?}, an environment variable, or profile = \"claims\", an ADBC profile"
                    ),
                );
                None
            }
            (Some(_), Some(profile)) => {
                profile.report(
                    format!("{} has both uri_from and profile", table.path),
                    "remove one of the two",
                );
                None
            }
        }
    }
}

fn dialect(value: &DeValue<'_>) -> Result<String, Expected> {
    let named = value.as_str().filter(|name| DriftWarehouse::DIALECTS.contains(name));
    named.map(str::to_owned).ok_or_else(|| {
        format!(
            "one of {}",
            DriftWarehouse::DIALECTS.map(|name| format!("{name:?}")).join(", ")
        )
    })
}

/// Reads a table name: a string with dots between its parts, or a list of parts, which may contain dots.
fn table_name(field: &Field<'_, '_>) -> Option<Vec<String>> {
    let parts: Vec<String> = match field.value.get_ref() {
        DeValue::Array(_) => field.list(text),
        _ => field.read(text)?.split('.').map(str::to_owned).collect(),
    };
    let is_whole = is_table(&parts);
    if !is_whole {
        field.report(
            format!("{} is no table's name", field.path),
            format!("{TABLE}; a list where a name has a dot itself"),
        );
    }
    is_whole.then_some(parts)
}

fn is_table(parts: &[String]) -> bool {
    (1..=3).contains(&parts.len()) && parts.iter().all(|part| is_identifier(part))
}

fn is_identifier(name: &str) -> bool {
    !name.is_empty() && !name.contains('\0')
}

/// Reads a text that must not be shown, because it may be a secret in the wrong place.
fn named(field: &Field<'_, '_>, expected: &str, is_one: fn(&str) -> bool) -> Option<String> {
    let value = field.value.get_ref().as_str().filter(|text| is_one(text));
    if value.is_none() {
        field.report(
            format!("{} is not {expected}", field.path),
            format!("give it {expected}; {SECRET}"),
        );
    }
    value.map(str::to_owned)
}

fn is_variable(name: &str) -> bool {
    let is_start = |first: char| first.is_ascii_alphabetic() || first == '_';
    name.starts_with(is_start) && name.chars().all(|one| one.is_ascii_alphanumeric() || one == '_')
}

fn is_profile(name: &str) -> bool {
    !name.is_empty() && !name.contains("://") && !name.contains(['@', '\0', '\n'])
}
