//! What commands write to standard output and standard error. Colours are for terminals, and nobody has any who sets NO_COLOR.
//!
//! A reader that has gone needs no answer, so a broken pipe is no failure. An answer that a full disk cut short is one:
//! whoever reads the file later would take it for whole. Such a failure is kept, and [`finish`] returns it at the end.

use std::fmt;
use std::io::{self, ErrorKind, Write as _};
use std::sync::OnceLock;

#[cfg(feature = "drift")]
use clap::builder::styling::{AnsiColor, Style};

#[cfg(feature = "drift")]
const ALARM: Style = AnsiColor::Red.on_default().bold();
#[cfg(feature = "drift")]
const WARNING: Style = AnsiColor::Yellow.on_default();

use crate::failure::Failure;

/// The first reason why an answer is not whole.
static CUT_SHORT: OnceLock<String> = OnceLock::new();

/// Writes a line to stdout.
pub(crate) fn say(line: impl fmt::Display) {
    keep(writeln!(io::stdout(), "{line}"));
}

/// Writes an answer that has its own line ends to stdout.
#[cfg(feature = "drift")]
pub(crate) fn say_bytes(bytes: &[u8]) {
    keep(io::stdout().write_all(bytes));
}

/// Returns why the answer is not whole, if it isn't.
pub(crate) fn finish() -> Result<(), Failure> {
    keep(io::stdout().flush());
    match CUT_SHORT.get() {
        None => Ok(()),
        Some(error) => Err(Failure::new(format!(
            "the answer can't be written to standard output: {error}; free space, or send it elsewhere"
        ))),
    }
}

/// Keeps why what was written is not whole.
pub(crate) fn keep(written: io::Result<()>) {
    if let Err(error) = written
        && error.kind() != ErrorKind::BrokenPipe
    {
        CUT_SHORT.get_or_init(|| error.to_string());
    }
}

/// Writes a report to stdout, with what is alarming in it in colour.
#[cfg(feature = "drift")]
pub(crate) fn say_report(report: impl fmt::Display) {
    const DRIFT: &str = "  DRIFT";
    let mut stdout = anstream::stdout().lock();
    for line in report.to_string().lines() {
        keep(match line.rfind(DRIFT).map(|at| line.split_at(at)) {
            Some((before, alarm)) => writeln!(stdout, "{before}  {ALARM}{}{ALARM:#}", alarm.trim_start()),
            None if line.starts_with("warning:") => writeln!(stdout, "{WARNING}{line}{WARNING:#}"),
            None => writeln!(stdout, "{line}"),
        });
    }
}

/// Writes a warning to stderr, unless errors alone are asked for.
#[cfg(feature = "drift")]
pub(crate) fn warn(line: impl fmt::Display) {
    if tracing::enabled!(tracing::Level::WARN) {
        let _ = writeln!(anstream::stderr(), "{WARNING}warning:{WARNING:#} {line}");
    }
}
