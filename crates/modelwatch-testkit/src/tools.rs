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
/// Panics in `make check`, which leaves out the tests that ask such a program. Their names begin with `judged_`.
#[must_use]
pub fn tool(program: impl AsRef<OsStr>) -> Command {
    let program = program.as_ref();
    assert!(
        are_there(),
        "a test that asks {} runs in `make check`: begin its name with judged_, so that `make test` alone runs it",
        program.display()
    );
    Command::new(program)
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
