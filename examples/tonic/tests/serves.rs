//! The example, started as its page says, and called by a real client.

use example_tonic::proto::Flight;
use example_tonic::proto::delays_client::DelaysClient;
use modelwatch_testkit::{MetricsPage, Program, http_get};
use tonic::Code;

fn flight(features: &[(&str, f64)]) -> Flight {
    Flight {
        features: features
            .iter()
            .map(|(name, value)| ((*name).to_owned(), *value))
            .collect(),
    }
}

#[tokio::test]
async fn flights_are_scored_and_watched() {
    let service = Program::start(env!("CARGO_BIN_EXE_example-tonic"), &["127.0.0.1:0", "127.0.0.1:0"]);
    let (calls, scrapes) = (service.address(0), service.address(1));

    let endpoint = tonic::transport::Endpoint::from_shared(format!("http://{calls}")).expect("an address");
    let mut client = DelaysClient::new(endpoint.connect().await.expect("connected"));
    let punctual = client.predict(flight(&[("dep_delay", -5.0)])).await.expect("an answer");
    assert!(punctual.get_ref().probability < 0.5);
    let refused = client.predict(flight(&[])).await.expect_err("no feature");
    assert_eq!(refused.code(), Code::InvalidArgument);
    let flights = tokio_stream::iter((0..3).map(|number| flight(&[("dep_delay", 100.0 * f64::from(number))])));
    let mut answers = client.predict_each(flights).await.expect("a stream").into_inner();
    let mut probabilities = Vec::new();
    while let Some(delay) = answers.message().await.expect("an answer") {
        probabilities.push(delay.probability);
    }
    assert!(
        probabilities.is_sorted() && probabilities.len() == 3,
        "{probabilities:?}"
    );

    let page = MetricsPage::parse(&http_get(scrapes, "/metrics", &[]).expect("a page").body);
    page.assert_counted(&[
        ("/flights.Delays/Predict", "2013-04-01", "success", 1),
        ("/flights.Delays/Predict", "2013-04-01", "client_error", 1),
        ("/flights.Delays/PredictEach", "2013-04-01", "success", 1),
    ]);
    assert_eq!(page.sum("ml_prediction_score_count", &[]), 4.0);
    assert_eq!(
        page.sum(
            "ml_inference_time_to_first_chunk_seconds_count",
            &[("route", "/flights.Delays/PredictEach")]
        ),
        1.0
    );
}
