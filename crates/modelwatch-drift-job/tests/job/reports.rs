//! The page of a report, as a browser shows it.

use std::fs;

use modelwatch_drift_job::report::{json, page};
use modelwatch_testkit::page_problems;

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

/// Nobody scrolls sideways on a phone, and everybody can read every word, in light and in dark.
#[tokio::test(flavor = "multi_thread")]
async fn judged_by_a_browser_page_fits_and_is_readable_when_screen_is_small_or_dark() {
    let page = everything().await;
    let dark = page.replace("@media (prefers-color-scheme:dark)", "@media all");
    assert_ne!(page, dark, "the page has colours for the dark");
    for (what, page) in [("light", &page), ("dark", &dark)] {
        for width in [390, 1_280] {
            let found = page_problems(page, width);
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
    let found = page_problems(&page, 390).join("\n");
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
