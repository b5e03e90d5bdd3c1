//! What a shell and `man` know of the command, made of what the command itself knows.

use std::fs;
use std::path::PathBuf;

use clap::{Args, Command};
use clap_complete::Shell;

use crate::failure::Failure;
use crate::terminal::say;

const COMPLETIONS: &str = "\
Examples:
  modelwatch completions bash > ~/.local/share/bash-completion/completions/modelwatch
  modelwatch completions zsh > ~/.zfunc/_modelwatch
  modelwatch completions fish > ~/.config/fish/completions/modelwatch.fish";

const PAGES: &str = "\
Examples:
  modelwatch man ~/.local/share/man/man1      then: man modelwatch-drift-compare
  modelwatch man pages                        then: man -l pages/modelwatch.1";

/// For which shell.
#[derive(Args)]
#[command(after_help = COMPLETIONS)]
pub(crate) struct Completions {
    /// The shell to complete in.
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

/// Where the pages go.
#[derive(Args)]
#[command(after_help = PAGES)]
pub(crate) struct Man {
    /// The folder to write to, created if missing.
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

impl Completions {
    pub(crate) fn print(&self, mut command: Command) {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "modelwatch", &mut script);
        say(String::from_utf8_lossy(&script).trim_end());
    }
}

impl Man {
    pub(crate) fn write(&self, command: Command) -> Result<(), Failure> {
        let shown = self.folder.display();
        let failed = |error| {
            Failure::new(format!(
                "{shown}: the pages can't be written: {error}; name a folder you may write to"
            ))
        };
        fs::create_dir_all(&self.folder).map_err(failed)?;
        clap_mangen::generate_to(command, &self.folder).map_err(failed)?;
        say(format_args!(
            "wrote the pages to {shown}; read them with man -l {shown}/modelwatch.1"
        ));
        Ok(())
    }
}
