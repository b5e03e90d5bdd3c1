//! `modelwatch drift` on a table of a real PostgreSQL, as a user runs it, beside the same rows in a Parquet file.

mod training;

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use modelwatch_testkit::{Killed, PostgreSql, adbc_driver, free_port, http_get, tool};
use serde_json::Value as Json;
use tempfile::TempDir;

use crate::training::{WEEK, baseline_arguments, flights};

/// Where the address is: in the environment of the command alone.
const VARIABLE: &str = "FLIGHTS_WAREHOUSE";

fn modelwatch(folder: &Path, uri: &str, arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelwatch"));
    command.args(arguments).current_dir(folder).env(VARIABLE, uri);
    command.output().expect("the program starts")
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A folder with training's baseline and a modelwatch.toml in which the model's rows are said to be there.
fn folder(rows: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let arguments = baseline_arguments(&["carrier"]);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let made = modelwatch(folder.path(), "", &arguments);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let made = modelwatch(folder.path(), "", &["stack", "init"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let toml = folder.path().join("modelwatch.toml");
    let written = fs::read_to_string(&toml).expect("a configuration");
    let (before, _) = written.split_once("[[models]]").expect("a model");
    let model = format!(
        "[[models]]\nname = \"flight-delay\"\nroutes = [\"/predict\"]\n[models.drift]\nbaseline = \"baseline.json\"\n\
         window = \"7d\"\ninterval = \"1h\"\nconsecutive_windows = 1\nsegments = [\"origin\"]\n{rows}\n\
         [models.drift.columns]\ntime = \"event_time\"\n"
    );
    fs::write(toml, format!("{before}{model}")).expect("written");
    folder
}

fn report(folder: &Path, uri: &str) -> Json {
    let done = modelwatch(
        folder,
        uri,
        &[&["drift", "report", "--history", "0", "--json"][..], &WEEK[..]].concat(),
    );
    assert!(done.status.success(), "{}", text(&done.stderr));
    let mut report: Json = serde_json::from_slice(&done.stdout).expect("JSON");
    // A sample of the rows is in files alone: how features go together is judged there, and more is known of a change.
    without(&mut report, &["explanation", "files", "joint"]);
    report
}

fn without(json: &mut Json, keys: &[&str]) {
    match json {
        Json::Object(object) => {
            object.retain(|key, _| !keys.contains(&key.as_str()));
            object.values_mut().for_each(|value| without(value, keys));
        }
        Json::Array(items) => items.iter_mut().for_each(|item| without(item, keys)),
        _ => {}
    }
}

/// The week as a table, written by PostgreSQL's own ADBC driver for Python.
fn fill(uri: &str) {
    let code = "import sys, pyarrow as pa, pyarrow.parquet as pq, adbc_driver_postgresql.dbapi as db\n\
                rows = pq.read_table(sys.argv[1])\n\
                rows = rows.cast(pa.schema([f.with_type(pa.string()) if str(f.type) == 'large_string' else f for f in rows.schema]))\n\
                with db.connect(sys.argv[2]) as c, c.cursor() as cursor:\n    cursor.adbc_ingest('flights', rows, mode='create')\n    c.commit()\n";
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python");
    let week = flights("replay-2013-07-08-week.parquet");
    let filled = tool(python)
        .arg("-c")
        .arg(code)
        .arg(week)
        .arg(uri)
        .output()
        .expect("Python runs");
    assert!(filled.status.success(), "{}", text(&filled.stderr));
}

#[test]
fn judged_reports_the_same_when_rows_are_in_postgresql() {
    let server = PostgreSql::start();
    fill(&server.uri());
    let driver = adbc_driver("postgresql");
    let table = |name: &str| {
        folder(&format!(
            "[models.drift.warehouse]\ndialect = \"postgresql\"\ntable = \"public.{name}\"\nuri_from = \"{VARIABLE}\"\ndriver = {driver:?}"
        ))
    };
    let warehouse = table("flights");
    let of_warehouse = report(warehouse.path(), &server.uri());
    let files = folder(&format!("log = {:?}", flights("replay-2013-07-08-week.parquet")));
    let of_files = report(files.path(), "");
    assert_eq!(of_warehouse, of_files);
    let report = &of_warehouse[0];
    assert_eq!(report["rows"], 6759);
    assert_eq!(report["segments"].as_array().map(Vec::len), Some(3));
    // A person reads where the rows were.
    let shown = modelwatch(
        warehouse.path(),
        &server.uri(),
        &[&["drift", "report"][..], &WEEK[..]].concat(),
    );
    assert!(
        text(&shown.stdout).contains("6759 rows of the postgresql table public.flights against baseline"),
        "{}",
        text(&shown.stdout)
    );

    let once = ["drift", "once", "--at", "2013-07-15T04:01:00Z"];
    let run = modelwatch(warehouse.path(), &server.uri(), &once);
    assert!(run.status.success(), "{}", text(&run.stderr));
    assert!(
        text(&run.stdout).contains("ml_data_drift_score{"),
        "{}",
        text(&run.stdout)
    );

    // What can't be looked at ends with 2, in a line that has no secret.
    let down = server.uri().replace(
        server.uri().rsplit(':').next().expect("a port"),
        &format!("{}/postgres", free_port()),
    );
    let vanished = table("vanished");
    for (folder, uri, says) in [
        (&warehouse, down.as_str(), "Connection refused"),
        (
            &vanished,
            &server.uri(),
            "the postgresql table public.vanished: can't be read: ",
        ),
        (&warehouse, "", "can't be reached"),
    ] {
        let run = modelwatch(folder.path(), uri, &once);
        let said = text(&run.stderr);
        assert_eq!(run.status.code(), Some(2), "{said}");
        assert!(said.contains(says), "{says}: {said}");
        assert!(!said.contains("hush") && !text(&run.stdout).contains("hush"), "{said}");
    }
}

/// The same bins and counts as of the file, in a baseline that `drift report` takes, and one line for what can't be.
#[test]
fn judged_makes_baseline_of_table_when_rows_are_in_postgresql() {
    let server = PostgreSql::start();
    fill(&server.uri());
    let folder = tempfile::tempdir().expect("a folder");
    let driver = adbc_driver("postgresql");
    let driver = driver.to_str().expect("text");
    let fixed = [
        "baseline",
        "--model",
        "flight-delay",
        "--version",
        "1",
        "--time",
        "event_time",
        "--feature",
    ];
    let features = "dep_delay,temp,carrier";
    let of_table = |uri: &str, table: &str, output: &str| {
        let wanted = [
            "--output",
            output,
            "--table",
            table,
            "--dialect",
            "postgresql",
            "--uri-from",
            VARIABLE,
            "--driver",
            driver,
        ];
        modelwatch(folder.path(), uri, &[&fixed[..], &[features], &wanted[..]].concat())
    };
    let made = of_table(&server.uri(), "public.flights", "table.json");
    assert!(made.status.success(), "{}", text(&made.stderr));
    assert!(
        text(&made.stdout).contains("table.json: baseline 1 of flight-delay, 6759 rows, 3 features"),
        "{}",
        text(&made.stdout)
    );
    let week = flights("replay-2013-07-08-week.parquet");
    let of_file = ["--output", "file.json", week.to_str().expect("text")];
    let made = modelwatch(folder.path(), "", &[&fixed[..], &[features], &of_file[..]].concat());
    assert!(made.status.success(), "{}", text(&made.stderr));
    let read = |name: &str| {
        let file = fs::read(folder.path().join(name)).expect("a baseline");
        let mut baseline: Json = serde_json::from_slice(&file).expect("JSON");
        // What is made of values that stay in the database, and sums.
        without(
            &mut baseline,
            &[
                "windows",
                "joint",
                "grid",
                "mean",
                "deviation",
                "created",
                "fingerprint",
                "time_span",
            ],
        );
        baseline
    };
    assert_eq!(read("table.json"), read("file.json"));
    for (uri, table, says) in [
        (
            server.uri().as_str(),
            "public.vanished",
            "the postgresql table public.vanished: can't be read",
        ),
        ("", "public.flights", "can't be reached"),
        (server.uri().as_str(), "a.b.c.d", "is no table's name"),
    ] {
        let refused = of_table(uri, table, "none.json");
        let said = text(&refused.stderr);
        assert!(!refused.status.success() && said.contains(says), "{said}");
        assert!(!folder.path().join("none.json").exists());
    }
    let secret = [
        "--output",
        "none.json",
        "--table",
        "t",
        "--dialect",
        "duckdb",
        "--profile",
        "postgresql://me:hush@db/x",
    ];
    let refused = modelwatch(folder.path(), "", &[&fixed[..], &[features], &secret[..]].concat());
    let said = text(&refused.stderr);
    assert!(
        !refused.status.success() && said.contains("keep addresses and passwords out"),
        "{said}"
    );
    assert!(!said.contains("hush"), "{said}");
}

#[test]
fn refuses_configuration_when_it_says_two_places_or_holds_a_secret() {
    for (rows, says) in [
        (
            "log = \"x\"\n[models.drift.warehouse]\ndialect = \"duckdb\"\ntable = \"t\"\nprofile = \"p\"",
            "models[0].drift has both log and warehouse",
        ),
        (
            "[models.drift.warehouse]\ndialect = \"postgres\"\ntable = \"t\"\nprofile = \"p\"",
            "give it one of \"postgresql\", \"duckdb\"",
        ),
        (
            "[models.drift.warehouse]\ndialect = \"duckdb\"\ntable = \"t\"",
            "does not say how to reach the database",
        ),
        (
            "[models.drift.warehouse]\ndialect = \"duckdb\"\ntable = \"a.b.c.d\"\nprofile = \"p\"",
            "is no table's name",
        ),
        (
            "[models.drift.warehouse]\ndialect = \"duckdb\"\ntable = \"t\"\nuri_from = \"postgresql://me:hush@db/x\"",
            "uri_from is not the name of an environment variable",
        ),
        (
            "[models.drift.warehouse]\ndialect = \"duckdb\"\ntable = \"t\"\nprofile = \"postgresql://me:hush@db/x\"",
            "keep addresses and passwords out of this file",
        ),
        (
            "[models.drift.warehouse]\ndialect = \"duckdb\"\ntable = \"t\"\nprofile = \"p\"\npassword = \"hush\"",
            "unknown key",
        ),
    ] {
        let folder = folder(rows);
        let done = modelwatch(folder.path(), "", &["drift", "report"]);
        let said = text(&done.stderr);
        assert_eq!(done.status.code(), Some(2), "{said}");
        assert!(said.contains(says), "{says}: {said}");
        assert!(!said.contains("hush"), "{said}");
    }
}

/// Labels by id in PostgreSQL tell what the same labels in a file tell, to the command and to the exporter.
#[test]
fn judged_measures_performance_when_labels_are_in_postgresql() {
    let server = PostgreSql::start();
    let folder = tempfile::tempdir().expect("a folder");
    let (mut predictions, mut labels) = ("id,at,score\n".to_owned(), "id,label,known\n".to_owned());
    let (mut reference, mut rows) = ("score,label\n".to_owned(), Vec::new());
    let now = chrono::Utc::now();
    for row in 0..400_u32 {
        let score = f64::from(row * 37 % 400) / 400.0;
        let time = |days: i64| (now - chrono::TimeDelta::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let label = if row % 9 == 0 { row % 2 == 0 } else { score > 0.5 };
        predictions += &format!("claim-{row},{},{score}\n", time(5));
        reference += &format!("{score},{label}\n");
        if row % 4 > 0 {
            labels += &format!("claim-{row},{label},{}\n", time(2));
            rows.push(format!("('claim-{row}', {label}, '{}')", time(2)));
        }
    }
    for (name, text) in [
        ("predictions", predictions),
        ("labels", labels),
        ("reference", reference),
    ] {
        fs::write(folder.path().join(format!("{name}.csv")), text).expect("a file");
    }
    let code = "import sys, adbc_driver_postgresql.dbapi as db\n\
                with db.connect(sys.argv[1]) as c, c.cursor() as cursor:\n    for sql in sys.argv[2:]: cursor.execute(sql)\n    c.commit()\n";
    let filled = tool(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python"))
        .args(["-c", code, &server.uri()])
        .arg("CREATE TABLE truths (claim text, verdict boolean, decided timestamptz)")
        .arg(format!("INSERT INTO truths VALUES {}", rows.join(", ")))
        .output()
        .expect("Python runs");
    assert!(filled.status.success(), "{}", text(&filled.stderr));

    let driver = adbc_driver("postgresql");
    let driver = driver.to_str().expect("text");
    let told = |uri: &str, outcomes: &[&str]| {
        let fixed = [
            "performance",
            "reference.csv",
            "predictions.csv",
            "--label",
            "label",
            "--score",
            "score",
            "--time",
            "at",
            "--json",
        ];
        let mut command = Command::new(env!("CARGO_BIN_EXE_modelwatch"));
        command.args([&fixed[..], outcomes].concat());
        command.current_dir(folder.path()).env(VARIABLE, uri);
        command.output().expect("the program starts")
    };
    let of_file = told("", &["--outcomes", "labels.csv", "--outcome-time", "known"]);
    let in_table = |table: &'static str| {
        let mut arguments = vec![
            "--outcomes-table",
            table,
            "--dialect",
            "postgresql",
            "--uri-from",
            VARIABLE,
        ];
        arguments.extend([
            "--driver",
            driver,
            "--outcome-id",
            "claim",
            "--outcome-label",
            "verdict",
        ]);
        arguments.extend(["--outcome-time", "decided"]);
        arguments
    };
    let of_table = told(&server.uri(), &in_table("public.truths"));
    assert!(of_table.status.success(), "{}", text(&of_table.stderr));
    assert_eq!(text(&of_table.stdout), text(&of_file.stdout));
    assert!(
        text(&of_table.stdout).contains("\"matched\": 300"),
        "{}",
        text(&of_table.stdout)
    );
    let failed = told(&server.uri(), &in_table("public.vanished"));
    let said = text(&failed.stderr);
    assert!(
        said.contains("the outcomes: the postgresql table public.vanished: can't be read: "),
        "{said}"
    );
    assert!(!said.contains("hush"), "{said}");

    let made = modelwatch(folder.path(), "", &["stack", "init"]);
    assert!(made.status.success(), "{}", text(&made.stderr));
    let toml = folder.path().join("modelwatch.toml");
    let written = fs::read_to_string(&toml).expect("a configuration");
    let (before, _) = written.split_once("[[models]]").expect("a model");
    let model = format!(
        "[[models]]\nname = \"claims\"\nroutes = [\"/predict\"]\n[models.performance]\nreference = \"reference.csv\"\n\
         predictions = \"predictions.csv\"\nlabel = \"label\"\nscore = \"score\"\ntime = \"at\"\noutcome_id = \"claim\"\n\
         outcome_label = \"verdict\"\noutcome_time = \"decided\"\n[models.performance.outcomes]\ndialect = \"postgresql\"\n\
         table = \"public.truths\"\nuri_from = \"{VARIABLE}\"\ndriver = {driver:?}\n"
    );
    fs::write(toml, format!("{before}{model}")).expect("written");
    let mut serving = Command::new(env!("CARGO_BIN_EXE_modelwatch"));
    serving.args(["drift", "serve", "--listen", "127.0.0.1:0"]);
    serving.current_dir(folder.path()).env(VARIABLE, server.uri());
    let mut serving = serving.stderr(Stdio::piped()).spawn().expect("the program starts");
    let mut lines = BufReader::new(serving.stderr.take().expect("piped")).lines();
    let _serving = Killed::from(serving);
    let address: SocketAddr = loop {
        let line = lines.next().expect("it says where it serves").expect("text");
        if let Some((_, rest)) = line.split_once("http://") {
            break rest.trim_end_matches("/metrics").parse().expect("an address");
        }
    };
    // Whatever it says later, its pipe stays open.
    thread::spawn(move || lines.for_each(drop));
    let deadline = Instant::now() + Duration::from_secs(60);
    let labels = "ml_performance_labels{model_name=\"claims\",model_version=\"__all__\"} ";
    loop {
        let page = http_get(address, "/metrics", &[])
            .map(|page| text(&page.body))
            .unwrap_or_default();
        if page
            .lines()
            .any(|line| line.strip_prefix(labels).and_then(|value| value.parse().ok()) == Some(300.0))
        {
            break;
        }
        assert!(Instant::now() < deadline, "no {labels} in\n{page}");
        thread::sleep(Duration::from_millis(50));
    }
}
