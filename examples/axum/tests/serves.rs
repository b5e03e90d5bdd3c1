//! The example, started as its page says.

use modelwatch_testkit::{MetricsPage, Program, http_get};

#[test]
fn claims_are_scored_and_watched() {
    let service = Program::start(env!("CARGO_BIN_EXE_example-axum"), &["127.0.0.1:0"]);
    let address = service.address(0);
    let predict = |claim: &str| {
        let config = ureq::config::Config::builder().http_status_as_error(false).build();
        let request = ureq::Agent::new_with_config(config).post(format!("http://{address}/predict"));
        let mut answer = request
            .header("content-type", "application/json")
            .send(claim)
            .expect("an answer");
        (
            answer.status().as_u16(),
            answer.body_mut().read_to_string().expect("text"),
        )
    };
    let scored = predict(r#"{"income": 50000, "age": 41, "zipcode": "10001"}"#);
    assert_eq!(
        scored,
        (200, r#"{"score":0.5,"model_version":"2026-04-01"}"#.to_owned())
    );
    assert_eq!(predict(r#"{"age": 17}"#), (422, "income is missing".to_owned()));
    assert_eq!(predict(r#"{"age": 29}"#), (422, "income is missing".to_owned()));

    let page = MetricsPage::parse(&http_get(address, "/metrics", &[]).expect("a page").body);
    page.assert_counted(&[
        ("/predict", "2026-04-01", "success", 1),
        ("/predict", "2026-04-01", "client_error", 1),
        ("/predict", "2026-05-01", "client_error", 1),
    ]);
    let feature = |metric, name| page.sum(metric, &[("feature_name", name)]);
    assert_eq!(feature("ml_feature_missing_total", "income"), 2.0);
    assert_eq!(feature("ml_feature_missing_total", "zipcode"), 2.0);
    assert_eq!(feature("ml_feature_out_of_range_total", "age"), 1.0);
    assert_eq!(page.sum("ml_prediction_class_total", &[("class", "approve")]), 1.0);
}
