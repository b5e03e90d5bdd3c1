//! `modelwatch stack check`.

use std::collections::BTreeSet;

use clap::Args;
use modelwatch_config::{Config, Plane};
use modelwatch_stack::check::{REPLICAS_BEHIND_ONE_NAME, is_needed, unseen};
use modelwatch_stack::on_disk::differences;
use modelwatch_stack::rules::Rules;

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
}

const EXAMPLES: &str = "\
Examples:
  modelwatch stack check
  modelwatch stack check --prometheus https://prometheus.example.com --token-file token";

pub(super) fn run(command: &Check) -> Result<(), Failure> {
    let config = command.files.load()?;
    let generated = modelwatch_stack::generate(&config).map_err(Failure::new)?;
    let out = &command.files.out();
    let mut wrong: Vec<String> = differences(&generated, out)
        .map_err(Failure::new)?
        .iter()
        .map(|difference| format!("{}/{difference}", out.display()))
        .collect();
    if !config.prometheus.jobs.iter().any(|job| job.plane == Plane::Watching) {
        say(format_args!(
            "warning: no job has plane = \"watching\", so nobody hears that rules or notifications fail; add one for Prometheus \
             and one for Alertmanager"
        ));
    }
    if let Some(client) = command.access.named()? {
        let prometheus = Prometheus::new(&client);
        wrong.extend(metrics(&config, &prometheus)?);
        wrong.extend(models(&config, &prometheus)?);
        replicas(&prometheus)?;
    }
    if wrong.is_empty() {
        say(format_args!("{} files, nothing to fix", generated.len()));
        Ok(())
    } else {
        Err(Failure::new(wrong.join("\n")))
    }
}

/// The metrics that every service shows and nothing does. Those that only some services have are said, and are no failure.
fn metrics(config: &Config, prometheus: &Prometheus<'_>) -> Result<Vec<String>, Failure> {
    let rules = Rules::new(config).map_err(Failure::new)?;
    let mut wrong = Vec::new();
    let mut optional = Vec::new();
    for (metric, waiting) in unseen(&rules, &prometheus.metrics()?).map_err(Failure::new)? {
        if is_needed(config, &metric) {
            wrong.push(format!(
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
        say(format_args!(
            "not seen, and no fault where no service has them: {}",
            optional.join(", ")
        ));
    }
    Ok(wrong)
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
fn replicas(prometheus: &Prometheus<'_>) -> Result<(), Failure> {
    for target in prometheus.series(REPLICAS_BEHIND_ONE_NAME)? {
        let label = |name| target.get(name).map_or("", String::as_str);
        say(format_args!(
            "warning: the target {} of the job {} is several replicas behind one name, so its counters jump and its rates \
             are wrong; list each replica, or let Prometheus find them (dns, kubernetes, consul)",
            label("instance"),
            label("job")
        ));
    }
    Ok(())
}
