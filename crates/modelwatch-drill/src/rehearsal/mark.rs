//! What tells the series and alerts of worlds apart that share a run.

use std::collections::BTreeMap;

use modelwatch_stack::rules::Group;

use super::firing::Alert;
use crate::world::World;

/// What is added to the name of an environment. It consists of characters that neither PromQL, nor a template, nor a URL escapes: a text
/// without it is the text as it is without a batch, whatever the name itself is.
pub(super) struct Mark(String);

/// How every mark begins.
const MARK: &str = "_drill";

impl Mark {
    /// Makes the mark of the world at an index.
    pub(super) fn of(index: usize) -> Self {
        Self(format!("{MARK}{index}_"))
    }

    /// Whether every series has the label, and nothing has a mark, or what looks like one, already.
    pub(super) fn is_new(identity: &str, groups: &[Group], worlds: &[World]) -> Result<bool, serde_json::Error> {
        let mut series = worlds.iter().flat_map(|world| &world.series);
        let is_free = series.all(|series| {
            series.labels.contains_key(identity) && !series.labels.values().any(|value| value.contains(MARK))
        });
        Ok(is_free && !serde_json::to_string(groups)?.contains(MARK))
    }

    /// Puts it on the name of an environment.
    pub(super) fn put(&self, environment: &mut String) {
        environment.push_str(&self.0);
    }

    pub(super) fn is_on(&self, alert: &Alert, identity: &str) -> bool {
        alert.label(identity).ends_with(&self.0)
    }

    /// Takes it off every label and text of an alert. `None` where the alert speaks of another world, too.
    pub(super) fn taken_off(&self, alert: &Alert) -> Option<Alert> {
        let without = |texts: &BTreeMap<String, String>| -> Option<BTreeMap<_, _>> {
            let texts = texts.iter();
            let texts = texts.map(|(name, text)| (name.clone(), text.replace(&self.0, "")));
            texts
                .map(|(name, text)| (!text.contains(MARK)).then_some((name, text)))
                .collect()
        };
        Some(Alert::new(without(&alert.labels)?, without(&alert.annotations)?))
    }
}
