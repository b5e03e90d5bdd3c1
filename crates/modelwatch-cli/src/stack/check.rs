//! `modelwatch stack check`.

use std::collections::BTreeSet;

use clap::Args;
use modelwatch_config::{Config, Plane};
use modelwatch_stack::check::{REPLICAS_BEHIND_ONE_NAME, is_needed, unseen};
use modelwatch_stack::on_disk::differences;
use modelwatch_stack::rules::Rules;
use serde::Serialize;

use super::files::Files;
use super::prometheus::Prometheus;
use crate::failure::Failure;
use crate::prometheus::Access;
use crate::terminal::say;

/// What to check.
#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Check {
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    access: Access,
    /// Print JSON.
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Serialize)]
struct Found {
    /// The number of files that the configuration makes.
    files: usize,
    /// What to fix.
    problems: Vec<String>,
    /// What may be meant.
    warnings: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  modelwatch stack check
  modelwatch stack check --prometheus https://prometheus.example.com --token-file token
  modelwatch stack check --json                             the problems, for a program";

pub(super) fn run(command: &Check) -> Result<(), Failure> {
    let config = command.files.load()?;
    let generated = modelwatch_stack::generate(&config).map_err(Failure::new)?;
    let out = &command.files.out();
    let differences = differences(&generated, out).map_err(Failure::new)?;
    let differences = differences.iter();
    let mut found = Found {
        files: generated.len(),
        problems: differences
            .map(|difference| format!("{}/{difference}", out.display()))
            .collect(),
        warnings: Vec::new(),
    };
    if !config.prometheus.jobs.iter().any(|job| job.plane == Plane::Watching) {
        found.warnings.push(
            "warning: no job has plane = \"watching\", so nobody hears that rules or notifications fail; add one for Prometheus \
             and one for Alertmanager"
                .to_owned(),
        );
    }
    if let Some(client) = command.access.named()? {
        let prometheus = Prometheus::new(&client);
        metrics(&config, &prometheus, &mut found)?;
        found.problems.extend(models(&config, &prometheus)?);
        found.warnings.extend(replicas(&prometheus)?);
    }
    match command.json {
        true => say(serde_json::to_string_pretty(&found).map_err(Failure::new)?),
        false => found.warnings.iter().for_each(say),
    }
    match (found.problems.is_empty(), command.json) {
        (true, true) => Ok(()),
        (true, false) => {
            say(format_args!("{} files, nothing to fix", found.files));
            Ok(())
        }
        (false, true) => Err(Failure::new(format!("{} to fix", found.problems.len()))),
        (false, false) => Err(Failure::new(found.problems.join("\n"))),
    }
}

/// The metrics that every service shows and nothing does. Those that only some services have are said, and are no failure.
fn metrics(config: &Config, prometheus: &Prometheus<'_>, found: &mut Found) -> Result<(), Failure> {
    let rules = Rules::new(config).map_err(Failure::new)?;
    let mut optional = Vec::new();
    for (metric, waiting) in unseen(&rules, &prometheus.metrics()?).map_err(Failure::new)? {
        if is_needed(config, &metric) {
            found.problems.push(format!(
                "{metric}: no scrape shows it; {} for it",
                match &waiting[..] {
                    [rule] => format!("{rule} waits"),
                    rules => format!("{} wait", rules.join(", ")),
                }
            ));
        } else {
            optional.push(metric);
        }
    }
    if !optional.is_empty() {
        found.warnings.push(format!(
            "not seen, and no fault where no service has them: {}",
            optional.join(", ")
        ));
    }
    Ok(())
}

/// One line for a model that nobody serves, whatever waits for it.
fn models(config: &Config, prometheus: &Prometheus<'_>) -> Result<Vec<String>, Failure> {
    let served = prometheus.models()?;
    if served.is_empty() {
        // That is a metric nothing shows.
        return Ok(Vec::new());
    }
    let known: BTreeSet<_> = config.models.iter().map(|model| model.name.as_str()).collect();
    let strangers: Vec<_> = served.iter().filter(|name| !known.contains(name.as_str())).collect();
    let missing = config.models.iter().filter(|model| !served.contains(&model.name));
    let lines = missing.map(|model| {
        let place = format!(
            "{}:{}:{}",
            config.file.display(),
            model.location.line,
            model.location.column
        );
        let name = &model.name;
        match strangers[..] {
            [] => format!("{place}: nothing serves the model {name}; remove it, or see to its service"),
            _ => {
                let strangers: Vec<_> = strangers.iter().map(|name| name.as_str()).collect();
                let strangers = strangers.join(", ");
                format!(
                    "{place}: nothing serves the model {name}, and the file does not name {strangers}; was it renamed?"
                )
            }
        }
    });
    Ok(lines.collect())
}

/// Says which targets are several replicas behind one name.
fn replicas(prometheus: &Prometheus<'_>) -> Result<Vec<String>, Failure> {
    let targets = prometheus.series(REPLICAS_BEHIND_ONE_NAME)?;
    let said = targets.iter().map(|target| {
        let label = |name| target.get(name).map_or("", String::as_str);
        format!(
            "warning: the target {} of the job {} is several replicas behind one name, so its counters jump and its rates \
             are wrong; list each replica, or let Prometheus find them (dns, kubernetes, consul)",
            label("instance"),
            label("job")
        )
    });
    Ok(said.collect())
}
