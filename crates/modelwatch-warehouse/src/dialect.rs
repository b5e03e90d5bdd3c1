//! The dialects of SQL: how each quotes a name, writes a number and casts.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};

use crate::kind::{Kind, TimeKind};

/// A dialect of SQL.
/// The example of [`Warehouse`](crate::Warehouse) has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// PostgreSQL 14 and later, and compatible databases.
    PostgreSql,
    /// DuckDB.
    DuckDb,
    /// SQLite 3.44 and later.
    Sqlite,
    /// BigQuery's GoogleSQL.
    BigQuery,
    /// Snowflake.
    Snowflake,
    /// Databricks SQL.
    Databricks,
    /// Trino.
    Trino,
    /// ClickHouse.
    ClickHouse,
    /// Apache Spark 3.5 and later, through Spark Connect.
    Spark,
}

impl Dialect {
    /// All dialects.
    pub const ALL: [Self; 9] = [
        Self::PostgreSql,
        Self::DuckDb,
        Self::Sqlite,
        Self::BigQuery,
        Self::Snowflake,
        Self::Databricks,
        Self::Trino,
        Self::ClickHouse,
        Self::Spark,
    ];

    /// Returns the name in modelwatch.toml.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::PostgreSql => "postgresql",
            Self::DuckDb => "duckdb",
            Self::Sqlite => "sqlite",
            Self::BigQuery => "bigquery",
            Self::Snowflake => "snowflake",
            Self::Databricks => "databricks",
            Self::Trino => "trino",
            Self::ClickHouse => "clickhouse",
            Self::Spark => "spark",
        }
    }

    /// Returns the name of its ADBC driver, under which the driver is installed. Spark needs none.
    #[must_use]
    pub fn driver(self) -> &'static str {
        match self {
            Self::PostgreSql => "adbc_driver_postgresql",
            Self::DuckDb => "duckdb",
            Self::Sqlite => "adbc_driver_sqlite",
            Self::BigQuery => "adbc_driver_bigquery",
            Self::Snowflake => "adbc_driver_snowflake",
            Self::Databricks => "adbc_driver_databricks",
            Self::Trino => "adbc_driver_trino",
            Self::ClickHouse => "adbc_driver_clickhouse",
            Self::Spark => "",
        }
    }

    /// The most bytes of SQL that the database accepts by default, if that is few.
    pub(crate) fn most_bytes(self) -> Option<usize> {
        match self {
            Self::BigQuery | Self::Trino | Self::Snowflake => Some(1_000_000),
            _ => None,
        }
    }

    /// Quotes any name.
    pub(crate) fn quoted(self, name: &str) -> String {
        match self {
            Self::PostgreSql | Self::DuckDb | Self::Sqlite | Self::Snowflake | Self::Trino => {
                format!("\"{}\"", name.replace('"', "\"\""))
            }
            Self::BigQuery | Self::ClickHouse => format!("`{}`", name.replace('\\', "\\\\").replace('`', "\\`")),
            Self::Databricks | Self::Spark => format!("`{}`", name.replace('`', "``")),
        }
    }

    /// Whether names that differ only in case are the same.
    pub(crate) fn ignores_case(self) -> bool {
        !matches!(self, Self::PostgreSql | Self::ClickHouse)
    }

    fn double(self) -> &'static str {
        match self {
            Self::PostgreSql => "double precision",
            Self::Sqlite => "REAL",
            Self::BigQuery => "FLOAT64",
            Self::ClickHouse => "Nullable(Float64)",
            Self::DuckDb | Self::Snowflake | Self::Databricks | Self::Trino | Self::Spark => "DOUBLE",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::PostgreSql | Self::Sqlite => "TEXT",
            Self::BigQuery | Self::Databricks | Self::Spark => "STRING",
            Self::ClickHouse => "Nullable(String)",
            Self::DuckDb | Self::Snowflake | Self::Trino => "VARCHAR",
        }
    }

    fn integer(self) -> &'static str {
        match self {
            Self::Sqlite => "INTEGER",
            Self::BigQuery => "INT64",
            Self::ClickHouse => "Int64",
            Self::PostgreSql | Self::DuckDb | Self::Snowflake | Self::Databricks | Self::Trino | Self::Spark => {
                "BIGINT"
            }
        }
    }

    /// Casts a sum of counts to a 64-bit integer, because some databases use another type for sums.
    pub(crate) fn as_integer(self, number: &str) -> String {
        format!("CAST({number} AS {})", self.integer())
    }

    /// The remainder of an integer division, both operands above zero.
    pub(crate) fn rest(self, number: &str, of: &str) -> String {
        match self {
            // SQLite has MOD only in some builds.
            Self::Sqlite => format!("({number}) % ({of})"),
            _ => format!("MOD({number}, {of})"),
        }
    }

    /// A NULL of text type.
    pub(crate) fn no_text(self) -> String {
        format!("CAST(NULL AS {})", self.text())
    }

    /// A NULL of double type.
    pub(crate) fn no_double(self) -> String {
        format!("CAST(NULL AS {})", self.double())
    }

    /// Writes a double exactly. In DuckDB, Trino, Databricks and Spark, a literal with an exponent is a double, and one without
    /// is a decimal.
    pub(crate) fn literal(self, number: f64) -> String {
        match self {
            Self::PostgreSql => format!("CAST('{number:e}' AS double precision)"),
            Self::Snowflake => format!("TO_DOUBLE('{number:e}')"),
            _ => format!("{number:e}"),
        }
    }

    /// The column's number as a double. `None` for a kind without numbers.
    pub(crate) fn number(self, kind: &Kind, column: &str) -> Option<String> {
        let cast = |value: &str| format!("CAST({value} AS {})", self.double());
        Some(match (self, kind) {
            (Self::Sqlite, _) => format!(
                "CASE WHEN typeof({column}) IN ('integer', 'real') THEN {} END",
                cast(column)
            ),
            (_, Kind::Boolean) => format!(
                "CASE WHEN {column} THEN {} WHEN NOT {column} THEN {} END",
                cast("1"),
                cast("0")
            ),
            // PostgreSQL fails the whole statement for a number beyond a double. Other databases return infinity, or zero.
            (Self::PostgreSql, Kind::Decimal) => format!(
                "CASE WHEN {column} = 'NaN' THEN {} WHEN {column} > 1.797693134862315807e308 THEN {} \
                 WHEN {column} < -1.797693134862315807e308 THEN {} WHEN abs({column}) < 2.4703282292062328e-324 THEN {} ELSE {} END",
                cast("'NaN'"),
                cast("'Infinity'"),
                cast("'-Infinity'"),
                cast("0"),
                cast(column)
            ),
            (_, Kind::Integer | Kind::Decimal | Kind::Double | Kind::Float) => cast(column),
            (_, Kind::Text | Kind::Other(_)) => return None,
        })
    }

    /// The column's values as text. `None` for a kind without text.
    pub(crate) fn text_of(self, kind: &Kind, column: &str) -> Option<String> {
        let cast = format!("CAST({column} AS {})", self.text());
        Some(match (self, kind) {
            // SQLite's own text of a double has only 15 digits.
            (Self::Sqlite, _) => format!(
                "CASE typeof({column}) WHEN 'real' THEN printf('%!.17g', {column}) WHEN 'blob' THEN NULL ELSE {cast} END COLLATE BINARY"
            ),
            (_, Kind::Boolean) => format!("CASE WHEN {column} THEN 'true' WHEN NOT {column} THEN 'false' END"),
            (_, Kind::Other(_)) => return None,
            // Texts that are equal in a collation are different categories.
            (Self::PostgreSql, Kind::Text) => format!("{cast} COLLATE \"C\""),
            (Self::DuckDb, Kind::Text) => format!("{cast} COLLATE C"),
            (_, Kind::Integer | Kind::Decimal | Kind::Double | Kind::Float | Kind::Text) => cast,
        })
    }

    /// Shortens a text that is longer than a category can be, so that a long document is not sent as a whole. The suffix keeps
    /// the shortened text from looking like a number.
    pub(crate) fn shortened(self, text: &str) -> String {
        let (length, part) = match self {
            Self::ClickHouse => ("lengthUTF8", "substringUTF8"),
            Self::PostgreSql
            | Self::DuckDb
            | Self::Sqlite
            | Self::BigQuery
            | Self::Snowflake
            | Self::Databricks
            | Self::Trino
            | Self::Spark => ("LENGTH", "SUBSTR"),
        };
        format!("CASE WHEN {length}({text}) > 4096 THEN {part}({text}, 1, 256) || '~' ELSE {text} END")
    }

    /// How to read a column's text: 0 as it is, 1 as a double, 2 as a float, 3 as another type.
    pub(crate) fn text_code(self, kind: &Kind, column: &str) -> String {
        match (self, kind) {
            (Self::Sqlite, _) => format!("CASE typeof({column}) WHEN 'real' THEN 1 WHEN 'blob' THEN 3 ELSE 0 END"),
            (_, Kind::Double) => "1".into(),
            (_, Kind::Float) => "2".into(),
            (_, Kind::Other(_)) => format!("CASE WHEN {column} IS NULL THEN 0 ELSE 3 END"),
            (_, Kind::Boolean | Kind::Integer | Kind::Decimal | Kind::Text) => "0".into(),
        }
    }

    /// Whether a time is not infinite, in the databases that have infinite times.
    pub(crate) fn is_finite(self, time: &str) -> Option<String> {
        matches!(self, Self::PostgreSql | Self::DuckDb).then(|| format!("isfinite({time})"))
    }

    /// Whether a double is NaN.
    pub(crate) fn is_nan(self, number: &str) -> Option<String> {
        Some(match self {
            Self::PostgreSql | Self::Snowflake => format!("{number} = 'NaN'"),
            Self::BigQuery => format!("IS_NAN({number})"),
            Self::Trino => format!("is_nan({number})"),
            Self::DuckDb | Self::Databricks | Self::Spark => format!("isnan({number})"),
            Self::ClickHouse => format!("isNaN({number})"),
            // SQLite stores NaN as NULL.
            Self::Sqlite => return None,
        })
    }

    /// Counts the edges at or below a number, which is a column by its name: the expression, and what it selects from. `read` writes
    /// the select of that column, with more columns beside it.
    pub(crate) fn place(self, edges: &[f64], number: &str, read: impl FnOnce(&str) -> String) -> (String, String) {
        match self {
            // 22 times as fast as a CASE, and exact for doubles.
            Self::PostgreSql => {
                let edges: Vec<String> = edges.iter().map(|edge| format!("{edge:e}")).collect();
                let edges = edges.join(",");
                let place = format!("width_bucket({number}, CAST('{{{edges}}}' AS double precision[]))");
                (place, read(""))
            }
            Self::Spark if !edges.is_empty() => ("mw_at".into(), self.steps(edges, number, read)),
            _ => (self.halves(edges, 0, number), read("")),
        }
    }

    /// Writes a binary search in an array, a select for each step. Spark plans and compiles a CASE of hundreds of edges for
    /// seconds, and a step in no time. It leaves a step where it is, because the next one asks for its result twice.
    fn steps(self, edges: &[f64], number: &str, read: impl FnOnce(&str) -> String) -> String {
        let steps = usize::BITS - edges.len().leading_zeros();
        // Filled up with NaN, which Spark sorts after every number.
        let filled = edges.iter().copied().chain(std::iter::repeat(f64::NAN));
        let filled = filled.take((1 << steps) - 1).map(|edge| match edge.is_nan() {
            true => format!("CAST('NaN' AS {})", self.double()),
            false => self.literal(edge),
        });
        let filled: Vec<String> = filled.collect();
        let read = read(&format!(", ARRAY({}) AS mw_edges, 0 AS mw_at", filled.join(", ")));
        (0..steps).rev().fold(read, |before, step| {
            let half = 1_usize << step;
            format!(
                "(SELECT mw_key, {number}, mw_edges, mw_at + CASE WHEN {number} >= mw_edges[mw_at + {}] THEN {half} ELSE 0 END AS mw_at \
                 FROM {before}) AS mw_step",
                half - 1
            )
        })
    }

    /// Writes a balanced tree of comparisons.
    fn halves(self, edges: &[f64], before: usize, number: &str) -> String {
        if edges.is_empty() {
            return before.to_string();
        }
        let middle = edges.len() / 2;
        format!(
            "CASE WHEN {number} < {} THEN {} ELSE {} END",
            self.literal(edges[middle]),
            self.halves(&edges[..middle], before, number),
            self.halves(&edges[middle + 1..], before + middle + 1, number)
        )
    }

    /// Whether a time column is at or after one instant and before another. The column itself is not transformed, so that an
    /// index or a partition applies.
    pub(crate) fn between(self, kind: TimeKind, column: &str, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
        let to = self.instant(kind, to);
        format!(
            "{} AND {} < {to}",
            self.since(kind, column, from),
            self.comparable(column)
        )
    }

    /// Whether a time column is at or after an instant.
    pub(crate) fn since(self, kind: TimeKind, column: &str, from: DateTime<Utc>) -> String {
        format!("{} >= {}", self.comparable(column), self.instant(kind, from))
    }

    /// A time column in a form that compares with instants.
    pub(crate) fn comparable(self, column: &str) -> String {
        match self {
            // Normalizes the notation of a text time, to milliseconds, which is SQLite's finest unit.
            Self::Sqlite => format!("strftime('%Y-%m-%d %H:%M:%f', {column})"),
            _ => column.to_owned(),
        }
    }

    fn instant(self, kind: TimeKind, time: DateTime<Utc>) -> String {
        let time = time.clamp(first(), last());
        let micros = time.format("%Y-%m-%d %H:%M:%S%.6f");
        match (self, kind) {
            (Self::Sqlite, _) => format!("'{}'", time.format("%Y-%m-%d %H:%M:%S%.3f")),
            #[cfg(feature = "spark")]
            (_, TimeKind::Nanoseconds) => (i128::from(time.timestamp_micros()) * 1_000)
                .clamp(i64::MIN.into(), i64::MAX.into())
                .to_string(),
            (_, TimeKind::Date) => {
                // A day begins at midnight.
                let begun = time.time() == chrono::NaiveTime::MIN;
                let day = time.date_naive();
                let day = if begun { day } else { day.succ_opt().unwrap_or(day) };
                match self {
                    Self::ClickHouse => format!("toDate32('{day}')"),
                    _ => format!("DATE '{day}'"),
                }
            }
            (Self::ClickHouse, _) => format!("toDateTime64('{micros}', 6, 'UTC')"),
            (Self::PostgreSql | Self::DuckDb, TimeKind::Instant) => format!("TIMESTAMPTZ '{micros}+00'"),
            (Self::Snowflake, TimeKind::Instant) => format!("CAST('{micros} +0000' AS TIMESTAMP_TZ)"),
            (Self::Snowflake, TimeKind::Local) => format!("CAST('{micros}' AS TIMESTAMP_NTZ)"),
            (Self::BigQuery | Self::Databricks | Self::Spark, TimeKind::Instant) => {
                format!("TIMESTAMP '{micros}+00:00'")
            }
            (Self::BigQuery, TimeKind::Local) => format!("DATETIME '{micros}'"),
            (Self::Databricks | Self::Spark, TimeKind::Local) => format!("CAST('{micros}' AS TIMESTAMP_NTZ)"),
            (Self::Trino, TimeKind::Instant) => format!("TIMESTAMP '{micros} UTC'"),
            (Self::PostgreSql | Self::DuckDb | Self::Trino, TimeKind::Local) => format!("TIMESTAMP '{micros}'"),
        }
    }
}

/// Years have four digits, which every database reads.
fn first() -> DateTime<Utc> {
    DateTime::from_timestamp(-62_135_596_800, 0).unwrap_or(DateTime::<Utc>::MIN_UTC)
}

fn last() -> DateTime<Utc> {
    DateTime::from_timestamp(253_402_300_799, 0).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

impl fmt::Display for Dialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A name that is not that of a dialect.
/// The example of [`Warehouse`](crate::Warehouse) has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownDialect(String);

impl fmt::Display for UnknownDialect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = Dialect::ALL.map(Dialect::name).join(", ");
        write!(f, "no dialect is called {:?}; use one of {names}", self.0)
    }
}

impl std::error::Error for UnknownDialect {}

impl FromStr for Dialect {
    type Err = UnknownDialect;

    fn from_str(name: &str) -> Result<Self, UnknownDialect> {
        let named = Self::ALL.into_iter().find(|dialect| dialect.name() == name);
        named.ok_or_else(|| UnknownDialect(name.to_owned()))
    }
}
