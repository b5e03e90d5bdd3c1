//! What the middleware allocates for a request, beside what actix-web does without it.

use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::{App, rt, web};
use allocation_counter::measure;
use modelwatch::Monitor;
use modelwatch_actix::InferenceMiddleware;

/// Allocations of one request, after a few that warm up.
macro_rules! allocations {
    ($app:expr) => {{
        let system = rt::System::new();
        let app = system.block_on(init_service($app));
        let once = || {
            system.block_on(async {
                let answer = call_service(&app, TestRequest::get().uri("/predict").to_request()).await;
                read_body(answer).await
            })
        };
        (0..10).for_each(|_| drop(once()));
        measure(|| drop(once())).count_total
    }};
}

#[test]
fn a_request_to_a_path_seen_before_costs_no_more_than_the_boxes_around_what_is_wrapped() {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    let page = || web::resource("/predict").to(async || "0.82");
    let bare = allocations!(App::new().service(page()));
    let wrapped = allocations!(App::new().wrap(InferenceMiddleware::new(&model)).service(page()));
    // actix-web boxes the service's future, and the body of a type of its own.
    assert!(wrapped - bare <= 2, "{bare} allocations became {wrapped}");
}
