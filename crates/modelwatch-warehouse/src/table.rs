//! A table, as the database describes it.

use arrow::datatypes::Schema;
use modelwatch_drift_job::TableColumns;
use modelwatch_log_format::columns::TIME;

use crate::dialect::Dialect;
use crate::kind::{Kind, TimeKind, time_kind};

/// The description of a table before it is counted.
#[derive(Clone, Debug)]
pub(crate) struct TableShape {
    pub(crate) dialect: Dialect,
    /// The quoted name.
    pub(crate) quoted: String,
    /// The kind of its time column.
    pub(crate) time: Option<TimeKind>,
    columns: Vec<(String, Kind)>,
    /// Whether names that differ only in case are the same.
    ignores_case: bool,
}

impl TableShape {
    /// Makes the description from an empty answer.
    ///
    /// # Errors
    ///
    /// With `timed`, returns an error when there is no time column.
    pub(crate) fn new(
        dialect: Dialect,
        table: &[String],
        schema: &Schema,
        columns: &TableColumns,
        timed: bool,
    ) -> Result<Self, String> {
        let kinds = schema
            .fields()
            .iter()
            .map(|field| (field.name().clone(), Kind::of(field)));
        let mut shape = Self {
            dialect,
            quoted: quoted(dialect, table),
            time: None,
            columns: kinds.collect(),
            ignores_case: dialect.ignores_case(),
        };
        if !timed {
            return Ok(shape);
        }
        let Some((name, _)) = shape.column(columns, TIME) else {
            let names: Vec<&str> = shape.columns.iter().map(|(name, _)| name.as_str()).collect();
            return Err(format!(
                "has no column {:?} of times; it has {}; name the column with time = in [models.drift.columns]",
                columns.time.as_deref().unwrap_or(TIME),
                names.join(", ")
            ));
        };
        let field = schema.field_with_name(name).map_err(|error| error.to_string())?;
        let time = match dialect {
            // SQLite columns have no fixed type, so texts are read as times.
            Dialect::Sqlite => Some(TimeKind::Local),
            _ => time_kind(field.data_type()),
        };
        if time.is_none() {
            return Err(format!(
                "has {} in the column {name:?}, where times belong; make a view in which it is a timestamp",
                field.data_type()
            ));
        }
        shape.time = time;
        Ok(shape)
    }

    /// Makes the description of a view of files with these columns, whose names are case-sensitive.
    #[cfg(feature = "spark")]
    pub(crate) fn of_files(dialect: Dialect, view: &str, schema: &Schema, time: TimeKind) -> Self {
        let fields = schema.fields().iter();
        Self {
            dialect,
            quoted: dialect.quoted(view),
            time: Some(time),
            columns: fields.map(|field| (field.name().clone(), Kind::of(field))).collect(),
            ignores_case: false,
        }
    }

    /// Returns the columns, in the table's order.
    pub(crate) fn columns(&self) -> &[(String, Kind)] {
        &self.columns
    }

    /// Returns the column that has this name in the log, with its name in the table.
    pub(crate) fn column(&self, columns: &TableColumns, log_name: &str) -> Option<(&str, &Kind)> {
        let found = columns.names(log_name).into_iter().find_map(|wanted| {
            let same = self.columns.iter().find(|(name, _)| name == wanted);
            same.or_else(|| {
                let ignored = self.columns.iter().filter(|_| self.ignores_case);
                ignored.into_iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted))
            })
        });
        found.map(|(name, kind)| (name.as_str(), kind))
    }
}

/// Quotes a table's name with the parts before it.
pub(crate) fn quoted(dialect: Dialect, table: &[String]) -> String {
    let parts: Vec<String> = table.iter().map(|part| dialect.quoted(part)).collect();
    parts.join(".")
}
