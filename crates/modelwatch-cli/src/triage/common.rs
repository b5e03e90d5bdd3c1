//! What every way to ask needs: the configuration and a Prometheus.

use std::path::PathBuf;

use clap::Args;
use modelwatch_config::Config;

use crate::failure::Failure;
use crate::prometheus::{Access, Client};

/// What every way to ask needs.
#[derive(Args, Clone)]
pub(crate) struct Common {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "modelwatch.toml", global = true)]
    config: PathBuf,
    #[command(flatten)]
    prometheus: Access,
}

impl Common {
    pub(super) fn load(&self) -> Result<(Config, Client), Failure> {
        let config = Config::load(&self.config).map_err(Failure::new)?;
        let client = self.prometheus.or(&config.links.prometheus)?;
        Ok((config, client))
    }
}
