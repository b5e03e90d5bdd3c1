//! What a whole middleware adds to a request: to a bare tower service, to an axum router and to an actix application.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use bytes::Bytes;
use criterion::{Criterion, criterion_group, criterion_main};
use example_tonic::proto::{Delay, Flight, delays_server};
use http::{Request, Response};
use http_body::Body;
use http_body_util::Full;
use modelwatch::Monitor;
use modelwatch_actix::InferenceMiddleware;
use modelwatch_tower::InferenceLayer;
use tower::layer::{layer_fn, util::Identity};
use tower::{Layer, Service};
use tower_http::trace::TraceLayer;

fn settings() -> Criterion {
    Criterion::default()
        .sample_size(40)
        .warm_up_time(Duration::from_millis(200))
        .measurement_time(Duration::from_millis(800))
        .configure_from_args()
}

/// Answers at once.
#[derive(Clone, Copy)]
struct Bare;

impl Service<Request<Full<Bytes>>> for Bare {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<Full<Bytes>>) -> Self::Future {
        ready(Ok(Response::new(Full::from("0.82"))))
    }
}

fn request<B: Default>() -> Request<B> {
    Request::builder().uri("/predict").body(B::default()).expect("valid")
}

/// One request, its answer read to the end.
fn drive<S, In, Out>(service: &mut S, request: Request<In>)
where
    S: Service<Request<In>, Response = Response<Out>>,
    Out: Body,
{
    let mut context = Context::from_waker(Waker::noop());
    assert!(service.poll_ready(&mut context).is_ready());
    let answer = pin!(service.call(request)).as_mut().poll(&mut context);
    let Poll::Ready(Ok(response)) = answer else {
        panic!("an answer at once")
    };
    let mut body = pin!(response.into_body());
    while let Poll::Ready(Some(Ok(_))) = body.as_mut().poll_frame(&mut context) {}
}

/// What any layer costs that times a request to the end of its body: two clock reads, three additions, a body of its
/// own type. Nothing is bounded, in flight, cancelled or labelled.
mod floor {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
    use std::task::{Context, Poll, ready};
    use std::time::{Duration, Instant};

    use http::Response;
    use http_body::{Body, Frame};
    use pin_project::pin_project;
    use tower::Service;

    static CELLS: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

    /// For actix-web, to the head of the answer.
    pub(crate) fn timed<R, S: actix_web::dev::Service<R>>(
        request: R,
        service: &S,
    ) -> impl Future<Output = Result<S::Response, S::Error>> + use<R, S> {
        let (started, answer) = (Instant::now(), service.call(request));
        async move {
            let answer = answer.await;
            add(started.elapsed());
            answer
        }
    }

    #[inline]
    fn add(took: Duration) {
        CELLS[0].fetch_add(1, Relaxed);
        CELLS[1].fetch_add(took.as_nanos() as u64, Relaxed);
        CELLS[2].fetch_add(1, Relaxed);
    }

    #[derive(Clone)]
    pub(crate) struct Timed<S>(pub(crate) S);

    impl<S, Q, B> Service<Q> for Timed<S>
    where
        S: Service<Q, Response = Response<B>>,
    {
        type Response = Response<TimedBody<B>>;
        type Error = S::Error;
        type Future = TimedFuture<S::Future>;

        fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
            self.0.poll_ready(context)
        }

        fn call(&mut self, request: Q) -> Self::Future {
            TimedFuture {
                started: Instant::now(),
                inner: self.0.call(request),
            }
        }
    }

    #[pin_project]
    pub(crate) struct TimedFuture<F> {
        #[pin]
        inner: F,
        started: Instant,
    }

    impl<F: Future<Output = Result<Response<B>, E>>, B, E> Future for TimedFuture<F> {
        type Output = Result<Response<TimedBody<B>>, E>;

        #[inline(always)]
        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
            let this = self.project();
            let response = ready!(this.inner.poll(context))?;
            let started = Some(*this.started);
            Poll::Ready(Ok(response.map(|inner| TimedBody { inner, started })))
        }
    }

    #[pin_project]
    pub(crate) struct TimedBody<B> {
        #[pin]
        inner: B,
        started: Option<Instant>,
    }

    impl<B: Body> Body for TimedBody<B> {
        type Data = B::Data;
        type Error = B::Error;

        #[inline(always)]
        fn poll_frame(
            self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
            let mut this = self.project();
            let frame = this.inner.as_mut().poll_frame(context);
            if (this.inner.is_end_stream() || matches!(frame, Poll::Ready(None)))
                && let Some(started) = this.started.take()
            {
                add(started.elapsed());
            }
            frame
        }
    }
}

