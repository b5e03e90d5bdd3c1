//! The statement of each dialect, as it was last looked at, and read by a parser that is not ours.

use std::fs;
use std::path::Path;
use std::thread;

use arrow::datatypes::{DataType, Field, Schema, TimeUnit};
use chrono::{DateTime, Utc};
use modelwatch_drift::baseline::{CategoricalProfile, Hygiene, NumericBins};
use modelwatch_drift_job::engine::{Bins, Column, GroupBy, WindowQuery};
use modelwatch_drift_job::{TableColumns, TimeWindow};
use modelwatch_warehouse::{Access, Dialect, Warehouse};
use proptest::prelude::*;
use sqlparser::ast::Statement;
use sqlparser::dialect as parsers;
use sqlparser::parser::Parser;
use sqlparser::tokenizer::{Token, Tokenizer};

fn parser(dialect: Dialect) -> Box<dyn parsers::Dialect> {
    match dialect {
        Dialect::PostgreSql => Box::new(parsers::PostgreSqlDialect {}),
        Dialect::DuckDb => Box::new(parsers::DuckDbDialect {}),
        Dialect::Sqlite => Box::new(parsers::SQLiteDialect {}),
        Dialect::BigQuery => Box::new(parsers::BigQueryDialect {}),
        Dialect::Snowflake => Box::new(parsers::SnowflakeDialect {}),
        Dialect::Databricks | Dialect::Spark => Box::new(parsers::DatabricksDialect {}),
        Dialect::ClickHouse => Box::new(parsers::ClickHouseDialect {}),
        // It has none for Trino.
        _ => Box::new(parsers::GenericDialect {}),
    }
}

fn warehouse(dialect: Dialect, table: &[&str], columns: TableColumns) -> Warehouse {
    Warehouse::new(dialect, table.iter().copied(), Access::Variable("WAREHOUSE_URI".into())).columns(columns)
}

fn query(groups: &[&str]) -> WindowQuery {
    let time = |text: &str| text.parse::<DateTime<Utc>>().expect("a time");
    let numbers = NumericBins::from_sorted("income", &[2.5]).expect("bins");
    let names = ["NO", "O'Brien"].map(|name| (name.to_owned(), 1_000));
    let categories = CategoricalProfile::new("country", names, 0, &Hygiene::default()).expect("a profile");
    let column = |name: &str, bins: Bins| Column {
        name: name.into(),
        bins,
    };
    WindowQuery {
        model: "claims".into(),
        window: TimeWindow::new(time("2026-04-01T10:00:00Z"), time("2026-04-01T10:15:00Z")),
        columns: vec![
            column("feature.income", Bins::Numeric(numbers.clone())),
            column("feature.is_new", Bins::Numeric(numbers.clone())),
            column("feature.price", Bins::Numeric(numbers.clone())),
            column("feature.country", Bins::Categorical(categories.bins().clone())),
            column("feature.born", Bins::Numeric(numbers.clone())),
            column("score", Bins::Numeric(numbers)),
        ],
        groups: groups
            .iter()
            .map(|column| GroupBy {
                column: (*column).into(),
                values: None,
            })
            .collect(),
        joint: Vec::new(),
    }
}

fn schema(time: DataType) -> Schema {
    Schema::new(vec![
        Field::new("event \"time\"", time, true),
        Field::new("model_version", DataType::Utf8, true),
        Field::new("income", DataType::Float64, true),
        Field::new("is_new", DataType::Boolean, true),
        Field::new("price", DataType::Decimal128(10, 2), true),
        Field::new("country", DataType::Utf8, true),
        Field::new("born", DataType::Date32, true),
    ])
}

fn columns() -> TableColumns {
    TableColumns {
        time: Some("event \"time\"".into()),
        ..TableColumns::default()
    }
}

fn instants() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn parsed(dialect: Dialect, sql: &str) -> Vec<Statement> {
    // Built without optimization, the parser takes more of the stack for a nested select than a test's thread has.
    let parsed = thread::scope(|scope| {
        let large = thread::Builder::new().stack_size(64 << 20);
        let reading = large.spawn_scoped(scope, || Parser::parse_sql(&*parser(dialect), sql));
        reading.expect("a thread").join().expect("a parser that does not panic")
    });
    parsed.unwrap_or_else(|error| panic!("{dialect}: {error}: {sql}"))
}

/// `UPDATE_GOLDEN=1` writes the files anew; look at what changed.
#[test]
fn writes_statement_of_each_dialect_as_it_was_looked_at() {
    for dialect in Dialect::ALL {
        let table = warehouse(dialect, &["analytics", "predictions"], columns());
        let sql = table
            .statement(&query(&["model_version"]), &schema(instants()))
            .expect("a statement")
            + "\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{dialect}.sql"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &sql).expect("a file");
        }
        let golden = fs::read_to_string(&path).expect("a file");
        assert_eq!(golden, sql, "{dialect}");
        assert_eq!(parsed(dialect, &sql).len(), 1, "{dialect}");
    }
}

