//! The command line.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::Duration;

use lexopt::ValueExt;

use crate::incident::Kind;
use flights::error::Failure;

/// What `--help` prints.
pub const HELP: &str = "\
Serves two versions of a flight-delay model, replays two weeks of real flights to them, and shows what modelwatch sees.

  --port PORT      where to serve on 127.0.0.1; 0 takes a free port (8000)
  --rate RATE      requests a second; unless given, as many as play every flight once
  --seconds SECS   how long to replay: the first half April, the second half July (60)
  --incident NAME  what breaks after a third of the time:
                     canary-errors    half of the canary's answers are 500
                     canary-slow      the canary takes 400 ms longer
                     feature-missing  a third of the requests come without temp
  --plain          no terminal control; the default where the output is no terminal
  --keep           go on serving after the replay, until Ctrl-C
  --data DIR       the folder of the flight files (examples/data/flights)
  --log DIR        keep the prediction log and the baseline there, for `modelwatch drift report`
";

/// What was asked for.
#[derive(Debug)]
pub enum Command {
    /// Say how to use it.
    Help,
    /// Run the demo.
    Run(Options),
}

/// How to run the demo.
#[derive(Debug)]
pub struct Options {
    /// 0 for a free one.
    pub port: u16,
    /// Requests a second; nothing for as many as play every flight once.
    pub rate: Option<f64>,
    /// How long to replay.
    pub duration: Duration,
    /// What breaks, if anything.
    pub incident: Option<Kind>,
    /// No terminal control.
    pub plain: bool,
    /// Serve on after the replay.
    pub keep: bool,
    /// The folder of the flight files.
    pub data: PathBuf,
    /// The folder of the prediction log and the baseline; nothing for one that goes with the demo.
    pub log: Option<PathBuf>,
}

impl Command {
    /// Reads the arguments.
    ///
    /// # Errors
    ///
    /// When an argument is unknown, or its value is of no use: names it.
    pub fn parse(mut arguments: lexopt::Parser) -> Result<Self, Failure> {
        use lexopt::prelude::{Long, Short};
        let mut options = Options {
            port: 8000,
            rate: None,
            duration: Duration::from_secs(60),
            incident: None,
            plain: !std::io::stdout().is_terminal(),
            keep: false,
            data: concat!(env!("CARGO_MANIFEST_DIR"), "/../data/flights").into(),
            log: None,
        };
        let unknown = |error: lexopt::Error| Failure::new(format!("{error}; --help lists what there is"));
        while let Some(argument) = arguments.next().map_err(unknown)? {
            match argument {
                Short('h') | Long("help") => return Ok(Self::Help),
                Long("port") => options.port = value(&mut arguments, "--port", "a port from 0 to 65535")?,
                Long("rate") => {
                    let rate = value(&mut arguments, "--rate", "a number of requests a second")?;
                    if !(rate > 0.0 && rate <= 100_000.0) {
                        return Err(Failure::new(
                            "--rate takes a number of requests a second from above 0 to 100000",
                        ));
                    }
                    options.rate = Some(rate);
                }
                Long("seconds") => {
                    let seconds = value(&mut arguments, "--seconds", "a number of seconds")?;
                    options.duration = Duration::try_from_secs_f64(seconds)
                        .ok()
                        .filter(|duration| !duration.is_zero() && duration.as_secs() <= 86_400)
                        .ok_or_else(|| Failure::new("--seconds takes a number of seconds from above 0 to 86400"))?;
                }
                Long("incident") => {
                    let name: String = value(&mut arguments, "--incident", Kind::NAMES)?;
                    let kind = Kind::from_name(&name);
                    options.incident = Some(
                        kind.ok_or_else(|| Failure::new(format!("--incident takes {}, not {name:?}", Kind::NAMES)))?,
                    );
                }
                Long("plain") => options.plain = true,
                Long("keep") => options.keep = true,
                Long("log") => options.log = Some(arguments.value().map_err(unknown)?.into()),
                Long("data") => options.data = arguments.value().map_err(unknown)?.into(),
                other => return Err(unknown(other.unexpected())),
            }
        }
        Ok(Self::Run(options))
    }
}

fn value<T: std::str::FromStr>(arguments: &mut lexopt::Parser, flag: &str, wanted: &str) -> Result<T, Failure> {
    let failed = || Failure::new(format!("{flag} takes {wanted}"));
    let value = arguments.value().map_err(|_| failed())?;
    value
        .string()
        .ok()
        .and_then(|value| value.parse().ok())
        .ok_or_else(failed)
}
