//! The page for people, in a real browser, from a real server.

use std::sync::Arc;
use std::time::Duration;

use actix_web::App;
use axum::Router;
use axum::middleware::{self, Next};
use axum::response::Html;
use axum::routing::get;
use endings::{serve, serve_actix};
use modelwatch::{Feature, Monitor, Status};
use modelwatch_testkit::{browser_answer, browser_dom, browser_question, http_get};
use tokio::sync::Mutex;

/// A version whose name does harm where it is taken for markup.
const HOSTILE: &str = "<img src=x onerror=document.title='harmed'>\"\\\n{}";

/// Two versions with everything that the page shows, and one that a client has named.
fn monitor() -> Monitor {
    let monitor = Monitor::builder().service_version("7.4.1").build().unwrap();
    for (version, errors, score) in [("2026-04-01", 0, 0.2), ("2026-04-08", 25, 0.9)] {
        let features = [
            Feature::numeric("income").range(0.0..=1e6),
            Feature::numeric("age").range(0.0..=120.0),
        ];
        let model = monitor
            .model("claims-risk", version)
            .features(features)
            .register()
            .unwrap();
        for number in 0..100 {
            let request = model.route("/predict").start();
            model.record_features([Some(52_000.0), (number % 4 > 0).then_some(41.0)]);
            model.record_prediction(score);
            request.finish(if number < errors {
                Status::Error
            } else {
                Status::Success
            });
        }
    }
    let hostile = monitor.resolve("fraud", HOSTILE);
    hostile.route("/predict").start().finish(Status::Success);
    monitor
}

/// What the browser shows without its markup.
fn text(dom: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for character in dom.chars() {
        match character {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push('\n');
            }
            _ if !inside => text.push(character),
            _ => {}
        }
    }
    text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
}

fn is_shown(address: std::net::SocketAddr) {
    let dom = browser_dom(&format!("http://{address}/modelwatch"));
    let shown = text(&dom);
    for part in [
        "7.4.1",
        "claims-risk",
        "2026-04-01",
        "2026-04-08",
        "fraud",
        "<img src=x onerror=document.title='harmed'>",
        "income",
        "age",
    ] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    assert!(dom.contains("<title>modelwatch</title>"), "no name is markup");
    assert!(dom.contains("aria-label=\"model claims-risk\""), "{dom}");
    // A screen reader says what changes in a status. The time that the figures cover changes every five seconds.
    let live: Vec<_> = dom.split('<').filter(|tag| tag.contains("role=\"status\"")).collect();
    assert!(
        !live.is_empty() && live.iter().all(|tag| !tag.contains("Figures")),
        "{live:?}"
    );
    // A button whose words change says its state with them; a pressed "Resume" would say the opposite.
    assert!(
        dom.contains(">Pause</button>") && !dom.contains("aria-pressed"),
        "{dom}"
    );
    assert!(
        dom.contains("scores of version 2026-04-08: 0 up to 0"),
        "scores are drawn: {dom}"
    );
    assert!(shown.contains("25 %"), "errors and missing features: {shown}");
}

#[test]
fn judged_by_a_browser_page_shows_models_on_axum() {
    let monitor = monitor();
    let app = Router::new().route("/modelwatch", modelwatch_tower::page_route(&monitor));
    let server = serve!(app);
    is_shown(server.address());
}

#[test]
fn judged_by_a_browser_page_shows_models_on_actix() {
    let monitor = monitor();
    let server = serve_actix!(move || App::new().route("/modelwatch", modelwatch_actix::page_route(&monitor)));
    is_shown(server.address());
}

