//! What is said when something is wrong: one line, and nothing in it that is a secret.

use std::time::{Duration, Instant};

use modelwatch_drift::baseline::NumericBins;
use modelwatch_drift_job::engine::{Bins, Column, Engine as _, WindowCounts, WindowQuery};
use modelwatch_drift_job::{TableColumns, TimeWindow};
use modelwatch_testkit::{PostgreSql, free_port};
use modelwatch_warehouse::{Access, Dialect, Warehouse};

use crate::database::Database;

fn query() -> WindowQuery {
    let time = |text: &str| text.parse().expect("a time");
    let bins = NumericBins::from_sorted("income", &[1.0, 2.0, 3.0]).expect("bins");
    WindowQuery {
        model: "claims".into(),
        window: TimeWindow::new(time("2026-04-01T10:00:00Z"), time("2026-04-01T10:15:00Z")),
        columns: vec![Column {
            name: "feature.income".into(),
            bins: Bins::Numeric(bins),
        }],
        groups: Vec::new(),
        joint: Vec::new(),
    }
}

fn count(warehouse: &Warehouse) -> Result<WindowCounts, String> {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let counted = runtime.block_on(warehouse.count(&query()));
    counted.map_err(|error| error.to_string())
}

/// One line, with these parts and without any part of the password.
fn assert_says(counted: Result<WindowCounts, String>, parts: &[&str]) {
    let said = counted.expect_err("it can't be counted");
    assert!(!said.contains('\n') && said.len() < 700, "{said}");
    for part in parts {
        assert!(said.contains(part), "{part}: {said}");
    }
    for secret in [PostgreSql::PASSWORD, "p%3Ass", "hush", "w@rd"] {
        assert!(!said.contains(secret), "{said}");
    }
}

const MADE: [&str; 2] = [
    "CREATE TABLE predictions (time TIMESTAMPTZ, income DOUBLE PRECISION)",
    "INSERT INTO predictions VALUES ('2026-04-01 10:05:00+00', 2), ('2026-04-01 11:05:00+00', 2), (NULL, 1)",
];

#[test]
fn judged_says_what_is_wrong_when_postgresql_cannot_answer() {
    let database = Database::postgresql();
    database.run(MADE);
    let table = database.warehouse(&["predictions"]);
    let counted = count(&table).expect("counts");
    assert_eq!((counted.rows, counted.left_out.rows_without_time), (1, 1));
    assert_says(
        count(&database.warehouse(&["nowhere"])),
        &["the postgresql table nowhere: can't be read: ", "does not exist"],
    );
    // A table of the same name in other letters is another one.
    assert_says(
        count(&database.warehouse(&["Predictions"])),
        &["\"Predictions\" does not exist"],
    );
    let columns = TableColumns {
        time: Some("at".into()),
        ..TableColumns::default()
    };
    assert_says(
        count(&table.clone().columns(columns)),
        &["has no column \"at\" of times; it has time, income"],
    );
    database.run(["CREATE VIEW broken AS SELECT time, 1 / (income - income) AS income FROM predictions"]);
    assert_says(
        count(&database.warehouse(&["broken"])),
        &["the postgresql table broken: can't be counted: ", "division by zero"],
    );
    // It was there a moment ago.
    database.run(["DROP TABLE predictions CASCADE"]);
    assert_says(
        count(&table),
        &["\"predictions\" does not exist; does it exist, spelt so"],
    );
    let uri = |port: u16, user: &str| format!("postgresql://{user}:p%3Ass%2Fw%40rd-hush@127.0.0.1:{port}/postgres");
    database.write_profile(&uri(free_port(), PostgreSql::USER));
    assert_says(
        count(&table),
        &["can't be reached: ", "Connection refused", "is the database up"],
    );
    // A password that nobody encoded is taken for a port, and shown.
    for odd in [
        "postgresql://me:p:ss/w@rd-hush@127.0.0.1/x",
        "postgres//me:p:ss/w@rd-hush@127.0.0.1/x",
    ] {
        database.write_profile(odd);
        assert_says(count(&table), &["can't be reached: "]);
    }
    database.write_profile("host=127.0.0.1 password=p:ss/w@rd-hush port=x");
    assert_says(count(&table), &["can't be reached: "]);
}

#[test]
fn judged_refuses_wrong_password_without_showing_it() {
    let database = Database::postgresql();
    let server = database.profile();
    let right = std::fs::read_to_string(&server).expect("a profile");
    std::fs::write(&server, right.replace("rd-hush", "rd-hush-hush")).expect("a profile");
    assert_says(
        count(&database.warehouse(&["predictions"])),
        &["password authentication failed for user \"watcher\""],
    );
}

