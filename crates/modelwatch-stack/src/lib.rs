//! Generates the operations stack from one file: `modelwatch.toml` becomes the whole configuration of Prometheus, Alertmanager
//! and Grafana, with tests and runbooks.
//!
//! No output comes from a text template. YAML and JSON are serialised from types. PromQL is built from the metric contract and
//! parsed back, and every selector is looked up. So a rule that names a metric or a label that does not exist is an error of
//! [`generate`], not a rule that never fires.
//!
//! ```
//! # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/modelwatch.toml"));
//! let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
//! let files = modelwatch_stack::generate(&config)?;
//! assert!(files.iter().any(|file| file.path == "prometheus/rules/ml-alert-rules.yml"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod alertmanager;
pub mod check;
mod compose;
mod error;
mod file;
pub mod grafana;
pub mod known;
mod kubernetes;
pub mod links;
mod messages;
pub mod on_disk;
mod parallel;
pub mod perses;
mod promql;
mod readme;
pub mod recorded;
pub mod rules;
pub mod runbooks;
mod scrape;
mod yaml;

use modelwatch_config::Config;

pub use error::GenerateError;
pub use file::File;

/// Generates every file of the stack, in the order of their paths. The same configuration always gives the same files.
///
/// # Errors
///
/// Returns an error when an expression does not parse, selects a series that does not exist, or a value can't be serialised.
/// These are bugs in this crate, not mistakes in your configuration, so the message names the rule.
pub fn generate(config: &Config) -> Result<Vec<File>, GenerateError> {
    let rules = rules::Rules::new(config)?;
    let mut files = Vec::new();
    files.extend(scrape::files(config)?);
    files.extend(alertmanager::files(config)?);
    files.extend(runbooks::files(config, &rules)?);
    let of_rules = || Ok([rules.files()?, kubernetes::rule_files(config, &rules)?].concat());
    let of_dashboards = || {
        let boards = grafana::drawn(config, &rules)?;
        let grafana = grafana::files(config, &boards)?;
        let of_perses = perses::of_boards(config, &boards)?;
        let manifests = kubernetes::files(config, &grafana, &of_perses)?;
        Ok([manifests, grafana, perses::files(config, &of_perses)?].concat())
    };
    let (of_rules, of_dashboards) = parallel::both(of_rules, of_dashboards)?;
    files.extend(of_rules);
    files.extend(of_dashboards);
    if config.prometheus.manage && config.alertmanager.manage {
        files.extend(compose::files(config)?);
    }
    files.extend(readme::files(config));
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files.push(on_disk::list(&files));
    Ok(files)
}
