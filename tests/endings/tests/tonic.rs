//! Every way a gRPC call can end, unary and streaming, against a server of tonic.

use std::io::copy;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::pin::Pin;
use std::thread;
use std::time::{Duration, Instant};

use endings::{CANARY, Choice, FOR_EVER, Reaches, SLOW, STABLE, TIMEOUT};
use modelwatch::{Model, Monitor, Serving};
use modelwatch_testkit::{Stopped, TokioServer, begun, counted, page, page_once};
use modelwatch_tower::{InferenceLayer, ServedBy, ServingExtension};
use proto::endings_client::EndingsClient;
use proto::endings_server::{Endings, EndingsServer};
use proto::{Ask, Told};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt, iter};
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status, Streaming};
use tower::timeout::TimeoutLayer;

mod proto {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]
    include!(concat!(env!("OUT_DIR"), "/endings.rs"));
}

/// Ends as it is asked to; a call for the canary says so.
struct Obedient {
    canary: Model,
}

impl Obedient {
    async fn end(&self, ending: &str) -> Result<Response<Told>, Status> {
        match ending {
            "slow" => sleep(SLOW).await,
            "never" => sleep(FOR_EVER).await,
            "invalid" => return Err(Status::invalid_argument("why")),
            "internal" => return Err(Status::internal("how")),
            "deadline" => return Err(Status::deadline_exceeded("too late")),
            "cancelled" => return Err(Status::cancelled("given up")),
            "panic" => panic!("in the handler"),
            _ => {}
        }
        let mut answer = Response::new(Told { number: 1 });
        if ending == "canary" {
            answer.extensions_mut().insert(ServedBy(self.canary.clone()));
        }
        Ok(answer)
    }
}

type Stories = Pin<Box<dyn Stream<Item = Result<Told, Status>> + Send>>;

/// Numbers with a pause before each, and then what the ending says.
fn story(ending: String) -> Stories {
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(async move {
        let numbers = if ending == "endless" { u32::MAX } else { 2 };
        for number in 0..numbers {
            sleep(SLOW).await;
            if sender.send(Ok(Told { number })).await.is_err() {
                return;
            }
        }
        if ending == "broken" {
            // Whoever listens has gone, or hears it.
            let _ = sender.send(Err(Status::data_loss("broken"))).await;
        }
    });
    Box::pin(ReceiverStream::new(receiver))
}

#[tonic::async_trait]
impl Endings for Obedient {
    type FromServerStream = Stories;
    type BothStream = Stories;

    async fn unary(&self, ask: Request<Ask>) -> Result<Response<Told>, Status> {
        self.end(&ask.into_inner().ending).await
    }

    async fn from_server(&self, ask: Request<Ask>) -> Result<Response<Stories>, Status> {
        let ending = ask.into_inner().ending;
        self.end(&ending).await?;
        Ok(Response::new(story(ending)))
    }

    async fn from_client(&self, asks: Request<Streaming<Ask>>) -> Result<Response<Told>, Status> {
        let mut asks = asks.into_inner();
        let mut last = String::new();
        while let Some(ask) = asks.next().await {
            last = ask?.ending;
        }
        self.end(&last).await
    }

    async fn both(&self, asks: Request<Streaming<Ask>>) -> Result<Response<Stories>, Status> {
        let mut asks = asks.into_inner();
        let ending = asks.next().await.transpose()?.map(|ask| ask.ending).unwrap_or_default();
        self.end(&ending).await?;
        Ok(Response::new(story(ending)))
    }
}

struct World {
    monitor: Monitor,
    server: TokioServer,
    client: EndingsClient<Channel>,
}

/// A server, with a timeout outside of the layer if there is to be one.
fn world(server_timeout: Option<Duration>) -> World {
    let monitor = Monitor::new();
    let register = |version| monitor.model("m", version).register().expect("valid");
    let (model, canary) = (register("1"), register("2"));
    let mut builder = Server::builder();
    if let Some(limit) = server_timeout {
        builder = builder.timeout(limit);
    }
    let router = builder
        .layer(InferenceLayer::new(&model))
        .add_service(EndingsServer::new(Obedient { canary }));
    World::serve(monitor, |listener, stopped| async move {
        let incoming = TcpListenerStream::new(listener);
        router
            .serve_with_incoming_shutdown(incoming, stopped)
            .await
            .expect("served");
    })
}

