//! What `modelwatch drill` is told.

use std::path::PathBuf;

use clap::Args;

use crate::config_file::ConfigFile;

/// What to rehearse.
#[derive(Args)]
pub(crate) struct Drill {
    /// The incidents, by name. Defaults to all, or to those of --file.
    #[arg(value_name = "INCIDENT")]
    pub(super) incidents: Vec<String>,
    #[command(flatten)]
    pub(super) config: ConfigFile,
    /// Rehearse only the half by which no constant of the rules was chosen.
    #[arg(long, conflicts_with_all = ["incidents", "file"])]
    pub(super) held_out: bool,
    /// Incidents of your own, in TOML.
    #[arg(long, value_name = "FILE")]
    pub(super) file: Vec<PathBuf>,
    /// The model that it happens to. Defaults to the first.
    #[arg(long, value_name = "MODEL")]
    pub(super) model: Option<String>,
    /// Say which incidents there are, and rehearse none.
    #[arg(long)]
    pub(super) list: bool,
    /// Say what the messages say, too.
    #[arg(long, conflicts_with = "json")]
    pub(super) messages: bool,
    /// Say everything as JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Another seed is another sample of the same incidents.
    #[arg(long, value_name = "NUMBER", default_value_t = 0)]
    pub(super) seed: u64,
    /// How long everything is well before, in minutes.
    #[arg(long, value_name = "MINUTES", default_value_t = 90, value_parser = clap::value_parser!(u32).range(30..=10_080))]
    pub(super) history: u32,
    /// How many promtools run at once. Defaults to the number of cores.
    #[arg(long, value_name = "NUMBER")]
    pub(super) jobs: Option<usize>,
    /// Keep the test files and promtool's answers in this folder.
    #[arg(long, value_name = "FOLDER")]
    pub(super) keep: Option<PathBuf>,
    /// Prometheus' tool.
    #[arg(long, value_name = "PROGRAM", default_value = "promtool")]
    pub(super) promtool: PathBuf,
    /// Alertmanager's tool.
    #[arg(long, value_name = "PROGRAM", default_value = "amtool")]
    pub(super) amtool: PathBuf,
}
