//! Two sets of plain files compared.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::Path;

use flate2::Compression;
use flate2::write::GzEncoder;
use modelwatch_drift_job::engine::{Bins, Column, Engine as _, Reason, WindowQuery};
use modelwatch_drift_job::{Comparison, Subject, TableColumns, Tables, TrainingOptions, WindowReport};
use modelwatch_log_format::columns;
use tempfile::TempDir;

use crate::log::{minutes, random};

fn path(folder: &Path, name: &str) -> String {
    folder.join(name).to_str().expect("UTF-8").to_owned()
}

/// So many rows with incomes moved by so much.
fn rows(count: u32, moved: f64) -> Vec<(f64, &'static str)> {
    let row = |row: u32| {
        let kind = ["car", "home, sweet \"home\"\nand more", "boat"][row as usize % 3];
        (random(u64::from(row) * 7 + count as u64) + moved, kind)
    };
    (0..count).map(row).collect()
}

fn csv(rows: &[(f64, &str)], delimiter: char) -> String {
    let line = |(income, kind): &(f64, &str)| format!("{income}{delimiter}\"{}\"\n", kind.replace('"', "\"\""));
    format!("income{delimiter}kind\n{}", rows.iter().map(line).collect::<String>())
}

fn json(rows: &[(f64, &str)]) -> String {
    let line = |(income, kind): &(f64, &str)| format!("{{\"kind\": {kind:?}, \"income\": {income}}}\n");
    rows.iter().map(line).collect()
}

fn gzipped(path: &Path, text: &str) {
    let mut file = GzEncoder::new(File::create(path).expect("a file"), Compression::fast());
    file.write_all(text.as_bytes()).expect("written");
    file.finish().expect("whole");
}

async fn compare(reference: &str, current: &str) -> WindowReport {
    Comparison::new([reference], [current])
        .run(2, |_| {})
        .await
        .expect("a report")
        .0
}

fn scores(report: &WindowReport) -> Vec<(String, f64)> {
    let score = |subject: &modelwatch_drift_job::SubjectReport| {
        (
            subject.subject.to_string(),
            subject.measurement.as_ref().expect("a score").score,
        )
    };
    let mut scores: Vec<_> = report.verdict.subjects().iter().map(score).collect();
    scores.sort_by(|one, other| one.0.cmp(&other.0));
    scores
}

/// The same rows say the same, whatever they are written as, and what moved is found.
#[tokio::test(flavor = "multi_thread")]
async fn says_the_same_when_formats_differ() {
    let folder = TempDir::new().expect("a folder");
    let (old, same, moved) = (rows(4_000, 0.0), rows(3_000, 0.0), rows(3_000, 0.4));
    fs::write(folder.path().join("old.csv"), csv(&old, ';')).expect("a file");
    gzipped(&folder.path().join("old.jsonl.gz"), &json(&old));
    fs::write(folder.path().join("moved.tsv"), csv(&moved, '\t')).expect("a file");
    gzipped(&folder.path().join("moved.csv.gz"), &csv(&moved, ','));
    fs::create_dir(folder.path().join("parts")).expect("a folder");
    fs::write(folder.path().join("parts/1.ndjson"), json(&moved[..1_000])).expect("a file");
    fs::write(folder.path().join("parts/2.csv"), csv(&moved[1_000..], ',')).expect("a file");
    fs::write(folder.path().join("same.csv"), csv(&same, ',')).expect("a file");
    let mut all = Vec::new();
    for reference in ["old.csv", "old.jsonl.gz"] {
        for current in ["moved.tsv", "moved.csv.gz", "parts"] {
            let report = compare(&path(folder.path(), reference), &path(folder.path(), current)).await;
            assert_eq!(report.rows, 3_000, "{report}");
            let detected: Vec<_> = report.detected().map(|subject| subject.subject.clone()).collect();
            assert_eq!(detected, [Subject::Feature("income".into())], "{report}");
            all.push(scores(&report));
        }
    }
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]), "{all:?}");
    let report = compare(&path(folder.path(), "old.csv"), &path(folder.path(), "same.csv")).await;
    assert_eq!(report.detected().count(), 0, "{report}");
}

