//! What docs/other-languages.md shows, run as it stands there, and read by `modelwatch drift once`.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use modelwatch_testkit::{MetricsPage, tool};
use tempfile::TempDir;

const MODEL: &str = "claims/risk";

fn below(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)
}

/// The block of code under a heading.
fn shown(heading: &str) -> String {
    let page = fs::read_to_string(below("docs/other-languages.md")).expect("a page");
    let (_, chapter) = page.split_once(&format!("\n## {heading}\n")).expect("a chapter");
    let (_, block) = chapter.split_once("```").expect("a block");
    let (block, _) = block.split_once("```").expect("its end");
    block.split_once('\n').expect("lines").1.to_owned()
}

/// Runs the block under a heading in a folder of its own.
fn written(heading: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    let block = shown(heading);
    let mut python = tool(below(".venv/bin/python"));
    match heading {
        "DuckDB" => python.args(["-c", "import duckdb, sys; duckdb.sql(sys.argv[1])", &block]),
        _ => python.args(["-c", &block]),
    };
    let ran = python.current_dir(folder.path()).output().expect("Python runs");
    assert!(
        ran.status.success(),
        "{heading}: {}",
        String::from_utf8_lossy(&ran.stderr)
    );
    folder
}

fn modelwatch(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelwatch"));
    let done = command
        .args(arguments)
        .current_dir(folder)
        .output()
        .expect("the program starts");
    let complained = String::from_utf8_lossy(&done.stderr);
    assert!(done.status.success(), "{arguments:?}: {complained}");
    assert!(!complained.contains("WARN"), "{arguments:?}: {complained}");
    String::from_utf8_lossy(&done.stdout).into_owned()
}

#[test]
fn judged_reads_what_python_and_duckdb_write_as_the_page_shows() {
    let training = written("pyarrow");
    let baseline = [
        "baseline",
        "--model",
        MODEL,
        "--score",
        "score",
        "--output",
        "baseline.json",
        "--without",
        "time,model_version,class",
        "prediction-log",
    ];
    modelwatch(training.path(), &baseline);
    let mut pages = Vec::new();
    for heading in ["pyarrow", "polars", "DuckDB"] {
        let folder = written(heading);
        fs::copy(
            training.path().join("baseline.json"),
            folder.path().join("baseline.json"),
        )
        .expect("a copy");
        modelwatch(folder.path(), &["stack", "init"]);
        let toml = folder.path().join("modelwatch.toml");
        let text = fs::read_to_string(&toml).expect("a configuration");
        let (before, _) = text.split_once("[[models]]").expect("a model");
        let model = format!(
            "[[models]]\nname = {MODEL:?}\nroutes = [\"/predict\"]\n[models.drift]\nbaseline = \"baseline.json\"\n\
             log = \"prediction-log\"\nwindow = \"1h\"\nconsecutive_windows = 1\nper_version = true\n"
        );
        fs::write(&toml, format!("{before}{model}")).expect("written");
        let page = modelwatch(folder.path(), &["drift", "once", "--at", "2026-04-01T11:01:00Z"]);
        let page = MetricsPage::parse(page.as_bytes());
        let of = |metric: &str, labels: &[(&str, &str)]| page.sum(metric, labels);
        assert_eq!(of("ml_drift_window_rows", &[]), 3600.0, "{heading}");
        let scores: Vec<f64> = ["income", "country"]
            .iter()
            .map(|feature| of("ml_data_drift_score", &[("feature_name", feature)]))
            .chain([of("ml_prediction_drift_score", &[])])
            .collect();
        // The same rows as training's, missing ones among them.
        assert_eq!(scores, [0.0; 3], "{heading}");
        assert_eq!(of("ml_data_drift_detected", &[]), 0.0, "{heading}");
        pages.push(of("ml_version_data_drift_score", &[("model_version", "2026-04-01")]));
    }
    assert_eq!(pages, [pages[0]; 3]);
}
