//! Which models of modelwatch.toml a command is for.

use clap::Args;
use modelwatch_drift_job::ModelSettings;

use super::settings;
use crate::config_file::ConfigFile;
use crate::failure::Failure;
use crate::values::listed;

/// Which models.
#[derive(Args)]
pub(crate) struct Models {
    #[command(flatten)]
    pub(super) config: ConfigFile,
    /// Only these models.
    #[arg(long = "model", value_name = "MODELS", value_delimiter = ',', value_parser = listed)]
    pub(super) named: Vec<String>,
}

impl Models {
    pub(super) fn settings(&self) -> Result<Vec<ModelSettings>, Failure> {
        settings::of(&self.config.load()?, &self.named)
    }
}
