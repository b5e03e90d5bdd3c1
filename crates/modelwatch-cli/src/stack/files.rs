//! The file that is read and the folder that is written.

use std::path::PathBuf;

use clap::Args;
use modelwatch_config::Config;

use crate::config_file::ConfigFile;
use crate::failure::Failure;

/// What is read and where it is written.
#[derive(Args)]
pub(crate) struct Files {
    #[command(flatten)]
    config: ConfigFile,
    /// The folder to write to. Defaults to monitoring.
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

impl Files {
    pub(super) fn load(&self) -> Result<Config, Failure> {
        self.config.load()
    }

    pub(super) fn out(&self) -> PathBuf {
        self.out
            .clone()
            .unwrap_or_else(|| self.config.home().join("monitoring"))
    }
}
