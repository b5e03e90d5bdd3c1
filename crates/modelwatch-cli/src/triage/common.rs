//! What every way to ask needs: the configuration and a Prometheus.

use clap::Args;
use modelwatch_config::Config;

use crate::config_file::ConfigFile;
use crate::failure::Failure;
use crate::prometheus::{Access, Client};

/// What every way to ask needs.
#[derive(Args, Clone)]
pub(crate) struct Common {
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    prometheus: Access,
}

impl Common {
    pub(super) fn load(&self) -> Result<(Config, Client), Failure> {
        let config = self.config.load()?;
        let client = self.prometheus.or(&config.links.prometheus)?;
        Ok((config, client))
    }
}
