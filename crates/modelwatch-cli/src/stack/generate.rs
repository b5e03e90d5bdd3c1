//! `modelwatch stack generate`.

use clap::Args;
use modelwatch_stack::on_disk::{WriteError, write};

use super::files::Files;
use crate::failure::Failure;
use crate::terminal::say;

/// What to generate.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Generate {
    #[command(flatten)]
    files: Files,
    /// Replace files that modelwatch did not write, or that you edited since.
    #[arg(long)]
    overwrite: bool,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch stack generate
  modelwatch stack generate --config teams/claims.toml --out /etc/modelwatch/claims";

pub(super) fn run(command: &Generate) -> Result<(), Failure> {
    let config = command.files.load()?;
    let generated = modelwatch_stack::generate(&config).map_err(Failure::new)?;
    let folder = &command.files.out();
    let out = folder.display();
    let done = write(&generated, folder, command.overwrite).map_err(|error| match error {
        WriteError::NotOurs(files) => {
            let lines: Vec<_> = files.iter().map(|file| format!("{out}/{file}")).collect();
            Failure::new(format!(
                "{}\nnothing was written; --overwrite replaces these files",
                lines.join("\n")
            ))
        }
        error => Failure::new(format!("{error}; name a folder you may write to with --out")),
    })?;
    for path in &done.written {
        say(format_args!("wrote {out}/{path}"));
    }
    for path in &done.removed {
        say(format_args!("removed {out}/{path}"));
    }
    say(format_args!(
        "{} files, {} of them new or changed",
        generated.len(),
        done.written.len()
    ));
    Ok(())
}
