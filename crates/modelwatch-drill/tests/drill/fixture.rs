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

pub(crate) fn incident(scene: &Scene, name: &str) -> Incident {
    let all = builtin::incidents(scene).into_iter().chain(quiet::stretches(scene));
    let mut there = all.filter_map(Result::ok);
    there
        .find(|incident| incident.name == name)
        .unwrap_or_else(|| panic!("no {name}"))
}