/// The same of the statement that the making of a baseline begins with.
#[test]
fn writes_training_statement_of_each_dialect_as_it_was_looked_at() {
    for dialect in Dialect::ALL {
        let table = warehouse(dialect, &["analytics", "training"], columns());
        let sql = table.training_statement(&schema(instants())).expect("a statement") + "\n";
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/golden/{dialect}-training.sql"));
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            fs::write(&path, &sql).expect("a file");
        }
        let golden = fs::read_to_string(&path).expect("a file");
        assert_eq!(golden, sql, "{dialect}");
        assert!(matches!(parsed(dialect, &sql)[..], [Statement::Query(_)]), "{dialect}");
    }
}

/// The statements that follow it are written by the crate's own test: they depend on the answers of those before.
#[test]
fn parses_every_golden_file_by_the_dialect_of_its_name() {
    let mut read = 0;
    for entry in fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")).expect("a folder") {
        let path = entry.expect("a file").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name");
        let dialect = name.split('-').next().expect("a part");
        let dialect: Dialect = dialect.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
        let sql = fs::read_to_string(&path).expect("text");
        assert!(matches!(parsed(dialect, &sql)[..], [Statement::Query(_)]), "{name}");
        read += 1;
    }
    // A window, the three of a baseline, and labels.
    assert_eq!(read, 5 * Dialect::ALL.len());
}

#[test]
fn parses_in_each_dialect_when_times_are_of_any_kind_and_groups_are_many() {
    for dialect in Dialect::ALL {
        for time in [
            instants(),
            DataType::Timestamp(TimeUnit::Nanosecond, None),
            DataType::Date32,
        ] {
            for groups in [
                &[][..],
                &["feature.country", "model_version", "feature.born", "feature.nowhere"],
            ] {
                let table = warehouse(dialect, &["predictions"], columns());
                let sql = table
                    .statement(&query(groups), &schema(time.clone()))
                    .expect("a statement");
                assert!(
                    matches!(parsed(dialect, &sql)[..], [Statement::Query(_)]),
                    "{dialect}: {sql}"
                );
            }
        }
    }
}

#[test]
fn says_which_column_is_missing_when_table_has_no_time() {
    let table = warehouse(Dialect::Snowflake, &["PREDICTIONS"], TableColumns::default());
    let error = table
        .statement(&query(&[]), &schema(instants()))
        .expect_err("there is none");
    let said = error.to_string();
    assert!(
        said.starts_with("the snowflake table PREDICTIONS: has no column \"time\" of times; it has event"),
        "{said}"
    );
    let table = warehouse(Dialect::Snowflake, &["PREDICTIONS"], columns());
    let error = table
        .statement(&query(&[]), &schema(DataType::Utf8))
        .expect_err("a text");
    assert!(error.to_string().contains("has Utf8 in the column"), "{error}");
}

#[test]
fn knows_the_dialects_that_modelwatch_toml_names() {
    assert_eq!(
        Dialect::ALL.map(Dialect::name),
        modelwatch_config::DriftWarehouse::DIALECTS
    );
    for name in modelwatch_config::DriftWarehouse::DIALECTS {
        assert_eq!(name.parse::<Dialect>().map(Dialect::name), Ok(name));
    }
    assert!(
        "postgres"
            .parse::<Dialect>()
            .is_err_and(|error| error.to_string().contains("postgresql, duckdb"))
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// A name is one token of the statement, and nothing else of it, whatever is in the name.
    #[test]
    fn stays_one_statement_when_names_are_any(
        column in "[ -~é☃\n]{1,20}",
        table in prop_oneof!["[ -~]{1,12}", Just("a\"; DROP TABLE b; --".to_owned()), Just("a`b\\".to_owned())],
    ) {
        for dialect in Dialect::ALL {
            let named = TableColumns {
                features: [("income".to_owned(), column.clone())].into(),
                ..columns()
            };
            let mut fields: Vec<Field> = schema(instants()).fields().iter().map(|field| field.as_ref().clone()).collect();
            fields.push(Field::new(&column, DataType::Float64, true));
            let table = warehouse(dialect, &[table.as_str()], named);
            let sql = table.statement(&query(&["model_version"]), &Schema::new(fields)).expect("a statement");
            // The one parser does not read a backslash in BigQuery's and ClickHouse's quotes.
            let escaped = matches!(dialect, Dialect::BigQuery | Dialect::ClickHouse);
            if escaped && sql.contains(['\\']) {
                continue;
            }
            prop_assert!(matches!(parsed(dialect, &sql)[..], [Statement::Query(_)]), "{}: {}", dialect, sql);
            let tokens = Tokenizer::new(&*parser(dialect), &sql).tokenize().expect("tokens");
            let is_name = |token: &Token| matches!(token, Token::Word(word) if word.quote_style.is_some() && word.value == column);
            prop_assert!(tokens.iter().any(is_name), "{}: {}", dialect, sql);
        }
    }
}
