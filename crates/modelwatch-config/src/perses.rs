//! Dashboards for Perses.

use crate::reader::{Table, base_url};

/// `[perses]`: writes Grafana's dashboards for Perses as well.
/// # Example: a project of their own
///
/// ```
/// use modelwatch_config::{Config, Perses};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [perses]
/// project = "claims"
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// assert!(matches!(&config.perses, Some(Perses { project, .. }) if project == "claims"));
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Perses {
    /// The project of the dashboards. Defaults to `ml-monitoring`.
    pub project: String,
    /// The URL at which the Perses server reaches Prometheus. Defaults to `http://prometheus:9090`.
    pub prometheus: String,
}

impl Perses {
    pub(crate) fn read(table: Table<'_, '_>) -> Self {
        let project = table.read("project", project);
        let prometheus = table.read("prometheus", base_url);
        table.finish();
        Self {
            project: project.unwrap_or_else(|| "ml-monitoring".to_owned()),
            prometheus: prometheus.unwrap_or_else(|| "http://prometheus:9090".to_owned()),
        }
    }
}

/// Checks a name by the rules of Perses for its resources.
fn project(value: &toml::de::DeValue<'_>) -> Result<String, String> {
    value
        .as_str()
        .filter(|name| {
            let known = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
            (1..=75).contains(&name.len()) && name.bytes().all(known)
        })
        .map(str::to_owned)
        .ok_or_else(|| "a name of Perses: letters, digits, dashes, dots and underscores, at most 75".to_owned())
}
