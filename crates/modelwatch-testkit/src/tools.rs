//! Where the programs that judge us are, and what to say when they are not there.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::thread;

/// The Python of the project's own venv.
pub(crate) fn venv_python() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.venv/bin/python")
}

pub(crate) fn cannot_run(program: &Path, error: &io::Error) -> String {
    format!(
        "{} can't be run ({error}): run `make setup` to install what the tests need",
        program.display()
    )
}

/// Runs `program` to its end with `input` on its stdin.
pub(crate) fn run_with_input(program: &str, arguments: &[&str], input: &[u8]) -> io::Result<Output> {
    let mut child = Command::new(program)
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
