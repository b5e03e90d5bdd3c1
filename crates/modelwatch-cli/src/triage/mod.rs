//! `modelwatch triage`: what changed.

mod follow_up;
mod serve;
mod subject;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use modelwatch_config::Config;
use modelwatch_stack::links;
use modelwatch_triage::page::page;
use modelwatch_triage::prometheus::Prometheus;
use modelwatch_triage::text::text;
use modelwatch_triage::triage::{Report, Subject, triage};
use url::Url;

use crate::failure::Failure;
use crate::prometheus::{Address, Client};
use crate::terminal::say;

/// What to look into.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct Triage {
    #[command(subcommand)]
    serve: Option<Command>,
    #[command(flatten)]
    which: subject::Which,
    #[command(flatten)]
    common: Common,
    /// Answer in JSON.
    #[arg(long)]
    json: bool,
    /// Answer with an HTML page.
    #[arg(long, conflicts_with = "json")]
    html: bool,
}

#[derive(Subcommand)]
enum Command {
    /// Serve the answer as a page for each alert, and send it to the team's channel when Alertmanager tells of one.
    Serve(serve::Serve),
}

/// What every way to ask needs.
#[derive(Args, Clone)]
pub(crate) struct Common {
    /// The configuration.
    #[arg(long, value_name = "FILE", default_value = "modelwatch.toml", global = true)]
    config: PathBuf,
    #[command(flatten)]
    address: Address,
}

impl Common {
    fn load(&self) -> Result<(Config, Client), Failure> {
        let config = Config::load(&self.config).map_err(Failure::new)?;
        let client = self.address.client(&config.links.prometheus)?;
        Ok((config, client))
    }
}

pub(crate) fn run(command: &Triage) -> Result<(), Failure> {
    if let Some(Command::Serve(serve)) = &command.serve {
        return serve::run(serve, &command.common);
    }
    let (config, client) = command.common.load()?;
    let source = Prometheus::new(client.asking());
    let subject = command.which.subject(&source, &config)?;
    let report = answer(&source, &config, &subject).map_err(Failure::new)?;
    if command.json {
        say(serde_json::to_string_pretty(&report).map_err(Failure::new)?);
    } else if command.html {
        say(page(&report));
    } else {
        say(text(&report).trim_end());
    }
    Ok(())
}

/// The report with links to where the rest is.
fn answer(
    source: &dyn modelwatch_triage::source::Source,
    config: &Config,
    subject: &Subject,
) -> Result<Report, modelwatch_triage::source::SourceError> {
    let mut report = triage(source, config, subject)?;
    let query = report.trouble.as_ref().map(|trouble| trouble.query.clone());
    if let Some(who) = &mut report.who {
        who.links.extend(addresses(config, subject, query.as_deref()));
    }
    Ok(report)
}

/// The model's dashboard, the alert's runbook, and the query in Prometheus.
fn addresses(config: &Config, subject: &Subject, query: Option<&str>) -> Vec<(String, String)> {
    let mut addresses = Vec::new();
    let mut add = |word: &str, base: String, pairs: &[(&str, &str)]| {
        if let Ok(mut url) = Url::parse(&base) {
            if !pairs.is_empty() {
                url.query_pairs_mut().extend_pairs(pairs);
            }
            addresses.push((word.to_owned(), url.to_string()));
        }
    };
    let grafana = &config.links.grafana;
    if config.model(&subject.model).is_some() {
        add(
            "dashboard",
            format!("{grafana}/d/{}", links::model_uid(config, &subject.model)),
            &[],
        );
    } else {
        add(
            "dashboard",
            format!("{grafana}/d/{}", links::triage_uid(config)),
            &[("var-model", &subject.model)],
        );
    }
    let ours = |alert: &&String| {
        alert
            .chars()
            .all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
    };
    if let Some(alert) = subject.alert.as_ref().filter(ours) {
        add(
            "runbook",
            format!("{}/{}", config.links.runbooks, links::runbook_file(alert)),
            &[],
        );
    }
    if let Some(query) = query {
        let pairs = [("g0.tab", "0"), ("g0.range_input", "6h"), ("g0.expr", query)];
        add("query", format!("{}/graph", config.links.prometheus), &pairs);
    }
    addresses
}