fn bare(criterion: &mut Criterion) {
    fn measure<L, Out>(criterion: &mut Criterion, name: &str, layer: L)
    where
        L: Layer<Bare>,
        L::Service: Service<Request<Full<Bytes>>, Response = Response<Out>>,
        Out: Body,
    {
        let mut service = layer.layer(Bare);
        let mut group = criterion.benchmark_group("tower");
        group.bench_function(name, |bencher| bencher.iter(|| drive(&mut service, request())));
    }
    let monitor = Monitor::new();
    let model = monitor.model("claims-risk", "2026-04-01").register().expect("valid");
    measure(criterion, "bare", Identity::new());
    measure(criterion, "floor", layer_fn(floor::Timed));
    measure(criterion, "modelwatch", InferenceLayer::new(&model).route("predict"));
    let resolver = monitor.clone();
    let select = move |_: &Request<Full<Bytes>>| Some(resolver.resolve("claims-risk", "2026-05-01"));
    measure(
        criterion,
        "modelwatch, per request",
        InferenceLayer::per_request(select).route("predict"),
    );
    measure(criterion, "TraceLayer", TraceLayer::new_for_http());
    measure(
        criterion,
        "tower-otel",
        tower_otel::metrics::HttpLayer::server(&opentelemetry::global::meter("bench")),
    );
}

/// The same from two threads at once, each with a service of its own as routers give them, and from one.
fn threads(criterion: &mut Criterion) {
    fn measure<L, Out>(criterion: &mut Criterion, name: &str, threads: usize, layer: L)
    where
        L: Layer<Bare>,
        L::Service: Service<Request<Full<Bytes>>, Response = Response<Out>> + Clone + Sync + Send,
        Out: Body,
    {
        let service = layer.layer(Bare);
        let group = if threads == 1 {
            "tower_one_thread"
        } else {
            "tower_two_threads"
        };
        criterion.benchmark_group(group).bench_function(name, |bencher| {
            bencher.iter_custom(|times| {
                let barrier = std::sync::Barrier::new(threads);
                let run = || {
                    drive(&mut service.clone(), request());
                    barrier.wait();
                    let started = std::time::Instant::now();
                    // A router clones its service for every request.
                    (0..times).for_each(|_| drive(&mut service.clone(), request()));
                    started.elapsed()
                };
                std::thread::scope(|scope| {
                    let running: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
                    let took = running.into_iter().map(|thread| thread.join().expect("no panic"));
                    took.sum::<Duration>() / threads as u32
                })
            });
        });
    }
    let monitor = Monitor::new();
    let model = monitor.model("claims-risk", "2026-04-01").register().expect("valid");
    monitor.model("claims-risk", "2026-05-01").register().expect("valid");
    for threads in [1, 2] {
        measure(criterion, "bare", threads, Identity::new());
        measure(criterion, "floor", threads, layer_fn(floor::Timed));
        measure(
            criterion,
            "modelwatch",
            threads,
            InferenceLayer::new(&model).route("predict"),
        );
        let finder = monitor.clone();
        let select = move |_: &Request<Full<Bytes>>| finder.find("claims-risk", "2026-05-01");
        let chosen = InferenceLayer::per_request(select).route("predict");
        measure(criterion, "modelwatch, per request", threads, chosen);
    }
}

