//! `modelwatch stack check`.

use std::collections::BTreeSet;
use std::time::Duration;

use clap::Args;
use modelwatch_stack::check::{differences, unseen};
use modelwatch_stack::rules::Rules;
use serde::Deserialize;

use super::files::Files;
use crate::failure::Failure;
use crate::terminal::say;

/// What to check.
#[derive(Args)]
pub(crate) struct Check {
    #[command(flatten)]
    files: Files,
    /// A Prometheus to ask which metrics there are, such as http://localhost:9090.
    #[arg(long, value_name = "URL")]
    prometheus: Option<String>,
}

pub(super) fn run(command: &Check) -> Result<(), Failure> {
    let config = command.files.load()?;
    let generated = modelwatch_stack::generate(&config).map_err(Failure::new)?;
    let out = &command.files.out;
    let mut wrong: Vec<String> = differences(&generated, out)
        .map_err(Failure::new)?
        .iter()
        .map(|difference| format!("{}/{difference}", out.display()))
        .collect();
    if let Some(prometheus) = &command.prometheus {
        let rules = Rules::new(&config).map_err(Failure::new)?;
        for (metric, waiting) in unseen(&rules, &names(prometheus)?).map_err(Failure::new)? {
            wrong.push(format!(
                "{metric}: no scrape shows it; {} for it",
                match &waiting[..] {
                    [rule] => format!("{rule} waits"),
                    rules => format!("{} wait", rules.join(", ")),
                }
            ));
        }
    }
    if wrong.is_empty() {
        say(format_args!("{} files, nothing to fix", generated.len()));
        Ok(())
    } else {
        Err(Failure::new(wrong.join("\n")))
    }
}

#[derive(Deserialize)]
struct Names {
    data: BTreeSet<String>,
}

/// Every metric name a Prometheus has in its storage.
fn names(prometheus: &str) -> Result<BTreeSet<String>, Failure> {
    if !prometheus.starts_with("http://") {
        return Err(Failure::new(format!(
            "--prometheus {prometheus}: not a URL that begins with http://; name Prometheus itself, or forward its port to \
             this machine"
        )));
    }
    let url = format!("{}/api/v1/label/__name__/values", prometheus.trim_end_matches('/'));
    let agent = ureq::Agent::new_with_config(
        ureq::Agent::config_builder()
            .timeout_global(Some(Duration::from_secs(30)))
            .build(),
    );
    let answer = agent
        .get(&url)
        .call()
        .and_then(|mut answer| answer.body_mut().with_config().limit(256 << 20).read_to_string())
        .map_err(|error| Failure::new(format!("{url}: {error}; is it a Prometheus, and is it up?")))?;
    let names: Names = serde_json::from_str(&answer).map_err(|error| {
        Failure::new(format!(
            "{url}: no answer of a Prometheus: {error}; name its address alone"
        ))
    })?;
    Ok(names.data)
}
