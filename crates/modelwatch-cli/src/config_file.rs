//! The modelwatch.toml that a command reads.

use std::path::{Path, PathBuf};

use clap::Args;
use modelwatch_config::Config;

use crate::failure::Failure;

/// What the file is called where nothing else is said.
const USUAL: &str = "modelwatch.toml";

/// Which file.
#[derive(Args, Clone)]
pub(crate) struct ConfigFile {
    /// The configuration. Defaults to modelwatch.toml in this folder or the nearest one above.
    #[arg(long, value_name = "FILE", global = true)]
    config: Option<PathBuf>,
}

impl ConfigFile {
    /// Where the file is; a name alone for one in this folder.
    pub(crate) fn path(&self) -> PathBuf {
        self.config.clone().unwrap_or_else(nearest)
    }

    /// The folder that what is generated goes to: this one, or that of a file found above.
    pub(crate) fn home(&self) -> PathBuf {
        match &self.config {
            Some(_) => PathBuf::new(),
            None => nearest().parent().unwrap_or(Path::new("")).to_owned(),
        }
    }

    pub(crate) fn load(&self) -> Result<Config, Failure> {
        Config::load(self.path()).map_err(Failure::new)
    }
}

/// The file of this folder or, without one there, of the nearest folder above that has one.
fn nearest() -> PathBuf {
    let here = PathBuf::from(USUAL);
    if here.exists() {
        return here;
    }
    // A folder that has gone has none above, either.
    let above = std::env::current_dir().unwrap_or_default();
    above
        .ancestors()
        .skip(1)
        .map(|folder| folder.join(USUAL))
        .find(|file| file.exists())
        .unwrap_or(here)
}
