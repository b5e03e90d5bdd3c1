//! `make demo`: see the README beside this file.

use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;

use clap::Parser as _;
use quickstart::demo;
use quickstart::demo::cli::Options;
use quickstart::demo::ended::Ended;

fn main() -> ExitCode {
    let mut options = Options::parse();
    options.plain |= !std::io::stdout().is_terminal();
    match demo::run(&options) {
        Ok(()) | Err(Ended::Unread) => ExitCode::SUCCESS,
        Err(Ended::Failed(failure)) => {
            let _ = writeln!(std::io::stderr(), "quickstart: {failure}");
            ExitCode::from(2)
        }
    }
}
