//! `modelwatch stack`: the operations stack from one file.

mod check;
mod files;
mod generate;
mod init;
mod prometheus;

use clap::Subcommand;

use crate::failure::Failure;

const GROUP: &str = "\
Examples:
  modelwatch stack init --model claims-risk && modelwatch stack generate
  modelwatch stack check --prometheus http://localhost:9090";

/// What to do with the stack.
#[derive(Subcommand)]
#[command(after_help = GROUP)]
pub(crate) enum Stack {
    /// Write a commented modelwatch.toml to start from.
    Init(init::Init),
    /// Write monitoring/ from modelwatch.toml: configuration, rules, tests, dashboards, runbooks.
    Generate(generate::Generate),
    /// Report mistakes in modelwatch.toml, differences on disk and, with --prometheus, metrics that the rules need and it lacks.
    Check(check::Check),
}

pub(crate) fn run(command: &Stack) -> Result<(), Failure> {
    match command {
        Stack::Init(command) => init::run(command),
        Stack::Generate(command) => generate::run(command),
        Stack::Check(command) => check::run(command),
    }
}
