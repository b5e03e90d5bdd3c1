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
mod scope;
mod versions;

use modelwatch::contract::{self, Metric};
use modelwatch_config::{Config, Model};

use self::layout::{Section, lay_out};
use self::model::{DashboardLink, Variable};
use self::scope::Scope;

use crate::error::GenerateError;
use crate::file::File;
use crate::links::{MODEL_VARIABLE, ROUTE_VARIABLE, TRIAGE_UID, VERSION_VARIABLE, model_uid};
use crate::promql;

pub use self::model::{Dashboard, DashboardQuery, QueryPlace};
pub(crate) use self::provisioning::{DASHBOARD_FOLDER, FOLDER, PROVISIONING_FOLDER};

/// Every dashboard: triage first, then the models in the order of the file.
///
/// # Errors
///
/// An expression that does not parse or selects what does not exist.
pub fn dashboards(config: &Config) -> Result<Vec<Dashboard>, GenerateError> {
    let models = config
        .models
        .iter()
        .map(|model| of_model(&Scope::one(config, model), model));
    let dashboards: Vec<_> = std::iter::once(triage(&Scope::all(config))).chain(models).collect();
    dashboards.iter().try_for_each(check)?;
    Ok(dashboards)
}

/// The dashboards, and the files with which Grafana finds them and their data source by itself.
pub(crate) fn files(config: &Config) -> Result<Vec<File>, GenerateError> {
    let mut files = provisioning::files(config)?;
    for dashboard in dashboards(config)? {
        let json = dashboard
            .to_json()
            .map_err(|error| GenerateError::new(dashboard.title(), error))?;
        files.push(File::new(format!("{DASHBOARD_FILES}{}.json", dashboard.uid()), json));
    }
    Ok(files)
}

/// Every expression parses and selects what there is.
fn check(dashboard: &Dashboard) -> Result<(), GenerateError> {
    for query in dashboard.queries() {
        let selector = query
            .expr
            .strip_prefix("label_values(")
            .and_then(|rest| rest.rsplit_once(", "));
        // Ranges are the one place where a variable is no part of a text.
        let expr = selector
            .map_or(query.expr, |(selector, _)| selector)
            .replace("$__rate_interval", "5m");
        promql::check(&expr)
            .map_err(|error| GenerateError::new(format!("{}, {}: {expr}", dashboard.title(), query.name), error))?;
    }
    Ok(())
}

/// Where the dashboards' files are, below `monitoring/`.
pub(crate) const DASHBOARD_FILES: &str = "grafana/dashboards/";

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
    .panels(lay_out(questions(scope), scope.rollout))
}

fn of_model(scope: &Scope<'_>, model: &Model) -> Dashboard {
    let mut sections = questions(scope);
    sections.extend([
        details::objectives(scope, model),
        details::serving(scope),
        details::predictions(scope),
        details::streams(scope),
    ]);
    Dashboard::new(
        model_uid(&model.name),
        format!("ML model: {}", model.name),
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
    .panels(lay_out(sections, scope.rollout))
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
            MODEL_VARIABLE,
            "Model",
            "Models that a process serves or served within the time range.",
            format!("label_values({}, model_name)", contract::MODEL_INFO.name),
        ));
    }
    variables.push(Variable::label(
        VERSION_VARIABLE,
        "Version",
        "Versions of the chosen models.",
        values(&contract::MODEL_INFO, "model_version"),
    ));
    variables.push(Variable::label(
        ROUTE_VARIABLE,
        "Route",
        "Routes of the chosen models.",
        values(&contract::INFERENCE_REQUESTS, "route"),
    ));
    variables
}
