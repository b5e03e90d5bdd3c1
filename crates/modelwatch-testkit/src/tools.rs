//! Where the programs that judge us are, and what to say when they are not there.

use std::ffi::OsStr;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

/// Set by `make check` to `none`: only tests run whose names don't begin with `judged_`, and they ask no tool.
const TOOLS: &str = "MODELWATCH_TOOLS";

/// Whether tests may ask tools in this run.
pub(crate) fn are_there() -> bool {
    std::env::var_os(TOOLS).is_none_or(|tools| tools != "none")
}

/// Returns the command of a program that the tests need and that cargo does not bring.
///
/// # Panics
///
/// Panics in a test whose name does not begin with `judged_`, and everywhere in `make check`, which leaves the others out.
#[must_use]
pub fn tool(program: impl AsRef<OsStr>) -> Command {
    let program = program.as_ref();
    assert_judged(program);
    Command::new(program)
}

/// Asserts that the test that runs is one of those that ask tools. The harness names each test's thread after the test;
/// of the main thread and of threads without a name, `make check` alone can tell.
pub(crate) fn assert_judged(program: &OsStr) {
    let thread = thread::current();
    let test = thread.name().filter(|name| is_test(name));
    assert!(
        are_there() && test.is_none_or(has_prefix),
        "{} asks {}: begin its name with judged_, so that `make test` runs it and `make check` does not",
        test.unwrap_or("a test"),
        program.display()
    );
}

fn has_prefix(test: &str) -> bool {
    let name = test.rsplit("::").next().unwrap_or(test);
    name.starts_with("judged_")
}

/// Whether a thread's name is a path of Rust, as those of tests are: other threads are `main`, or have a hyphen in their names.
fn is_test(thread: &str) -> bool {
    let of_name = |character: char| character.is_alphanumeric() || matches!(character, '_' | ':');
    thread != "main" && thread.chars().all(of_name)
}

/// The Python of the project's own venv.
pub(crate) fn venv_python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python")
}

/// A program that a Python package brings, by its path in the packages' folder.
///
/// # Panics
///
/// When it is not there.
pub(crate) fn packaged(path: &str) -> PathBuf {
    let python = venv_python();
    let lib = python.parent().and_then(Path::parent).map(|venv| venv.join("lib"));
    let versions = lib
        .into_iter()
        .filter_map(|lib| lib.read_dir().ok())
        .flatten()
        .flatten();
    let mut programs = versions.map(|version| version.path().join("site-packages").join(path));
    programs
        .find(|program| program.is_file())
        .unwrap_or_else(|| panic!("{path} is not in .venv: run `make setup` to install what the tests need"))
}

pub(crate) fn cannot_run(program: &Path, error: &io::Error) -> String {
    format!(
        "{} can't be run ({error}): run `make setup` to install what the tests need",
        program.display()
    )
}

/// Runs `program` to its end with `input` on its stdin.
pub(crate) fn run_with_input(program: &str, arguments: &[&str], input: &[u8]) -> io::Result<Output> {
    let mut child = tool(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let stdin = child.stdin.take();
    thread::scope(|scope| {
        scope.spawn(move || {
            // A program that stops reading early says why on stderr; the broken pipe adds nothing.
            stdin.map(|mut stdin| stdin.write_all(input))
        });
        child.wait_with_output()
    })
}
