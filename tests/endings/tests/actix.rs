//! The table against a server of actix-web.

use std::io;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::rt::time::{sleep, timeout};
use actix_web::web::{self, Data};
use actix_web::{App, Error, FromRequest, HttpRequest, HttpResponse};
use endings::{
    CANARY, Choice, Chunks, FOR_EVER, Last, SLOW, STABLE, TIMEOUT, all_endings_are_counted,
    every_ending_counts_for_the_version_that_was_chosen, model, send, serve_actix,
};
use modelwatch::{Model, Monitor};
use modelwatch_actix::{InferenceMiddleware, ServedBy, Serving};
use modelwatch_testkit::{ActixServer, begun, counted, page};

async fn chunks(left: u32, last: Last) -> HttpResponse {
    HttpResponse::Ok().streaming(Chunks::new(left, SLOW, last))
}

async fn never() -> &'static str {
    sleep(FOR_EVER).await;
    "never"
}

/// A middleware that gives up on what it wraps.
async fn timed(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match timeout(TIMEOUT, next.call(request)).await {
        Ok(answer) => answer.map(ServiceResponse::map_into_boxed_body),
        Err(_) => Err(actix_web::error::ErrorGatewayTimeout("too late")),
    }
}

/// A middleware that fails without asking what it wraps.
async fn fails(_: ServiceRequest, _: Next<BoxBody>) -> Result<ServiceResponse<BoxBody>, Error> {
    Err(actix_web::error::ErrorBadGateway("broken"))
}

fn serve(model: &Model) -> ActixServer {
    let model = model.clone();
    let app = move || {
        let watched = || InferenceMiddleware::new(&model);
        let upgrade = || async {
            HttpResponse::SwitchingProtocols()
                .insert_header(("upgrade", "echo"))
                .upgrade("echo")
                .finish()
        };
        App::new()
            .service(
                web::resource("/timeout-outside")
                    .wrap(watched())
                    .wrap(from_fn(timed))
                    .to(never),
            )
            .service(
                web::resource("/timeout-inside")
                    .wrap(from_fn(timed))
                    .wrap(watched())
                    .to(never),
            )
            .service(
                web::resource("/error-value")
                    .wrap(from_fn(fails))
                    .wrap(watched())
                    .to(never),
            )
            .service(
                web::scope("")
                    .wrap(watched())
                    .route("/ok", web::to(async || "fine"))
                    .route(
                        "/slow",
                        web::to(async || {
                            sleep(SLOW).await;
                            "slow"
                        }),
                    )
                    .route(
                        "/client-error",
                        web::to(async || HttpResponse::BadRequest().body("why")),
                    )
                    .route(
                        "/server-error",
                        web::to(async || HttpResponse::InternalServerError().body("how")),
                    )
                    .route(
                        "/panic",
                        web::to(async || if true { panic!("in the handler") } else { "never" }),
                    )
                    .route("/panic-in-body", web::to(|| chunks(0, Last::Panic)))
                    .route("/broken", web::to(|| chunks(1, Last::Error)))
                    .route("/stream", web::to(|| chunks(2, Last::End)))
                    .route("/endless", web::to(|| chunks(u32::MAX, Last::End)))
                    .route("/empty", web::to(async || ""))
                    .route(
                        "/no-content",
                        web::to(async || HttpResponse::new(StatusCode::NO_CONTENT)),
                    )
                    .route("/never", web::to(never))
                    .route("/upgrade", web::to(upgrade)),
            )
    };
    // Whoever closes his side is gone: without this a handler goes on for a client that left.
    serve_actix!(app, h1_allow_half_closed(false))
}

#[test]
fn all_endings_are_counted_as_the_contract_says() {
    let (monitor, model) = model();
    let server = serve(&model);
    all_endings_are_counted(&monitor, server.address());
}

#[test]
fn a_graceful_stop_lets_requests_in_flight_end_and_counts_them() {
    let (monitor, model) = model();
    let server = serve(&model);
    let clients: Vec<_> = (0..5)
        .map(|_| send(server.address(), "GET", "/slow").expect("sent"))
        .collect();
    begun(&monitor, 5);
    server.stop(true);
    counted(&monitor, 5).assert_counted(&[("/slow", "1", "success", 5)]);
    drop(clients);
}

