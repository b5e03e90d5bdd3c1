//! A machine without the tools, played by this test program run again with nothing on its PATH.

use std::process::Command;

fn run_without_tools(test: &str) -> String {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env("PATH", "/nonexistent")
        .env_remove("MODELWATCH_TOOLS")
        .output()
        .unwrap();
    assert!(!output.status.success(), "{test} passed without its tool");
    String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned()
}

#[test]
fn a_missing_promtool_fails_the_test_and_says_what_to_run() {
    let said = run_without_tools("promtool::judged_a_clean_exposition_is_accepted");
    assert!(
        said.contains("promtool can't be run") && said.contains("`make setup`"),
        "{said}"
    );
}

#[test]
fn a_missing_prometheus_fails_the_test_and_says_what_to_run() {
    let said = run_without_tools("prometheus::judged_a_dropped_prometheus_is_gone");
    assert!(
        said.contains("prometheus can't be run") && said.contains("`make setup`"),
        "{said}"
    );
}

#[test]
fn names_the_prefix_when_a_test_of_make_check_asks_a_tool() {
    let output = Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "promtool::judged_a_clean_exposition_is_accepted",
            "--nocapture",
        ])
        .env("MODELWATCH_TOOLS", "none")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!output.status.success(), "{said}");
    assert!(said.contains("begin its name with judged_"), "{said}");
}

/// In every run: where the tools are there, nothing else would tell that a test of `make check` asks one.
#[test]
fn fails_when_name_of_test_lacks_the_prefix() {
    const ASKS: &str = "MODELWATCH_ASKS_WITHOUT_PREFIX";
    if std::env::var_os(ASKS).is_some() {
        let _ = modelwatch_testkit::tool("true");
        return;
    }
    // A single thread would be the main one, which has no test's name.
    let test = "missing_tools::fails_when_name_of_test_lacks_the_prefix";
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture", "--test-threads=2"])
        .env_remove("MODELWATCH_TOOLS")
        .env(ASKS, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    assert!(!output.status.success(), "{said}");
    let says = format!("{test} asks true: begin its name with judged_");
    assert!(said.contains(&says), "{said}");
}