/// What cannot be read of the current files is named, and the rest is compared; where nothing is left, that is said.
#[tokio::test(flavor = "multi_thread")]
async fn names_file_when_it_cannot_be_read() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("old.csv"), csv(&rows(2_000, 0.0), ',')).expect("a file");
    fs::create_dir(folder.path().join("now")).expect("a folder");
    fs::write(folder.path().join("now/1.csv"), csv(&rows(1_000, 0.0), ',')).expect("a file");
    fs::write(folder.path().join("now/2.parquet"), b"PAR1 no more").expect("a file");
    fs::write(folder.path().join("now/3.jsonl"), b"{\"income\": 1}\n{broken").expect("a file");
    let report = compare(&path(folder.path(), "old.csv"), &path(folder.path(), "now")).await;
    assert_eq!(
        (report.rows, report.files, report.left_out.files.len()),
        (1_000, 1, 2),
        "{report}"
    );
    assert!(report.left_out.files.iter().all(|file| file.reason == Reason::Broken));
    let broken = compare(&path(folder.path(), "old.csv"), &path(folder.path(), "now/2.parquet")).await;
    assert!(broken.to_string().contains("no score: there are no rows"), "{broken}");
    let error = Comparison::new([path(folder.path(), "old.csv")], [path(folder.path(), "none-*.csv")])
        .run(2, |_| {})
        .await
        .expect_err("there is none");
    assert!(error.to_string().contains("none-*.csv"), "{error}");
}

/// What a file of the current rows cannot say, it says by its own name and with the mend; no file of another table is drift.
#[tokio::test(flavor = "multi_thread")]
async fn says_why_when_file_tells_nothing() {
    let folder = TempDir::new().expect("a folder");
    let text = csv(&rows(2_000, 0.0), ',');
    fs::write(folder.path().join("old.csv"), &text).expect("a file");
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(&str, Vec<u8>, Reason, &str); 6] = [
        (
            "capitals.csv",
            text.replace("income,kind", "Income,KIND").into_bytes(),
            Reason::OtherColumns,
            "has none of the columns \"income\", \"kind\"; it has \"Income\", \"KIND\"; small and capital letters are different",
        ),
        (
            "other.jsonl",
            b"{\"city\": \"Oslo\"}\n".repeat(500),
            Reason::OtherColumns,
            "has none of the columns \"income\", \"kind\"; it has \"city\"; give its columns those names",
        ),
        (
            "utf16.csv",
            [b"\xff\xfe".to_vec(), utf16].concat(),
            Reason::Broken,
            "is in UTF-16; write it in UTF-8, as `iconv -f UTF-16 -t UTF-8`",
        ),
        (
            "short.csv",
            format!("{text}0.5\n").into_bytes(),
            Reason::Broken,
            "expected 2 got 1; fix that line",
        ),
        (
            "long.csv",
            format!("{text}0.5,a,b\n").into_bytes(),
            Reason::Broken,
            "expected 2 got 3; fix that line",
        ),
        ("empty.csv", Vec::new(), Reason::Broken, "is empty"),
    ];
    for (name, bytes, reason, said) in cases {
        fs::write(folder.path().join(name), bytes).expect("a file");
        let report = compare(&path(folder.path(), "old.csv"), &path(folder.path(), name)).await;
        let [file] = &report.left_out.files[..] else {
            panic!("{name}: {report}");
        };
        assert_eq!(file.reason, reason, "{name}");
        assert!(report.to_string().contains(said), "{name}: {report}");
        assert!(!report.drifts(), "{name}: {report}");
    }
}

/// A line that names the delimiter, as Excel writes one, is no header.
#[tokio::test(flavor = "multi_thread")]
async fn reads_header_when_line_before_names_delimiter() {
    let folder = TempDir::new().expect("a folder");
    let rows = rows(2_000, 0.0);
    fs::write(folder.path().join("old.csv"), csv(&rows, ',')).expect("a file");
    for (name, before, delimiter) in [
        ("plain.csv", "sep=;\n", ';'),
        ("windows.csv", "sep=^\r\n", '^'),
        ("marked.csv", "\u{feff}SEP=,\r\n", ','),
    ] {
        fs::write(folder.path().join(name), format!("{before}{}", csv(&rows, delimiter))).expect("a file");
        let report = compare(&path(folder.path(), "old.csv"), &path(folder.path(), name)).await;
        assert_eq!((report.rows, report.warnings().count()), (2_000, 0), "{name}: {report}");
        assert!(!report.drifts(), "{name}: {report}");
    }
}

