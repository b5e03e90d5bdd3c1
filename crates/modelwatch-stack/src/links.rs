//! The targets of links from alerts and dashboards: identifiers on which both sides must agree.

use std::fmt::Write as _;

use modelwatch_config::Config;

/// Returns the triage dashboard's identifier in Grafana. It contains the stack's name unless that is the default.
#[must_use]
pub fn triage_uid(config: &Config) -> String {
    if config.has_default_stack() {
        "modelwatch-triage".to_owned()
    } else {
        format!("modelwatch-triage-{}", short(&config.stack, 12, &config.stack))
    }
}

/// The name of objects that Kubernetes has once per stack.
pub(crate) fn stack_name(config: &Config) -> String {
    if config.has_default_stack() {
        "modelwatch".to_owned()
    } else {
        format!("modelwatch-{}", slug(&config.stack))
    }
}

/// The dashboard variable that holds the model's name.
pub(crate) const MODEL_VARIABLE: &str = "model";
/// The dashboard variable that holds the version.
pub(crate) const VERSION_VARIABLE: &str = "version";
/// The dashboard variable that holds the route.
pub(crate) const ROUTE_VARIABLE: &str = "route";

/// Returns the identifier of a model's own dashboard: at most 40 characters, as Grafana requires, and different for different
/// stacks and names, whichever characters they contain.
#[must_use]
pub fn model_uid(config: &Config, model: &str) -> String {
    let whole = if config.has_default_stack() {
        model.to_owned()
    } else {
        format!("{}\0{model}", config.stack)
    };
    format!("modelwatch-{}", short(model, 20, &whole))
}

/// A short name for files and identifiers: lower-case letters, digits and dashes, and a fingerprint of the whole name.
pub(crate) fn slug(name: &str) -> String {
    short(name, 20, name)
}

/// At most `length` characters of a name, and a fingerprint of `whole`.
fn short(name: &str, length: usize, whole: &str) -> String {
    let mut slug = String::new();
    for character in name.chars().take(length) {
        match character.to_ascii_lowercase() {
            plain if plain.is_ascii_alphanumeric() => slug.push(plain),
            _ if slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_matches('-');
    // FNV-1a, 32 bits: stable across versions of Rust, unlike the standard library's hasher.
    let hash = whole.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
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

/// Returns the path of an alert's runbook, relative to the folder of runbooks.
#[must_use]
pub fn runbook_file(alert: &str) -> String {
    format!("{alert}.md")
}