impl World {
    fn serve<F>(monitor: Monitor, serve: impl FnOnce(tokio::net::TcpListener, Stopped) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let server = TokioServer::start(serve);
        let client = server.runtime().block_on(connect(server.address()));
        Self {
            monitor,
            server,
            client,
        }
    }
}

async fn connect(address: SocketAddr) -> EndingsClient<Channel> {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    EndingsClient::new(endpoint.connect().await.expect("connected"))
}

fn ask(ending: &str) -> Ask {
    Ask { ending: ending.into() }
}

async fn all(stream: Result<Response<Streaming<Told>>, Status>) -> Result<usize, Status> {
    let mut stream = stream?.into_inner();
    let mut told = 0;
    while stream.message().await?.is_some() {
        told += 1;
    }
    Ok(told)
}

const UNARY: &str = "/endings.Endings/Unary";
const FROM_SERVER: &str = "/endings.Endings/FromServer";
const FROM_CLIENT: &str = "/endings.Endings/FromClient";
const BOTH: &str = "/endings.Endings/Both";

impl World {
    /// Methods that need no OK to prove them.
    fn declare<const N: usize>(&self, methods: [&str; N]) {
        let model = self.monitor.find("m", "1").expect("registered");
        for method in methods {
            drop(model.route(method));
        }
    }

    /// One call more is counted, so.
    fn expect(
        &self,
        name: &str,
        route: &str,
        status: &str,
        at_least: Duration,
        call: impl AsyncFnOnce(EndingsClient<Channel>),
    ) {
        let before = page(&self.monitor);
        let started = Instant::now();
        self.server.runtime().block_on(call(self.client.clone()));
        let after = counted(&self.monitor, before.all_requests() + 1);
        let elapsed = started.elapsed();
        let more = |name: &str, labels: &[(&str, &str)]| after.sum(name, labels) - before.sum(name, labels);
        let labels = &[("route", route), ("status", status)];
        assert_eq!(
            more("ml_inference_requests_total", labels),
            1.0,
            "{name}: {:?}",
            after.requests()
        );
        let latency = more("ml_inference_latency_seconds_sum", &[]);
        let seen = at_least.as_secs_f64()..=elapsed.as_secs_f64();
        assert!(
            seen.contains(&latency),
            "{name}: {latency} s, where the client saw {seen:?}"
        );
    }
}

#[test]
fn unary_calls_count_by_their_code() {
    let world = world(None);
    let endings = [
        ("ok", Code::Ok, "success", Duration::ZERO),
        ("slow", Code::Ok, "success", SLOW),
        ("invalid", Code::InvalidArgument, "client_error", Duration::ZERO),
        ("internal", Code::Internal, "error", Duration::ZERO),
        ("deadline", Code::DeadlineExceeded, "error", Duration::ZERO),
        ("cancelled", Code::Cancelled, "cancelled", Duration::ZERO),
    ];
    for (ending, code, status, at_least) in endings {
        world.expect(ending, UNARY, status, at_least, async |mut client| {
            let answer = client.unary(ask(ending)).await;
            assert_eq!(answer.map_or_else(|error| error.code(), |_| Code::Ok), code, "{ending}");
        });
        world.expect(ending, FROM_CLIENT, status, at_least, async |mut client| {
            let answer = client.from_client(iter([ask("ok"), ask(ending)])).await;
            assert_eq!(answer.map_or_else(|error| error.code(), |_| Code::Ok), code, "{ending}");
        });
    }
    world.expect("a panic", UNARY, "error", Duration::ZERO, async |mut client| {
        client.unary(ask("panic")).await.expect_err("no answer");
    });
    let total = counted(&world.monitor, 13);
    assert_eq!(total.all_requests(), 13, "none is counted twice");
}

