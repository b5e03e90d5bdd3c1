//! Writes the single statement that counts a window.
//!
//! A branch counts one column, and `UNION ALL` joins the branches of all columns. On the databases we measured, that is about
//! twice as fast as `GROUPING SETS` over all of them. Each branch reads the table separately, in the snapshot of the one
//! statement. A branch returns a row for each place with values, so the traffic grows with the bins and not with the rows.
//!
//! The database places numbers between the edges of the baseline. It groups everything else by text, and this crate interprets
//! the texts. Canonical texts, texts for missing values, texts that are numbers, and hashes of rare categories equal those of the
//! engine over files, because the code is the same. So the SQL never contains a category's name. It contains the names of columns
//! and of the table, quoted.

use chrono::{DateTime, Utc};
use modelwatch_drift_job::TableColumns;
use modelwatch_drift_job::engine::{Bins, GroupBy, WindowQuery};
use modelwatch_log_format::columns::TIME;

use crate::dialect::Dialect;
use crate::kind::{Kind, TimeKind};
use crate::table::TableShape;

/// What a branch counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Counted {
    /// Rows.
    Rows,
    /// Rows without a time, of any window.
    WithoutTime,
    /// The numbers of a column, by place.
    Places(usize),
    /// The texts of a column.
    Texts(usize),
}

/// A branch, by its number in the statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Branch {
    pub(crate) counted: Counted,
    /// The group of the query that splits its rows.
    pub(crate) group: Option<usize>,
}

/// A statement, and the meaning of its rows.
#[derive(Clone, Debug)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) branches: Vec<Branch>,
}

/// The largest absolute value that is summed, so that a database's sum does not overflow, which is an error in some.
pub(crate) const MOST_SUMMED: f64 = 1e290;

impl Statement {
    pub(crate) fn new(query: &WindowQuery, table: &TableShape, columns: &TableColumns) -> Self {
        let writer = Writer::new(query, table, columns);
        let mut branches = Vec::new();
        let mut selects = Vec::new();
        let mut add = |counted, group, select: String| {
            selects.push(format!("SELECT {} AS mw_branch, {select}", branches.len()));
            branches.push(Branch { counted, group });
        };
        let groups: Vec<Option<usize>> = match query.groups.len() {
            0 => vec![None],
            groups => (0..groups).map(Some).collect(),
        };
        for group in groups {
            add(Counted::Rows, group, writer.rows(group));
            for (place, column) in query.columns.iter().enumerate() {
                for (counted, select) in writer.column(place, &column.name, &column.bins, group) {
                    add(counted, group, select);
                }
            }
        }
        if let Some(select) = writer.without_time() {
            add(Counted::WithoutTime, None, select);
        }
        let keys: Vec<String> = (0..query.groups.len()).filter_map(|group| writer.keys(group)).collect();
        let with = match keys.is_empty() {
            true => String::new(),
            false => format!("WITH {}\n", keys.join(",\n")),
        };
        Self {
            sql: format!("{with}{}", selects.join("\nUNION ALL\n")),
            branches,
        }
    }
}

/// Writes the selects of branches.
pub(crate) struct Writer<'a> {
    dialect: Dialect,
    query: &'a WindowQuery,
    table: &'a TableShape,
    columns: &'a TableColumns,
}

impl<'a> Writer<'a> {
    pub(crate) fn new(query: &'a WindowQuery, table: &'a TableShape, columns: &'a TableColumns) -> Self {
        Self {
            dialect: table.dialect,
            query,
            table,
            columns,
        }
    }

    /// A column of the table, with the table alias that every branch uses.
    pub(crate) fn name(&self, name: &str) -> String {
        format!("s.{}", self.dialect.quoted(name))
    }

    /// The ` WHERE` that limits rows to the window.
    fn filter(&self) -> String {
        match (self.time(), self.query.window) {
            (Some((column, kind)), Some(window)) => {
                // Microseconds, as everywhere in the log.
                let micros =
                    |time: DateTime<Utc>| DateTime::from_timestamp_micros(time.timestamp_micros()).unwrap_or(time);
                let (from, to) = (micros(window.start()), micros(window.end()));
                format!(" WHERE {}", self.dialect.between(kind, &column, from, to))
            }
            _ => String::new(),
        }
    }

    fn time(&self) -> Option<(String, TimeKind)> {
        let (name, _) = self.table.column(self.columns, TIME)?;
        Some((self.name(name), self.table.time?))
    }

    pub(crate) fn from(&self) -> String {
        format!("FROM {} AS s", self.table.quoted)
    }

    /// The text that splits the rows, if the table has that column.
    fn key_text(&self, group: &GroupBy) -> Option<String> {
        let (name, kind) = self.table.column(self.columns, &group.column)?;
        let text = self.dialect.text_of(kind, &self.name(name))?;
        Some(format!("COALESCE({text}, '')"))
    }

    /// Selects the most frequent values of a group, as many as get their own counts. If the query names the values, the reader of
    /// the answer matches the texts, and none is left out here.
    fn keys(&self, group: usize) -> Option<String> {
        let by = &self.query.groups[group];
        let text = self.key_text(by).filter(|_| by.values.is_none())?;
        Some(format!(
            "mw_keys_{group} AS (SELECT mw_key FROM (SELECT {text} AS mw_key {from}{filter}) AS mw_all GROUP BY mw_key \
             ORDER BY COUNT(*) DESC, mw_key LIMIT {most})",
            from = self.from(),
            filter = self.filter(),
            most = GroupBy::MOST_GROUPS,
        ))
    }

