//! The page of a report, as a browser shows it.

use std::fs;
use std::process::Command;

use modelwatch_drift_job::report::{json, page};
use tempfile::TempDir;

use crate::windows::{MODEL, Setting, rows};

/// A report with something of everything: far off, drifted, quiet, missing, new categories, warnings, history, versions.
async fn everything() -> String {
    let mut setting = Setting::new();
    setting.settings.per_version = true;
    for (quarter, moved) in [("09:45", 0.0), ("10:00", 40.0)] {
        let mut window = rows(&format!("2026-04-01T{quarter}:00Z"), 1_000, moved);
        for (number, row) in window.iter_mut().enumerate() {
            if moved > 0.0 && number % 3 == 0 {
                row.features[1].1 = "a category with quite a long name that training never had".into();
            }
        }
        setting.log.write(MODEL, &window);
    }
    let hour = setting.log.hour(MODEL, setting.clock.now());
    fs::write(hour.join(format!("{}.parquet", "long".repeat(40))), b"PAR?").expect("a file");
    let mut job = setting.job().history(3);
    let report = job.run_due().await.remove(0).expect("a report");
    let text = json(std::slice::from_ref(&report)).expect("JSON");
    let value: serde_json::Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(value[0]["verdict"], "drift");
    assert_eq!(value[0]["subjects"].as_array().map(Vec::len), Some(4));
    page(&[report])
}

/// What the browser is asked of the page: what reaches beyond its width, text of too little contrast, headings that leave out a
/// level, drawings without a text.
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
  if (!own || ['title', 'style'].includes(element.localName)) continue;
  texts += 1;
  const style = view.getComputedStyle(element);
  const colour = parse(element.localName === 'text' ? style.fill : style.color);
  const [a, b] = [light(colour), light(ground(element))];
  const contrast = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (contrast < 4.5) problems.push('contrast ' + contrast.toFixed(2) + ': ' + element.textContent.slice(0, 40));
  const box = element.getBoundingClientRect();
  if (box.right > width + 1) problems.push('beyond the edge: ' + element.textContent.slice(0, 40));
}
if (texts < 40) problems.push('only ' + texts + ' texts');
let level = 0;
for (const heading of page.querySelectorAll('h1,h2,h3,h4')) {
  const now = Number(heading.localName[1]);
  if (now > level + 1) problems.push('heading leaves out a level: ' + heading.textContent);
  level = now;
}
for (const drawing of page.querySelectorAll('svg')) {
  if (!(drawing.getAttribute('aria-label') || '').trim()) problems.push('a drawing without a text');
}
document.body.dataset.problems = JSON.stringify(problems);
document.body.dataset.done = 'yes';
"#;

/// What is wrong with a page in a window of so many pixels.
fn problems(page: &str, width: u32) -> Vec<String> {
    let folder = TempDir::new().expect("a folder");
    let escaped = page.replace('&', "&amp;").replace('"', "&quot;");
    let asked = format!(
        "<!DOCTYPE html><body style=\"margin:0\"><iframe style=\"border:0;width:{width}px;height:900px\" srcdoc=\"{escaped}\"></iframe>\
         <script>onload = () => {{ {ASKED} }}</script></body>"
    );
    let path = folder.path().join("asked.html");
    fs::write(&path, asked).expect("a file");
    let output = Command::new("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--virtual-time-budget=5000",
            "--dump-dom",
        ])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("file://{}", path.display()))
        .output()
        .expect("Chromium starts; `make setup` installs it");
    let dom = String::from_utf8_lossy(&output.stdout);
    assert!(
        dom.contains("data-done=\"yes\""),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let (_, rest) = dom.split_once("data-problems=\"").expect("it was asked");
    let (problems, _) = rest.split_once("\" data-done").expect("the end of what it says");
    serde_json::from_str(&problems.replace("&quot;", "\"").replace("&amp;", "&")).expect("a list")
}

/// Nobody scrolls sideways on a phone, and everybody can read every word, in light and in dark.
#[tokio::test(flavor = "multi_thread")]
async fn judged_by_a_browser_page_fits_and_is_readable_when_screen_is_small_or_dark() {
    let page = everything().await;
    let dark = page.replace("@media (prefers-color-scheme:dark)", "@media all");
    assert_ne!(page, dark, "the page has colours for the dark");
    for (what, page) in [("light", &page), ("dark", &dark)] {
        for width in [390, 1_280] {
            let found = problems(page, width);
            assert!(found.is_empty(), "{what}, {width} pixels: {found:#?}");
        }
    }
}

/// A page that is wrong is found to be: else the test above could not fail.
#[test]
fn judged_by_a_browser_problem_is_found_when_page_has_one() {
    let words = "<p>words</p>".repeat(50);
    let page = format!(
        "<!DOCTYPE html><body><h1>one</h1><h3>three</h3><p style=\"color:#ccc\">pale</p><div style=\"width:900px\">wide</div><svg></svg>{words}"
    );
    let found = problems(&page, 390).join("\n");
    for part in [
        "scrolls sideways",
        "contrast",
        "beyond the edge",
        "leaves out a level",
        "without a text",
    ] {
        assert!(found.contains(part), "{part}: {found}");
    }
}

/// The verdict is on top, what drifts is before what does not, and what is far off is drawn on a scale of its own.
#[tokio::test(flavor = "multi_thread")]
async fn puts_drift_first_when_page_is_read_from_the_top() {
    let page = everything().await;
    let place = |part: &str| page.find(part).unwrap_or_else(|| panic!("no {part:?} in {page}"));
    let order = [
        "<h1>Drift of claims</h1>",
        "DRIFT in 2 of 4: income, kind",
        "<h2>Drifts</h2>",
        "<h3>income</h3>",
        "too far apart for one scale",
        "<h2>Does not drift</h2>",
        "<h3>(prediction score)</h3>",
    ];
    let places: Vec<_> = order.iter().map(|part| place(part)).collect();
    assert!(places.is_sorted(), "{places:?}");
    assert!(
        page.contains("a category with quite a long name"),
        "the new category is named"
    );
    assert!(
        page.contains("Scores of the last 2 windows") || page.contains("Scores of the last 4 windows"),
        "history"
    );
}
