//! The models that a rule covers.
//!
//! Models with the same settings share a rule, so two hundred models on the defaults need as many rules as one. The rule of the
//! largest group excludes the others instead of naming its own models. That keeps it short, and it covers a model that is served
//! before the file names it.

use modelwatch_config::{Config, Model};

use crate::promql::Selector;

/// The models that a rule covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Models {
    /// Every model.
    All,
    /// These.
    Only(Vec<String>),
    /// Every model except these.
    Except(Vec<String>),
}

impl Models {
    /// Limits a selector of series that have `model_name`.
    pub(crate) fn of(&self, selector: Selector) -> Selector {
        match self {
            Self::All => selector,
            Self::Only(models) => selector.one_of("model_name", models.iter().map(String::as_str)),
            Self::Except(models) => selector.none_of("model_name", models.iter().map(String::as_str)),
        }
    }
}

/// Models that share a setting.
#[derive(Clone, Debug)]
pub(crate) struct ModelGroup<'a, K> {
    /// The setting.
    pub(crate) setting: K,
    /// The models, in the order of the file; never empty.
    pub(crate) models: Vec<&'a Model>,
    /// The same as a scope.
    pub(crate) scope: Models,
}

/// Groups the models by a setting. Leaves out models without one.
fn gather<'a, K: PartialEq>(config: &'a Config, setting: impl Fn(&'a Model) -> Option<K>) -> Vec<(K, Vec<&'a Model>)> {
    let mut groups: Vec<(K, Vec<&Model>)> = Vec::new();
    for model in &config.models {
        let Some(setting) = setting(model) else { continue };
        match groups.iter_mut().find(|(known, _)| *known == setting) {
            Some((_, models)) => models.push(model),
            None => groups.push((setting, vec![model])),
        }
    }
    groups
}

fn names(models: &[&Model]) -> Vec<String> {
    models.iter().map(|model| model.name.clone()).collect()
}

/// Groups all models by a setting that each of them has. The largest group also covers models that the file does not name.
pub(crate) fn share<'a, K: PartialEq>(config: &'a Config, setting: impl Fn(&'a Model) -> K) -> Vec<ModelGroup<'a, K>> {
    let groups = gather(config, |model| Some(setting(model)));
    let mut largest = 0;
    for (index, (_, models)) in groups.iter().enumerate() {
        if models.len() > groups[largest].1.len() {
            largest = index;
        }
    }
    let others: Vec<String> = groups
        .iter()
        .enumerate()
        .filter(|(index, _)| *index != largest)
        .flat_map(|(_, (_, models))| names(models))
        .collect();
    groups
        .into_iter()
        .enumerate()
        .map(|(index, (setting, models))| {
            let scope = match (index == largest, others.is_empty()) {
                (true, true) => Models::All,
                (true, false) => Models::Except(others.clone()),
                (false, _) => Models::Only(names(&models)),
            };
            ModelGroup { setting, models, scope }
        })
        .collect()
}

/// The setting of models that the file does not name: the most common one.
pub(crate) fn of_unlisted<'a, K: PartialEq>(config: &'a Config, setting: impl Fn(&'a Model) -> K) -> Option<K> {
    let mut groups = share(config, setting).into_iter();
    let largest = groups.find(|group| !matches!(group.scope, Models::Only(_)));
    largest.map(|group| group.setting)
}

/// Groups the models that have a setting. Each group names its models.
pub(crate) fn only<'a, K: PartialEq>(
    config: &'a Config,
    setting: impl Fn(&'a Model) -> Option<K>,
) -> Vec<ModelGroup<'a, K>> {
    gather(config, setting)
        .into_iter()
        .map(|(setting, models)| ModelGroup {
            setting,
            scope: Models::Only(names(&models)),
            models,
        })
        .collect()
}
