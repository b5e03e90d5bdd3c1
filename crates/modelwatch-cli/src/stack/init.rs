//! `modelwatch stack init`.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write as _};
use std::path::PathBuf;

use clap::Args;
use modelwatch_stack::check::INIT;

use crate::failure::Failure;
use crate::terminal::say;

/// Where the file goes, and the model it names.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Init {
    /// The file to write; it must not exist.
    #[arg(value_name = "FILE", default_value = "modelwatch.toml")]
    file: PathBuf,
    /// The model's name, and that of its baseline; edit the file for more models.
    #[arg(long, value_name = "NAME", default_value = NAME, value_parser = plain)]
    model: String,
}

/// What the model is called in the file.
const NAME: &str = "my-model";

/// A name that needs no quoting in the file, nor in a path.
fn plain(name: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    (begins && name.bytes().all(is_plain))
        .then(|| name.to_owned())
        .ok_or_else(|| "give letters, digits, '-', '_' and '.', or write another name into the file".to_owned())
}

const EXAMPLES: &str = "\
Examples:
  modelwatch stack init
  modelwatch stack init --model claims-risk
  modelwatch stack init teams/claims.toml";

pub(super) fn run(command: &Init) -> Result<(), Failure> {
    let shown = command.file.display();
    let file = OpenOptions::new().write(true).create_new(true).open(&command.file);
    let written = file.and_then(|mut file| file.write_all(INIT.replace(NAME, &command.model).as_bytes()));
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