#[test]
fn streams_count_by_their_trailers_and_time_their_first_message() {
    let world = world(None);
    for (ending, told, status) in [("ok", Some(2), "success"), ("broken", None, "error")] {
        world.expect(ending, FROM_SERVER, status, 2 * SLOW, async |mut client| {
            assert_eq!(all(client.from_server(ask(ending)).await).await.ok(), told);
        });
        world.expect(ending, BOTH, status, 2 * SLOW, async |mut client| {
            assert_eq!(all(client.both(iter([ask(ending)])).await).await.ok(), told);
        });
    }
    // Trailers and nothing else: the head says how it went.
    world.expect(
        "trailers only",
        FROM_SERVER,
        "client_error",
        Duration::ZERO,
        async |mut client| {
            client.from_server(ask("invalid")).await.expect_err("no stream");
        },
    );
    let page = page(&world.monitor);
    let first = "ml_inference_time_to_first_chunk_seconds";
    assert_eq!(page.sum(&format!("{first}_count"), &[]), 4.0);
    // Each answers after a while, and goes on as long.
    let (sum, while_each) = (page.sum(&format!("{first}_sum"), &[]), 4.0 * SLOW.as_secs_f64());
    let whole = page.sum("ml_inference_latency_seconds_sum", &[]);
    assert!(sum >= while_each, "{sum} is the time to the first message");
    assert!(
        whole >= sum + while_each,
        "{sum} of {whole} is not the time to the last"
    );
}

#[test]
fn a_client_that_leaves_cancels_its_call() {
    let world = world(None);
    world.declare([FROM_SERVER, BOTH]);
    world.expect(
        "dropped before the answer",
        UNARY_UNPROVED,
        "cancelled",
        Duration::ZERO,
        async |mut client| {
            let call = client.unary(ask("never"));
            timeout(SLOW, call).await.expect_err("no answer");
        },
    );
    world.expect(
        "dropped half-way",
        FROM_SERVER,
        "cancelled",
        SLOW,
        async |mut client| {
            let mut stream = client.from_server(ask("endless")).await.expect("a stream").into_inner();
            stream.message().await.expect("a message");
        },
    );
    world.expect(
        "both ways, dropped half-way",
        BOTH,
        "cancelled",
        SLOW,
        async |mut client| {
            let mut stream = client
                .both(iter([ask("endless")]))
                .await
                .expect("a stream")
                .into_inner();
            stream.message().await.expect("a message");
        },
    );
}

/// A method that has not been answered yet has no route of its own.
const UNARY_UNPROVED: &str = "__unmatched__";

#[test]
fn a_deadline_ends_the_call_wherever_it_is_kept() {
    // Outside of the layer, as the server's own timeout is, it drops the call; the client hears of the deadline.
    let limited = world(Some(TIMEOUT));
    limited.expect(
        "the server's timeout",
        UNARY_UNPROVED,
        "cancelled",
        TIMEOUT,
        async |mut client| {
            client.unary(ask("never")).await.expect_err("too late");
        },
    );
    let free = world(None);
    free.expect(
        "the client's deadline",
        UNARY_UNPROVED,
        "cancelled",
        Duration::ZERO,
        async |mut client| {
            let mut late = Request::new(ask("never"));
            late.set_timeout(TIMEOUT);
            client.unary(late).await.expect_err("too late");
        },
    );
}

#[test]
fn a_reset_connection_cancels_its_calls() {
    let world = world(None);
    world.declare([FROM_SERVER]);
    // The client's connection goes through one that can be reset.
    let proxy = TcpListener::bind("127.0.0.1:0").expect("a port");
    let (through, server) = (proxy.local_addr().expect("bound"), world.server.address());
    let (tell, told) = std::sync::mpsc::channel();
    thread::spawn(move || {
        let (mut client, _) = proxy.accept().expect("a connection");
        let mut upstream = TcpStream::connect(server).expect("connected");
        let copies = (
            upstream.try_clone().expect("a copy"),
            client.try_clone().expect("a copy"),
        );
        tell.send(copies).expect("somebody waits");
        let (mut back, mut there) = (
            upstream.try_clone().expect("a copy"),
            client.try_clone().expect("a copy"),
        );
        thread::spawn(move || copy(&mut back, &mut there));
        // Ends when the connection does.
        let _ = copy(&mut client, &mut upstream);
    });
    world.expect("a reset", FROM_SERVER, "cancelled", SLOW, async |_| {
        let mut client = connect(through).await;
        let mut stream = client.from_server(ask("endless")).await.expect("a stream").into_inner();
        stream.message().await.expect("a message");
        // With its last handle the connection closes, and without lingering that is a reset.
        let (upstream, client) = told.recv().expect("connected");
        socket2::SockRef::from(&upstream)
            .set_linger(Some(Duration::ZERO))
            .expect("a socket");
        upstream.shutdown(std::net::Shutdown::Read).expect("a socket");
        client.shutdown(std::net::Shutdown::Both).expect("a socket");
        drop((upstream, client));
        stream.message().await.expect_err("no more");
    });
}

