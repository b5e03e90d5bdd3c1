//! Tokens and their times, and the first chunk of a streamed answer.

use std::thread;
use std::time::Duration;

use modelwatch::contract::GENERATIVE_LATENCY_BUCKETS;
use modelwatch::{FinishReason, Format, Model, Monitor, Status, Tokens};
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
    generation.finish(FinishReason::Stop, Tokens::new().input(812).output(5));
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
fn an_empty_piece_is_no_token() {
    let (monitor, model) = watched();
    let mut generation = model.start_generation();
    generation.tokens(0);
    generation.tokens(2);
    generation.tokens(0);
    generation.token();
    generation.finish(FinishReason::Stop, Tokens::new());
    let page = page(&monitor);
    assert_eq!(page.sum("gen_ai_client_token_usage_sum", OUTPUT), 3.0);
    assert_eq!(page.sum("gen_ai_server_time_to_first_token_seconds_count", &[]), 1.0);
    assert_eq!(page.sum("ml_generation_inter_token_seconds_count", &[]), 1.0);
    // An answer that was nothing but empty pieces has no first token.
    let mut generation = model.start_generation();
    generation.tokens(0);
    drop(generation);
    let page = self::page(&monitor);
    assert_eq!(page.sum("gen_ai_server_time_to_first_token_seconds_count", &[]), 1.0);
    assert_eq!(page.sum("gen_ai_client_token_usage_count", OUTPUT), 1.0);
}

/// By reason and kind.
type TokenCounts = Vec<(&'static str, &'static str, f64)>;

/// Tokens by reason and kind, and answers by reason, that are on the page.
fn counted(monitor: &Monitor) -> (TokenCounts, Vec<(&'static str, f64)>) {
    let page = page(monitor);
    let known = page.labels_of("ml_generation_tokens_total", "gen_ai_token_type");
    let mut tokens = Vec::new();
    let mut answers = Vec::new();
    for reason in FinishReason::ALL.map(FinishReason::as_str) {
        for kind in ["input", "output", "cached", "reasoning"] {
            let labels = [("finish_reason", reason), ("gen_ai_token_type", kind)];
            let count = page.sum("ml_generation_tokens_total", &labels);
            if count > 0.0 && known.contains(kind) {
                tokens.push((reason, kind, count));
            }
        }
        answers.push((reason, page.sum("ml_generations_total", &[("finish_reason", reason)])));
    }
    answers.retain(|(_, count)| *count > 0.0);
    (tokens, answers)
}

#[test]
fn tokens_are_counted_by_kind_and_by_why_the_answer_ended() {
    let (monitor, model) = watched();
    let answer = |reason, tokens| model.start_generation().finish(reason, tokens);
    answer(
        FinishReason::Stop,
        Tokens::new().input(10).output(2).cached(8).reasoning(1),
    );
    answer(FinishReason::Stop, Tokens::new().input(1));
    answer(FinishReason::Length, Tokens::new().input(20).output(100));
    answer(FinishReason::ToolCalls, Tokens::new().output(7));
    model.record_generation(FinishReason::Error, Tokens::new().input(30));
    let (tokens, answers) = counted(&monitor);
    assert_eq!(
        tokens,
        [
            ("stop", "input", 11.0),
            ("stop", "output", 2.0),
            ("stop", "cached", 8.0),
            ("stop", "reasoning", 1.0),
            ("length", "input", 20.0),
            ("length", "output", 100.0),
            ("tool_calls", "output", 7.0),
            ("error", "input", 30.0),
        ]
    );
    assert_eq!(
        answers,
        [("stop", 2.0), ("length", 1.0), ("tool_calls", 1.0), ("error", 1.0)]
    );
    let usage = |kind| page(&monitor).sum("gen_ai_client_token_usage_sum", &[("gen_ai_token_type", kind)]);
    assert_eq!(
        ["input", "output", "cached", "reasoning"].map(usage),
        [61.0, 109.0, 8.0, 1.0]
    );
}

#[test]
fn a_dropped_answer_is_cancelled_with_what_was_said_so_far() {
    let (monitor, model) = watched();
    let mut broken = model.start_generation();
    broken.know(Tokens::new().input(812).cached(800));
    (0..3).for_each(|_| broken.token());
    broken.tokens(4);
    drop(broken);
    let panicked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut failing = model.start_generation();
        failing.token();
        panic!("while it generates");
    }));
    panicked.expect_err("a panic");
    let (tokens, answers) = counted(&monitor);
    assert_eq!(
        tokens,
        [
            ("cancelled", "input", 812.0),
            ("cancelled", "output", 7.0),
            ("cancelled", "cached", 800.0),
            ("error", "output", 1.0),
        ]
    );
    assert_eq!(answers, [("cancelled", 1.0), ("error", 1.0)]);
    let page = page(&monitor);
    assert_eq!(page.sum("gen_ai_server_time_to_first_token_seconds_count", &[]), 2.0);
    assert_eq!(
        page.sum("ml_generation_inter_token_seconds_count", &[]),
        3.0,
        "groups, not tokens"
    );
    let per_token = page.sum("gen_ai_server_time_per_output_token_seconds_count", &[]);
    assert_eq!(per_token, 0.0, "of whole answers only");
}

