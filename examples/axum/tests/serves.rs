//! The example, started as its page says.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};

use modelwatch_testkit::{MetricsPage, http_get};

struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        self.0.kill().expect("killed");
        self.0.wait().expect("ended");
    }
}

#[test]
fn claims_are_scored_and_watched() {
    let command = Command::new(env!("CARGO_BIN_EXE_example-axum"))
        .arg("127.0.0.1:0")
        .stderr(Stdio::piped())
        .spawn();
    let mut service = Service(command.expect("the example starts"));
    let mut line = String::new();
    BufReader::new(service.0.stderr.take().expect("piped"))
        .read_line(&mut line)
        .expect("a line");
    let address: SocketAddr = line
        .trim_start_matches("listening on ")
        .trim()
        .parse()
        .expect("an address");
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

    let page = MetricsPage::parse(&http_get(address, "/metrics", &[]).expect("a page").body);
    page.assert_counted(&[
        ("/predict", "2026-04-01", "success", 1),
        ("/predict", "2026-04-01", "client_error", 1),
    ]);
    let feature = |metric, name| page.sum(metric, &[("feature_name", name)]);
    assert_eq!(feature("ml_feature_missing_total", "income"), 1.0);
    assert_eq!(feature("ml_feature_missing_total", "zipcode"), 1.0);
    assert_eq!(feature("ml_feature_out_of_range_total", "age"), 1.0);
    assert_eq!(page.sum("ml_prediction_class_total", &[("class", "approve")]), 1.0);
}
