//! What a real browser makes of a page: Chromium without a screen.

use std::fs;

use tempfile::TempDir;

use crate::tools::tool;

/// What the browser is asked of the page: what reaches beyond its width, text of too little contrast, headings that leave out a
/// level, drawings without a text, figures that a drawing pushes onto two lines.
const ASKED: &str = r#"
const problems = [];
const frame = document.querySelector('iframe');
const page = frame.contentDocument, view = frame.contentWindow;
const width = page.documentElement.clientWidth;
if (page.documentElement.scrollWidth > width) problems.push('scrolls sideways: ' + page.documentElement.scrollWidth);
const parse = colour => colour.match(/[\d.]+/g).map(Number);
const light = ([r, g, b]) => [r, g, b].map(v => { v /= 255; return v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; })
  .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
const ground = element => { for (let e = element; e; e = e.parentElement) {
  const c = parse(view.getComputedStyle(e).backgroundColor); if (c.length < 4 || c[3] > 0) return c; } return [255, 255, 255]; };
let texts = 0;
for (const element of page.body.querySelectorAll('*')) {
  const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
  if (!own || ['title', 'style', 'script', 'noscript'].includes(element.localName)) continue;
  if (!element.checkVisibility() || element.closest('thead') && view.getComputedStyle(element.closest('thead')).position === 'absolute') continue;
  texts += 1;
  const style = view.getComputedStyle(element);
  const colour = parse(element.localName === 'text' ? style.fill : style.color);
  const [a, b] = [light(colour), light(ground(element))];
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) problems.push('contrast ' + contrast.toFixed(2) + ': ' + element.textContent.slice(0, 40));
  const box = element.getBoundingClientRect();
  if (box.right > width + 1) problems.push('beyond the edge: ' + element.textContent.slice(0, 40));
}
if (texts < 20) problems.push('only ' + texts + ' texts');
let level = 0;
for (const heading of page.querySelectorAll('h1,h2,h3,h4')) {
  const now = Number(heading.localName[1]);
  if (now > level + 1) problems.push('heading leaves out a level: ' + heading.textContent);
  level = now;
}
for (const drawing of page.querySelectorAll('svg')) {
  if (!(drawing.getAttribute('aria-label') || '').trim()) problems.push('a drawing without a text');
}
for (const cell of page.querySelectorAll('td:has(svg)')) {
  for (const node of cell.childNodes) {
    if (node.nodeType !== 3) continue;
    const figure = page.createRange();
    figure.selectNodeContents(node);
    if (new Set([...figure.getClientRects()].map(line => line.top)).size > 1) problems.push('a figure on two lines: ' + node.textContent);
  }
}
document.body.dataset.problems = JSON.stringify(problems);
document.body.dataset.done = 'yes';
"#;

/// What Chromium has made of what is at a URL eight seconds later, by the page's own clock.
///
/// # Panics
///
/// Chromium does not start.
#[must_use]
pub fn browser_dom(url: &str) -> String {
    browser_dom_of(url, 8000, (800, 600))
}

/// The same after so many milliseconds, in a window of such a width and height.
pub(crate) fn browser_dom_of(url: &str, milliseconds: u32, window: (u32, u32)) -> String {
    let profile = TempDir::new().expect("a folder");
    let output = tool("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--no-first-run",
            "--dump-dom",
        ])
        .arg(format!("--virtual-time-budget={milliseconds}"))
        .arg(format!("--window-size={},{}", window.0, window.1))
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(url)
        .output()
        .expect("Chromium starts; `make setup` installs it");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A page that frames another of the same origin, in so many pixels, and asks after so many milliseconds what is wrong with it.
/// `frame` is the attribute that says what is framed: `src` or `srcdoc`.
#[must_use]
pub fn browser_question(frame: &str, width: u32, after: u32) -> String {
    format!(
        "<!DOCTYPE html><body style=\"margin:0\"><iframe style=\"border:0;width:{width}px;height:900px\" {frame}></iframe>\
         <script>onload = () => setTimeout(() => {{ {ASKED} }}, {after})</script></body>"
    )
}

/// What [`browser_question`] at a URL was answered.
///
/// # Panics
///
/// It was not.
#[must_use]
pub fn browser_answer(url: &str) -> Vec<String> {
    let dom = browser_dom(url);
    assert!(dom.contains("data-done=\"yes\""), "{url}: {dom}");
    let (_, rest) = dom.split_once("data-problems=\"").expect("it was asked");
    let (problems, _) = rest.split_once("\" data-done").expect("the end of what it says");
    serde_json::from_str(&problems.replace("&quot;", "\"").replace("&amp;", "&")).expect("a list")
}

/// What is wrong with a page that loads nothing, in a window of so many pixels: what reaches beyond its width, text of too little
/// contrast, headings that leave out a level, drawings without a text.
///
/// # Panics
///
/// Chromium does not start.
#[must_use]
pub fn page_problems(page: &str, width: u32) -> Vec<String> {
    let folder = TempDir::new().expect("a folder");
    let escaped = page.replace('&', "&amp;").replace('"', "&quot;");
    let path = folder.path().join("asked.html");
    let question = browser_question(&format!("srcdoc=\"{escaped}\""), width, 0);
    fs::write(&path, question).expect("a file");
    browser_answer(&format!("file://{}", path.display()))
}
