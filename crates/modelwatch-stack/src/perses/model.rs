//! The part of Perses' dashboard model that the stack uses, as types.
//!
//! Names and shapes are those of `@perses-dev/core` and of the panel plugins. The tests compile the generated dashboards against
//! their types.

use std::collections::BTreeMap;

use serde::Serialize;

/// A dashboard that the Perses server, `percli apply` and provisioning accept.
/// # Example: the dashboards of Grafana, for Perses
///
/// ```
/// use modelwatch_stack::{grafana, perses};
///
/// # let text = include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/modelwatch.toml"));
/// let config = modelwatch_config::Config::parse("modelwatch.toml", text)?;
/// let dashboards: Vec<perses::Dashboard> = perses::dashboards(&config)?;
/// assert_eq!(dashboards.len(), grafana::dashboards(&config)?.len());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Serialize)]
pub struct Dashboard {
    kind: &'static str,
    pub(super) metadata: Metadata,
    pub(super) spec: Board,
}

impl Dashboard {
    pub(super) fn new(name: &str, project: &str, spec: Board) -> Self {
        Self {
            kind: "Dashboard",
            metadata: Metadata::new(name, Some(project)),
            spec,
        }
    }

    /// Returns the name that the dashboard's URL ends with: `/projects/<project>/dashboards/<name>`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.metadata.name
    }

    /// Returns the contents of the file: indented JSON with a newline at its end.
    ///
    /// # Errors
    ///
    /// Returns an error when a threshold or limit is not a JSON number.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        to_json(self)
    }

    /// Returns the part that the operator's resource contains.
    pub(crate) fn board(&self) -> &Board {
        &self.spec
    }
}

pub(super) fn to_json(of: &impl Serialize) -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(of).map(|json| json + "\n")
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Metadata {
    pub(super) name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    project: Option<String>,
}

impl Metadata {
    pub(super) fn new(name: &str, project: Option<&str>) -> Self {
        Self {
            name: name.to_owned(),
            project: project.map(str::to_owned),
        }
    }
}

/// The contents of a dashboard.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Board {
    pub(super) display: Display,
    /// The initial time range.
    pub(super) duration: &'static str,
    pub(super) refresh_interval: &'static str,
    pub(super) variables: Vec<Kind<ListVariable>>,
    pub(super) panels: BTreeMap<String, Kind<Panel>>,
    pub(super) layouts: Vec<Kind<Grid>>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Display {
    pub(super) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) description: String,
}

/// An object with a `kind`, which determines its `spec`. Most objects of Perses have this shape.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Kind<S> {
    pub(super) kind: &'static str,
    pub(super) spec: S,
}

pub(super) fn kind<S>(kind: &'static str, spec: S) -> Kind<S> {
    Kind { kind, spec }
}

/// A choice of the viewer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ListVariable {
    pub(super) name: String,
    pub(super) display: Display,
    pub(super) default_value: &'static str,
    pub(super) allow_multiple: bool,
    pub(super) allow_all_value: bool,
    pub(super) sort: &'static str,
    pub(super) plugin: Kind<LabelValues>,
}

/// The values of a label of these series.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct LabelValues {
    pub(super) label_name: String,
    pub(super) matchers: [String; 1],
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Panel {
    pub(super) display: Display,
    pub(super) plugin: Visual,
    pub(super) queries: Vec<Kind<Query>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) links: Vec<Link>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Link {
    pub(super) name: String,
    pub(super) url: String,
    pub(super) target_blank: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Query {
    pub(super) plugin: Kind<PromQl>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PromQl {
    pub(super) query: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) series_name_format: String,
}

/// A titled row of panels.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Grid {
    pub(super) display: GridDisplay,
    pub(super) items: Vec<Item>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct GridDisplay {
    pub(super) title: String,
    pub(super) collapse: Collapse,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Collapse {
    pub(super) open: bool,
}

/// A panel's position in its row, which is 24 columns wide.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Item {
    pub(super) x: u16,
    pub(super) y: u16,
    pub(super) width: u16,
    pub(super) height: u16,
    pub(super) content: Reference,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Reference {
    #[serde(rename = "$ref")]
    pub(super) to: String,
}

/// How a panel draws.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "kind", content = "spec")]
pub(super) enum Visual {
    #[serde(rename = "StatChart")]
    Stat(Stat),
    #[serde(rename = "TimeSeriesChart")]
    TimeSeries(TimeSeries),
    Table(Table),
    #[serde(rename = "BarChart")]
    Bars(Bars),
    #[serde(rename = "StatusHistoryChart")]
    History(History),
}

/// The value that represents a series: the last one, even if it is NaN.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Calculation {
    Last,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Stat {
    pub(super) calculation: Calculation,
    pub(super) format: Format,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thresholds: Option<Thresholds>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sparkline: Option<Sparkline>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Sparkline {}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct TimeSeries {
    pub(super) legend: Legend,
    pub(super) y_axis: YAxis,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thresholds: Option<Thresholds>,
    pub(super) visual: Lines,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Legend {
    pub(super) position: &'static str,
    pub(super) mode: &'static str,
    pub(super) size: &'static str,
}

impl Legend {
    pub(super) const BELOW: Self = Self {
        position: "bottom",
        mode: "list",
        size: "small",
    };
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct YAxis {
    pub(super) format: Format,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) min: Option<f64>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Lines {
    pub(super) area_opacity: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) stack: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) palette: Option<Palette>,
}

/// How lines get their colours. Without a palette, each name gets the same colour in every panel.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Palette {
    mode: &'static str,
}

impl Palette {
    /// Colours in turn, none of which means that something is wrong.
    pub(super) const IN_TURN: Self = Self { mode: "categorical" };
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Table {
    pub(super) density: &'static str,
    pub(super) column_settings: Vec<Column>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) transforms: Vec<Kind<Enabled>>,
}

/// A transform without settings.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Enabled {}

#[derive(Clone, Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Column {
    pub(super) name: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) header: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) format: Option<Format>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) sort: Option<&'static str>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) enable_sorting: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub(super) hide: bool,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Bars {
    pub(super) calculation: Calculation,
    pub(super) format: Format,
    pub(super) sort: &'static str,
    pub(super) mode: &'static str,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct History {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) mappings: Vec<Kind<Mapping>>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Mapping {
    pub(super) value: String,
    pub(super) result: Mapped,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Mapped {
    pub(super) value: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) color: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Format {
    pub(super) unit: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) decimal_places: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) short_values: Option<bool>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Thresholds {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_color: Option<&'static str>,
    steps: Vec<Step>,
}

#[derive(Clone, Debug, Serialize)]
pub(super) struct Step {
    pub(super) value: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) color: Option<&'static str>,
}

impl Thresholds {
    pub(super) fn new(default_color: Option<&'static str>, steps: Vec<Step>) -> Self {
        Self {
            mode: "absolute",
            default_color,
            steps,
        }
    }
}
