//! Panels: their queries, and how each kind draws the results.

use std::collections::BTreeMap;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};
use serde_json::json;

use super::link::DashboardLink;
use super::query::{DataSource, Query};
use super::style::Field;

/// A panel's position. A dashboard is 24 columns wide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct GridPos {
    pub(crate) h: u16,
    pub(crate) w: u16,
    pub(crate) x: u16,
    pub(crate) y: u16,
}

/// A panel, or the heading of a row of panels.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(crate) enum Panel {
    Row(Row),
    Chart(Box<Chart>),
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Row {
    id: u32,
    #[serde(rename = "type")]
    kind: &'static str,
    pub(crate) title: String,
    pub(crate) grid_pos: GridPos,
    pub(crate) collapsed: bool,
    /// The panels of a collapsed row. Those of an open row follow it.
    pub(crate) panels: Vec<Panel>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Chart {
    pub(crate) id: u32,
    pub(crate) title: String,
    pub(crate) description: String,
    pub(crate) grid_pos: GridPos,
    datasource: DataSource,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) links: Vec<DashboardLink>,
    pub(crate) targets: Vec<Query>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) transformations: Vec<Transformation>,
    #[serde(flatten)]
    pub(crate) visual: Visual,
}

impl Panel {
    /// Makes a heading. `nested` is only for a collapsed row.
    pub(crate) fn row(title: &str, collapsed: bool, nested: Vec<Self>) -> Self {
        Self::Row(Row {
            id: 0,
            kind: "row",
            title: title.to_owned(),
            grid_pos: GridPos::default(),
            collapsed,
            panels: nested,
        })
    }

    /// Makes a panel. `description` says which question it answers and what to do about it.
    pub(crate) fn chart(title: &str, description: &str, mut targets: Vec<Query>, visual: impl Into<Visual>) -> Self {
        for (index, target) in targets.iter_mut().enumerate() {
            target.set_ref_id(index);
        }
        Self::Chart(Box::new(Chart {
            id: 0,
            title: title.to_owned(),
            description: description.to_owned(),
            grid_pos: GridPos::default(),
            datasource: DataSource::CHOSEN,
            links: Vec::new(),
            targets,
            transformations: Vec::new(),
            visual: visual.into(),
        }))
    }

    /// Adds a link in the panel's header.
    pub(crate) fn link(mut self, link: Option<DashboardLink>) -> Self {
        if let Self::Chart(chart) = &mut self {
            chart.links.extend(link);
        }
        self
    }

    pub(crate) fn transform(mut self, transformation: Transformation) -> Self {
        if let Self::Chart(chart) = &mut self {
            chart.transformations.push(transformation);
        }
        self
    }

    pub(crate) fn place(&mut self, id: u32, at: GridPos) {
        match self {
            Self::Row(row) => (row.id, row.grid_pos) = (id, at),
            Self::Chart(chart) => (chart.id, chart.grid_pos) = (id, at),
        }
    }

    /// Returns this panel and, for a collapsed row, those in it.
    pub(crate) fn with_nested(&self) -> impl Iterator<Item = &Self> {
        let nested = match self {
            Self::Row(row) => row.panels.as_slice(),
            Self::Chart(_) => &[],
        };
        std::iter::once(self).chain(nested)
    }

    pub(crate) fn title(&self) -> &str {
        match self {
            Self::Row(row) => &row.title,
            Self::Chart(chart) => &chart.title,
        }
    }

    pub(crate) fn targets(&self) -> &[Query] {
        match self {
            Self::Row(_) => &[],
            Self::Chart(chart) => &chart.targets,
        }
    }
}

/// A step between the query results and the drawing.
#[derive(Clone, Debug)]
pub(crate) enum Transformation {
    /// Merges the rows of all queries that share their labels.
    Merge,
    /// Renames and orders the columns. An empty name hides a column.
    Columns(Vec<(&'static str, &'static str)>),
}

