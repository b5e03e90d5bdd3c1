//! Grafana: dashboards that answer an operator's questions in the order in which they come up.
//!
//! One dashboard is for triage over all models. Each model also has a dashboard with its own limits and details. Both have the
//! same five rows: is the service healthy, which model or version is responsible, is the input data changing, what changed
//! recently, and is the model still right. The generator also writes the files that provision them. To import them by hand, you
//! only need a Prometheus data source.

mod changes;
mod details;
mod health;
mod inputs;
mod layout;
pub(crate) mod model;
mod performance;
mod provisioning;
mod scope;
mod versions;

use modelwatch::contract::{self, Metric};
use std::collections::BTreeSet;

use modelwatch_config::{Config, Model};

use self::layout::{Section, lay_out};
use self::model::{DashboardLink, Variable};
use self::scope::Scope;

use crate::error::GenerateError;
use crate::file::File;
use crate::links::{MODEL_VARIABLE, ROUTE_VARIABLE, VERSION_VARIABLE, model_uid};
use crate::parallel;
use crate::promql::{Writer, metric};
use crate::rules::Rules;

pub use self::model::{Dashboard, DashboardQuery, QueryPlace};
pub(crate) use self::provisioning::{DASHBOARD_FOLDER, FOLDER, PROVISIONING_FOLDER};

/// Returns every dashboard: triage first, then the models in the order of the file.
///
/// # Errors
///
/// Returns an error when an expression does not parse, or selects a series that does not exist.
pub fn dashboards(config: &Config) -> Result<Vec<Dashboard>, GenerateError> {
    drawn(config, &Rules::new(config)?)
}

/// Returns the same dashboards for rules that exist already.
pub(crate) fn drawn(config: &Config, rules: &Rules) -> Result<Vec<Dashboard>, GenerateError> {
    let raised = rules.alerts.iter().flat_map(|group| &group.rules);
    let raised: BTreeSet<_> = raised.filter_map(|rule| rule.alert.as_deref()).collect();
    let writer = Writer::new(config);
    let checked = |dashboard| check(&writer, &dashboard).map(|()| dashboard);
    let triage = checked(triage(&Scope::all(config, &raised)))?;
    let models = parallel::map(&config.models, |model| {
        checked(of_model(config, &Scope::one(config, &raised, model), model))
    })?;
    Ok(std::iter::once(triage).chain(models).collect())
}

/// Returns the dashboards, and the files from which Grafana provisions them and their data source.
pub(crate) fn files(config: &Config, dashboards: &[Dashboard]) -> Result<Vec<File>, GenerateError> {
    let mut files = provisioning::files(config)?;
    files.extend(parallel::map(dashboards, |dashboard| {
        let json = dashboard
            .to_json()
            .map_err(|error| GenerateError::new(dashboard.title(), error))?;
        Ok(File::new(format!("{DASHBOARD_FILES}{}.json", dashboard.uid()), json))
    })?);
    Ok(files)
}

/// Checks that every expression parses and selects existing series.
fn check(writer: &Writer, dashboard: &Dashboard) -> Result<(), GenerateError> {
    for query in dashboard.queries() {
        writer.check_panel(query.expr).map_err(|error| {
            GenerateError::new(format!("{}, {}: {}", dashboard.title(), query.name, query.expr), error)
        })?;
    }
    Ok(())
}

/// The folder of the dashboards' files, below `monitoring/`.
pub(crate) const DASHBOARD_FILES: &str = "grafana/dashboards/";

/// A tag of every dashboard, so that menus can list them.
const TAG: &str = "modelwatch";
/// A second tag of the dashboards of single models.
const MODEL_TAG: &str = "modelwatch-model";

/// The triage dashboard starts with the last hours. Grafana keeps the time range from one dashboard to the next.
fn triage(scope: &Scope<'_>) -> Dashboard {
    Dashboard::new(
        scope.triage.clone(),
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

fn of_model(config: &Config, scope: &Scope<'_>, model: &Model) -> Dashboard {
    let mut sections = questions(scope);
    sections.extend([
        details::objectives(scope, model),
        details::serving(scope),
        details::predictions(scope),
        details::streams(scope),
    ]);
    Dashboard::new(
        model_uid(config, &model.name),
        format!("ML model: {}", model.name),
        "One model with its own limits: the questions of the triage dashboard, then what is inside.".to_owned(),
        &[TAG, MODEL_TAG],
    )
    .variables(variables(scope))
    .annotations(changes::annotations(scope))
    .links(vec![
        DashboardLink::dashboard("All models", format!("/d/{}", scope.triage)),
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
        performance::section(scope),
    ]
}

fn variables(scope: &Scope<'_>) -> Vec<Variable> {
    let values = |of: &'static Metric, label: &str| scope.label_values(&scope.of_model(metric(of)), label);
    let mut variables = vec![Variable::datasource()];
    for label in scope.identity() {
        variables.push(Variable::label(
            label,
            label,
            "Where: the environments that the rules keep apart.",
            scope.label_values(&metric(&contract::MODEL_INFO).everywhere(), label),
        ));
    }
    if scope.model.is_none() {
        variables.push(Variable::label(
            MODEL_VARIABLE,
            "Model",
            "Models that a process serves or served within the time range.",
            scope.label_values(&metric(&contract::MODEL_INFO), "model_name"),
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
