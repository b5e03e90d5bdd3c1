//! What `modelwatch drill` is told.

use std::path::PathBuf;

use clap::Args;

use crate::config_file::ConfigFile;
use crate::spans::{MINUTE, span};
use crate::values::{listed, whole};

/// What to rehearse.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Drill {
    /// The incidents by name. Defaults to all, or to those of --file.
    #[arg(value_name = "INCIDENT", value_delimiter = ',', value_parser = listed)]
    pub(super) incidents: Vec<String>,
    #[command(flatten)]
    pub(super) config: ConfigFile,
    /// Rehearse only the half that no constant of the rules was chosen by.
    #[arg(long, conflicts_with_all = ["incidents", "file"])]
    pub(super) held_out: bool,
    /// A file of your own incidents, in TOML.
    #[arg(long, value_name = "FILE")]
    pub(super) file: Vec<PathBuf>,
    /// The model that the incidents affect. Defaults to the first.
    #[arg(long, value_name = "MODEL")]
    pub(super) model: Option<String>,
    /// List the incidents without rehearsing them.
    #[arg(long)]
    pub(super) list: bool,
    /// Also print the messages.
    #[arg(long, conflicts_with = "json")]
    pub(super) messages: bool,
    /// Print everything as JSON; with --list, the incidents.
    #[arg(long)]
    pub(super) json: bool,
    /// The seed; another seed draws another sample of the same incidents.
    #[arg(long, value_name = "NUMBER", default_value_t = 0, value_parser = whole::<u64>(0..=u64::MAX))]
    pub(super) seed: u64,
    /// The time before the onset in which nothing is wrong; a number alone is minutes.
    #[arg(long, value_name = "DURATION", default_value = "1h30m", value_parser = minutes)]
    pub(super) history: u32,
    /// The number of promtools to run at once. Defaults to the number of cores.
    #[arg(long, value_name = "NUMBER", value_parser = whole::<usize>(1..=1_024))]
    pub(super) jobs: Option<usize>,
    /// Keep the test files and promtool's output in this folder. Each incident then has a run of its own, which takes longer.
    #[arg(long, value_name = "FOLDER")]
    pub(super) keep: Option<PathBuf>,
    /// Prometheus' tool.
    #[arg(long, value_name = "PROGRAM", default_value = "promtool")]
    pub(super) promtool: PathBuf,
    /// Alertmanager's tool.
    #[arg(long, value_name = "PROGRAM", default_value = "amtool")]
    pub(super) amtool: PathBuf,
}

/// Whole minutes, as the rehearsals have them: from half an hour to a week.
fn minutes(text: &str) -> Result<u32, String> {
    let history = span(MINUTE, 30 * MINUTE..=7 * 24 * 60 * MINUTE)(text)?;
    u32::try_from(history.as_secs() / 60).map_err(|error| error.to_string())
}

const EXAMPLES: &str = "\
Examples:
  modelwatch drill                                  every incident, of the first model
  modelwatch drill canary-errors --messages         one incident, with the messages it sends
  modelwatch drill --file incidents.toml --json     your own incidents, for a program";
