//! Types that only databases have, and values that only they hold.

use std::collections::BTreeMap;

use modelwatch_drift::baseline::{CategoricalProfile, Counts, Hygiene, NumericBins};
use modelwatch_drift_job::engine::{Bins, Column, ColumnCounts, Engine as _, GroupBy, WindowCounts, WindowQuery};

use crate::database::Database;

fn number(name: &str) -> Column {
    let bins = NumericBins::from_sorted(name, &[1.0, 2.0, 3.0]).expect("bins");
    Column {
        name: format!("feature.{name}"),
        bins: Bins::Numeric(bins),
    }
}

fn category(name: &str) -> Column {
    let known =
        ["a", "B", "1", "true", "1.50", "550e8400-e29b-41d4-a716-446655440000"].map(|name| (name.to_owned(), 1_000));
    let profile = CategoricalProfile::new(name, known, 0, &Hygiene::default()).expect("a profile");
    Column {
        name: format!("feature.{name}"),
        bins: Bins::Categorical(profile.bins().clone()),
    }
}

fn counted(database: &Database, table: &[&str], columns: Vec<Column>, groups: Vec<GroupBy>) -> WindowCounts {
    let query = WindowQuery {
        model: "claims".into(),
        window: None,
        columns,
        groups,
        joint: Vec::new(),
    };
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let counted = runtime.block_on(database.warehouse(table).count(&query));
    counted.unwrap_or_else(|error| panic!("{error}"))
}

/// Below, in the bins, above, missing; and how many are of another type.
fn numbers(column: &ColumnCounts) -> (u64, u64, u64, u64, u64) {
    let Counts::Numeric(counts) = &column.counts else {
        panic!("no number: {column:?}");
    };
    let within = counts.bins.iter().sum();
    (counts.below, within, counts.above, counts.missing, column.other_type)
}

fn names(column: &ColumnCounts, bins: &Column) -> BTreeMap<String, u64> {
    let (Counts::Categorical(counts), Bins::Categorical(bins)) = (&column.counts, &bins.bins) else {
        panic!("no category: {column:?}");
    };
    let named = bins.names().iter().cloned().zip(counts.named.iter().copied());
    let unseen = counts.unnamed.iter().map(|(name, rows)| (name.to_owned(), rows));
    named
        .chain(unseen)
        .chain([("missing".to_owned(), counts.missing)])
        .filter(|(_, rows)| *rows > 0)
        .collect()
}

fn expected(names: &[(&str, u64)]) -> BTreeMap<String, u64> {
    names.iter().map(|(name, rows)| ((*name).to_owned(), *rows)).collect()
}

#[test]
fn judged_counts_types_of_postgresql_as_what_they_are() {
    let database = Database::postgresql();
    database.run([
        "CREATE TYPE mood AS ENUM ('a', 'B')",
        "CREATE SCHEMA \"Odd.Schema\"",
        "CREATE COLLATION nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        "CREATE TABLE \"Odd.Schema\".\"T\" (n numeric, m mood, u uuid, j jsonb, c text COLLATE nocase, k char(3), d money, i int2, p numeric(10, 2), l int[])",
        "INSERT INTO \"Odd.Schema\".\"T\" VALUES \
         ('NaN', 'a', '550e8400-e29b-41d4-a716-446655440000', '1', 'B', 'a', 2, 1, 1.50, '{1}'), \
         (('1' || repeat('0', 400))::numeric, 'B', NULL, '\"a\"', 'b', 'B', 3, 2, 2.00, '{}'), \
         (-('1' || repeat('0', 400))::numeric, 'B', NULL, '{}', 'B', NULL, NULL, NULL, NULL, NULL), \
         (('0.' || repeat('0', 400) || '1')::numeric, NULL, NULL, NULL, NULL, NULL, NULL, 4, 3, NULL), \
         (2.5, NULL, NULL, NULL, NULL, NULL, NULL, 3, 2.5, NULL), ('Infinity', NULL, NULL, NULL, NULL, NULL, NULL, 3, 2, NULL)",
    ]);
    let (m, u, c, k, i, p) = (
        category("m"),
        category("u"),
        category("c"),
        category("k"),
        category("i"),
        category("p"),
    );
    let asked = vec![
        number("n"),
        number("d"),
        number("i"),
        number("l"),
        number("j"),
        m,
        u,
        c,
        k,
        p,
        i,
    ];
    let counts = counted(&database, &["Odd.Schema", "T"], asked.clone(), Vec::new());
    assert_eq!(counts.rows, 6);
    // NaN is missing, what is beyond a double infinite, and what is too small for one zero, which is less than 1.
    assert_eq!(numbers(&counts.columns[0]), (2, 1, 2, 1, 0));
    assert_eq!(numbers(&counts.columns[1]), (0, 0, 0, 6, 2), "money");
    assert_eq!(counts.columns[1].found_type.as_deref(), Some("money"));
    assert_eq!(numbers(&counts.columns[2]), (0, 4, 1, 1, 0), "int2");
    assert_eq!(numbers(&counts.columns[3]), (0, 0, 0, 6, 2), "lists");
    assert_eq!(
        numbers(&counts.columns[4]),
        (0, 1, 0, 5, 2),
        "JSON is text, of which one is a number"
    );
    let named = |place: usize| names(&counts.columns[place], &asked[place]);
    assert_eq!(
        named(5),
        expected(&[("a", 1), ("B", 2), ("missing", 3)]),
        "an enumeration"
    );
    assert_eq!(
        named(6),
        expected(&[("550e8400-e29b-41d4-a716-446655440000", 1), ("missing", 5)])
    );
    assert_eq!(
        named(7),
        expected(&[("B", 2), ("b", 1), ("missing", 3)]),
        "a collation takes B and b for one"
    );
    assert_eq!(
        named(8),
        expected(&[("a", 1), ("B", 1), ("missing", 4)]),
        "char(3) has no blanks"
    );
    assert_eq!(
        named(9),
        expected(&[("1.50", 1), ("2", 2), ("3", 1), ("2.50", 1), ("missing", 1)])
    );
    assert_eq!(
        named(10),
        expected(&[("1", 1), ("2", 1), ("3", 2), ("4", 1), ("missing", 1)])
    );
}

