//! What commands write for people. Colours are for terminals, and nobody has any who sets NO_COLOR.

use std::fmt;
use std::io::Write as _;

#[cfg(feature = "drift")]
use clap::builder::styling::{AnsiColor, Style};

#[cfg(feature = "drift")]
const ALARM: Style = AnsiColor::Red.on_default().bold();
#[cfg(feature = "drift")]
const WARNING: Style = AnsiColor::Yellow.on_default();

/// Writes a line for people to stdout; a reader that has gone needs none.
pub(crate) fn say(line: impl fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Writes a report to stdout, with what is alarming in it in colour.
#[cfg(feature = "drift")]
pub(crate) fn say_report(report: impl fmt::Display) {
    const DRIFT: &str = "  DRIFT";
    let mut stdout = anstream::stdout().lock();
    for line in report.to_string().lines() {
        // A reader that has gone needs none.
        let _ = match line.rfind(DRIFT).map(|at| line.split_at(at)) {
            Some((before, alarm)) => writeln!(stdout, "{before}  {ALARM}{}{ALARM:#}", alarm.trim_start()),
            None if line.starts_with("warning:") => writeln!(stdout, "{WARNING}{line}{WARNING:#}"),
            None => writeln!(stdout, "{line}"),
        };
    }
}

/// Writes a warning to stderr, unless errors alone are asked for.
#[cfg(feature = "drift")]
pub(crate) fn warn(line: impl fmt::Display) {
    if tracing::enabled!(tracing::Level::WARN) {
        let _ = writeln!(anstream::stderr(), "{WARNING}warning:{WARNING:#} {line}");
    }
}