#[test]
fn what_is_unknown_is_not_reported() {
    let (monitor, model) = watched();
    model.start_generation().finish(FinishReason::Stop, Tokens::new());
    drop(model.start_generation());
    let counted = page(&monitor);
    assert_eq!(counted.count("ml_generation_tokens_total"), 0);
    assert_eq!(counted.count("gen_ai_client_token_usage_count"), 0);
    assert_eq!(counted.sum("gen_ai_server_time_to_first_token_seconds_count", &[]), 0.0);
    assert_eq!(counted.sum("ml_generations_total", &[]), 2.0);
    // Of what is known to be none there is a series.
    model.record_generation(FinishReason::Length, Tokens::new().output(0));
    let counted = page(&monitor);
    assert_eq!(counted.count("ml_generation_tokens_total"), 1);
    assert_eq!(counted.sum("gen_ai_client_token_usage_count", OUTPUT), 1.0);
    for name in [
        "ml_generation_sequences_running",
        "ml_generation_sequences_waiting",
        "ml_generation_kv_cache_usage_ratio",
    ] {
        assert_eq!(counted.count(name), 0, "{name}: no engine has said");
    }
}

#[test]
fn what_is_said_at_the_end_stands_before_what_was_counted() {
    let (monitor, model) = watched();
    let mut generation = model.start_generation();
    generation.know(Tokens::new().input(5));
    generation.token();
    generation.know(Tokens::new().input(6));
    generation.finish(FinishReason::Stop, Tokens::new().output(9));
    let (tokens, _) = counted(&monitor);
    assert_eq!(tokens, [("stop", "input", 6.0), ("stop", "output", 9.0)]);
    let mut counting = model.start_generation();
    (0..3).for_each(|_| counting.token());
    counting.finish(FinishReason::Length, Tokens::new());
    assert_eq!(counted(&monitor).0.last(), Some(&("length", "output", 3.0)));
}

#[test]
fn every_pair_of_tokens_has_its_time() {
    let (monitor, model) = watched();
    let mut generation = model.start_generation();
    for _ in 0..4 {
        thread::sleep(Duration::from_millis(10));
        generation.token();
    }
    drop(generation);
    let page = page(&monitor);
    assert_eq!(page.sum("ml_generation_inter_token_seconds_count", &[]), 3.0);
    assert!(page.sum("ml_generation_inter_token_seconds_sum", &[]) >= 0.03);
    assert!(page.sum("gen_ai_server_time_to_first_token_seconds_sum", &[]) >= 0.01);
}

#[test]
fn an_engine_says_how_full_it_is() {
    let (monitor, model) = watched();
    let engine = || {
        let page = page(&monitor);
        ["sequences_running", "sequences_waiting", "kv_cache_usage_ratio"]
            .map(|gauge| page.sum(&format!("ml_generation_{gauge}"), &[("model_version", "1")]))
    };
    model.set_sequences(12, 3);
    model.set_kv_cache_usage(0.75);
    assert_eq!(engine(), [12.0, 3.0, 0.75]);
    model.set_sequences(0, 0);
    model.set_kv_cache_usage(f64::NAN);
    model.set_kv_cache_usage(f64::INFINITY);
    assert_eq!(engine(), [0.0, 0.0, 0.75], "what is no number is not recorded");
}

#[test]
fn buckets_reach_as_far_as_generative_models_take() {
    let monitor = Monitor::new();
    let builder = monitor
        .model("assistant", "1")
        .latency_buckets(GENERATIVE_LATENCY_BUCKETS);
    let model = builder.register().expect("valid");
    model.route("chat").record(Status::Success, Duration::from_secs(100));
    model.route("chat").record(Status::Success, Duration::from_secs(3000));
    let below = |le| {
        monitor
            .value("ml_inference_latency_seconds_bucket", &[("le", le)])
            .expect("a bound")
    };
    assert_eq!(["5", "60", "120", "1920", "7680"].map(below), [0.0, 0.0, 1.0, 1.0, 2.0]);
    let mut generation = model.start_generation();
    generation.token();
    generation.finish(FinishReason::Stop, Tokens::new());
    let first = monitor.value("gen_ai_server_time_to_first_token_seconds_bucket", &[("le", "2560")]);
    assert_eq!(first, Ok(1.0));
}

#[test]
fn the_tokens_of_a_retired_version_are_scraped_once_more() {
    let (monitor, model) = watched();
    model.record_generation(FinishReason::Stop, Tokens::new().input(1 << 40).output(64));
    model.retire();
    model.record_generation(FinishReason::Stop, Tokens::new().input(1 << 40).output(64));
    let last = page(&monitor);
    assert_eq!(last.sum("gen_ai_client_token_usage_count", INPUT), 2.0);
    assert_eq!(last.sum("ml_generation_tokens_total", OUTPUT), 128.0);
    assert_eq!(page(&monitor).sum("ml_generations_total", &[]), 0.0);
}

#[test]
fn a_reason_is_read_as_it_is_written() {
    for reason in FinishReason::ALL {
        assert_eq!(reason.to_string().parse(), Ok(reason));
    }
    let error = "eos".parse::<FinishReason>().expect_err("no reason");
    let says = "\"eos\" is no finish reason; use one of stop, length, tool_calls, cancelled, error";
    assert_eq!(error.to_string(), says);
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
