//! PromQL has one writer: no other source of the crate puts an expression together as a text.

use std::fs;
use std::path::{Path, PathBuf};

/// What PromQL has and prose has not.
const GRAMMAR: [&str; 16] = [
    " by (",
    " on (",
    "group_left",
    "rate(",
    "increase(",
    "_over_time",
    "histogram_quantile",
    "label_values",
    "topk(",
    "sum(",
    "max(",
    "count(",
    "absent(",
    "vector(",
    "=~\\\"$",
    "_bucket{",
];

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(sources(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files
}

/// The arguments of every `format!` and every `+=` of a text.
fn formatted(source: &str) -> Vec<&str> {
    let mut found = Vec::new();
    for start in ["format!(", "write!(", "+= \""] {
        for (at, _) in source.match_indices(start) {
            let rest = &source[at..];
            let end = rest.find(';').unwrap_or(rest.len());
            found.push(&rest[..end]);
        }
    }
    found
}

/// The texts in double quotes, so that calls of Rust are not taken for PromQL.
fn texts(code: &str) -> Vec<String> {
    let mut texts = Vec::new();
    let mut text = None::<String>;
    let mut characters = code.chars();
    while let Some(character) = characters.next() {
        match (&mut text, character) {
            (None, '"') => text = Some(String::new()),
            (Some(_), '"') => texts.extend(text.take()),
            (Some(text), '\\') => {
                text.push('\\');
                text.extend(characters.next());
            }
            (Some(text), other) => text.push(other),
            (None, _) => {}
        }
    }
    texts
}

/// What of PromQL a source writes by itself.
fn promql_in(source: &str) -> Vec<String> {
    let code: String = source
        .lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .map(|line| format!("{line}\n"))
        .collect();
    let texts = formatted(&code).into_iter().flat_map(texts);
    texts
        .filter(|text| GRAMMAR.iter().any(|word| text.contains(word)))
        .collect()
}

#[test]
fn no_source_but_the_writer_formats_promql() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut seen = 0;
    for path in sources(&root) {
        if path.starts_with(root.join("promql")) {
            continue;
        }
        seen += 1;
        let written = promql_in(&fs::read_to_string(&path).unwrap());
        assert!(written.is_empty(), "{}: {written:#?}", path.display());
    }
    assert!(seen > 30, "{seen} sources");
}

#[test]
fn finds_promql_that_a_source_formats_itself() {
    for planted in [
        r#"let expr = format!("sum by ({labels}) ({expr})");"#,
        "format!(\n    \"rate({name}[5m])\",\n);",
        r#"text += "topk(10, x)";"#,
        r#"format!("{name}{{model_name=~\"$model\"}}");"#,
    ] {
        assert_eq!(promql_in(planted).len(), 1, "{planted}");
    }
    assert!(promql_in(r#"rate(window); format!("the rate of {x}");"#).is_empty());
}
