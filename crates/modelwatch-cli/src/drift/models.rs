//! Which models of modelwatch.toml a command is for.

use std::path::PathBuf;

use clap::Args;
use modelwatch_config::Config;
use modelwatch_drift_job::ModelSettings;

use super::settings;
use crate::failure::Failure;

/// Which models.
#[derive(Args)]
pub(crate) struct Models {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "modelwatch.toml")]
    pub(super) config: PathBuf,
    /// Only this model, and others named so.
    #[arg(long = "model", value_name = "MODEL")]
    pub(super) named: Vec<String>,
}

impl Models {
    pub(super) fn settings(&self) -> Result<Vec<ModelSettings>, Failure> {
        let config = Config::load(&self.config).map_err(Failure::new)?;
        settings::of(&config, &self.named)
    }
}
