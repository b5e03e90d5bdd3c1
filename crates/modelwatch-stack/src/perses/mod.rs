//! Perses: the boards of Grafana, drawn by Perses.
//!
//! Both tools draw the same board, of which [`grafana`] is one reader and this module is another: the same rows, panels, queries,
//! variables, limits and links to runbooks. Expressions are written anew, because Perses expands variables differently. Where
//! Perses has no equivalent, the nearest panel stands in: quantiles for classic buckets, a status history for a band of states,
//! and a separate panel for a figure with its own limit. It omits annotations, colours of single fields and links of cells.

mod model;
mod panel;
mod provisioning;

use std::collections::BTreeMap;

use modelwatch_config::Config;

use self::model::{
    Collapse, Display, Grid, GridDisplay, Item, Kind, LabelValues, ListVariable, Panel, Reference, kind,
};
use crate::error::GenerateError;
use crate::file::File;
use crate::grafana::model as board;
use crate::promql::{Moment, Writer};
use crate::{grafana, parallel};

pub(crate) use self::model::Board;
pub use self::model::Dashboard;

/// The folder of the dashboards' files, below `monitoring/`.
const DASHBOARD_FILES: &str = "perses/dashboards/";

/// Returns every dashboard, in the order of [`grafana::dashboards`]. Empty when the file has no `[perses]`.
///
/// # Errors
///
/// Returns an error when an expression does not parse, or selects a series that does not exist.
pub fn dashboards(config: &Config) -> Result<Vec<Dashboard>, GenerateError> {
    of_boards(config, &grafana::dashboards(config)?)
}

/// Returns the same dashboards from existing boards.
pub(crate) fn of_boards(config: &Config, boards: &[board::Dashboard]) -> Result<Vec<Dashboard>, GenerateError> {
    let Some(perses) = &config.perses else {
        return Ok(Vec::new());
    };
    let writer = Writer::new(config);
    parallel::map(boards, |board| drawn(&writer, &perses.project, board))
}

/// Returns the files of the dashboards, of their project and of its data source.
pub(crate) fn files(config: &Config, dashboards: &[Dashboard]) -> Result<Vec<File>, GenerateError> {
    let Some(perses) = &config.perses else {
        return Ok(Vec::new());
    };
    let mut files = provisioning::files(config, perses)?;
    files.extend(parallel::map(dashboards, |dashboard| {
        let name = dashboard.name();
        let json = dashboard.to_json().map_err(|error| GenerateError::new(name, error))?;
        Ok(File::new(format!("{DASHBOARD_FILES}{name}.json"), json))
    })?);
    Ok(files)
}

fn drawn(writer: &Writer, project: &str, board: &board::Dashboard) -> Result<Dashboard, GenerateError> {
    let mut layout = Layout {
        writer,
        panels: BTreeMap::new(),
        rows: Vec::new(),
        top: 0,
    };
    for panel in board.placed() {
        layout.add(panel);
    }
    let Layout { panels, rows, .. } = layout;
    for panel in panels.values() {
        for query in &panel.spec.queries {
            let text = &query.spec.plugin.spec.query;
            writer.check_panel(text).map_err(|error| {
                let place = format!("{}, {}: {text}", board.title(), panel.spec.display.name);
                GenerateError::new(place, error)
            })?;
        }
    }
    let spec = Board {
        display: Display {
            name: board.title().to_owned(),
            description: board.description().to_owned(),
        },
        duration: "6h",
        refresh_interval: "30s",
        variables: board.variables_of_labels().map(|each| variable(writer, each)).collect(),
        panels,
        layouts: rows.into_iter().map(|row| kind("Grid", row)).collect(),
    };
    Ok(Dashboard::new(board.uid(), project, spec))
}

fn variable(writer: &Writer, (variable, values): (&board::Variable, &board::LabelValues)) -> Kind<ListVariable> {
    let (label, description) = variable.display();
    let plugin = LabelValues {
        label_name: values.label.clone(),
        matchers: [writer.perses(&values.of.expr(), Moment::EachStep)],
    };
    kind(
        "ListVariable",
        ListVariable {
            name: variable.name().to_owned(),
            display: Display {
                name: label.to_owned(),
                description: description.to_owned(),
            },
            default_value: "$__all",
            allow_multiple: true,
            allow_all_value: true,
            sort: "alphabetical-asc",
            plugin: kind("PrometheusLabelValuesVariable", plugin),
        },
    )
}

/// Collects rows of panels during layout.
struct Layout<'w> {
    writer: &'w Writer,
    panels: BTreeMap<String, Kind<Panel>>,
    rows: Vec<Grid>,
    /// The top of the row's panels on the board. Perses counts anew in each row.
    top: u16,
}

impl Layout<'_> {
    fn add(&mut self, panel: &board::Panel) {
        match panel {
            board::Panel::Row(row) => {
                self.rows.push(Grid {
                    display: GridDisplay {
                        title: row.title.clone(),
                        collapse: Collapse { open: !row.collapsed },
                    },
                    items: Vec::new(),
                });
                self.top = row.grid_pos.y + 1;
                for nested in &row.panels {
                    self.add(nested);
                }
            }
            board::Panel::Chart(chart) => self.draw(chart),
        }
    }

    fn draw(&mut self, chart: &board::Chart) {
        let panels = panel::panels(self.writer, chart);
        let at = chart.grid_pos;
        // The number of panels divides the width: a chart of several figures is wide enough for each.
        let count = u16::try_from(panels.len()).unwrap_or(u16::MAX).max(1);
        let width = (at.w / count).max(1);
        for (index, panel) in (0..).zip(panels) {
            let name = if count == 1 {
                format!("panel-{}", chart.id)
            } else {
                format!("panel-{}-{}", chart.id, index + 1)
            };
            if let Some(row) = self.rows.last_mut() {
                row.items.push(Item {
                    x: at.x + width * index,
                    y: at.y - self.top,
                    width,
                    height: at.h,
                    content: Reference {
                        to: format!("#/spec/panels/{name}"),
                    },
                });
            }
            self.panels.insert(name, kind("Panel", panel));
        }
    }
}
