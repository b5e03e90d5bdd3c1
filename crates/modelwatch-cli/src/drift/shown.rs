//! How reports are shown: as a table, as a page, as JSON.

use std::path::PathBuf;

use clap::Args;
use modelwatch_drift_job::{Verdict, Warning, WindowReport, report};

use super::ending::{self, Ending};
use crate::failure::Failure;
use crate::output_file::OutputFile;
use crate::terminal::{say, say_report};

/// How to show what was found.
#[derive(Args)]
pub(crate) struct Shown {
    /// Also write an HTML page with the distributions of each feature.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// Print JSON instead of a table.
    #[arg(long)]
    json: bool,
    /// Exit with code 1 if drift is detected.
    #[arg(long)]
    fail_on_drift: bool,
}

impl Shown {
    /// The place of the page, before anything is read: a page that can't be written is in vain.
    pub(crate) fn page(&self) -> Result<Option<OutputFile>, Failure> {
        let named = self.html.as_deref();
        named.map(|path| OutputFile::new(path, "--html")).transpose()
    }

    pub(crate) fn show(&self, reports: &[WindowReport], page: Option<&OutputFile>) -> Result<Ending, Failure> {
        match self.json {
            true => say(report::json(reports).map_err(Failure::new)?),
            false => reports.iter().for_each(say_one),
        }
        if let Some(page) = page {
            page.write(report::page(reports).as_bytes())?;
        }
        ending::of(&reports.iter().collect::<Vec<_>>(), self.fail_on_drift)
    }
}

/// A blank line after each, as a table has no end of its own. Without rows there is no table: the error at the end says
/// why, so only the other warnings are left.
fn say_one(report: &WindowReport) {
    if !matches!(report.verdict, Verdict::NoRows) {
        return say_report(format_args!("{report}\n"));
    }
    let others = (report.warnings()).filter(|warning| !matches!(warning, Warning::NoRows(_)));
    for warning in others {
        say_report(format_args!("warning: {warning}"));
    }
}
