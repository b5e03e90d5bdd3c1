//! What this crate, and a command line that only generates, are compiled with.

use std::process::Command;

/// The names of the crates that a package is built from, without those of its tests.
fn tree(arguments: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "-e",
            "normal",
            "--prefix",
            "none",
            "--format",
            "{p}",
        ])
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let name = |line: &str| line.split_whitespace().next().unwrap_or_default().to_owned();
    text.lines().map(name).collect()
}

const HEAVY: [&str; 4] = ["arrow", "datafusion", "parquet", "tokio"];

/// The heavy crates, and those that belong to them, among the crates of a package.
fn heavy(arguments: &[&str]) -> Vec<String> {
    let is_heavy = |name: &String| {
        let first = name.split('-').next().unwrap_or_default();
        HEAVY.contains(&first)
    };
    tree(arguments).into_iter().filter(is_heavy).collect()
}

/// Statistics, baselines and the rule can be used without compiling an engine or a runtime.
#[test]
fn finds_no_engine_below_drift_when_tree_is_listed() {
    let names = tree(&["-p", "modelwatch-drift"]);
    assert!(names.contains(&"statrs".to_owned()), "the tree is read: {names:?}");
    assert_eq!(heavy(&["-p", "modelwatch-drift"]), Vec::<String>::new());
}

/// A CI that only checks generated files compiles no engine and no runtime.
#[test]
fn finds_no_engine_below_stack_commands_when_drift_is_off() {
    let stack = ["-p", "modelwatch-cli", "--no-default-features"];
    assert_eq!(heavy(&stack), Vec::<String>::new());
    assert!(
        !heavy(&["-p", "modelwatch-cli"]).is_empty(),
        "with drift, the engine is there"
    );
}
