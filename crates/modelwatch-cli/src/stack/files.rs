//! The file that is read and the folder that is written.

use std::path::PathBuf;

use clap::Args;
use modelwatch_config::Config;

use crate::failure::Failure;

/// What is read and where it is written.
#[derive(Args)]
pub(crate) struct Files {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "modelwatch.toml")]
    pub(super) config: PathBuf,
    /// The folder of what is generated.
    #[arg(long, value_name = "FOLDER", default_value = "monitoring")]
    pub(super) out: PathBuf,
}

impl Files {
    pub(super) fn load(&self) -> Result<Config, Failure> {
        Config::load(&self.config).map_err(Failure::new)
    }
}
