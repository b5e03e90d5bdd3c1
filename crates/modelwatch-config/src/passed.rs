//! Values passed through to another program's configuration, for settings that have no type here.

use std::collections::BTreeMap;

use serde::Serialize;
use toml::de::{DeTable, DeValue};

use crate::reader::{Expected, number};

/// A value that goes to Prometheus or Alertmanager unchanged.
/// The example of [`Relabelling`](crate::Relabelling) has one.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
#[non_exhaustive]
pub enum Passed {
    /// `true` or `false`.
    Boolean(bool),
    /// An integer.
    Integer(i64),
    /// A floating-point number.
    Float(f64),
    /// A string.
    Text(String),
    /// A list.
    List(Vec<Self>),
    /// A table.
    Table(PassedTable),
}

/// Keys and values passed through unchanged.
pub type PassedTable = BTreeMap<String, Passed>;

impl Passed {
    pub(crate) fn read(value: &DeValue<'_>) -> Result<Self, Expected> {
        let expected = || "a text, a number, true, false, a list or a table".to_owned();
        match value {
            DeValue::Boolean(truth) => Ok(Self::Boolean(*truth)),
            DeValue::String(text) => Ok(Self::Text(text.to_string())),
            DeValue::Integer(integer) => {
                let digits = integer.as_str().replace('_', "");
                let read = i64::from_str_radix(&digits, integer.radix()).map(Self::Integer);
                read.map_err(|_| "a whole number that fits 64 bits".to_owned())
            }
            DeValue::Float(_) => number(value).map(Self::Float).ok_or_else(expected),
            DeValue::Array(array) => {
                let items = array.iter().map(|item| Self::read(item.get_ref()));
                items.collect::<Result<_, _>>().map(Self::List)
            }
            DeValue::Table(table) => Self::table(table).map(Self::Table),
            DeValue::Datetime(_) => Err(expected()),
        }
    }

    /// Reads a table of values to pass through.
    pub(crate) fn read_table(value: &DeValue<'_>) -> Result<PassedTable, Expected> {
        match value {
            DeValue::Table(table) => Self::table(table),
            _ => Err("a table: { … }".to_owned()),
        }
    }

    fn table(table: &DeTable<'_>) -> Result<PassedTable, Expected> {
        let entries = table
            .iter()
            .map(|(key, value)| Ok((key.get_ref().to_string(), Self::read(value.get_ref())?)));
        entries.collect()
    }
}
