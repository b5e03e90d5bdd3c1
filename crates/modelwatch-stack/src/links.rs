//! Where alerts and dashboards point to: identifiers that both sides have to agree on.

use std::fmt::Write as _;

/// The triage dashboard's identifier in Grafana.
pub const TRIAGE_UID: &str = "modelwatch-triage";
/// The dashboard variable that holds the model's name.
pub const MODEL_VARIABLE: &str = "model";
/// The dashboard variable that holds the version.
pub const VERSION_VARIABLE: &str = "version";
/// The dashboard variable that holds the route.
pub const ROUTE_VARIABLE: &str = "route";

/// The identifier of a model's own dashboard: at most 40 characters, as Grafana wants it, and different for different
/// names whatever characters they are of.
///
/// ```
/// assert!(modelwatch_stack::links::model_uid("flight delay").starts_with("modelwatch-flight-delay-"));
/// ```
#[must_use]
pub fn model_uid(model: &str) -> String {
    format!("modelwatch-{}", slug(model))
}

/// A short name for files and identifiers: lower-case letters, digits and dashes, and a fingerprint of the whole name.
#[must_use]
pub fn slug(name: &str) -> String {
    let mut slug = String::new();
    for character in name.chars().take(20) {
        match character.to_ascii_lowercase() {
            plain if plain.is_ascii_alphanumeric() => slug.push(plain),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_matches('-');
    // FNV-1a, 32 bits: stable over versions of Rust, which the standard library's hasher is not.
    let hash = name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
        (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193)
    });
    let mut text = String::from(slug);
    if !text.is_empty() {
        text.push('-');
    }
    // Writing into a string can't fail.
    let _ = write!(text, "{hash:08x}");
    text
}

/// The runbook of an alert, relative to the folder of runbooks.
#[must_use]
pub fn runbook_file(alert: &str) -> String {
    format!("{alert}.md")
}