#[test]
fn a_graceful_stop_lets_calls_end_and_a_stop_at_once_cancels_them() {
    let graceful = world(None);
    let mut client = graceful.client.clone();
    let call = graceful
        .server
        .runtime()
        .spawn(async move { client.unary(ask("slow")).await });
    begun(&graceful.monitor, 1);
    drop(graceful.client);
    graceful.server.stop_gracefully();
    counted(&graceful.monitor, 1).assert_counted(&[(UNARY, "1", "success", 1)]);
    drop(call);

    let abrupt = world(None);
    let mut client = abrupt.client.clone();
    drop(
        abrupt
            .server
            .runtime()
            .spawn(async move { client.unary(ask("never")).await }),
    );
    begun(&abrupt.monitor, 1);
    abrupt.server.stop_at_once();
    counted(&abrupt.monitor, 1).assert_counted(&[(UNARY_UNPROVED, "1", "cancelled", 1)]);
}

#[test]
fn a_call_counts_for_the_version_its_answer_names() {
    let world = world(None);
    world.server.runtime().block_on(async {
        let mut client = world.client.clone();
        for ending in ["ok", "canary", "canary"] {
            client.unary(ask(ending)).await.expect("answered");
        }
    });
    counted(&world.monitor, 3).assert_counted(&[(UNARY, "1", "success", 1), (UNARY, "2", "success", 2)]);
}

#[test]
fn paths_that_are_no_method_take_no_place_however_many_there_are() {
    let world = world(None);
    world.server.runtime().block_on(async {
        let endpoint = Endpoint::from_shared(format!("http://{}", world.server.address())).expect("an address");
        let channel = endpoint.connect().await.expect("connected");
        let mut scanner = tonic::client::Grpc::new(channel);
        for number in 0..200 {
            scanner.ready().await.expect("connected");
            let path = format!("/scan.Scan/{number}").parse().expect("a path");
            let codec = tonic_prost::ProstCodec::<Ask, Told>::default();
            let answer = scanner.unary(Request::new(ask("ok")), path, codec).await;
            assert_eq!(answer.expect_err("no method").code(), Code::Unimplemented);
        }
        world.client.clone().unary(ask("ok")).await.expect("answered");
    });
    let expected = [(UNARY, "1", "success", 1), (UNARY_UNPROVED, "1", "client_error", 200)];
    counted(&world.monitor, 201).assert_counted(&expected);
}

/// Calls end as `early:broken` asks them to, for the version that is chosen when it says.
#[derive(Clone)]
struct Chooses {
    canary: Model,
}

impl Chooses {
    /// What a handler does after it has chosen.
    async fn work(ending: &str) -> Result<(), std::io::Error> {
        match ending {
            "error-by-question-mark" => return Err(std::io::Error::other("broken")),
            "panic" => panic!("in the handler"),
            "never" => sleep(FOR_EVER).await,
            _ => {}
        }
        Ok(())
    }

    async fn answer<T>(&self, ask: &Ask, body: impl FnOnce(String) -> T) -> Result<Response<T>, Status> {
        let (choice, ending) = ask.ending.split_once(':').expect("a choice and an ending");
        let choice = Choice::parse(choice);
        if choice == Choice::Early {
            Serving::current().by(&self.canary);
        }
        Self::work(ending).await?;
        let mut answer = Response::new(body(ending.into()));
        if choice == Choice::Late {
            answer.extensions_mut().insert(ServedBy(self.canary.clone()));
        }
        Ok(answer)
    }
}

#[tonic::async_trait]
impl Endings for Chooses {
    type FromServerStream = Stories;
    type BothStream = Stories;

