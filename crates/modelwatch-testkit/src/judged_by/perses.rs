//! What Perses' own components draw of a dashboard, from a real Prometheus, in a real browser.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use super::browser::browser_dom_of;

/// A panel as a reader finds it.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::DrawnPanel;
///
/// let mut panel = DrawnPanel {
///     title: "Requests".to_owned(),
///     error: String::new(),
///     waits: false,
///     charts: 1,
///     points: 0,
///     rows: 0,
///     text: "Requests".to_owned(),
/// };
/// assert!(!panel.shows_something(), "an empty chart");
/// panel.points = 12;
/// assert!(panel.shows_something());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrawnPanel {
    /// Its title.
    pub title: String,
    /// What it says is wrong; empty where nothing is.
    pub error: String,
    /// Whether it still waits for answers.
    pub waits: bool,
    /// How many charts it has.
    pub charts: usize,
    /// How many points these draw, limits not among them.
    pub points: usize,
    /// How many rows its table has.
    pub rows: usize,
    /// All of its text, its title included.
    pub text: String,
}

impl DrawnPanel {
    /// Returns whether something of Prometheus' is seen: a point of its chart, a row of its table, or a figure.
    #[must_use]
    pub fn shows_something(&self) -> bool {
        let below = self.text.strip_prefix(&self.title).unwrap_or(&self.text);
        match (self.charts, self.rows) {
            (0, 0) => below.contains(|character: char| character.is_ascii_digit()),
            _ => self.points > 0 || self.rows > 0,
        }
    }
}

/// Draws a dashboard, given as JSON, with every row open, over the last `range` (`"5m"`) of a Prometheus. Returns its panels in
/// their order; none where the page came to nothing.
///
/// # Panics
///
/// If the page is not there (`make setup` makes it), the dashboard is no JSON of one, or Chromium does not start.
#[must_use]
pub fn perses_panels(dashboard: &str, prometheus: SocketAddr, range: &str) -> Vec<DrawnPanel> {
    let mut board: Value = serde_json::from_str(dashboard).expect("JSON");
    let rows = board["spec"]["layouts"].as_array_mut().expect("rows of panels");
    for row in rows {
        row["spec"]["display"]["collapse"]["open"] = true.into();
    }
    let made = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.perses");
    let made = made.canonicalize().expect("`make setup` makes .perses");
    let made = made.display();
    // The end of a script is the one thing that a text in it can't hold.
    let board = board.to_string().replace("</", "<\\/");
    let page = format!(
        "<!DOCTYPE html><meta charset=\"utf-8\"><link rel=\"stylesheet\" href=\"file://{made}/page.css\"><div id=\"root\"></div>\
         <script>window.board = {board}; window.prometheus = 'http://{prometheus}'; window.range = '{range}';</script>\
         <script src=\"file://{made}/page.js\"></script>"
    );
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().join("page.html");
    fs::write(&path, page).expect("a file");
    // Panels are drawn when they are seen, so the window is as high as they are.
    let dom = browser_dom_of(&format!("file://{}", path.display()), 20_000, (1600, 8000));
    let Some((_, rest)) = dom.split_once("data-panels=\"") else {
        return Vec::new();
    };
    let said = rest.split('"').next().unwrap_or_default();
    let said = [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&amp;", "&")]
        .into_iter()
        .fold(said.to_owned(), |text, (entity, character)| {
            text.replace(entity, character)
        });
    let panels: Vec<Value> = serde_json::from_str(&said).expect("a list");
    let text = |of: &Value| of.as_str().unwrap_or_default().to_owned();
    let count = |of: &Value| {
        of.as_u64()
            .and_then(|count| usize::try_from(count).ok())
            .unwrap_or_default()
    };
    panels
        .iter()
        .map(|panel| DrawnPanel {
            title: text(&panel["title"]),
            error: text(&panel["error"]),
            waits: panel["waits"] == true,
            charts: count(&panel["charts"]),
            points: count(&panel["points"]),
            rows: count(&panel["rows"]),
            text: text(&panel["text"]),
        })
        .collect()
}
