//! `modelwatch stack init`.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use clap::Args;
use modelwatch_stack::check::INIT;
use url::Url;

use crate::failure::Failure;
use crate::terminal::say;

/// Where the file goes, and the model it names.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Init {
    /// The file to write; it must not exist.
    #[arg(value_name = "FILE", default_value = "modelwatch.toml")]
    file: PathBuf,
    /// The model's name, and that of its baseline; edit the file for more models.
    #[arg(long, value_name = "NAME", default_value = NAME, value_parser = plain)]
    model: String,
    /// The address at which Prometheus reaches the service's /metrics.
    #[arg(long, value_name = "HOST:PORT", default_value = TARGET, value_parser = address)]
    target: String,
    /// Send the alerts to this webhook. Without it, the file names a Slack channel.
    #[arg(long, value_name = "URL", value_parser = address_of_webhook)]
    webhook: Option<Url>,
}

/// What the model is called in the file.
const NAME: &str = "my-model";

/// Where the service is in the file.
const TARGET: &str = "model-api:8000";

/// The lines of the file that say where alerts go, and might.
const SLACK: &str = "slack = { channel = ";
const WEBHOOK: &str = "# webhook = { url = \"http://hooks.example.com/ml\" }      # or url_file = \"…\"\n";

/// A host and a port, as a target of Prometheus has them.
fn address(text: &str) -> Result<String, String> {
    let expected = || "write a host and a port, such as 127.0.0.1:8000, and nothing else".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(expected)?;
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:[]".contains(&byte);
    let is_host = !host.is_empty() && host.bytes().all(is_plain);
    match port.parse::<u16>() {
        Ok(1..) if is_host => Ok(text.to_owned()),
        _ => Err(expected()),
    }
}

fn address_of_webhook(text: &str) -> Result<Url, String> {
    let url: Result<Url, _> = text.parse();
    url.ok()
        .filter(|url| ["http", "https"].contains(&url.scheme()))
        .ok_or_else(|| "write a URL such as http://127.0.0.1:5001/".to_owned())
}

/// A name that needs no quoting in the file, nor in a path.
fn plain(name: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins = name.starts_with(|first: char| first.is_ascii_alphanumeric());
    (begins && name.bytes().all(is_plain))
        .then(|| name.to_owned())
        .ok_or_else(|| "give letters, digits, '-', '_' and '.', or write another name into the file".to_owned())
}

const EXAMPLES: &str = "\
Examples:
  modelwatch stack init
  modelwatch stack init --model claims-risk
  modelwatch stack init --model claims-risk --target 127.0.0.1:8000 --webhook http://127.0.0.1:5001/
  modelwatch stack init teams/claims.toml";

impl Init {
    fn text(&self) -> String {
        let text = INIT.replace(NAME, &self.model).replace(TARGET, &self.target);
        match &self.webhook {
            None => text,
            // A URL has no quote and no backslash of its own.
            Some(url) => {
                text.replace(WEBHOOK, "")
                    .replacen(SLACK, &format!("webhook = {{ url = \"{url}\" }}\n# {SLACK}"), 1)
            }
        }
    }
}

pub(super) fn run(command: &Init) -> Result<(), Failure> {
    let shown = command.file.display();
    let folder = command.file.parent().unwrap_or(Path::new(""));
    let file =
        fs::create_dir_all(folder).and_then(|()| OpenOptions::new().write(true).create_new(true).open(&command.file));
    let written = file.and_then(|mut file| {
        file.write_all(command.text().as_bytes()).inspect_err(|_| {
            // Half a file would be in the way of the next try.
            let _ = fs::remove_file(&command.file);
        })
    });
    written.map_err(|error| match error.kind() {
        ErrorKind::AlreadyExists => Failure::new(format!(
            "{shown}: is there already; name another file, or edit that one"
        )),
        _ => Failure::new(format!(
            "{shown}: can't be written: {error}; name a file in a folder you may write to"
        )),
    })?;
    say(format_args!(
        "wrote {shown}; edit it, then run `modelwatch stack generate`"
    ));
    Ok(())
}
