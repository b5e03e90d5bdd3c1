//! Grafana: dashboards that answer, in the order a person on call asks.
//!
//! One dashboard for triage over all models, and one for each model with its own limits and what is inside it. Both
//! have the same four rows: is the service healthy, which model or version is responsible, is the input data changing,
//! what changed recently. They come with the files that provision them, and need no more than a Prometheus data source
//! when they are imported by hand.

mod changes;
mod details;
mod health;
mod inputs;
mod layout;
mod model;
mod provisioning;
mod recorded;
mod scope;
mod versions;

use modelwatch::contract::{self, Metric};

use layout::{Section, lay_out};
use model::{DashboardLink, Variable};
use scope::Scope;

pub use model::{Dashboard, DashboardQuery, QueryPlace};

/// The triage dashboard's place: `/d/modelwatch-triage`.
pub const TRIAGE_UID: &str = "modelwatch-triage";
/// Every dashboard has it, so that menus can list them.
const TAG: &str = "modelwatch";
/// The dashboards of single models have it too.
const MODEL_TAG: &str = "modelwatch-model";

/// Dashboards start from what the last hours show; Grafana keeps the range from one to the next.
fn triage(scope: &Scope<'_>) -> Dashboard {
    Dashboard::new(
        TRIAGE_UID.to_owned(),
        "ML triage".to_owned(),
        "Which model is in trouble, since when, and what changed. Begin at the top; narrow by model, version and route."
            .to_owned(),
        &[TAG],
    )
    .variables(variables(scope))
    .annotations(changes::annotations(scope))
    .links(vec![
        DashboardLink::menu("Models", MODEL_TAG),
        DashboardLink::page("Runbooks", scope.runbooks.to_owned()),
    ])
    .panels(lay_out(questions(scope)))
}

fn model(scope: &Scope<'_>, name: &str) -> Dashboard {
    let mut sections = questions(scope);
    sections.extend([details::serving(scope), details::predictions(scope)]);
    Dashboard::new(
        model_uid(name),
        format!("ML model: {name}"),
        "One model with its own limits: the four questions of the triage dashboard, then what is inside.".to_owned(),
        &[TAG, MODEL_TAG],
    )
    .variables(variables(scope))
    .annotations(changes::annotations(scope))
    .links(vec![
        DashboardLink::dashboard("All models", format!("/d/{TRIAGE_UID}")),
        DashboardLink::menu("Models", MODEL_TAG),
        DashboardLink::page("Runbooks", scope.runbooks.to_owned()),
    ])
    .panels(lay_out(sections))
}

fn questions(scope: &Scope<'_>) -> Vec<Section> {
    vec![
        health::section(scope),
        versions::section(scope),
        inputs::section(scope),
        changes::section(scope),
    ]
}

fn variables(scope: &Scope<'_>) -> Vec<Variable> {
    let values = |metric: &Metric, label: &str| {
        let matcher = scope.model_matcher();
        format!("label_values({}{{{matcher}}}, {label})", metric.name)
    };
    let mut variables = vec![Variable::datasource()];
    if scope.model.is_none() {
        variables.push(Variable::label(
            "model",
            "Model",
            "Models that a process serves or served within the time range.",
            format!("label_values({}, model_name)", contract::MODEL_INFO.name),
        ));
    }
    variables.push(Variable::label(
        "version",
        "Version",
        "Versions of the chosen models.",
        values(&contract::MODEL_INFO, "model_version"),
    ));
    variables.push(Variable::label(
        "route",
        "Route",
        "Routes of the chosen models.",
        values(&contract::INFERENCE_REQUESTS, "route"),
    ));
    variables
}

/// The place of a model's dashboard: `/d/<uid>`. Grafana takes at most forty letters, digits, dashes and underscores,
/// so names that are longer, or of other characters, carry a checksum that keeps them apart.
#[must_use]
pub fn model_uid(model: &str) -> String {
    const PREFIX: &str = "modelwatch-";
    const LONGEST: usize = 40 - PREFIX.len();
    let slug: String = model
        .chars()
        .map(|character| match character {
            'a'..='z' | 'A'..='Z' | '0'..='9' | '-' | '_' => character,
            _ => '-',
        })
        .collect();
    if slug == model && slug.len() <= LONGEST && slug != "triage" {
        return format!("{PREFIX}{slug}");
    }
    // FNV-1a, 64 bits: stable across releases of Rust, unlike the standard library's hashes.
    let checksum = model.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    let head: String = slug.chars().take(LONGEST - 13).collect();
    format!("{PREFIX}{head}-{:012x}", checksum >> 16)
}

#[cfg(test)]
mod dump {
    #[test]
    fn dump() {
        let limits = super::scope::Limits {
            latency_p95_seconds: 0.35,
            error_ratio: 0.03,
            missing_ratio: 0.05,
            out_of_range_ratio: 0.05,
            drift_score: 0.15,
            drift_stale_seconds: 2700.0,
            baseline_age_seconds: 90.0 * 86400.0,
        };
        let mut scope = super::Scope { model: None, limits, runbooks: "https://runbooks.example.com/modelwatch" };
        std::fs::write("/tmp/dash/triage.json", super::triage(&scope).to_json().unwrap()).unwrap();
        scope.model = Some("flight-delay");
        std::fs::write("/tmp/dash/model.json", super::model(&scope, "flight-delay").to_json().unwrap()).unwrap();
    }
}
