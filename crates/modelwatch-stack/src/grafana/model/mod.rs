//! The part of Grafana's dashboard model that the stack uses, as types.
//!
//! Names and shapes are those of `@grafana/schema`. The tests compile the generated dashboards against its types. A dashboard
//! can't have a field that Grafana does not know, or one in the wrong place.

mod annotation;
mod link;
mod panel;
mod query;
mod style;
mod variable;

use serde::Serialize;

pub(crate) use annotation::AnnotationQuery;
pub(crate) use link::{DashboardLink, DataLink};
pub(crate) use panel::{
    BarGauge, Chart, GridPos, Heatmap, Panel, Stat, StateTimeline, StateTimelineField, Table, TableField, TimeSeries,
    TimeSeriesField, Transformation, Visual,
};
pub(crate) use query::{Buckets, Query, Written};
pub use query::{DashboardQuery, QueryPlace};
pub(crate) use style::{Color, Field, Override, Property, Thresholds, Unit, ValueMapping, plain};
pub(crate) use variable::{LabelValues, Variable};

/// The version of the dashboard format that this module writes. Grafana migrates older ones as it loads them.
const SCHEMA_VERSION: u32 = 42;

/// A dashboard that Grafana can import, provision and export.
/// # Example: what the panels of a dashboard ask
///
/// ```
/// use modelwatch_stack::grafana::{self, Dashboard, DashboardQuery, QueryPlace};
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/modelwatch.toml"));
/// let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let dashboards: Vec<Dashboard> = grafana::dashboards(&config)?;
/// let mut queries = dashboards.iter().flat_map(Dashboard::queries);
/// assert!(queries.any(|query: DashboardQuery<'_>| {
///     query.place == QueryPlace::Panel && query.expr.contains("ml_inference_requests_total")
/// }));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Dashboard {
    /// Null, so that Grafana assigns one and an import never overwrites a dashboard by accident.
    id: Option<u64>,
    uid: String,
    title: String,
    description: String,
    tags: Vec<String>,
    editable: bool,
    /// 1: all panels share the crosshair.
    graph_tooltip: u8,
    schema_version: u32,
    version: u32,
    refresh: String,
    time: TimeRange,
    /// Browser: the time zone of the viewer.
    timezone: String,
    templating: List<Variable>,
    annotations: List<AnnotationQuery>,
    links: Vec<DashboardLink>,
    panels: Vec<Panel>,
}

#[derive(Clone, Debug, Serialize)]
struct TimeRange {
    from: String,
    to: String,
}

#[derive(Clone, Debug, Serialize)]
struct List<T> {
    list: Vec<T>,
}

impl Dashboard {
    pub(crate) fn new(uid: String, title: String, description: String, tags: &[&str]) -> Self {
        Self {
            id: None,
            uid,
            title,
            description,
            tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
            editable: true,
            graph_tooltip: 1,
            schema_version: SCHEMA_VERSION,
            version: 1,
            refresh: "30s".to_owned(),
            time: TimeRange {
                from: "now-6h".to_owned(),
                to: "now".to_owned(),
            },
            timezone: "browser".to_owned(),
            templating: List { list: Vec::new() },
            annotations: List { list: Vec::new() },
            links: Vec::new(),
            panels: Vec::new(),
        }
    }

    pub(crate) fn variables(mut self, variables: Vec<Variable>) -> Self {
        self.templating.list = variables;
        self
    }

    pub(crate) fn annotations(mut self, annotations: Vec<AnnotationQuery>) -> Self {
        self.annotations.list = annotations;
        self
    }

    pub(crate) fn links(mut self, links: Vec<DashboardLink>) -> Self {
        self.links = links;
        self
    }

    pub(crate) fn panels(mut self, panels: Vec<Panel>) -> Self {
        self.panels = panels;
        self
    }

    /// Returns the identifier at the end of the dashboard's URL: `/d/<uid>`.
    #[must_use]
    pub fn uid(&self) -> &str {
        &self.uid
    }

    /// Returns the title in Grafana.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    pub(crate) fn description(&self) -> &str {
        &self.description
    }

    /// Returns rows and panels in order. A collapsed row contains its panels.
    pub(crate) fn placed(&self) -> &[Panel] {
        &self.panels
    }

    /// Returns the variables whose values are those of a label.
    pub(crate) fn variables_of_labels(&self) -> impl Iterator<Item = (&Variable, &LabelValues)> {
        let variables = self.templating.list.iter();
        variables.filter_map(|variable| Some((variable, variable.values()?)))
    }

    /// Returns every expression, including those of collapsed rows.
    #[must_use]
    pub fn queries(&self) -> Vec<DashboardQuery<'_>> {
        let variables = self.templating.list.iter().filter_map(|variable| {
            Some(DashboardQuery {
                place: QueryPlace::Variable,
                name: variable.name(),
                expr: &variable.values()?.text,
                instant: false,
            })
        });
        let annotations = self.annotations.list.iter().map(|annotation| DashboardQuery {
            place: QueryPlace::Annotation,
            name: annotation.name(),
            expr: annotation.expr(),
            instant: false,
        });
        let panels = self.panels.iter().flat_map(Panel::with_nested).flat_map(|panel| {
            panel.targets().iter().map(|query| DashboardQuery {
                place: QueryPlace::Panel,
                name: panel.title(),
                expr: &query.written().text,
                instant: query.is_instant(),
            })
        });
        variables.chain(annotations).chain(panels).collect()
    }

    /// Returns the contents of the file: indented JSON with a newline at its end.
    ///
    /// # Errors
    ///
    /// Returns an error when a threshold or limit is not a JSON number.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|json| json + "\n")
    }
}
