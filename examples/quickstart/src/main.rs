//! `make demo`: see the README beside this file.

use std::io::Write;
use std::process::ExitCode;

use quickstart::cli::{Command, HELP};
use quickstart::demo;

fn main() -> ExitCode {
    let done = match Command::parse(lexopt::Parser::from_env()) {
        Ok(Command::Help) => {
            // Nobody left to tell when the reader of the help is gone.
            let _ = std::io::stdout().write_all(HELP.as_bytes());
            Ok(())
        }
        Ok(Command::Run(options)) => demo::run(&options),
        Err(failure) => Err(failure),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "quickstart: {failure}");
            ExitCode::from(2)
        }
    }
}
