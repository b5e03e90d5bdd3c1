//! The example, started as its page says.

use modelwatch_testkit::{MetricsPage, Program, http_get};

#[test]
fn flights_are_scored_and_watched() {
    let service = Program::start(env!("CARGO_BIN_EXE_example-actix"), &["127.0.0.1:0"]);
    let address = service.address(0);
    let predict = |flight: &str| {
        let config = ureq::config::Config::builder().http_status_as_error(false).build();
        let request = ureq::Agent::new_with_config(config).post(format!("http://{address}/predict"));
        let mut answer = request
            .header("content-type", "application/json")
            .send(flight)
            .expect("an answer");
        let body = answer.body_mut().read_to_string().expect("text");
        (answer.status().as_u16(), body)
    };
    let probability = |flight: &str| -> f64 {
        let (status, body) = predict(flight);
        assert_eq!(status, 200, "{body}");
        let number = body
            .trim_start_matches("{\"probability\":")
            .split(',')
            .next()
            .expect("a number");
        number.parse().expect("a number")
    };
    let (punctual, delayed) = (
        probability(r#"{"dep_delay": -5, "hour": 9}"#),
        probability(r#"{"dep_delay": 120}"#),
    );
    assert!(punctual < 0.5 && delayed > 0.5, "{punctual} and {delayed}");
    assert_eq!(predict(r#"{"no_such_feature": 1}"#).0, 422);
    assert_eq!(predict("no flight").0, 400);

    let page = MetricsPage::parse(&http_get(address, "/metrics", &[]).expect("a page").body);
    page.assert_counted(&[
        ("/predict", "2013-04-01", "success", 2),
        ("/predict", "2013-04-01", "client_error", 2),
    ]);
    assert_eq!(page.sum("ml_feature_missing_total", &[("feature_name", "hour")]), 2.0);
    assert_eq!(page.sum("ml_prediction_class_total", &[("class", "late")]), 1.0);
}
