//! The licences of what is built: each is one that deny.toml allows.

use std::fs;
use std::process::Command;

use docs::top;
use serde_json::Value;
use spdx::{Expression, LicenseReq, ParseMode};

fn allowed() -> Vec<LicenseReq> {
    let text = fs::read_to_string(top().join("deny.toml")).expect("deny.toml");
    let settings: toml::Table = text.parse().expect("TOML");
    let allowed = settings["licenses"]["allow"].as_array().expect("a list");
    let requirement = |name: &toml::Value| {
        let expression = Expression::parse(name.as_str().expect("text")).expect("an SPDX identifier");
        let requirement = expression.requirements().next().expect("one licence");
        requirement.req.clone()
    };
    allowed.iter().map(requirement).collect()
}

/// What this machine builds for; other platforms' dependencies would have to be downloaded to be read.
fn platform() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc starts");
    let text = String::from_utf8(output.stdout).expect("text");
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.expect("rustc names its host").to_owned()
}

#[test]
fn every_dependency_has_a_licence_that_is_allowed() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--all-features", "--locked", "--format-version", "1"])
        .args(["--filter-platform", &platform()])
        .current_dir(top())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let allowed = allowed();
    let packages = metadata["packages"].as_array().expect("a list");
    let mut refused = Vec::new();
    for package in packages {
        let licence = package["license"].as_str().unwrap_or("none is named");
        let fine = Expression::parse_mode(licence, ParseMode::LAX)
            .is_ok_and(|licence| licence.evaluate(|needed| allowed.iter().any(|one| one == needed)));
        if !fine {
            refused.push(format!("{} {}: {licence}", package["name"], package["version"]));
        }
    }
    assert!(packages.len() > 100, "{}", packages.len());
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}
