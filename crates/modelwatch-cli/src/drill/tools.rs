//! The tools of Prometheus and Alertmanager that judge a rehearsal.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::{Mutex, PoisonError};

use modelwatch_drill::notification::Configuration;

use crate::failure::Failure;

/// `promtool`.
pub(super) struct Promtool {
    program: PathBuf,
    /// Where it keeps what it simulates. It leaves that behind when it is interrupted.
    scratch: PathBuf,
}

impl Promtool {
    pub(super) fn new(program: &Path, scratch: &Path) -> Result<Self, Failure> {
        let promtool = Self {
            program: program.to_owned(),
            scratch: scratch.to_owned(),
        };
        promtool.run(&["--version"])?;
        Ok(promtool)
    }

    /// What it says of a test file, passed or failed.
    pub(super) fn test(&self, file: &Path) -> Result<String, Failure> {
        let output = self.run(&["test", "rules", &file.display().to_string()])?;
        let said = [output.stdout, output.stderr].concat();
        Ok(String::from_utf8_lossy(&said).into_owned())
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, Failure> {
        let mut command = Command::new(&self.program);
        // Several run at once, one for each core; memory is cheaper here than its collection.
        command
            .args(arguments)
            .env("GOMAXPROCS", "1")
            .env("GOGC", "400")
            .env("TMPDIR", &self.scratch);
        output(&mut command, &self.program, "promtool", "Prometheus")
    }
}

/// `amtool`, which says who receives an alert.
pub(super) struct Amtool {
    program: PathBuf,
    file: PathBuf,
    /// What it was asked.
    asked: Mutex<BTreeSet<BTreeMap<String, String>>>,
}

/// Labels that tell alerts of one kind apart and on which no route depends.
const NO_ROUTE: [&str; 6] = ["instance", "model_version", "route", "feature_name", "class", "outcome"];

impl Amtool {
    pub(super) fn new(program: &Path, file: PathBuf) -> Result<Self, Failure> {
        let mut command = Command::new(program);
        output(command.arg("--version"), program, "amtool", "Alertmanager")?;
        Ok(Self {
            program: program.to_owned(),
            file,
            asked: Mutex::default(),
        })
    }

    /// Makes sure that it sends an alert where the rehearsal sends it; asked once for alerts of a kind.
    pub(super) fn agrees(
        &self,
        configuration: &Configuration,
        labels: &BTreeMap<String, String>,
    ) -> Result<(), Failure> {
        let kind = labels.iter().filter(|(label, _)| !NO_ROUTE.contains(&label.as_str()));
        let kind: BTreeMap<_, _> = kind.map(|(label, value)| (label.clone(), value.clone())).collect();
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner);
        if !asked.insert(kind.clone()) {
            return Ok(());
        }
        drop(asked);
        let ours = configuration.receivers(&kind).join(",");
        let mut command = Command::new(&self.program);
        command
            .args(["config", "routes", "test", "--config.file"])
            .arg(&self.file)
            .args(kind.iter().map(|(label, value)| format!("{label}={}", quoted(value))));
        let output = output(&mut command, &self.program, "amtool", "Alertmanager")?;
        let said = String::from_utf8_lossy(&output.stdout).trim().to_owned();
        if output.status.success() && said == ours {
            return Ok(());
        }
        let error = String::from_utf8_lossy(&output.stderr).trim().replace('\n', " ");
        let name = labels.get("alertname").map_or("", String::as_str);
        Err(Failure::new(format!(
            "amtool sends {name} to {said:?} and the drill to {ours:?}{}{error}; this is a fault of modelwatch: please report it \
             with your modelwatch.toml",
            if error.is_empty() { "" } else { ": " }
        )))
    }
}

/// A value as amtool reads it.
fn quoted(value: &str) -> String {
    format!(
        "\"{}\"",
        value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
    )
}

fn output(command: &mut Command, program: &Path, option: &str, owner: &str) -> Result<Output, Failure> {
    command.stdin(Stdio::null()).output().map_err(|error| {
        let fix = match error.kind() {
            ErrorKind::NotFound => format!("install {owner}, or name its {option} with --{option}"),
            _ => format!("name one that runs with --{option}"),
        };
        Failure::new(format!("{} can't be run: {error}; {fix}", program.display()))
    })
}