/// The sum of negative scores shrinks, and their mean is right all the same, while they come.
#[test]
fn judged_by_a_browser_page_shows_the_mean_of_negative_scores() {
    let monitor = Monitor::new();
    let model = monitor.model("returns", "1").register().unwrap();
    let route = model.route("/predict");
    // A scrape that finds a prediction half recorded has another mean, so that none is recorded meanwhile.
    let recording = Arc::new(Mutex::new(()));
    let scraping = Arc::clone(&recording);
    let alone = middleware::from_fn(move |request, next: Next| {
        let scraping = Arc::clone(&scraping);
        async move {
            let _alone = scraping.lock().await;
            next.run(request).await
        }
    });
    let app = Router::new().route("/modelwatch", modelwatch_tower::page_route(&monitor));
    let server = serve!(app.layer(alone));
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let traffic = std::thread::spawn(move || {
        while let Err(std::sync::mpsc::RecvTimeoutError::Timeout) = ended.recv_timeout(Duration::from_millis(1)) {
            let _alone = recording.blocking_lock();
            route.start().finish(Status::Success);
            model.record_prediction(-0.5);
        }
    });
    let dom = browser_dom(&format!("http://{}/modelwatch", server.address()));
    drop(end);
    traffic.join().unwrap();
    let shown = text(&dom);
    assert!(shown.contains("Figures of the last"), "{shown}");
    assert!(shown.contains("mean -0.5\n"), "{shown}");
}

/// Files and figures come with headers that keep the page to itself, and a scrape by the page is like any other.
#[test]
fn page_loads_what_is_its_own_alone() {
    let monitor = monitor();
    let app = Router::new().route("/modelwatch", modelwatch_tower::page_route(&monitor));
    let axum = serve!(app);
    let own = monitor.clone();
    let actix = serve_actix!(move || App::new().route("/modelwatch", modelwatch_actix::page_route(&own)));
    for address in [axum.address(), actix.address()] {
        for (query, content_type, part) in [
            ("", "text/html; charset=utf-8", "<main"),
            ("?script", "text/javascript; charset=utf-8", "\"use strict\""),
            ("?style", "text/css; charset=utf-8", "prefers-color-scheme"),
            ("?metrics", "text/plain", "ml_inference_requests_total"),
            ("?anything", "text/html; charset=utf-8", "<main"),
        ] {
            let answer = http_get(address, &format!("/modelwatch{query}"), &[]).unwrap();
            assert_eq!(answer.status, 200);
            let head = |name: &str| answer.header(name).unwrap_or_default().to_owned();
            assert!(head("content-type").starts_with(content_type), "{query}");
            assert!(
                head("content-security-policy").contains("default-src 'none'"),
                "{query}"
            );
            assert_eq!(head("x-content-type-options"), "nosniff", "{query}");
            assert!(String::from_utf8_lossy(&answer.body).contains(part), "{query}");
        }
    }
}

/// Nobody scrolls sideways on a phone, everybody can read every word, and drawings have a text.
#[test]
fn judged_by_a_browser_page_fits_a_phone_and_a_desk_in_light_and_dark() {
    let monitor = monitor();
    let file = |query| match modelwatch_page::wanted(query) {
        modelwatch_page::Wanted::File(file) => file.body,
        modelwatch_page::Wanted::Metrics => unreachable!("it is a file"),
    };
    let style = file(Some("style"));
    let dark = style.replace("@media (prefers-color-scheme: dark)", "@media all");
    assert_ne!(style, dark);
    for style in [style.to_owned(), dark] {
        // The page in a frame of the test's own, which its headers forbid.
        let page = file(None)
            .replace(
                "<link rel=\"stylesheet\" href=\"?style\">",
                &format!("<style>{style}</style>"),
            )
            .replace(
                "<script defer src=\"?script\"></script>",
                "<script defer src=\"/modelwatch?script\"></script>",
            );
        let page = page.replace("<main", "<base href=\"/modelwatch\"><main");
        let asked = |width| browser_question("src=\"/framed\"", width, 7_000);
        // WCAG's narrowest window, a small phone, a usual one.
        let [narrow, small, phone, desk] = [320, 360, 390, 1_280].map(asked);
        let app = Router::new()
            .route("/modelwatch", modelwatch_tower::page_route(&monitor))
            .route("/framed", get(async move || Html(page)))
            .route("/narrow", get(async move || Html(narrow)))
            .route("/small", get(async move || Html(small)))
            .route("/phone", get(async move || Html(phone)))
            .route("/desk", get(async move || Html(desk)));
        let server = serve!(app);
        for window in ["narrow", "small", "phone", "desk"] {
            let found = browser_answer(&format!("http://{}/{window}", server.address()));
            assert!(found.is_empty(), "{window}: {found:#?}");
        }
    }
}