/// One model with many routes, many models with one route, and a version chosen before the work.
fn shapes(criterion: &mut Criterion) {
    const MANY: usize = 50;
    let monitor = Monitor::new();
    let names: Vec<String> = (0..MANY).map(|number| format!("model-{number}")).collect();
    let models: Vec<_> = names
        .iter()
        .map(|name| monitor.model(name, "1").register().expect("valid"))
        .collect();
    let paths: Vec<String> = (0..MANY)
        .map(|number| format!("/flights.Delays/Predict{number}"))
        .collect();
    let wide = monitor
        .model("wide", "1")
        .routes(paths.clone())
        .register()
        .expect("valid");
    let mut group = criterion.benchmark_group("tower_shapes");
    let mut turn = 0;
    let mut next = move || {
        turn = (turn + 1) % MANY;
        turn
    };
    let mut bare = Bare;
    group.bench_function("bare", |bencher| bencher.iter(|| drive(&mut bare, request())));
    let mut one = InferenceLayer::new(&wide).route("predict").layer(Bare);
    group.bench_function("one model, one route", |bencher| {
        bencher.iter(|| drive(&mut one, request()));
    });
    let mut many_routes = InferenceLayer::new(&wide).layer(Bare);
    group.bench_function("one model, 50 methods", |bencher| {
        bencher.iter(|| {
            let call = Request::builder()
                .uri(&*paths[next()])
                .header("content-type", "application/grpc");
            drive(&mut many_routes, call.body(Full::default()).expect("valid"));
        });
    });
    group.bench_function("50 methods, bare", |bencher| {
        bencher.iter(|| {
            let call = Request::builder()
                .uri(&*paths[next()])
                .header("content-type", "application/grpc");
            drive(&mut bare, call.body(Full::default()).expect("valid"));
        });
    });
    let turns = std::sync::atomic::AtomicUsize::new(0);
    let select = move |_: &Request<Full<Bytes>>| {
        let turn = turns.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % MANY;
        Some(models[turn].clone())
    };
    let mut many_models = InferenceLayer::per_request(select).route("predict").layer(Bare);
    group.bench_function("50 models, one route", |bencher| {
        bencher.iter(|| drive(&mut many_models, request()));
    });
    let canary = monitor
        .model("wide", "2")
        .routes(["predict"])
        .register()
        .expect("valid");
    let chooses = tower::service_fn(move |_: Request<Full<Bytes>>| {
        modelwatch::Serving::current().by(&canary);
        ready(Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("0.82"))))
    });
    let mut chosen = InferenceLayer::new(&wide).route("predict").layer(chooses);
    group.bench_function("one model, one route, a canary chosen early", |bencher| {
        bencher.iter(|| drive(&mut chosen, request()));
    });
}

fn axum(criterion: &mut Criterion) {
    fn measure(criterion: &mut Criterion, name: &str, layered: impl FnOnce(Router) -> Router) {
        // With its state, as `axum::serve` has it: without, it applies its layers anew for every request.
        let mut router: Router = layered(Router::new().route("/predict", get(async || "0.82"))).with_state(());
        let mut group = criterion.benchmark_group("axum");
        group.bench_function(name, |bencher| {
            bencher.iter(|| drive::<_, axum::body::Body, _>(&mut router.as_service(), request()));
        });
    }
    let monitor = Monitor::new();
    let model = monitor.model("claims-risk", "2026-04-01").register().expect("valid");
    measure(criterion, "no layer", |router| router);
    measure(criterion, "identity layer", |router| router.layer(Identity::new()));
    measure(criterion, "floor", |router| router.layer(layer_fn(floor::Timed)));
    measure(criterion, "modelwatch", |router| {
        router.layer(InferenceLayer::new(&model))
    });
    measure(criterion, "TraceLayer", |router| {
        router.layer(TraceLayer::new_for_http())
    });
    // It starts a task that looks after its recorder.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    let (peer, _handle) = runtime.block_on(async { axum_prometheus::PrometheusMetricLayer::pair() });
    measure(criterion, "axum-prometheus", |router| router.layer(peer));
}

