//! Tokens and their times, and the first chunk of a streamed answer.

use std::thread;
use std::time::Duration;

use modelwatch::{Format, Model, Monitor, Status, Tokens};
use modelwatch_testkit::{MetricsPage, openmetrics_strict, promtool_lint};

fn watched() -> (Monitor, Model) {
    let monitor = Monitor::builder().keep_retired(Duration::ZERO).build().expect("valid");
    let model = monitor.model("assistant", "1").register().expect("valid");
    (monitor, model)
}

fn page(monitor: &Monitor) -> MetricsPage {
    MetricsPage::parse(&monitor.encode(Format::PrometheusText))
}

const INPUT: &[(&str, &str)] = &[("gen_ai_token_type", "input")];
const OUTPUT: &[(&str, &str)] = &[("gen_ai_token_type", "output")];

#[test]
fn judged_a_whole_answer_has_its_tokens_and_their_times() {
    let (monitor, model) = watched();
    let mut generation = model.start_generation();
    thread::sleep(Duration::from_millis(20));
    generation.token();
    for _ in 0..4 {
        thread::sleep(Duration::from_millis(10));
        generation.token();
    }
    generation.finish(Tokens {
        input: Some(812),
        output: Some(5),
    });
    let page = page(&monitor);
    assert_eq!(page.sum("gen_ai_client_token_usage_sum", INPUT), 812.0);
    assert_eq!(page.sum("gen_ai_client_token_usage_sum", OUTPUT), 5.0);
    assert_eq!(page.sum("gen_ai_server_time_to_first_token_seconds_count", &[]), 1.0);
    let to_first = page.sum("gen_ai_server_time_to_first_token_seconds_sum", &[]);
    assert!(to_first >= 0.02, "{to_first}");
    // Four tokens after the first, at least ten milliseconds each.
    let per_token = page.sum("gen_ai_server_time_per_output_token_seconds_sum", &[]);
    assert!(per_token >= 0.01, "{per_token}");
    assert!(per_token < to_first + 4.0, "{per_token} is a mean, not the whole");
    let complaints = promtool_lint(&monitor.encode(Format::PrometheusText)).expect("accepted");
    assert_eq!(complaints, Vec::<String>::new());
    openmetrics_strict(&monitor.encode(Format::OpenMetricsText)).expect("OpenMetrics");
}

#[test]
fn an_answer_that_was_not_given_and_counts_that_are_not_known_are_not_recorded() {
    let (monitor, model) = watched();
    let mut broken = model.start_generation();
    broken.token();
    drop(broken);
    let mut unknown = model.start_generation();
    unknown.token();
    unknown.finish(Tokens::default());
    let mut short = model.start_generation();
    short.token();
    short.finish(Tokens {
        input: None,
        output: Some(1),
    });
    model.start_generation().finish(Tokens {
        input: Some(3),
        output: Some(0),
    });
    let page = page(&monitor);
    assert_eq!(page.sum("gen_ai_server_time_to_first_token_seconds_count", &[]), 2.0);
    assert_eq!(page.sum("gen_ai_server_time_per_output_token_seconds_count", &[]), 0.0);
    assert_eq!(page.sum("gen_ai_client_token_usage_count", INPUT), 1.0);
    assert_eq!(page.sum("gen_ai_client_token_usage_count", OUTPUT), 2.0);
    assert_eq!(page.sum("gen_ai_client_token_usage_sum", OUTPUT), 1.0);
}

#[test]
fn tokens_are_recorded_without_a_stopwatch_and_survive_a_retirement() {
    let (monitor, model) = watched();
    let tokens = Tokens {
        input: Some(1 << 40),
        output: Some(64),
    };
    model.record_tokens(tokens);
    model.retire();
    model.record_tokens(tokens);
    let last = page(&monitor);
    assert_eq!(last.sum("gen_ai_client_token_usage_count", INPUT), 2.0);
    assert_eq!(
        last.sum(
            "gen_ai_client_token_usage_bucket",
            &[("gen_ai_token_type", "output"), ("le", "64.0")]
        ),
        2.0
    );
    assert_eq!(page(&monitor).sum("gen_ai_client_token_usage_count", &[]), 0.0);
}

#[test]
fn the_first_chunk_is_timed_from_the_beginning_of_its_request() {
    let (monitor, model) = watched();
    let in_flight = model.route("chat").start();
    thread::sleep(Duration::from_millis(15));
    in_flight.first_chunk();
    thread::sleep(Duration::from_millis(15));
    in_flight.finish(Status::Success);
    model.route("plain").record(Status::Success, Duration::from_millis(1));
    let page = page(&monitor);
    let chat = &[("route", "chat")];
    let first = page.sum("ml_inference_time_to_first_chunk_seconds_sum", chat);
    let whole = page.sum("ml_inference_latency_seconds_sum", chat);
    assert!((0.015..=whole - 0.015).contains(&first), "{first} of {whole}");
    assert_eq!(page.sum("ml_inference_time_to_first_chunk_seconds_count", &[]), 1.0);
}