    async fn unary(&self, ask: Request<Ask>) -> Result<Response<Told>, Status> {
        self.answer(ask.get_ref(), |_| Told { number: 1 }).await
    }

    async fn from_server(&self, ask: Request<Ask>) -> Result<Response<Stories>, Status> {
        self.answer(ask.get_ref(), story).await
    }

    async fn from_client(&self, _: Request<Streaming<Ask>>) -> Result<Response<Told>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }

    async fn both(&self, _: Request<Streaming<Ask>>) -> Result<Response<Stories>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }
}

/// Two registered versions, and a server whose layer is given the stable one.
fn chooses(server_timeout: Option<Duration>, inner_timeout: Option<Duration>) -> World {
    let monitor = Monitor::new();
    let register = |version| monitor.model("m", version).register().expect("valid");
    let (stable, canary) = (register(STABLE), register(CANARY));
    let mut builder = Server::builder();
    if let Some(limit) = server_timeout {
        builder = builder.timeout(limit);
    }
    let refuses = |request: Request<()>| match request.metadata().get("x-refused") {
        Some(_) => Err(Status::unauthenticated("no")),
        None => Ok(request),
    };
    let router = builder
        .layer(InferenceLayer::new(&stable))
        .layer(TimeoutLayer::new(inner_timeout.unwrap_or(FOR_EVER)))
        .add_service(EndingsServer::with_interceptor(Chooses { canary }, refuses));
    World::serve(monitor, |listener, stopped| async move {
        let incoming = TcpListenerStream::new(listener);
        router
            .serve_with_incoming_shutdown(incoming, stopped)
            .await
            .expect("served");
    })
}

/// How a call is made, and how its client goes on.
#[derive(Clone, Copy, Debug)]
enum Call {
    Unary,
    /// Read to its end.
    Stream,
    /// Left after its first message.
    LeftStream,
    /// Left before there is an answer.
    LeftUnary,
    Refused,
}

#[test]
fn every_ending_counts_for_the_version_its_handler_chose() {
    let free = chooses(None, None);
    let inner = chooses(None, Some(TIMEOUT));
    let outer = chooses(Some(TIMEOUT), None);
    let rows = [
        (&free, "ok", Call::Unary, "success", Reaches::Answer),
        (&free, "error-by-question-mark", Call::Unary, "error", Reaches::Choice),
        (&free, "panic", Call::Unary, "error", Reaches::Choice),
        (&inner, "never", Call::Unary, "error", Reaches::Choice),
        (&outer, "never", Call::Unary, "cancelled", Reaches::Choice),
        (&free, "never", Call::LeftUnary, "cancelled", Reaches::Choice),
        (&free, "ok", Call::Stream, "success", Reaches::Answer),
        (&free, "broken", Call::Stream, "error", Reaches::Answer),
        (&free, "endless", Call::LeftStream, "cancelled", Reaches::Answer),
        (&free, "ok", Call::Refused, "client_error", Reaches::Nothing),
    ];
    for (world, ending, call, status, reaches) in rows {
        for choice in Choice::ALL {
            let cell = format!("{ending} by {call:?} chosen {}", choice.as_str());
            let version = reaches.version(choice);
            let before = page(&world.monitor);
            let asked = ask(&format!("{}:{ending}", choice.as_str()));
            let mut client = world.client.clone();
            world.server.runtime().block_on(async {
                match call {
                    Call::Unary => drop(client.unary(asked).await),
                    Call::Stream => drop(all(client.from_server(asked).await).await),
                    Call::LeftStream => {
                        let mut stream = client.from_server(asked).await.expect("a stream").into_inner();
                        stream.message().await.expect("a message");
                    }
                    Call::LeftUnary => {
                        let call = tokio::spawn(async move { client.unary(asked).await });
                        let monitor = world.monitor.clone();
                        // While it works it is in flight where it will be counted.
                        let seen = tokio::task::spawn_blocking(move || {
                            page_once(&monitor, "the call to be in flight", |page| {
                                page.sum("ml_inference_in_flight", &[("model_version", version)]) == 1.0
                            })
                        });
                        drop(seen.await.expect("seen"));
                        call.abort();
                    }
                    Call::Refused => {
                        let mut asked = Request::new(asked);
                        asked.metadata_mut().insert("x-refused", "yes".parse().expect("valid"));
                        drop(client.unary(asked).await);
                    }
                }
            });
            let after = counted(&world.monitor, before.all_requests() + 1);
            let more = |name: &str, labels: &[(&str, &str)]| after.sum(name, labels) - before.sum(name, labels);
            let labels = &[("model_version", version), ("status", status)];
            assert_eq!(
                more("ml_inference_requests_total", labels),
                1.0,
                "{cell}: expected {labels:?}, and there are {:?} where there were {:?}",
                after.requests(),
                before.requests()
            );
            assert_eq!(
                more("ml_inference_latency_seconds_count", &[("model_version", version)]),
                1.0,
                "{cell}"
            );
        }
    }
}

