//! Puts panels on the grid: from left to right, row below row.

use modelwatch_config::Rollout;

use super::model::{GridPos, Panel};

const COLUMNS: u16 = 24;

/// A titled row of panels, each with the phase of the rollout from which it has something to show, its width and its
/// height in grid units.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    /// Folded away until the reader opens it; its queries are not asked before.
    pub(crate) collapsed: bool,
    pub(crate) panels: Vec<(Rollout, Panel, u16, u16)>,
}

/// All sections in order, without what the rollout has not reached; every panel with a place and an id of its own.
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
