//! The command on a terminal.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use modelwatch_testkit::tool;

/// Runs the command in a folder on a terminal of util-linux's `script`, with what is typed; returns what the terminal shows.
///
/// # Panics
///
/// When the command fails.
pub(crate) fn shown_on_terminal(folder: &Path, arguments: &str, typed: &str) -> String {
    let program = format!("{} {arguments}", env!("CARGO_BIN_EXE_modelwatch"));
    let mut terminal = tool("script")
        .args(["--quiet", "--return", "--command", &program, "/dev/null"])
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("util-linux has script");
    // Open until the command ends: an end of the input would be one of the terminal.
    let mut keys = terminal.stdin.take().expect("a pipe");
    keys.write_all(typed.as_bytes()).expect("typed");
    let output = terminal.wait_with_output().expect("it ends");
    drop(keys);
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{shown}");
    shown
}
