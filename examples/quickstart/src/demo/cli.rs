//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use super::incident::Kind;

/// Serve two versions of a flight-delay model, replay two weeks of real flights to them, and show what modelwatch sees.
#[derive(Debug, Parser)]
#[command(name = "quickstart", args_override_self = true)]
pub struct Options {
    /// Serve on this port of 127.0.0.1; 0 picks a free one.
    #[arg(long, value_name = "PORT", default_value_t = 8000)]
    pub port: u16,
    /// Send this many requests a second. Defaults to the rate that plays every flight once.
    #[arg(long, value_name = "RATE", value_parser = rate, allow_negative_numbers = true)]
    pub rate: Option<f64>,
    /// Replay for this many seconds: a week of February, then a week of July.
    #[arg(long = "seconds", value_name = "SECONDS", value_parser = seconds, default_value = "60", allow_negative_numbers = true)]
    pub duration: Duration,
    /// Break something after a third of the time.
    #[arg(long, value_name = "NAME")]
    pub incident: Option<Kind>,
    /// Break it after this many seconds instead.
    #[arg(long = "incident-after", value_name = "SECONDS", value_parser = seconds, requires = "incident", allow_negative_numbers = true)]
    pub incident_after: Option<Duration>,
    /// Start the drift job with this command, which may compile it. Defaults to the program quickstart-drift beside this one.
    #[arg(long = "drift-job", value_name = "COMMAND")]
    pub drift_job: Option<String>,
    /// Mix the flights of a week, so that nothing changes from one hour of a day to the next.
    #[arg(long)]
    pub mixed: bool,
    /// Compare windows of this many seconds with training. Defaults to each day of the flights.
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    pub window: Option<Duration>,
    /// Print lines of text instead of a screen; the default without a terminal.
    #[arg(long)]
    pub plain: bool,
    /// Whether the screen has colours: not where NO_COLOR is set to anything.
    #[arg(skip = std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty()))]
    pub colours: bool,
    /// Go on serving after the replay, until Ctrl-C.
    #[arg(long)]
    pub keep: bool,
    /// Read the flight files from this folder.
    #[arg(long, value_name = "DIR", default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../data/flights"), hide_default_value = true)]
    pub data: PathBuf,
    /// Keep the prediction log and the baseline in this folder, for `modelwatch drift report`. Without it, they are deleted at the end.
    #[arg(long, value_name = "DIR")]
    pub log: Option<PathBuf>,
}

fn rate(text: &str) -> Result<f64, String> {
    let rate = text.parse().ok();
    rate.filter(|rate| *rate > 0.0 && *rate <= 100_000.0)
        .ok_or_else(|| "give a number of requests a second, above 0 and up to 100000".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    let duration = text
        .parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration
        .filter(|duration| !duration.is_zero() && *duration <= Duration::from_hours(24))
        .ok_or_else(|| "give a number of seconds, above 0 and up to 86400".to_owned())
}