/// What came in the place of numbers is told in words, whatever the format calls it.
#[tokio::test(flavor = "multi_thread")]
async fn says_in_words_what_came_when_numbers_are_gone() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("old.csv"), csv(&rows(2_000, 0.0), ',')).expect("a file");
    for (value, said) in [
        ("{\"euro\": 3}", "income holds objects where training had numbers"),
        ("[1, 2]", "income holds lists where training had numbers"),
        ("\"much\"", "income holds text where training had numbers"),
    ] {
        let line = format!("{{\"income\": {value}, \"kind\": \"car\"}}\n");
        fs::write(folder.path().join("now.jsonl"), line.repeat(500)).expect("a file");
        let report = compare(&path(folder.path(), "old.csv"), &path(folder.path(), "now.jsonl")).await;
        assert!(report.to_string().contains(said), "{report}");
    }
    for (value, said) in [
        ("inf", "income is inf in every row"),
        ("-inf", "income is -inf in every row"),
    ] {
        let text = format!("income,kind\n{}", format!("{value},car\n").repeat(500));
        fs::write(folder.path().join("now.csv"), text).expect("a file");
        let report = compare(&path(folder.path(), "old.csv"), &path(folder.path(), "now.csv")).await;
        assert!(report.to_string().contains(said), "{report}");
    }
}

/// A column whose values became words is of another type, and the others are as ever.
#[tokio::test(flavor = "multi_thread")]
async fn detects_other_type_when_numbers_became_words() {
    let folder = TempDir::new().expect("a folder");
    fs::write(folder.path().join("old.csv"), csv(&rows(2_000, 0.0), ',')).expect("a file");
    let words = csv(&rows(1_000, 0.0), ',').replace("\n0.", "\nabout 0.");
    fs::write(folder.path().join("now.csv"), words).expect("a file");
    let report = compare(&path(folder.path(), "old.csv"), &path(folder.path(), "now.csv")).await;
    let detected: Vec<_> = report.detected().collect();
    let [income] = &detected[..] else {
        panic!("{report}");
    };
    let explanation = income.explanation.as_ref().expect("it drifts");
    assert_eq!(explanation.changes[0].kind().name(), "other_type");
    assert!(
        report.to_string().contains("holds text where training had numbers"),
        "{report}"
    );
}

/// A job over a table knows what its columns are called, and takes the rows of a window by their time.
#[tokio::test(flavor = "multi_thread")]
async fn counts_rows_of_window_when_table_has_other_names() {
    let folder = TempDir::new().expect("a folder");
    let line = |row: u32| format!("2026-04-01 10:{:02}:00,{},no time\n", row % 60, random(row.into()));
    let text: String = (0..600).map(line).chain(["soon,0.5,x\n".to_owned()]).collect();
    fs::write(folder.path().join("predictions.csv"), format!("at,INCOME,note\n{text}")).expect("a file");
    fs::write(folder.path().join("other.csv"), "INCOME\n1\n").expect("a file");
    let mut options = TrainingOptions::new("m", [path(folder.path(), "predictions.csv")]);
    options.features = vec!["INCOME".into()];
    options.hygiene.minimum_rows = 100;
    let trained = options.build(2, |_| {}).await.expect("a baseline");
    let column = Column {
        name: columns::feature("income"),
        bins: Bins::from(&trained.baseline.features()[0].1),
    };
    let names = TableColumns {
        time: Some("at".into()),
        features: [("income".into(), "INCOME".into())].into(),
        ..TableColumns::default()
    };
    let tables = Tables::new([path(folder.path(), "*.csv")], names);
    let query = WindowQuery {
        model: "m".into(),
        window: Some(minutes("2026-04-01T10:00:00Z", 15)),
        columns: vec![column],
        groups: Vec::new(),
        joint: Vec::new(),
    };
    let counted = tables.count(&query).await.expect("counts");
    assert_eq!(
        (counted.rows, counted.files, counted.left_out.rows_without_time),
        (150, 1, 1)
    );
    assert_eq!(counted.left_out.files[0].reason, Reason::NoTime);
    assert_eq!(counted.columns[0].counts.missing_ratio(), Some(0.0));
}

