//! How much is said beside the answer.

use std::env;

use clap::{ArgAction, Args};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::util::SubscriberInitExt as _;

use crate::failure::Failure;

/// Behind what a command has of its own, in its help.
const LAST: usize = 900;

/// More or less.
#[derive(Args)]
pub(crate) struct Verbosity {
    /// Print more on standard error; twice for everything.
    #[arg(short, long, global = true, display_order = LAST, action = ArgAction::Count, conflicts_with = "quiet")]
    verbose: u8,
    /// Print only errors on standard error.
    #[arg(short, long, global = true, display_order = LAST)]
    quiet: bool,
}

const VARIABLE: &str = "RUST_LOG";

impl Verbosity {
    /// Sets what is logged from now on, to standard error.
    pub(crate) fn apply(&self) -> Result<(), Failure> {
        let usual = match (self.quiet, self.verbose) {
            (true, _) => LevelFilter::ERROR,
            (false, 0) => LevelFilter::INFO,
            (false, 1) => LevelFilter::DEBUG,
            (false, _) => LevelFilter::TRACE,
        };
        let targets = match env::var(VARIABLE) {
            Ok(text) if !text.trim().is_empty() => text.trim().parse().map_err(|error| {
                Failure::new(format!(
                    "{VARIABLE}={text}: {error}; give a level such as debug, or targets with levels such as modelwatch_drift_job=debug"
                ))
            })?,
            // What the clients of Kafka and of TLS say of each try, and the reader of Delta logs of each step, is said once by us.
            _ if self.verbose == 0 => Targets::new()
                .with_default(usual)
                .with_target("delta_kernel", LevelFilter::OFF)
                .with_target("rskafka", LevelFilter::OFF)
                .with_target("rustls_platform_verifier", LevelFilter::OFF),
            _ => Targets::new().with_default(usual),
        };
        let lines = tracing_subscriber::fmt::layer()
            .with_writer(std::io::stderr)
            .with_ansi(false);
        tracing_subscriber::registry().with(targets).with(lines).init();
        Ok(())
    }
}
