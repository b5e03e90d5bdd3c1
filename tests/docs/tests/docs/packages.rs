//! What a package says of itself: to the registry, and to docs.rs, whose compiler no test here has.

use std::fs;
use std::path::{Path, PathBuf};

use docs::top;
use toml::{Table, Value};

/// The manifest of each crate that is published, with its folder.
fn published() -> Vec<(PathBuf, Table)> {
    let entries = fs::read_dir(top().join("crates")).expect("a folder");
    let folders = entries.map(|entry| entry.expect("an entry").path());
    let packages = folders.map(|folder| {
        let text = fs::read_to_string(folder.join("Cargo.toml")).expect("a manifest");
        (folder, text.parse().expect("TOML"))
    });
    packages
        .filter(|(_, of): &(_, Table)| of["package"].get("publish").is_none())
        .collect()
}

/// Whether a key is there, of its own or of the workspace.
fn is_given(package: &Value, workspace: &Value, key: &str) -> bool {
    match package.get(key) {
        Some(Value::Table(inherited)) => inherited.contains_key("workspace") && workspace.get(key).is_some(),
        own => own.is_some(),
    }
}

#[test]
fn every_package_says_what_a_registry_shows() {
    let workspace: Table = fs::read_to_string(top().join("Cargo.toml"))
        .expect("a manifest")
        .parse()
        .expect("TOML");
    let workspace = &workspace["workspace"]["package"];
    let packages = published();
    assert!(packages.len() > 10, "{}", packages.len());
    for (folder, manifest) in packages {
        let shown = folder.display();
        for key in [
            "description",
            "license",
            "readme",
            "repository",
            "keywords",
            "categories",
            "rust-version",
        ] {
            assert!(is_given(&manifest["package"], workspace, key), "{shown}: no {key}");
        }
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            assert!(folder.join(licence).exists(), "{shown}: no {licence}");
        }
        let pages = manifest["package"]
            .get("metadata")
            .and_then(|of| of.get("docs")?.get("rs"));
        let pages = pages.unwrap_or_else(|| panic!("{shown}: nothing for docs.rs"));
        assert_eq!(pages["all-features"].as_bool(), Some(true), "{shown}");
        let arguments: Vec<_> = pages["rustdoc-args"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .collect();
        assert_eq!(arguments, ["--cfg", "docsrs"], "{shown}");
    }
}

/// Without it, docs.rs does not say which feature an item needs; and beside `doc(cfg)`, it does not build the crate.
#[test]
fn every_library_with_features_lets_docs_rs_name_them() {
    let mut with_features = 0;
    for (folder, manifest) in published() {
        let Ok(library) = fs::read_to_string(folder.join("src/lib.rs")) else {
            continue;
        };
        let asks = uses_doc_cfg(&folder.join("src"));
        if manifest.get("features").is_none() && !asks {
            continue;
        }
        with_features += 1;
        let enables = library.contains("#![cfg_attr(docsrs, feature(doc_cfg))]");
        assert!(enables, "{}: no feature(doc_cfg)", folder.display());
    }
    assert!(with_features > 3, "{with_features}");
}

fn uses_doc_cfg(folder: &Path) -> bool {
    fs::read_dir(folder).expect("a folder").any(|entry| {
        let path = entry.expect("an entry").path();
        match path.is_dir() {
            true => uses_doc_cfg(&path),
            false => fs::read_to_string(&path).is_ok_and(|text| text.contains("doc(cfg(")),
        }
    })
}