/// Answers every flight at once.
#[derive(Clone, Copy)]
struct Delays;

#[tonic::async_trait]
impl delays_server::Delays for Delays {
    type PredictEachStream = tokio_stream::Empty<Result<Delay, tonic::Status>>;

    async fn predict(&self, _: tonic::Request<Flight>) -> Result<tonic::Response<Delay>, tonic::Status> {
        Ok(tonic::Response::new(Delay { probability: 0.82 }))
    }

    async fn predict_each(
        &self,
        _: tonic::Request<tonic::Streaming<Flight>>,
    ) -> Result<tonic::Response<Self::PredictEachStream>, tonic::Status> {
        Ok(tonic::Response::new(tokio_stream::empty()))
    }
}

/// A unary call as a client sends it: an empty message behind its five bytes of length.
fn call() -> Request<Full<Bytes>> {
    Request::builder()
        .method("POST")
        .uri("/flights.Delays/Predict")
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .body(Full::from(Bytes::from_static(&[0; 5])))
        .expect("valid")
}

fn tonic(criterion: &mut Criterion) {
    type Server = delays_server::DelaysServer<Delays>;
    fn measure<L, Out>(criterion: &mut Criterion, name: &str, layer: L)
    where
        L: Layer<Server>,
        L::Service: Service<Request<Full<Bytes>>, Response = Response<Out>>,
        Out: Body,
    {
        let mut service = layer.layer(Server::new(Delays));
        let mut group = criterion.benchmark_group("tonic");
        group.bench_function(name, |bencher| bencher.iter(|| drive(&mut service, call())));
    }
    let monitor = Monitor::new();
    let model = monitor.model("claims-risk", "2026-04-01").register().expect("valid");
    measure(criterion, "no layer", Identity::new());
    measure(criterion, "floor", layer_fn(floor::Timed));
    measure(criterion, "modelwatch", InferenceLayer::new(&model));
    let resolver = monitor.clone();
    let select = move |_: &Request<Full<Bytes>>| Some(resolver.resolve("claims-risk", "2026-05-01"));
    measure(
        criterion,
        "modelwatch, per request",
        InferenceLayer::per_request(select),
    );
    measure(criterion, "TraceLayer", TraceLayer::new_for_grpc());
    measure(
        criterion,
        "tower-otel",
        tower_otel::metrics::HttpLayer::server(&opentelemetry::global::meter("bench")),
    );
}

fn actix(criterion: &mut Criterion) {
    use actix_web::{App, test, web};
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let local = tokio::task::LocalSet::new();
    let page = || web::resource("/predict").to(async || "0.82");
    let mut group = criterion.benchmark_group("actix");
    macro_rules! measure {
        ($name:literal, $app:expr) => {
            let app = local.block_on(&runtime, test::init_service($app));
            group.bench_function($name, |bencher| {
                bencher.iter(|| {
                    local.block_on(&runtime, async {
                        let answer =
                            test::call_service(&app, test::TestRequest::get().uri("/predict").to_request()).await;
                        test::read_body(answer).await
                    })
                });
            });
        };
    }
    measure!("no middleware", App::new().service(page()));
    measure!("floor", App::new().wrap_fn(floor::timed).service(page()));
    let peer = actix_web_prom::PrometheusMetricsBuilder::new("bench")
        .build()
        .expect("valid");
    let monitor = Monitor::new();
    let model = monitor.model("claims-risk", "2026-04-01").register().expect("valid");
    measure!(
        "modelwatch",
        App::new().wrap(InferenceMiddleware::new(&model)).service(page())
    );
    let selected = model.clone();
    measure!(
        "modelwatch, per request",
        App::new()
            .wrap(InferenceMiddleware::per_request(move |_| Some(selected.clone())))
            .service(page())
    );
    measure!("actix-web-prom", App::new().wrap(peer).service(page()));
}

criterion_group! {
    name = middleware;
    config = settings();
    targets = bare, threads, shapes, axum, tonic, actix
}
criterion_main!(middleware);
