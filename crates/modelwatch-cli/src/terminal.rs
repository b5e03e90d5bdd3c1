//! What commands write for people.

use std::fmt;
use std::io::Write as _;

/// Writes a line for people to stdout; a reader that has gone needs none.
pub(crate) fn say(line: impl fmt::Display) {
    let _ = writeln!(std::io::stdout(), "{line}");
}