impl Serialize for Transformation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (id, options) = match self {
            Self::Merge => ("merge", json!({})),
            Self::Columns(columns) => {
                let hidden = columns.iter().filter(|(_, name)| name.is_empty());
                let shown = || columns.iter().filter(|(_, name)| !name.is_empty());
                let hidden: BTreeMap<_, _> = hidden.map(|(column, _)| (column, true)).collect();
                let places: BTreeMap<_, _> = shown()
                    .enumerate()
                    .map(|(index, (column, _))| (column, index))
                    .collect();
                let names: BTreeMap<_, _> = shown().map(|(column, name)| (column, name)).collect();
                let options = json!({"excludeByName": hidden, "indexByName": places, "renameByName": names});
                ("organize", options)
            }
        };
        let mut step = serializer.serialize_struct("Transformation", 2)?;
        step.serialize_field("id", id)?;
        step.serialize_field("options", &options)?;
        step.end()
    }
}

/// The kind of a panel, with its options and the look of its values.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "type", rename_all = "lowercase", rename_all_fields = "camelCase")]
pub(crate) enum Visual {
    Stat {
        options: Stat,
        field_config: Field<NoCustom>,
    },
    TimeSeries {
        options: TimeSeries,
        field_config: Field<TimeSeriesField>,
    },
    Heatmap {
        options: Box<Heatmap>,
        field_config: Field<NoCustom>,
    },
    Table {
        options: Table,
        field_config: Field<TableField>,
    },
    BarGauge {
        options: BarGauge,
        field_config: Field<NoCustom>,
    },
    #[serde(rename = "state-timeline")]
    StateTimeline {
        options: StateTimeline,
        field_config: Field<StateTimelineField>,
    },
}

macro_rules! visual {
    ($($variant:ident($options:ty, $custom:ty);)*) => {
        $(impl From<($options, Field<$custom>)> for Visual {
            fn from((options, field_config): ($options, Field<$custom>)) -> Self {
                Self::$variant { options: options.into(), field_config }
            }
        })*
    };
}

visual! {
    Stat(Stat, NoCustom);
    TimeSeries(TimeSeries, TimeSeriesField);
    Heatmap(Heatmap, NoCustom);
    Table(Table, TableField);
    BarGauge(BarGauge, NoCustom);
    StateTimeline(StateTimeline, StateTimelineField);
}

/// For kinds of panel that add nothing to a field.
#[derive(Clone, Debug, Default, Serialize)]
pub(crate) struct NoCustom {}

/// The value of a series that a single-value panel shows: the last one, including NaN, so that an older value does not pass for
/// it.
#[derive(Clone, Debug, Serialize)]
struct Reduce {
    calcs: [&'static str; 1],
    fields: &'static str,
    values: bool,
}

impl Reduce {
    const LAST: Self = Self {
        calcs: ["lastNotNull"],
        fields: "",
        values: false,
    };
}

/// One large number per series.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Stat {
    color_mode: &'static str,
    graph_mode: &'static str,
    justify_mode: &'static str,
    orientation: &'static str,
    percent_change_color_mode: &'static str,
    reduce_options: Reduce,
    show_percent_change: bool,
    text_mode: &'static str,
    wide_layout: bool,
}

impl Stat {
    /// Returns whether the number has a small chart.
    pub(crate) fn has_sparkline(&self) -> bool {
        self.graph_mode != "none"
    }

    fn new(color_mode: &'static str, graph_mode: &'static str, text_mode: &'static str) -> Self {
        Self {
            color_mode,
            graph_mode,
            justify_mode: "auto",
            orientation: "auto",
            percent_change_color_mode: "standard",
            reduce_options: Reduce::LAST,
            show_percent_change: false,
            text_mode,
            wide_layout: true,
        }
    }

    /// Makes a panel that is entirely in the threshold's colour, visible from across a room.
    pub(crate) fn light() -> Self {
        Self::new("background", "none", "auto")
    }

    /// The same, with the name of the series.
    pub(crate) fn named_light() -> Self {
        Self::new("background", "none", "value_and_name")
    }

