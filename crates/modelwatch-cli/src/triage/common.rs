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
    /// How long the prediction log may take, in seconds.
    #[cfg(feature = "drift")]
    #[arg(long, global = true, value_name = "SECONDS", default_value = "1", value_parser = patience)]
    log_timeout: Duration,
}

/// A time that somebody would wait.
#[cfg(feature = "drift")]
fn patience(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text.parse().map_err(|_| "a number of seconds is expected".to_owned())?;
    match (0.001..=600.0).contains(&seconds) {
        true => Ok(Duration::from_secs_f64(seconds)),
        false => Err("it has to be between a thousandth and 600".to_owned()),
    }
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