#[test]
fn judged_counts_types_of_duckdb_as_what_they_are() {
    let database = Database::duckdb();
    database.run([
        "CREATE TYPE mood AS ENUM ('a', 'B')",
        "CREATE TABLE t (n DECIMAL(10, 2), m mood, u UUID, c VARCHAR COLLATE NOCASE, h HUGEINT, l INT[], time TIMESTAMP_NS)",
        "INSERT INTO t VALUES (1.50, 'a', '550e8400-e29b-41d4-a716-446655440000', 'B', 1, [1], NULL), \
         (2.50, 'B', NULL, 'b', 170141183460469231731687303715884105727, [], NULL), (-7, NULL, NULL, 'B', NULL, NULL, NULL)",
    ]);
    let asked = vec![
        number("n"),
        number("h"),
        number("l"),
        category("m"),
        category("u"),
        category("c"),
    ];
    let counts = counted(&database, &["main", "t"], asked.clone(), Vec::new());
    assert_eq!(numbers(&counts.columns[0]), (1, 2, 0, 0, 0));
    assert_eq!(numbers(&counts.columns[1]), (0, 1, 1, 1, 0));
    assert_eq!(numbers(&counts.columns[2]), (0, 0, 0, 3, 2));
    let named = |place: usize| names(&counts.columns[place], &asked[place]);
    assert_eq!(named(3), expected(&[("a", 1), ("B", 1), ("missing", 1)]));
    assert_eq!(
        named(4),
        expected(&[("550e8400-e29b-41d4-a716-446655440000", 1), ("missing", 2)])
    );
    assert_eq!(named(5), expected(&[("B", 2), ("b", 1)]));
}

/// A value of SQLite's has a type, a column has none.
#[test]
fn judged_counts_each_value_as_what_it_is_when_database_is_sqlite() {
    let database = Database::sqlite();
    database.run([
        "CREATE TABLE t (n, k)",
        "INSERT INTO t VALUES (1, 'a'), (2.0, 1.0), ('3', 1), (' 9 ', 'B'), ('x', x'00'), (x'01', NULL), (NULL, 'true'), (-1e300, 0.1)",
    ]);
    let asked = vec![number("n"), category("k")];
    let counts = counted(&database, &["t"], asked.clone(), Vec::new());
    assert_eq!(counts.rows, 8);
    assert_eq!(numbers(&counts.columns[0]), (1, 3, 1, 3, 2));
    assert_eq!(
        names(&counts.columns[1], &asked[1]),
        expected(&[("a", 1), ("1", 2), ("B", 1), ("true", 1), ("0.1", 1), ("missing", 2)])
    );
    assert_eq!(counts.columns[1].other_type, 1);
}

/// So many values that not all have counts of their own: the most frequent have.
#[test]
fn judged_counts_most_frequent_apart_when_values_are_many() {
    for database in [Database::postgresql(), Database::duckdb()] {
        database.run([
            "CREATE TABLE t (model_version VARCHAR, n DOUBLE PRECISION)",
            "INSERT INTO t SELECT 'v' || (x % 100), 2.0 FROM generate_series(1, 1000) AS s(x)",
            "INSERT INTO t SELECT 'v' || (x % 70), 3.0 FROM generate_series(1, 1000) AS s(x)",
        ]);
        let by_version = GroupBy {
            column: "model_version".into(),
            values: None,
        };
        let counts = counted(&database, &["t"], vec![number("n")], vec![by_version]);
        let groups = &counts.groups[0];
        assert_eq!(groups.len(), GroupBy::MOST_GROUPS + 1, "{}", database.dialect);
        assert!(
            groups[..64]
                .iter()
                .all(|group| group.value.is_some() && group.rows > 20)
        );
        let others = &groups[64];
        assert_eq!(
            (others.value.as_ref(), groups.iter().map(|group| group.rows).sum()),
            (None, 2_000_u64)
        );
        assert!(groups.iter().all(|group| numbers(&group.columns[0]).1 == group.rows));
        assert_eq!(numbers(&counts.columns[0]).1, counts.rows);
    }
}
