//! Questions as PromQL. This module alone writes PromQL in this crate, so it alone quotes.

use std::fmt::Write as _;

use crate::source::{Question, Reading};
use crate::words::is_unsafe;

/// Writes the expression of a question.
pub(super) fn query(question: &Question) -> String {
    let selector = selector_of(question);
    let by = question.by.join(", ");
    match question.reading {
        Reading::Increase => format!("sum by ({by}) (increase({selector}[{}s]))", question.grid.step),
        Reading::Highest => format!("max by ({by}) ({selector})"),
    }
}

/// Writes a selector of a metric with exact label values.
pub(super) fn selector(metric: &str, only: &[(&str, &str)]) -> String {
    let matchers: Vec<_> = only
        .iter()
        .map(|(label, value)| format!("{label}={}", quoted(value)))
        .collect();
    format!("{metric}{{{}}}", matchers.join(","))
}

fn selector_of(question: &Question) -> String {
    let matchers: Vec<_> = question
        .only
        .iter()
        .map(|(label, values)| match &values[..] {
            [value] => format!("{label}={}", quoted(value)),
            values => {
                let values: Vec<_> = values.iter().map(|value| escaped(value)).collect();
                format!("{label}=~{}", quoted(&values.join("|")))
            }
        })
        .collect();
    format!("{}{{{}}}", question.metric, matchers.join(","))
}

/// Quotes a PromQL string, which follows Go's syntax. Escapes characters that could break or hide the line it is shown in.
fn quoted(value: &str) -> String {
    let mut quoted = String::from("\"");
    for character in value.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            '\n' => quoted.push_str("\\n"),
            odd if is_unsafe(odd) => {
                // Writing into a string can't fail.
                let _ = write!(quoted, "\\u{:04x}", u32::from(odd));
            }
            plain => quoted.push(plain),
        }
    }
    quoted.push('"');
    quoted
}

/// Escapes a value for RE2, so that it matches only itself.
fn escaped(value: &str) -> String {
    let mut escaped = String::new();
    for character in value.chars() {
        if character.is_ascii_punctuation() {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    escaped
}