#[test]
fn judged_says_where_rows_are_when_window_has_none() {
    let database = Database::postgresql();
    database.run([
        "CREATE TABLE predictions (time TIMESTAMP, income REAL)",
        "CREATE TABLE empty (time DATE, income REAL)",
        "INSERT INTO predictions VALUES ('2026-03-01 10:05:00', 2), ('2026-03-02 11:05:00.5', 2)",
    ]);
    let looked = |table: &str| count(&database.warehouse(&[table])).expect("counts").looked.to_string();
    assert_eq!(
        looked("predictions"),
        "looked in the postgresql table predictions, whose rows are of times from 2026-03-01T10:05:00Z to 2026-03-02T11:05:00.500Z"
    );
    assert_eq!(
        looked("empty"),
        "looked in the postgresql table empty, which has no row with a time"
    );
}

/// Infinity is a time of no row that could be in a window.
#[test]
fn judged_says_where_rows_are_when_a_time_is_infinite() {
    for (database, kinds) in [
        (Database::postgresql(), &["TIMESTAMPTZ", "TIMESTAMP", "DATE"][..]),
        (
            Database::duckdb(),
            &["TIMESTAMPTZ", "TIMESTAMP", "DATE", "TIMESTAMP_NS"],
        ),
    ] {
        for (place, kind) in kinds.iter().enumerate() {
            let table = format!("t{place}");
            database.run([
                format!("CREATE TABLE {table} (time {kind}, income REAL)").as_str(),
                format!(
                    "INSERT INTO {table} VALUES ('2026-03-01', 2), ('2026-03-02', 2), ('infinity', 1), ('-infinity', 1)"
                )
                .as_str(),
            ]);
            let looked = count(&database.warehouse(&[&table]))
                .expect("counts")
                .looked
                .to_string();
            let says = "whose rows are of times from 2026-03-01T00:00:00Z to 2026-03-02T00:00:00Z";
            assert!(looked.ends_with(says), "{} {kind}: {looked}", database.dialect);
        }
    }
}

/// However long the database would take: it is told to stop, and does.
#[test]
fn judged_stops_statement_when_time_is_over_or_nobody_waits() {
    let database = Database::postgresql();
    database.run([
        MADE[0],
        MADE[1],
        "CREATE VIEW slow AS SELECT time, income + CASE WHEN pg_sleep(300) IS NULL THEN 1 ELSE 0 END AS income FROM predictions",
    ]);
    let running = || {
        database.number(
            "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%mw_branch%' AND pid <> pg_backend_pid()",
        )
    };
    let wait_for = |wanted: i64| {
        let began = Instant::now();
        while running() != wanted {
            assert!(began.elapsed() < Duration::from_secs(60), "{} are running", running());
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    let slow = database.warehouse(&["slow"]);
    assert_says(
        count(&slow.clone().timeout(Duration::from_secs(2))),
        &["did not answer within 2s and was cancelled"],
    );
    wait_for(0);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let waiting = runtime.spawn(async move { slow.count(&query()).await.map(|counted| counted.rows) });
    wait_for(1);
    waiting.abort();
    wait_for(0);
}

#[test]
fn judged_reads_file_of_duckdb_that_others_read_too() {
    let database = Database::duckdb();
    database.run(MADE);
    let table = database.warehouse(&["predictions"]);
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let counted = runtime.block_on(async {
        let (one, other) = (query(), query());
        let both = futures::future::join(table.count(&one), table.count(&other)).await;
        (both.0.expect("counts").rows, both.1.expect("counts").rows)
    });
    assert_eq!(counted, (1, 1));
    assert_says(
        count(&database.warehouse(&["nowhere"])),
        &["Table with name nowhere does not exist"],
    );
    database.write_profile("/no/such/folder/claims.duckdb");
    assert_says(count(&table), &["can't be reached: ", "/no/such/folder/claims.duckdb"]);
}

#[test]
fn names_driver_variable_and_profile_when_they_are_not_there() {
    let access = |name: &str| Access::Variable(name.into());
    let table = Warehouse::new(Dialect::PostgreSql, ["predictions"], access("NO_SUCH_WAREHOUSE"));
    assert_says(
        count(&table),
        &["the environment variable NO_SUCH_WAREHOUSE is not set; put the database's URI there"],
    );
    let table = Warehouse::new(Dialect::Trino, ["predictions"], access("PATH")).driver("/no/such/driver.so");
    assert_says(
        count(&table),
        &[
            "its ADBC driver /no/such/driver.so can't be loaded",
            "say where its library is with driver = or --driver",
        ],
    );
    let table = Warehouse::new(Dialect::Trino, ["predictions"], access("PATH")).driver("no_such_driver");
    assert_says(count(&table), &["its ADBC driver no_such_driver can't be loaded"]);
    let table = Warehouse::new(
        Dialect::Trino,
        ["predictions"],
        Access::Profile("/no/such/profile.toml".into()),
    );
    assert_says(count(&table), &["the ADBC profile /no/such/profile.toml can't be read"]);
    let folder = tempfile::tempdir().expect("a folder");
    let profile = folder.path().join("odd.toml");
    std::fs::write(&profile, "profile_version = 1\ndriver = \"x\npassword = \"hush\"").expect("a file");
    let table = Warehouse::new(
        Dialect::Trino,
        ["predictions"],
        Access::Profile(profile.to_str().expect("text").into()),
    );
    assert_says(count(&table), &["it is no ADBC profile"]);
}