    /// Makes a panel with the number above a small chart.
    pub(crate) fn sparkline() -> Self {
        Self::new("value", "area", "auto")
    }
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Legend {
    calcs: Vec<&'static str>,
    display_mode: &'static str,
    placement: &'static str,
    show_legend: bool,
}

impl Legend {
    const LIST: Self = Self {
        calcs: Vec::new(),
        display_mode: "list",
        placement: "bottom",
        show_legend: true,
    };
}

#[derive(Clone, Debug, Serialize)]
struct Tooltip {
    mode: &'static str,
    sort: &'static str,
}

impl Tooltip {
    /// All series at this time, the highest first.
    const ALL: Self = Self {
        mode: "multi",
        sort: "desc",
    };
}

/// Lines over time.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TimeSeries {
    legend: Legend,
    tooltip: Tooltip,
}

impl TimeSeries {
    pub(crate) fn new() -> Self {
        Self {
            legend: Legend::LIST,
            tooltip: Tooltip::ALL,
        }
    }
}

/// Fields that time series add.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TimeSeriesField {
    draw_style: &'static str,
    line_width: u8,
    fill_opacity: u8,
    show_points: &'static str,
    span_nulls: bool,
    stacking: Stacking,
    thresholds_style: ThresholdsStyle,
}

#[derive(Clone, Debug, Serialize)]
struct Stacking {
    group: &'static str,
    mode: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct ThresholdsStyle {
    mode: &'static str,
}

impl TimeSeriesField {
    pub(crate) fn lines() -> Self {
        Self {
            draw_style: "line",
            line_width: 1,
            fill_opacity: 0,
            show_points: "never",
            span_nulls: false,
            stacking: Stacking {
                group: "A",
                mode: "none",
            },
            thresholds_style: ThresholdsStyle { mode: "off" },
        }
    }

    /// Adds a dashed line at each threshold.
    pub(crate) fn with_limit() -> Self {
        Self {
            thresholds_style: ThresholdsStyle { mode: "dashed" },
            ..Self::lines()
        }
    }

    /// Stacks the lines.
    pub(crate) fn stacked() -> Self {
        Self {
            fill_opacity: 30,
            stacking: Stacking {
                group: "A",
                mode: "normal",
            },
            ..Self::lines()
        }
    }

    /// Stacks the lines as shares of their sum.
    pub(crate) fn shares() -> Self {
        let mut field = Self::stacked();
        field.stacking.mode = "percent";
        field
    }

    /// Returns whether the lines are stacked.
    pub(crate) fn is_stacked(&self) -> bool {
        self.stacking.mode != "none"
    }

    /// Returns whether each threshold has a line.
    pub(crate) fn shows_limits(&self) -> bool {
        self.thresholds_style.mode != "off"
    }
}

/// Counts by bucket over time.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Heatmap {
    calculate: bool,
    cell_gap: u8,
    color: HeatmapColor,
    exemplars: ExemplarColor,
    filter_values: Above,
    legend: Show,
    rows_frame: RowsFrame,
    show_value: &'static str,
    tooltip: HeatmapTooltip,
    y_axis: YAxis,
}

#[derive(Clone, Debug, Serialize)]
struct HeatmapColor {
    exponent: f64,
    fill: &'static str,
    mode: &'static str,
    reverse: bool,
    scale: &'static str,
    scheme: &'static str,
    steps: u8,
}

#[derive(Clone, Debug, Serialize)]
struct ExemplarColor {
    color: &'static str,
}

#[derive(Clone, Debug, Serialize)]
struct Above {
    /// Cells below this value are not painted, so empty buckets stay empty.
    le: f64,
}

#[derive(Clone, Debug, Serialize)]
struct Show {
    show: bool,
}

#[derive(Clone, Debug, Serialize)]
struct RowsFrame {
    layout: &'static str,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct HeatmapTooltip {
    mode: &'static str,
    show_color_scale: bool,
    y_histogram: bool,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct YAxis {
    axis_placement: &'static str,
    reverse: bool,
    unit: super::style::Unit,
}

impl Heatmap {
    /// Returns the unit of the bucket bounds.
    pub(crate) fn unit(&self) -> super::style::Unit {
        self.y_axis.unit
    }

