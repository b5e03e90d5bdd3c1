//! The same rows in a database and in a Parquet file have the same counts.

use modelwatch_drift::baseline::NumericBins;
use modelwatch_drift_job::Tables;
use modelwatch_drift_job::engine::{Engine as _, GroupBy};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use crate::database::Database;
use crate::rows::{batch, by, columns, essence, query, row, training, write};

const TABLE: &str = "claims \"of\"; the 'day'";
const CASES: u32 = 16;

fn some_groups() -> Vec<Vec<GroupBy>> {
    vec![
        Vec::new(),
        vec![by("model_version", None)],
        vec![
            by("model_version", None),
            by("feature.number0", None),
            by("feature.number3", None),
        ],
        vec![
            by("feature.kind5", Some(&["true", "1", "O'Brien"])),
            by("feature.kind6", None),
        ],
        vec![
            by("feature.nowhere", None),
            by("feature.kind2", Some(&["3"])),
            by("feature.nowhere", Some(&["1"])),
        ],
        vec![by("feature.kind1", None)],
    ]
}

fn assert_same(databases: &[Database], cases: u32) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.parquet");
    let table = (
        training(),
        any::<bool>(),
        prop::sample::select(some_groups()),
        prop::bool::weighted(0.8),
    );
    let table = table.prop_flat_map(|(training, many, groups, timed)| {
        let bins = NumericBins::from_sorted("income", &training).expect("bins");
        let rows = prop::collection::vec(row(bins.edges().to_vec()), 0..60);
        (rows, Just(query(&bins, many, timed, groups)))
    });
    let config = Config {
        cases,
        failure_persistence: None,
        ..Config::default()
    };
    let compared = TestRunner::new(config).run(&table, |(rows, query)| {
        let rows = batch(&rows);
        write(&path, &rows);
        let files = Tables::new([path.to_str().expect("text")], columns());
        let expected = runtime.block_on(files.count(&query)).expect("counts");
        for database in databases {
            database.fill(TABLE, &rows);
            let warehouse = database.warehouse(&[TABLE]).columns(columns());
            let counted = runtime.block_on(warehouse.count(&query));
            let counted = counted.map_err(|error| TestCaseError::fail(error.to_string()))?;
            for (counted, expected) in essence(&counted).iter().zip(&essence(&expected)) {
                prop_assert_eq!(counted, expected, "{}", database.dialect);
            }
            prop_assert_eq!(essence(&counted).len(), essence(&expected).len());
        }
        Ok(())
    });
    compared.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn judged_counts_as_files_do_when_rows_are_in_postgresql() {
    assert_same(&[Database::postgresql()], CASES);
}

#[test]
fn judged_counts_as_files_do_when_rows_are_in_duckdb() {
    assert_same(&[Database::duckdb()], CASES);
}
