//! `modelwatch stack init`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use clap::Args;
use modelwatch_stack::check::INIT;

use crate::failure::Failure;
use crate::terminal::say;

/// Where the file goes.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Init {
    /// The file to write; it must not exist.
    #[arg(value_name = "FILE", default_value = "modelwatch.toml")]
    file: PathBuf,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch stack init
  modelwatch stack init teams/claims.toml";

pub(super) fn run(command: &Init) -> Result<(), Failure> {
    let shown = command.file.display();
    let file = OpenOptions::new().write(true).create_new(true).open(&command.file);
    let written = file.and_then(|mut file| file.write_all(INIT.as_bytes()));
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(format!(
            "{shown}: is there already; name another file, or edit that one"
        )),
        _ => Failure::new(format!(
            "{shown}: can't be written: {error}; name a file in a folder you may write to"
        )),
    })?;
    say(format_args!(
        "wrote {shown}; edit it, then run `modelwatch stack generate`"
    ));
    Ok(())
}
