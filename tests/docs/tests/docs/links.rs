//! Every link of every page.

use std::path::Path;

use docs::{Page, top};

#[test]
fn a_link_leads_to_a_file_and_a_heading_that_are_there() {
    let pages = Page::all();
    assert!(pages.len() > 20, "{}", pages.len());
    let mut astray = Vec::new();
    for page in &pages {
        for link in page.links() {
            if link.contains("://") || link.starts_with("mailto:") {
                continue;
            }
            let (file, anchor) = link.split_once('#').unwrap_or((&link, ""));
            let target = match file {
                "" => page.path.clone(),
                file => page.path.parent().unwrap_or(Path::new("")).join(file),
            };
            let path = page.path.display();
            if !top().join(&target).exists() {
                astray.push(format!("{path}: {link}: no such file"));
            } else if !anchor.is_empty() && !Page::read(&target).anchors().iter().any(|known| known == anchor) {
                astray.push(format!("{path}: {link}: no such heading"));
            }
        }
    }
    assert!(astray.is_empty(), "{}", astray.join("\n"));
}