    /// Makes a heatmap of classic buckets from a `heatmap` query. `unit` is that of the bucket bounds.
    pub(crate) fn of_buckets(unit: super::style::Unit) -> Self {
        Self {
            calculate: false,
            cell_gap: 1,
            color: HeatmapColor {
                exponent: 0.5,
                fill: "dark-orange",
                mode: "scheme",
                reverse: true,
                scale: "exponential",
                scheme: "Spectral",
                steps: 64,
            },
            exemplars: ExemplarColor {
                color: "rgba(255,0,255,0.7)",
            },
            filter_values: Above { le: 1e-9 },
            legend: Show { show: true },
            rows_frame: RowsFrame { layout: "auto" },
            show_value: "never",
            tooltip: HeatmapTooltip {
                mode: "single",
                show_color_scale: true,
                y_histogram: true,
            },
            y_axis: YAxis {
                axis_placement: "left",
                reverse: false,
                unit,
            },
        }
    }
}

/// Rows and columns.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Table {
    cell_height: &'static str,
    frame_index: u8,
    show_header: bool,
    pub(crate) sort_by: Vec<SortBy>,
}

#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SortBy {
    pub(crate) display_name: String,
    pub(crate) desc: bool,
}

impl Table {
    /// Sorts by the column with this name.
    pub(crate) fn sorted_by(column: &str, descending: bool) -> Self {
        Self {
            cell_height: "sm",
            frame_index: 0,
            show_header: true,
            sort_by: vec![SortBy {
                display_name: column.to_owned(),
                desc: descending,
            }],
        }
    }
}

/// Fields that tables add.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TableField {
    align: &'static str,
    cell_options: CellOptions,
    inspect: bool,
    filterable: bool,
}

#[derive(Clone, Debug, Serialize)]
struct CellOptions {
    #[serde(rename = "type")]
    kind: &'static str,
}

impl TableField {
    pub(crate) fn plain() -> Self {
        Self {
            align: "auto",
            cell_options: CellOptions { kind: "auto" },
            inspect: false,
            filterable: true,
        }
    }
}

/// A horizontal bar per series.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct BarGauge {
    display_mode: &'static str,
    legend: Legend,
    max_viz_height: u16,
    min_viz_height: u16,
    min_viz_width: u16,
    name_placement: &'static str,
    orientation: &'static str,
    reduce_options: Reduce,
    show_unfilled: bool,
    sizing: &'static str,
    value_mode: &'static str,
}

impl BarGauge {
    pub(crate) fn new() -> Self {
        Self {
            display_mode: "basic",
            legend: Legend {
                show_legend: false,
                ..Legend::LIST
            },
            max_viz_height: 300,
            min_viz_height: 16,
            min_viz_width: 8,
            name_placement: "auto",
            orientation: "horizontal",
            reduce_options: Reduce::LAST,
            show_unfilled: true,
            sizing: "auto",
            value_mode: "color",
        }
    }
}

/// A band per series, in the colour of its value.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StateTimeline {
    align_value: &'static str,
    legend: Legend,
    merge_values: bool,
    row_height: f64,
    show_value: &'static str,
    tooltip: Tooltip,
}

impl StateTimeline {
    pub(crate) fn new() -> Self {
        Self {
            align_value: "left",
            legend: Legend {
                show_legend: false,
                ..Legend::LIST
            },
            merge_values: true,
            row_height: 0.9,
            show_value: "auto",
            tooltip: Tooltip::ALL,
        }
    }
}

/// Fields that state timelines add.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct StateTimelineField {
    fill_opacity: u8,
    line_width: u8,
}

impl StateTimelineField {
    pub(crate) fn bands() -> Self {
        Self {
            fill_opacity: 70,
            line_width: 0,
        }
    }
}
