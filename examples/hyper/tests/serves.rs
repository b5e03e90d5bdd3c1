//! The example, started as its page says.

use modelwatch_testkit::{MetricsPage, Program, http_get};

#[test]
fn requests_are_answered_and_watched_and_a_scrape_is_none() {
    let service = Program::start(env!("CARGO_BIN_EXE_example-hyper"), &["127.0.0.1:0"]);
    let address = service.address(0);
    let get = |path: &str| http_get(address, path, &[]).expect("an answer");
    assert_eq!(get("/predict").body, b"0.82");
    assert_eq!(get("/elsewhere").status, 404);
    get("/metrics");
    let page = MetricsPage::parse(&get("/metrics").body);
    page.assert_counted(&[
        ("/predict", "2026-04-01", "success", 1),
        ("__unmatched__", "2026-04-01", "client_error", 1),
    ]);
    assert_eq!(page.sum("ml_prediction_class_total", &[("class", "review")]), 1.0);
}
