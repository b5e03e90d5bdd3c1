//! Applies `[alerts]`: alerts that are switched off, additional labels and annotations, and names of severities.

use modelwatch_config::{Config, SingleAlert, nearest};

use super::alert::{Severity, Tested};
use crate::error::GenerateError;
use crate::known::ALERTS;
use crate::promql::text_in_template;

impl Severity {
    /// Returns the value of the label `severity`, which `[alerts.severities]` may set.
    #[must_use]
    pub fn label(self, config: &Config) -> &str {
        let named = match self {
            Self::Page => &config.alerts.page,
            Self::Ticket => &config.alerts.ticket,
            Self::None => &None,
        };
        named.as_deref().unwrap_or(self.name())
    }
}

/// Refuses changes to alerts that do not exist.
pub(crate) fn check(config: &Config) -> Result<(), GenerateError> {
    for (name, SingleAlert { location, .. }) in &config.alerts.single {
        if ALERTS.iter().any(|alert| alert.name == name) {
            continue;
        }
        let fix = match nearest(name, ALERTS.iter().map(|alert| alert.name), 0) {
            Some(nearest) => format!("did you mean {nearest}?"),
            None => "take a name of docs/stack.md".to_owned(),
        };
        return Err(GenerateError::mistake(format!(
            "{}:{}:{}: there is no alert {name}; {fix}",
            config.file.display(),
            location.line,
            location.column,
        )));
    }
    Ok(())
}

/// Returns the alert with the file's changes, or `None` when it is switched off.
pub(crate) fn changed(config: &Config, mut alert: Tested) -> Option<Tested> {
    let Some(change) = config.alerts.single.get(alert.known.name) else {
        return Some(alert);
    };
    if !change.enabled {
        return None;
    }
    for (label, value) in &change.labels {
        alert.rule.labels.insert(label.clone(), text_in_template(value));
    }
    // Your own annotations may contain templates.
    alert.rule.annotations.extend(change.annotations.clone());
    Some(alert)
}
