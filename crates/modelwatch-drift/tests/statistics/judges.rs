//! The programs in Python that compute the same with other libraries.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

/// What a judge answers to all questions, which are a few kilobytes: a pipe holds them.
pub(crate) fn ask(judge: &str, questions: &str) -> String {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let python = here.join("../../.venv/bin/python");
    let mut child = modelwatch_testkit::tool(&python)
        .arg(here.join("tests/statistics").join(judge))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{} can't be run ({error}): run `make setup`", python.display()));
    let mut stdin = child.stdin.take().expect("it has a stdin");
    stdin.write_all(questions.as_bytes()).expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(
        output.status.success(),
        "{judge} failed (above): if a module is missing, run `make setup`"
    );
    String::from_utf8(output.stdout).expect("text")
}
