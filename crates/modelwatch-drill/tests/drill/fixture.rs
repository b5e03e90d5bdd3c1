//! The scene that docs/drill.md rehearses.

use modelwatch_config::Config;
use modelwatch_drill::incident::{Incident, builtin, quiet};
use modelwatch_drill::scene::Scene;

pub(crate) fn config() -> Config {
    let text = include_str!("../../../../examples/drill.toml");
    Config::parse("drill.toml", text).unwrap_or_else(|errors| panic!("{errors}"))
}

pub(crate) fn scene() -> Scene {
    Scene::new(&config(), None).unwrap()
}

/// Every incident and quiet stretch: there is room for all of them.
pub(crate) fn casts(scene: &Scene) -> Vec<Incident> {
    let all = builtin::incidents(scene).into_iter().chain(quiet::stretches(scene));
    all.map(Result::unwrap).collect()
}

pub(crate) fn incident(scene: &Scene, name: &str) -> Incident {
    casts(scene)
        .into_iter()
        .find(|incident| incident.name == name)
        .unwrap_or_else(|| panic!("no {name}"))
}
