//! Puts panels on the grid: left to right, row by row.

use modelwatch_config::Rollout;

use super::model::{GridPos, Panel};

const COLUMNS: u16 = 24;

/// A titled row of panels. Each panel has its width and height in grid units, and the first rollout phase in which it has data.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    /// Collapsed until you open it. Grafana does not run its queries before.
    pub(crate) collapsed: bool,
    pub(crate) panels: Vec<(Rollout, Panel, u16, u16)>,
}

/// Returns all sections in order, without panels of later rollout phases. Every panel has a position and its own id.
pub(crate) fn lay_out(sections: Vec<Section>, rollout: Rollout) -> Vec<Panel> {
    let mut out = Vec::new();
    let mut id = 0;
    let mut next_id = move || {
        id += 1;
        id
    };
    let mut y = 0;
    for mut section in sections {
        section.panels.retain(|(since, ..)| *since <= rollout);
        if section.panels.is_empty() {
            continue;
        }
        let heading = GridPos {
            h: 1,
            w: COLUMNS,
            x: 0,
            y,
        };
        y += 1;
        let heading_id = next_id();
        let (mut x, mut line) = (0, 0);
        let mut placed = Vec::with_capacity(section.panels.len());
        for (_, mut panel, w, h) in section.panels {
            if x + w > COLUMNS {
                y += line;
                (x, line) = (0, 0);
            }
            panel.place(next_id(), GridPos { h, w, x, y });
            x += w;
            line = line.max(h);
            placed.push(panel);
        }
        y += line;
        let (nested, open) = if section.collapsed {
            (placed, Vec::new())
        } else {
            (Vec::new(), placed)
        };
        let mut row = Panel::row(section.title, section.collapsed, nested);
        row.place(heading_id, heading);
        out.push(row);
        out.extend(open);
    }
    out
}