/// Calls choose the canary with the handle that came with them, in every shape of call.
struct Extended {
    canary: Model,
}

impl Extended {
    fn choose<T>(&self, call: &Request<T>) {
        let serving = call.extensions().get::<Serving>().expect("there is a layer for it");
        serving.by(&self.canary);
    }
}

#[tonic::async_trait]
impl Endings for Extended {
    type FromServerStream = Stories;
    type BothStream = Stories;

    async fn unary(&self, ask: Request<Ask>) -> Result<Response<Told>, Status> {
        self.choose(&ask);
        panic!("in the handler")
    }

    async fn from_server(&self, ask: Request<Ask>) -> Result<Response<Stories>, Status> {
        self.choose(&ask);
        Ok(Response::new(story(ask.into_inner().ending)))
    }

    async fn from_client(&self, asks: Request<Streaming<Ask>>) -> Result<Response<Told>, Status> {
        self.choose(&asks);
        let mut asks = asks.into_inner();
        while asks.message().await?.is_some() {}
        Err(Status::internal("broken"))
    }

    /// Chooses with the first message, which comes after the head of the answer.
    async fn both(&self, asks: Request<Streaming<Ask>>) -> Result<Response<Stories>, Status> {
        let serving = asks.extensions().get::<Serving>().cloned();
        let canary = self.canary.clone();
        let told = asks.into_inner().map(move |ask| {
            serving.iter().for_each(|serving| serving.by(&canary));
            match ask?.ending.as_str() {
                "broken" => Err(Status::data_loss("broken")),
                _ => Ok(Told { number: 1 }),
            }
        });
        Ok(Response::new(Box::pin(told)))
    }
}

#[test]
fn every_shape_of_call_counts_for_the_version_chosen_by_its_extension() {
    let monitor = Monitor::new();
    let register = |version| {
        let model = monitor.model("m", version);
        let methods = [UNARY, FROM_SERVER, FROM_CLIENT, BOTH];
        model.routes(methods).register().expect("valid")
    };
    let (stable, canary) = (register(STABLE), register(CANARY));
    let router = Server::builder()
        .layer(InferenceLayer::new(&stable))
        .layer(ServingExtension)
        .add_service(EndingsServer::new(Extended { canary }));
    let world = World::serve(monitor, |listener, stopped| async move {
        let incoming = TcpListenerStream::new(listener);
        router
            .serve_with_incoming_shutdown(incoming, stopped)
            .await
            .expect("served");
    });
    world.server.runtime().block_on(async {
        let mut client = world.client.clone();
        client.unary(ask("panic")).await.expect_err("no answer");
        all(client.from_server(ask("broken")).await).await.expect_err("broken");
        client
            .from_client(iter([ask("a"), ask("b")]))
            .await
            .expect_err("broken");
        all(client.both(iter([ask("a"), ask("broken")])).await)
            .await
            .expect_err("broken");
        assert_eq!(all(client.both(iter([ask("a"), ask("b")])).await).await.ok(), Some(2));
        // A call without a message chooses nothing.
        assert_eq!(all(client.both(iter([])).await).await.ok(), Some(0));
    });
    counted(&world.monitor, 6).assert_counted(&[
        (UNARY, CANARY, "error", 1),
        (FROM_SERVER, CANARY, "error", 1),
        (FROM_CLIENT, CANARY, "error", 1),
        (BOTH, CANARY, "error", 1),
        (BOTH, CANARY, "success", 1),
        (BOTH, STABLE, "success", 1),
    ]);
}
