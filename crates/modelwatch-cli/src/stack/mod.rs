//! `modelwatch stack`: the operations stack from one file.

mod check;
mod generate;
mod init;
mod prometheus;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use modelwatch_config::Config;

use crate::Failure;

/// What to do with the stack.
#[derive(Subcommand)]
pub(crate) enum Stack {
    /// Write a commented modelwatch.toml to begin with.
    Init(init::Init),
    /// Write monitoring/ from modelwatch.toml: configuration, rules, tests, dashboards, runbooks.
    Generate(generate::Generate),
    /// Say what is wrong in modelwatch.toml, what differs on disk and, given a Prometheus, which rules wait for metrics that
    /// nothing shows.
    Check(check::Check),
}

/// What is read and where it is written.
#[derive(Args)]
pub(crate) struct Files {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "modelwatch.toml")]
    config: PathBuf,
    /// The folder of what is generated.
    #[arg(long, value_name = "FOLDER", default_value = "monitoring")]
    out: PathBuf,
}

impl Files {
    fn load(&self) -> Result<Config, Failure> {
        Config::load(&self.config).map_err(Failure::new)
    }
}

pub(crate) fn run(command: &Stack) -> Result<(), Failure> {
    match command {
        Stack::Init(command) => init::run(command),
        Stack::Generate(command) => generate::run(command),
        Stack::Check(command) => check::run(command),
    }
}