/// A segment that always was different is no drift, and one that moved is: each value is compared with its own rows.
#[tokio::test(flavor = "multi_thread")]
async fn compares_segment_with_its_own_rows_when_segments_differ() {
    let folder = TempDir::new().expect("a folder");
    let lines = |seed: u64, moved: f64| -> String {
        let line = |row: u64| {
            let (country, base) = match row % 20 {
                0 => ("IS", 5.0 + moved),
                1..8 => ("SE", 2.0),
                _ => ("NO", 0.0),
            };
            format!("{},{country}\n", base + random(row + seed))
        };
        (0..20_000).map(line).collect()
    };
    for (name, seed, moved) in [("old", 0, 0.0), ("same", 50_000, 0.0), ("moved", 90_000, 0.9)] {
        let text = format!("income,country\n{}", lines(seed, moved));
        fs::write(folder.path().join(format!("{name}.csv")), text).expect("a file");
    }
    let detected = async |current: &str| {
        let mut comparison = Comparison::new([path(folder.path(), "old.csv")], [path(folder.path(), current)]);
        comparison.segments = vec!["country".into()];
        let (report, _) = comparison.run(2, |_| {}).await.expect("a report");
        let drifting = report
            .segments
            .iter()
            .filter(|segment| segment.verdict.subjects().iter().any(|subject| subject.detected));
        drifting.map(|segment| segment.name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(detected("same.csv").await, Vec::<String>::new());
    assert_eq!(detected("moved.csv").await, ["IS"]);
}

/// A file that can't be read is left out with one short line that names what is wrong and what to do; one that is only odd is read.
#[tokio::test(flavor = "multi_thread")]
async fn says_in_a_line_what_is_wrong_when_files_are_odd() {
    let folder = TempDir::new().expect("a folder");
    let plain = rows(2_000, 0.0);
    let reference = path(folder.path(), "reference.csv");
    let text = csv(&plain, ',');
    fs::write(&reference, &text).expect("a file");
    let array = format!("[{}]", json(&plain).trim_end().replace('\n', ","));
    let cases: [(&str, Vec<u8>, Option<&str>); 12] = [
        ("array.json", array.into_bytes(), Some("write one object a line")),
        (
            "cut.jsonl",
            format!("{}{{\"income\":", json(&plain)).into_bytes(),
            Some("write one object a line"),
        ),
        (
            "twice.csv",
            text.replacen("kind", "income", 1).into_bytes(),
            Some("two columns \"income\""),
        ),
        (
            "latin.csv",
            text.bytes()
                .map(|byte| if byte == b'!' { 0xE4 } else { byte })
                .chain(*b"1,\xE4\n")
                .collect(),
            Some("UTF-8"),
        ),
        (
            "wide.csv",
            format!("{text}1,a,b\n").into_bytes(),
            Some("expected 2 got 3"),
        ),
        ("empty.csv", Vec::new(), Some("is empty")),
        ("zipped.csv.gz", text.clone().into_bytes(), Some("gzip")),
        ("table.txt", text.clone().into_bytes(), Some("does not tell its format")),
        ("mark.csv", format!("\u{feff}{text}").into_bytes(), None),
        (
            "returns.csv",
            text.replace(",\"car\"\n", ",\"car\"\r\n").into_bytes(),
            None,
        ),
        ("semicolons.csv", csv(&plain, ';').into_bytes(), None),
        ("lines.jsonl", json(&plain).into_bytes(), None),
    ];
    for (name, bytes, problem) in cases {
        let file = path(folder.path(), name);
        fs::write(&file, bytes).expect("a file");
        let report = compare(&reference, &file).await;
        let said: Vec<String> = report.warnings().map(|warning| warning.to_string()).collect();
        match problem {
            None => assert!(report.rows == 2_000 && !report.drifts(), "{name}: {said:?}"),
            Some(problem) => {
                let line = said.iter().find(|line| line.starts_with("left out")).expect(name);
                assert!(line.contains(name) && line.contains(problem), "{line}");
                assert!(line.len() < 500 && !line.contains('\n'), "{line}");
            }
        }
    }

    let mut options = TrainingOptions::new("m", [path(folder.path(), "pandas.csv")]);
    options.hygiene.minimum_rows = 1_000;
    let indexed: String = (0..2_000).map(|row| format!("{row},{}\n", random(row))).collect();
    fs::write(folder.path().join("pandas.csv"), format!(",income\n{indexed}")).expect("a file");
    let trained = options.build(2, |_| {}).await.expect("a baseline");
    assert_eq!(trained.baseline.features().len(), 1);
    assert!(
        trained
            .warnings
            .iter()
            .any(|warning| warning.to_string().contains("the index that pandas writes")),
        "{:?}",
        trained.warnings
    );
}

/// Two columns whose correlation has another sign while each is distributed as it was: no subject drifts, and together they do, in
/// every report.
#[tokio::test(flavor = "multi_thread")]
async fn names_pair_when_columns_go_together_otherwise() {
    let folder = TempDir::new().expect("a folder");
    let table = |name: &str, rows: u64, sign: f64| {
        let line = |row: u64| {
            let (one, rest, third) = (random(row * 3) - 0.5, random(row * 3 + 1) - 0.5, random(row * 3 + 2));
            format!(
                "{one},{},{third},{}\n",
                sign * one + 0.5 * rest,
                ["car", "boat"][row as usize % 2]
            )
        };
        let lines: String = (0..rows).map(line).collect();
        fs::write(folder.path().join(name), format!("income,debt,age,kind\n{lines}")).expect("a file");
        path(folder.path(), name)
    };
    let (reference, same, flipped) = (
        table("1.csv", 9_000, 1.0),
        table("2.csv", 3_000, 1.0),
        table("3.csv", 3_000, -1.0),
    );
    let healthy = compare(&reference, &same).await;
    assert!(!healthy.drifts() && healthy.joint.is_some(), "{healthy}");
    let report = compare(&reference, &flipped).await;
    assert_eq!(report.detected().count(), 0, "{report}");
    assert!(report.drifts() && report.joint_drift().is_some(), "{report}");
    let measured = report
        .joint
        .as_ref()
        .and_then(|joint| joint.measurement.as_ref().ok())
        .expect("a measurement");
    assert_eq!((measured.rows, measured.moved), (3_000, 1), "{report}");
    let pair = &measured.pairs[0];
    assert!(pair.before > 0.8 && pair.now < -0.8, "{pair}");
    let text = report.to_string();
    assert!(
        text.contains("together: score") && text.contains("income and debt: correlation -0.9"),
        "{text}"
    );
    let page = modelwatch_drift_job::report::page(std::slice::from_ref(&report));
    assert!(
        page.contains("DRIFT in how numbers relate") && page.contains("income and debt"),
        "{page}"
    );
    let json = modelwatch_drift_job::report::json(&[report]).expect("JSON");
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(json[0]["verdict"], "drift");
    assert_eq!(json[0]["joint"]["detected"], true);
    assert_eq!(json[0]["joint"]["pairs"][0]["feature"], "income");
}

/// Beside a Delta table's files lie those that are no longer in it, so that they are not read by their folder; a file that is named is one.
#[tokio::test]
async fn refuses_folder_of_a_delta_table_whose_log_says_nothing() {
    let folder = TempDir::new().expect("a folder");
    let table = folder.path().join("lake/claims");
    fs::create_dir_all(table.join("_delta_log")).expect("a folder");
    fs::write(table.join("part-0.csv"), csv(&rows(2_000, 0.0), ',')).expect("a file");
    let file = path(&table, "part-0.csv");
    for pattern in [path(folder.path(), "lake"), path(&table, ""), path(&table, "*.csv")] {
        let refused = Comparison::new([file.as_str()], [pattern.as_str()])
            .run(1, |_| {})
            .await;
        let said = refused.expect_err("no table").to_string();
        assert!(
            said.contains("is a Delta table") || said.contains("has a Delta log"),
            "{said}"
        );
    }
    assert_eq!(compare(&file, &file).await.rows, 2_000);
}
