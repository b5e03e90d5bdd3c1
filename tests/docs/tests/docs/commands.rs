//! The commands of the pages: each names targets, packages and scripts that are there.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use docs::{Page, top};
use serde_json::Value;

/// The targets of each package of the workspace, as (kind, name).
type Targets = BTreeMap<String, BTreeSet<(String, String)>>;

fn targets() -> Targets {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .current_dir(top())
        .output()
        .expect("cargo starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let text = |value: &Value| value.as_str().expect("text").to_owned();
    let packages = metadata["packages"].as_array().expect("a list");
    let targets_of = |package: &Value| {
        let targets = package["targets"].as_array().expect("a list").iter();
        targets
            .flat_map(|target| {
                let kinds = target["kind"].as_array().expect("a list").iter();
                kinds
                    .map(|kind| (text(kind), text(&target["name"])))
                    .collect::<Vec<_>>()
            })
            .collect()
    };
    packages
        .iter()
        .map(|package| (text(&package["name"]), targets_of(package)))
        .collect()
}

/// What is wrong with a cargo command.
fn cargo_faults(words: &[&str], targets: &Targets) -> Vec<String> {
    let words: Vec<_> = words.iter().copied().take_while(|word| *word != "--").collect();
    let values = |options: &[&str]| -> Vec<&str> {
        let pairs = words.windows(2).filter(|pair| options.contains(&pair[0]));
        pairs.map(|pair| pair[1]).collect()
    };
    let packages = values(&["-p", "--package"]);
    // A name in capitals stands for any.
    let stands_for_any = |name: &str| name.chars().all(|c| c.is_ascii_uppercase());
    let unknown = packages
        .iter()
        .filter(|package| !targets.contains_key(**package) && !stands_for_any(package));
    let mut faults: Vec<_> = unknown.map(|package| format!("no package {package}")).collect();
    let named = targets
        .iter()
        .filter(|(name, _)| packages.is_empty() || packages.contains(&name.as_str()));
    let known: BTreeSet<_> = named.flat_map(|(_, targets)| targets).collect();
    for kind in ["test", "bench", "bin", "example"] {
        for name in values(&[&format!("--{kind}")]) {
            if !known.contains(&(kind.to_owned(), name.to_owned())) {
                faults.push(format!("no {kind} {name} in {packages:?}"));
            }
        }
    }
    // A path is that of the repository, or of a clone of it called so.
    let is_there = |path: &&&str| top().join(path.strip_prefix("modelwatch/").unwrap_or(path)).is_dir();
    let paths = values(&["--path"]);
    faults.extend(
        paths
            .iter()
            .filter(|path| !is_there(path))
            .map(|path| format!("no folder {path}")),
    );
    faults
}

/// The text of `Cargo.toml` blocks: our crates lie where the path says, seen from a folder beside a clone, and have such features.
#[test]
fn a_block_of_dependencies_names_crates_and_features_that_are_there() {
    let mut wrong = Vec::new();
    let mut checked = 0;
    for page in Page::all() {
        for block in page.blocks("toml") {
            let Ok(block) = block.parse::<toml::Table>() else {
                continue; // a part of a file, with "…" in it
            };
            let Some(dependencies) = block.get("dependencies").and_then(toml::Value::as_table) else {
                continue;
            };
            for (name, dependency) in dependencies.iter().filter(|(name, _)| name.starts_with("modelwatch")) {
                checked += 1;
                let path = dependency.get("path").and_then(toml::Value::as_str).unwrap_or_default();
                let folder = path.strip_prefix("../modelwatch/").map(|path| top().join(path));
                let manifest = folder.and_then(|folder| fs::read_to_string(folder.join("Cargo.toml")).ok());
                let manifest: toml::Table = manifest.map(|text| text.parse().expect("TOML")).unwrap_or_default();
                let named = manifest.get("package").and_then(|package| package.get("name"));
                let features = manifest.get("features").and_then(toml::Value::as_table);
                let asked = dependency.get("features").and_then(toml::Value::as_array);
                let is_there = |asked: &toml::Value| {
                    let asked = asked.as_str().expect("text");
                    features.is_some_and(|features| features.contains_key(asked))
                };
                if named.and_then(toml::Value::as_str) != Some(name) || !asked.into_iter().flatten().all(is_there) {
                    wrong.push(format!("{}: {name} = {dependency:?}", page.path.display()));
                }
            }
        }
    }
    assert!(checked > 4, "{checked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_command_names_what_is_there() {
    let targets = targets();
    let makefile = fs::read_to_string(top().join("Makefile")).expect("a Makefile");
    let mut wrong = Vec::new();
    let mut checked = 0;
    for page in Page::all() {
        for command in page.commands() {
            let words: Vec<_> = command.split_whitespace().collect();
            let words = &words[words.iter().take_while(|word| word.contains('=')).count()..];
            let faults = match words {
                ["cargo", rest @ ..] => cargo_faults(rest, &targets),
                ["make", target, ..] if target.chars().all(|c| c.is_ascii_lowercase() || c == '-') => {
                    let is_there = makefile.lines().any(|line| line.starts_with(&format!("{target}:")));
                    Vec::from_iter((!is_there).then(|| "no such target".to_owned()))
                }
                [script, ..] if script.starts_with("scripts/") => {
                    let is_there = top().join(script).exists();
                    Vec::from_iter((!is_there).then(|| "no such script".to_owned()))
                }
                _ => continue,
            };
            checked += 1;
            wrong.extend(
                faults
                    .iter()
                    .map(|fault| format!("{}: {command}: {fault}", page.path.display())),
            );
        }
    }
    assert!(checked > 50, "{checked}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The Makefile, the workflow and the image run scripts, too.
#[test]
fn a_script_that_machinery_runs_is_there() {
    let mut checked = 0;
    for file in ["Makefile", "Containerfile", ".ci/run", ".github/workflows/ci.yml"] {
        let text = fs::read_to_string(top().join(file)).unwrap_or_else(|error| panic!("{file}: {error}"));
        let ends = |character: char| character.is_whitespace() || matches!(character, '`' | '"' | ')');
        for script in text
            .split(ends)
            .map(|word| word.trim_start_matches(['@', '`', '(', '"']))
        {
            if script.starts_with("scripts/") || script == ".ci/run" {
                checked += 1;
                assert!(top().join(script).is_file(), "{file}: no {script}");
            }
        }
    }
    assert!(checked > 8, "{checked}");
}