#[test]
fn a_stop_at_once_cancels_requests_in_flight() {
    let (monitor, model) = model();
    let server = serve(&model);
    let clients = ["/never", "/endless"].map(|path| send(server.address(), "GET", path).expect("sent"));
    begun(&monitor, 2);
    server.stop(false);
    let expected = [("/endless", "1", "cancelled", 1), ("/never", "1", "cancelled", 1)];
    counted(&monitor, 2).assert_counted(&expected);
    drop(clients);
}

#[test]
fn what_no_pattern_matches_has_one_series_whatever_clients_ask_for() {
    let (monitor, model) = model();
    let server = serve(&model);
    for number in 0..50 {
        let mut stream = send(server.address(), "GET", &format!("/scan/{number}")).expect("sent");
        io::copy(&mut stream, &mut io::sink()).expect("an answer");
    }
    counted(&monitor, 50).assert_counted(&[("__unmatched__", "1", "client_error", 50)]);
    let routes = page(&monitor).labels_of("ml_inference_requests_total", "route");
    assert_eq!(routes.into_iter().collect::<Vec<_>>(), ["__unmatched__"]);
}

/// An extractor that takes no request.
struct Refuses;

impl FromRequest for Refuses {
    type Error = Error;
    type Future = std::future::Ready<Result<Self, Error>>;

    fn from_request(_: &HttpRequest, _: &mut actix_web::dev::Payload) -> Self::Future {
        std::future::ready(Err(actix_web::error::ErrorUnprocessableEntity("no")))
    }
}

/// Answers as the path asks it to, for the version that is chosen when the path says.
async fn cell(serving: Serving, request: HttpRequest, canary: Data<Model>) -> actix_web::Result<HttpResponse> {
    let mut words = request.path().split('/').skip(1);
    let (choice, ending) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let choice = Choice::parse(choice);
    if choice == Choice::Early {
        serving.by(&canary);
    }
    let mut answer = work(ending).await.map_err(actix_web::error::ErrorBadGateway)?;
    if choice == Choice::Late {
        answer.extensions_mut().insert(ServedBy((**canary).clone()));
    }
    Ok(answer)
}

/// What a handler does after it has chosen.
async fn work(ending: &str) -> io::Result<HttpResponse> {
    Ok(match ending {
        "ok" => HttpResponse::Ok().body("0.82"),
        "error-by-question-mark" => return Err(io::Error::other("broken")),
        "panic" => panic!("in the handler"),
        "broken" => chunks(1, Last::Error).await,
        "panic-in-body" => chunks(1, Last::Panic).await,
        "endless" => chunks(u32::MAX, Last::End).await,
        _ => HttpResponse::Ok().body(never().await),
    })
}

#[test]
fn every_ending_counts_for_the_version_its_handler_chose() {
    let monitor = Monitor::new();
    let register = |version| monitor.model("m", version).register().expect("valid");
    let (stable, canary) = (register(STABLE), register(CANARY));
    let server = serve_actix!(
        move || {
            let watched = || InferenceMiddleware::new(&stable);
            App::new()
                .app_data(Data::new(canary.clone()))
                .service(
                    web::resource("/{choice}/outer-timeout")
                        .wrap(watched())
                        .wrap(from_fn(timed))
                        .to(cell),
                )
                .service(
                    web::resource("/{choice}/inner-timeout")
                        .wrap(from_fn(timed))
                        .wrap(watched())
                        .to(cell),
                )
                .service(web::resource("/{choice}/refused").wrap(watched()).to(
                    async |_: Refuses, serving: Serving, canary: Data<Model>| {
                        serving.by(&canary);
                        "never"
                    },
                ))
                .service(web::resource("/{choice}/{ending}").wrap(watched()).to(cell))
        },
        h1_allow_half_closed(false)
    );
    every_ending_counts_for_the_version_that_was_chosen(&monitor, server.address());
}
