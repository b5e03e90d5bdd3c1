//! What every way to ask needs: the configuration and a Prometheus.

#[cfg(feature = "drift")]
use std::time::Duration;

use clap::Args;
use modelwatch_config::Config;
use tokio::runtime::Handle;

use super::answer::Logs;
use crate::config_file::ConfigFile;
use crate::failure::Failure;
use crate::prometheus::{Access, Client};
#[cfg(feature = "drift")]
use crate::spans::{MINUTE, SECOND, span};

/// What every way to ask needs.
#[derive(Args, Clone)]
pub(crate) struct Common {
    #[command(flatten)]
    config: ConfigFile,
    #[command(flatten)]
    prometheus: Access,
    /// The prediction log to ask too: a folder or a URL, in place of that of [models.drift].
    #[cfg(feature = "drift")]
    #[arg(long, global = true, value_name = "FOLDER")]
    log: Option<String>,
    /// How long the prediction log may take.
    #[cfg(feature = "drift")]
    #[arg(long, global = true, value_name = "DURATION", default_value = "1s", value_parser = span(SECOND, Duration::from_millis(1)..=10 * MINUTE))]
    log_timeout: Duration,
}

impl Common {
    pub(super) fn load(&self) -> Result<(Config, Client), Failure> {
        let config = self.config.load()?;
        let client = self.prometheus.or(&config.links.prometheus)?;
        Ok((config, client))
    }

    /// The prediction logs, read on a runtime.
    #[cfg(feature = "drift")]
    pub(super) fn logs(&self, runtime: &Handle) -> Logs {
        Logs::new(self.log.clone(), self.log_timeout, runtime.clone())
    }

    /// None: this build reads no Parquet.
    #[cfg(not(feature = "drift"))]
    pub(super) fn logs(&self, _: &Handle) -> Logs {
        Logs
    }
}
