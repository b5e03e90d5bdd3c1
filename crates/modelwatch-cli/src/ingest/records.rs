//! What the command line says of records and of the log they go to, whatever brings them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use modelwatch_ingest::{Limits, Naming};

use crate::failure::Failure;
use crate::spans::{SECOND, YEAR, span};
use crate::values::listed;

/// Records, and where they go.
#[derive(Args)]
pub(crate) struct Records {
    /// The root of the prediction log, a local folder, created if missing.
    #[arg(long, value_name = "FOLDER", default_value = "prediction-log")]
    log: PathBuf,
    /// The model of records without one.
    #[arg(long, value_name = "NAME")]
    model: Option<String>,
    /// The version of records without one. Defaults to `unknown`.
    #[arg(long, value_name = "VERSION")]
    model_version: Option<String>,
    /// Rename fields, such as --rename ts=time,p=score.
    #[arg(long, value_name = "THEIRS=OURS", value_delimiter = ',', value_parser = pair)]
    rename: Vec<(String, String)>,
    /// Fields that are not features.
    #[arg(long, value_name = "FIELDS", value_delimiter = ',', value_parser = listed)]
    leave_out: Vec<String>,
    /// The names of the features that KServe's requests have as a list, in order.
    #[arg(long, value_name = "NAMES", value_delimiter = ',', value_parser = listed)]
    feature_names: Vec<String>,
    /// How long KServe's requests and responses wait for each other.
    #[arg(long, value_name = "DURATION", default_value = "1m", value_parser = span(SECOND, Duration::ZERO..=YEAR))]
    join_within: Duration,
    /// The name of this source in metrics and beside the log, unique within the log.
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=').map(|(theirs, ours)| (theirs.trim(), ours.trim())) {
        Some((theirs, ours)) if !theirs.is_empty() && !ours.is_empty() => Ok((theirs.to_owned(), ours.to_owned())),
        _ => Err("give the record's name and the log's with = between, such as ts=time".into()),
    }
}

impl Records {
    pub(crate) fn naming(&self) -> Naming {
        let mut naming = Naming::default();
        naming.model.clone_from(&self.model);
        naming.version.clone_from(&self.model_version);
        naming.renamed.clone_from(&self.rename);
        naming.left_out.clone_from(&self.leave_out);
        naming.positions.clone_from(&self.feature_names);
        naming
    }

    pub(crate) fn limits(&self, after: Duration) -> Limits {
        let mut limits = Limits::default();
        limits.after = after;
        limits.join_within = self.join_within;
        limits
    }

    /// The log's folder, which is there then.
    pub(crate) fn log(&self) -> Result<&Path, Failure> {
        if self.log.to_string_lossy().contains("://") {
            return Err(Failure::usage(format!(
                "--log {}: is a URL, and a log is written to a local folder; name a folder of this machine",
                self.log.display()
            )));
        }
        fs::create_dir_all(&self.log).map_err(|error| {
            Failure::new(format!(
                "--log {}: can't be made a folder: {error}; name one that may be written to",
                self.log.display()
            ))
        })?;
        Ok(&self.log)
    }
}