    /// The key that a branch selects, and its FROM clause.
    fn keyed(&self, group: Option<usize>) -> (String, String) {
        let Some((place, by)) = group.and_then(|group| Some((group, self.query.groups.get(group)?))) else {
            return (self.dialect.no_text(), self.from());
        };
        match (self.key_text(by), &by.values) {
            (Some(text), None) => (
                format!("mw_known_{place}.mw_key"),
                format!(
                    "{} LEFT JOIN mw_keys_{place} AS mw_known_{place} ON mw_known_{place}.mw_key = {text}",
                    self.from()
                ),
            ),
            (Some(text), Some(_)) => (text, self.from()),
            // The column is missing, or its values have no text: none of the values is known.
            (None, None) => ("''".into(), self.from()),
            (None, Some(_)) => (self.dialect.no_text(), self.from()),
        }
    }

    pub(crate) fn rows(&self, group: Option<usize>) -> String {
        let (key, from) = self.keyed(group);
        let (text, double) = (self.dialect.no_text(), self.dialect.no_double());
        format!(
            "mw_key, 0 AS mw_place, {text} AS mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, {double} AS mw_least, \
             {double} AS mw_largest, {double} AS mw_total\n  FROM (SELECT {key} AS mw_key {from}{filter}) AS mw_read\n  GROUP BY mw_key",
            filter = self.filter(),
        )
    }

    fn without_time(&self) -> Option<String> {
        let (column, _) = self.time()?;
        self.query.window?;
        // A text that is not a time also counts as missing.
        let column = match self.dialect {
            Dialect::Sqlite => format!("strftime('%s', {column})"),
            _ => column,
        };
        let (text, double) = (self.dialect.no_text(), self.dialect.no_double());
        Some(format!(
            "{text} AS mw_key, 0 AS mw_place, {text} AS mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, {double} AS mw_least, \
             {double} AS mw_largest, {double} AS mw_total\n  {} WHERE {column} IS NULL",
            self.from(),
        ))
    }

    /// The branches of a column. Empty if the table lacks it.
    fn column(&self, place: usize, name: &str, bins: &Bins, group: Option<usize>) -> Vec<(Counted, String)> {
        let Some((name, kind)) = self.table.column(self.columns, name) else {
            return Vec::new();
        };
        let column = self.name(name);
        let number = match bins {
            Bins::Numeric(bins) => self.dialect.number(kind, &column).map(|number| (bins.edges(), number)),
            Bins::Categorical(_) => None,
        };
        let placed =
            number.map(|(edges, number)| (Counted::Places(place), self.places(edges, &number, &column, group)));
        // A SQLite column may hold both numbers and texts.
        let texts = (placed.is_none() || self.dialect == Dialect::Sqlite).then(|| {
            let only_texts = placed.is_some();
            (Counted::Texts(place), self.texts(kind, &column, group, only_texts))
        });
        placed.into_iter().chain(texts).collect()
    }

    pub(crate) fn places(&self, edges: &[f64], number: &str, column: &str, group: Option<usize>) -> String {
        let dialect = self.dialect;
        let (key, from) = self.keyed(group);
        let nan = dialect
            .is_nan("mw_x")
            .map(|is_nan| format!(" OR {is_nan}"))
            .unwrap_or_default();
        let within = |most: f64| {
            format!(
                "CASE WHEN mw_x BETWEEN {} AND {} THEN mw_x END",
                dialect.literal(-most),
                dialect.literal(most)
            )
        };
        let mut filter = self.filter();
        if dialect == Dialect::Sqlite {
            let and = if filter.is_empty() { " WHERE" } else { " AND" };
            filter.push_str(&format!("{and} typeof({column}) IN ('integer', 'real', 'null')"));
        }
        let read = |more: &str| format!("(SELECT {key} AS mw_key, {number} AS mw_x{more} {from}{filter}) AS mw_read");
        let (place, read) = dialect.place(edges, "mw_x", read);
        format!(
            "mw_key, mw_place, {text} AS mw_value, COUNT(*) AS mw_rows, COUNT(mw_finite) AS mw_finite_rows, \
             MIN(mw_finite) AS mw_least, MAX(mw_finite) AS mw_largest, SUM(mw_summed) AS mw_total\n  \
             FROM (SELECT mw_key, CASE WHEN mw_x IS NULL{nan} THEN -1 ELSE {place} END AS mw_place, {finite} AS mw_finite, \
             {summed} AS mw_summed\n    FROM {read}) AS mw_placed\n  \
             GROUP BY mw_key, mw_place",
            text = dialect.no_text(),
            finite = within(f64::MAX),
            summed = within(MOST_SUMMED),
        )
    }

    pub(crate) fn texts(&self, kind: &Kind, column: &str, group: Option<usize>, only_texts: bool) -> String {
        let dialect = self.dialect;
        let (key, from) = self.keyed(group);
        let text = match dialect.text_of(kind, column) {
            Some(text) if *kind == Kind::Text || dialect == Dialect::Sqlite => dialect.shortened(&text),
            Some(text) => text,
            None => dialect.no_text(),
        };
        let code = dialect.text_code(kind, column);
        let mut filter = self.filter();
        if only_texts {
            let and = if filter.is_empty() { " WHERE" } else { " AND" };
            filter.push_str(&format!("{and} typeof({column}) IN ('text', 'blob')"));
        }
        let double = dialect.no_double();
        format!(
            "mw_key, mw_place, mw_value, COUNT(*) AS mw_rows, 0 AS mw_finite_rows, {double} AS mw_least, {double} AS mw_largest, \
             {double} AS mw_total\n  FROM (SELECT {key} AS mw_key, {code} AS mw_place, {text} AS mw_value {from}{filter}) AS mw_read\n  \
             GROUP BY mw_key, mw_place, mw_value"
        )
    }
}
