//! Which gRPC paths are routes, who is to blame for a refusal, and gRPC-Web, against servers of tonic.

use std::net::SocketAddr;
use std::pin::Pin;

use bytes::Bytes;
use http::uri::PathAndQuery;
use modelwatch::{Model, Monitor, Watched};
use modelwatch_testkit::{HttpResponse, TokioServer, begun, counted, http_request, page};
use modelwatch_tower::{InferenceLayer, ServingExtension};
use proto::endings_client::EndingsClient;
use proto::endings_server::{Endings, EndingsServer};
use proto::{Ask, Told};
use tokio_stream::wrappers::TcpListenerStream;
use tokio_stream::{Stream, iter};
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::service::Routes;
use tonic::transport::{Channel, Endpoint, Server};
use tonic::{Code, Request, Response, Status, Streaming};
use tower::ServiceBuilder;

mod proto {
    #![allow(missing_docs, unreachable_pub, unused_qualifications, clippy::all)]
    include!(concat!(env!("OUT_DIR"), "/endings.rs"));
}

/// Says how it ends, and nothing else.
#[derive(Clone)]
struct Says;

type Stories = Pin<Box<dyn Stream<Item = Result<Told, Status>> + Send>>;

fn say(ending: &str) -> Result<(), Status> {
    match ending {
        "internal" => Err(Status::internal("how")),
        "unimplemented" => Err(Status::unimplemented("not in this release")),
        "invalid" => Err(Status::invalid_argument("why")),
        _ => Ok(()),
    }
}

#[tonic::async_trait]
impl Endings for Says {
    type FromServerStream = Stories;
    type BothStream = Stories;

    async fn unary(&self, ask: Request<Ask>) -> Result<Response<Told>, Status> {
        say(&ask.get_ref().ending)?;
        Ok(Response::new(Told { number: 1 }))
    }

    async fn from_server(&self, ask: Request<Ask>) -> Result<Response<Stories>, Status> {
        let last = match ask.get_ref().ending.as_str() {
            "broken" => Err(Status::data_loss("broken")),
            ending => say(ending).map(|()| Told { number: 3 }),
        };
        let told = [Ok(Told { number: 1 }), Ok(Told { number: 2 }), last];
        Ok(Response::new(Box::pin(iter(told))))
    }

    async fn from_client(&self, _: Request<Streaming<Ask>>) -> Result<Response<Told>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }

    async fn both(&self, _: Request<Streaming<Ask>>) -> Result<Response<Stories>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }
}

/// Reads all it is sent.
#[derive(Clone)]
struct Reads;

#[tonic::async_trait]
impl Endings for Reads {
    type FromServerStream = Stories;
    type BothStream = Stories;

    async fn unary(&self, _: Request<Ask>) -> Result<Response<Told>, Status> {
        Ok(Response::new(Told { number: 1 }))
    }

    async fn from_server(&self, _: Request<Ask>) -> Result<Response<Stories>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }

    async fn from_client(&self, asks: Request<Streaming<Ask>>) -> Result<Response<Told>, Status> {
        let mut asks = asks.into_inner();
        while asks.message().await?.is_some() {}
        Ok(Response::new(Told { number: 1 }))
    }

    async fn both(&self, _: Request<Streaming<Ask>>) -> Result<Response<Stories>, Status> {
        Err(Status::unimplemented("nobody asks"))
    }
}

const UNARY: &str = "/endings.Endings/Unary";
const FROM_SERVER: &str = "/endings.Endings/FromServer";
const UNMATCHED: &str = modelwatch_tower::UNMATCHED;

fn monitor() -> (Monitor, Model) {
    let monitor = Monitor::new();
    let model = monitor.model("m", "1").register().expect("valid");
    (monitor, model)
}

macro_rules! serve {
    ($router:expr) => {{
        let router = $router;
        TokioServer::start(|listener, stopped| async move {
            let incoming = TcpListenerStream::new(listener);
            let served = router.serve_with_incoming_shutdown(incoming, stopped).await;
            served.expect("served");
        })
    }};
}

async fn channel(address: SocketAddr) -> Channel {
    let endpoint = Endpoint::from_shared(format!("http://{address}")).expect("an address");
    endpoint.connect().await.expect("connected")
}

fn ask(ending: &str) -> Ask {
    Ask { ending: ending.into() }
}

/// Bytes as they are.
#[derive(Clone, Default)]
struct Raw;

impl Codec for Raw {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, item: Bytes, into: &mut EncodeBuf<'_>) -> Result<(), Status> {
        bytes::BufMut::put(into, item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, from: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        use bytes::Buf;
        Ok(Some(from.copy_to_bytes(from.remaining())))
    }
}

/// Calls any path with any bytes for a message.
async fn call(channel: &Channel, path: &str, message: &'static [u8]) -> Code {
    let mut client = tonic::client::Grpc::new(channel.clone());
    client.ready().await.expect("connected");
    let path: PathAndQuery = path.parse().expect("a path");
    let answer = client.unary(Request::new(Bytes::from_static(message)), path, Raw).await;
    answer.map_or_else(|status| status.code(), |_| Code::Ok)
}

#[test]
fn a_refusal_proves_no_method_and_an_ok_does() {
    let (monitor, model) = monitor();
    let refuses = |request: Request<()>| match request.metadata().get("authorization") {
        Some(_) => Ok(request),
        None => Err(Status::unauthenticated("who are you")),
    };
    // The interceptor is around everything, so it refuses paths that are no method as well.
    let layers = ServiceBuilder::new()
        .layer(InferenceLayer::new(&model))
        .layer(tonic::service::InterceptorLayer::new(refuses));
    let server = serve!(Server::builder().layer(layers).add_service(EndingsServer::new(Says)));
    server.runtime().block_on(async {
        let channel = channel(server.address()).await;
        for number in 0..60 {
            let code = call(&channel, &format!("/scan.Scan/{number}"), b"").await;
            assert_eq!(code, Code::Unauthenticated);
        }
        // Neither does one of the real method.
        assert_eq!(call(&channel, UNARY, b"").await, Code::Unauthenticated);
        let mut client = EndingsClient::with_interceptor(channel, |mut request: Request<()>| {
            request
                .metadata_mut()
                .insert("authorization", "me".parse().expect("valid"));
            Ok(request)
        });
        client.unary(ask("internal")).await.expect_err("refused");
        client.unary(ask("ok")).await.expect("answered");
        client.unary(ask("internal")).await.expect_err("refused");
        client
            .from_server(ask("ok"))
            .await
            .expect("a stream")
            .into_inner()
            .message()
            .await
            .expect("one");
    });
    let page = counted(&monitor, 65);
    let routes = page.labels_of("ml_inference_requests_total", "route");
    assert!(
        routes
            .iter()
            .all(|route| [UNMATCHED, UNARY, FROM_SERVER].contains(&&**route)),
        "{routes:?}"
    );
    let count = |route, status| page.sum("ml_inference_requests_total", &[("route", route), ("status", status)]);
    assert_eq!(count(UNMATCHED, "client_error"), 61.0);
    assert_eq!(count(UNMATCHED, "error"), 1.0);
    assert_eq!((count(UNARY, "success"), count(UNARY, "error")), (1.0, 1.0));
}

#[test]
fn a_declared_method_counts_from_its_first_call() {
    let monitor = Monitor::new();
    let model = monitor
        .model("m", "1")
        .routes([UNARY, FROM_SERVER])
        .register()
        .expect("valid");
    let zeros = page(&monitor).labels_of("ml_inference_requests_total", "route");
    assert_eq!(zeros.into_iter().collect::<Vec<_>>(), [FROM_SERVER, UNARY]);
    let server = serve!(
        Server::builder()
            .layer(InferenceLayer::new(&model))
            .add_service(EndingsServer::new(Says))
    );
    server.runtime().block_on(async {
        let mut client = EndingsClient::new(channel(server.address()).await);
        client.unary(ask("internal")).await.expect_err("refused");
        // The service has the method and does not do what it says: no fault of the client's.
        client.unary(ask("unimplemented")).await.expect_err("refused");
    });
    counted(&monitor, 2).assert_counted(&[(UNARY, "1", "error", 2)]);
}

/// The first call of a method is timed and counted under it, its first message included.
#[test]
fn the_call_that_proves_a_method_counts_under_it() {
    let (monitor, model) = monitor();
    let server = serve!(
        Server::builder()
            .layer(InferenceLayer::new(&model))
            .add_service(EndingsServer::new(Says))
    );
    server.runtime().block_on(async {
        let mut client = EndingsClient::new(channel(server.address()).await);
        let mut stream = client.from_server(ask("ok")).await.expect("a stream").into_inner();
        while stream.message().await.expect("a message").is_some() {}
    });
    let page = counted(&monitor, 1);
    page.assert_counted(&[(FROM_SERVER, "1", "success", 1)]);
    let first = "ml_inference_time_to_first_chunk_seconds_count";
    assert_eq!(page.sum(first, &[("route", FROM_SERVER)]), 1.0);
    assert_eq!(page.sum(first, &[]), 1.0);
}

/// One that ends without proving its method keeps its first message where it is counted, chosen or not.
#[test]
fn a_stream_that_proves_nothing_has_its_first_message_all_the_same() {
    let (monitor, model) = monitor();
    let server = serve!(
        Server::builder()
            .layer(InferenceLayer::new(&model))
            .layer(ServingExtension)
            .add_service(EndingsServer::new(Says))
    );
    server.runtime().block_on(async {
        let mut client = EndingsClient::new(channel(server.address()).await);
        let mut stream = client.from_server(ask("broken")).await.expect("a stream").into_inner();
        while let Ok(Some(_)) = stream.message().await {}
    });
    let page = counted(&monitor, 1);
    page.assert_counted(&[(UNMATCHED, "1", "error", 1)]);
    let first = "ml_inference_time_to_first_chunk_seconds_count";
    assert_eq!(page.sum(first, &[("route", UNMATCHED)]), 1.0);
}

#[test]
fn a_method_has_its_route_within_an_axum_router() {
    let (monitor, model) = monitor();
    let grpc = Routes::new(EndingsServer::new(Says)).prepare().into_axum_router();
    let app = axum::Router::new()
        .route("/predict", axum::routing::get(async || "0.82"))
        .merge(grpc)
        .layer(InferenceLayer::new(&model));
    let router = Server::builder().accept_http1(true).add_routes(Routes::from(app));
    let server = serve!(router);
    server.runtime().block_on(async {
        let channel = channel(server.address()).await;
        let mut client = EndingsClient::new(channel.clone());
        client.unary(ask("ok")).await.expect("answered");
        client.unary(ask("invalid")).await.expect_err("refused");
        assert_eq!(
            call(&channel, "/endings.Endings/Nothing", b"").await,
            Code::Unimplemented
        );
    });
    http_request(server.address(), "GET", "/predict", &[], b"").expect("an answer");
    counted(&monitor, 4).assert_counted(&[
        ("/predict", "1", "success", 1),
        (UNARY, "1", "success", 1),
        (UNARY, "1", "client_error", 1),
        (UNMATCHED, "1", "client_error", 1),
    ]);
}

#[test]
fn what_clients_do_wrong_is_no_error_of_the_model() {
    let (monitor, model) = monitor();
    let server = serve!(
        Server::builder()
            .accept_http1(true)
            .layer(InferenceLayer::new(&model))
            .add_service(EndingsServer::new(Says))
    );
    server.runtime().block_on(async {
        let channel = channel(server.address()).await;
        EndingsClient::new(channel.clone())
            .unary(ask("ok"))
            .await
            .expect("answered");
        for probe in [
            "/grpc.health.v1.Health/Check",
            "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
            "/endings.Endings/NoSuchMethod",
            "/",
        ] {
            assert_eq!(call(&channel, probe, b"").await, Code::Unimplemented, "{probe}");
        }
        // A field of a type that it does not have, and half a field.
        for garbage in [&b"\x08\x01"[..], b"\x0a\xff"] {
            assert_eq!(call(&channel, UNARY, garbage).await, Code::Internal);
        }
    });
    let http = |method, path, headers: &[(&str, &str)], body: &[u8]| {
        http_request(server.address(), method, path, headers, body).expect("an answer")
    };
    // Plain HTTP on the port, and half a message of gRPC.
    http("GET", "/", &[], b"");
    http("GET", "/index.html", &[], b"");
    http("GET", UNARY, &[], b"");
    http(
        "POST",
        UNARY,
        &[("content-type", "application/grpc")],
        b"\0\0\0\0\x09abc",
    );
    http(
        "POST",
        UNARY,
        &[("content-type", "application/grpc")],
        b"\x07\0\0\0\x01a",
    );
    http(
        "POST",
        UNARY,
        &[("content-type", "application/grpc")],
        b"\x01\0\0\0\x01a",
    );
    let page = counted(&monitor, 13);
    let count = |status| page.sum("ml_inference_requests_total", &[("status", status)]);
    assert_eq!(
        (count("success"), count("client_error")),
        (1.0, 12.0),
        "{:?}",
        page.requests()
    );
}

/// A message of gRPC with its five bytes in front.
fn message(ending: &str) -> Vec<u8> {
    let fields = prost::Message::encode_to_vec(&ask(ending));
    let mut message = vec![0];
    message.extend_from_slice(&u32::try_from(fields.len()).expect("short").to_be_bytes());
    message.extend_from_slice(&fields);
    message
}

fn web(address: SocketAddr, path: &str, content_type: &str, body: &[u8]) -> HttpResponse {
    let headers = [("content-type", content_type), ("accept", content_type)];
    http_request(address, "POST", path, &headers, body).expect("an answer")
}

fn base64(bytes: &[u8]) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let bits = three.iter().fold(0u32, |bits, byte| bits << 8 | u32::from(*byte)) << (8 * (3 - three.len()));
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            text.push(if place <= three.len() { char::from(letter) } else { '=' });
        }
    }
    text
}

#[test]
fn grpc_web_counts_by_its_code_whichever_side_of_the_layer_it_is() {
    for inside in [true, false] {
        let (monitor, model) = monitor();
        let watched = InferenceLayer::new(&model);
        let server = if inside {
            let layers = ServiceBuilder::new()
                .layer(watched)
                .layer(tonic_web::GrpcWebLayer::new());
            let builder = Server::builder().accept_http1(true);
            serve!(builder.layer(layers).add_service(EndingsServer::new(Says)))
        } else {
            let layers = ServiceBuilder::new()
                .layer(tonic_web::GrpcWebLayer::new())
                .layer(watched);
            let builder = Server::builder().accept_http1(true);
            serve!(builder.layer(layers).add_service(EndingsServer::new(Says)))
        };
        for (ending, _) in [("ok", 0), ("internal", 13), ("invalid", 3)] {
            let asked = message(ending);
            for path in [UNARY, FROM_SERVER] {
                let answer = web(server.address(), path, "application/grpc-web+proto", &asked);
                assert_eq!(answer.status, 200, "{ending} of {path}");
                web(
                    server.address(),
                    path,
                    "application/grpc-web-text+proto",
                    base64(&asked).as_bytes(),
                );
            }
        }
        counted(&monitor, 12).assert_counted(&[
            (UNARY, "1", "success", 2),
            (UNARY, "1", "error", 2),
            (UNARY, "1", "client_error", 2),
            (FROM_SERVER, "1", "success", 2),
            (FROM_SERVER, "1", "error", 2),
            (FROM_SERVER, "1", "client_error", 2),
        ]);
    }
}

#[test]
fn what_a_client_packs_wrongly_is_no_error_of_the_model() {
    let (monitor, model) = monitor();
    let layers = ServiceBuilder::new()
        .layer(InferenceLayer::new(&model))
        .layer(tonic_web::GrpcWebLayer::new());
    let server = serve!(
        Server::builder()
            .accept_http1(true)
            .layer(layers)
            .add_service(EndingsServer::new(Says))
    );
    server.runtime().block_on(async {
        let channel = channel(server.address()).await;
        EndingsClient::new(channel.clone())
            .unary(ask("ok"))
            .await
            .expect("answered");
        // A coding that the service does not read.
        let packs = |mut request: Request<()>| {
            request
                .metadata_mut()
                .insert("grpc-encoding", "snappy".parse().expect("valid"));
            Ok(request)
        };
        let mut client = EndingsClient::with_interceptor(channel, packs);
        assert_eq!(
            client.unary(ask("ok")).await.expect_err("refused").code(),
            Code::Unimplemented
        );
    });
    // No base64, half of it, and a message that is shorter than it says.
    let text = "application/grpc-web-text+proto";
    for garbage in ["!!!!", "AAAAAA", "AAAAAAlhYmM="] {
        web(server.address(), UNARY, text, garbage.as_bytes());
    }
    let page = counted(&monitor, 5);
    let count = |status| page.sum("ml_inference_requests_total", &[("status", status)]);
    assert_eq!(
        (count("success"), count("client_error")),
        (1.0, 4.0),
        "{:?}",
        page.requests()
    );
}

/// A health service beside the model, on the same server.
#[test]
fn a_service_that_is_no_inference_takes_its_calls_out_of_every_count() {
    let (monitor, model) = monitor();
    let no_inference = |call: Request<()>| {
        Watched::discard_current();
        Ok(call)
    };
    let server = serve!(
        Server::builder()
            .layer(InferenceLayer::new(&model))
            .add_service(EndingsServer::with_interceptor(Says, no_inference))
    );
    server.runtime().block_on(async {
        let mut client = EndingsClient::new(channel(server.address()).await);
        client.unary(ask("ok")).await.expect("answered");
        client.unary(ask("internal")).await.expect_err("refused");
        let mut stream = client.from_server(ask("ok")).await.expect("a stream").into_inner();
        while stream.message().await.expect("a message").is_some() {}
        // What no service takes is counted still.
        let channel = channel(server.address()).await;
        assert_eq!(call(&channel, "/scan.Scan/1", b"").await, Code::Unimplemented);
    });
    counted(&monitor, 1).assert_counted(&[(UNMATCHED, "1", "client_error", 1)]);
}

/// An answer that is larger than the service allows itself has the code of a request that is too large.
#[test]
fn an_answer_that_is_too_large_is_an_error_of_the_model() {
    let monitor = Monitor::new();
    let methods = [UNARY, FROM_SERVER];
    let model = monitor.model("m", "1").routes(methods).register().expect("valid");
    let service = EndingsServer::new(Says).max_encoding_message_size(1);
    let server = serve!(
        Server::builder()
            .layer(InferenceLayer::new(&model))
            .add_service(service.max_decoding_message_size(9))
    );
    server.runtime().block_on(async {
        let mut client = EndingsClient::new(channel(server.address()).await);
        assert_eq!(
            client.unary(ask("ok")).await.expect_err("too large").code(),
            Code::OutOfRange
        );
        let large = client.unary(ask("a large request")).await;
        assert_eq!(large.expect_err("too large").code(), Code::OutOfRange);
    });
    counted(&monitor, 2).assert_counted(&[(UNARY, "1", "error", 1), (UNARY, "1", "client_error", 1)]);
}

/// A frame of HTTP/2.
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = u32::try_from(payload.len()).expect("short").to_be_bytes()[1..].to_vec();
    frame.extend_from_slice(&[kind, flags]);
    frame.extend_from_slice(&stream.to_be_bytes());
    frame.extend_from_slice(payload);
    frame
}

/// A header that is written out.
fn literal(name: &str, value: &str) -> Vec<u8> {
    let mut header = vec![0];
    for text in [name, value] {
        header.push(u8::try_from(text.len()).expect("short"));
        header.extend_from_slice(text.as_bytes());
    }
    header
}

/// How a client breaks off an upload.
#[derive(Clone, Copy, Debug)]
enum Breaks {
    /// With a reset of the stream, by its code.
    Stream(u32),
    /// With the connection.
    Connection,
}

/// Calls a method, sends half a message and breaks off.
fn break_off(address: SocketAddr, path: &str, breaks: Breaks, wait: impl FnOnce()) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).expect("connected");
    let mut sent = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_vec();
    sent.extend(frame(4, 0, 0, b""));
    let headers: Vec<u8> = [
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", path),
        ("content-type", "application/grpc"),
        ("te", "trailers"),
    ]
    .into_iter()
    .flat_map(|(name, value)| literal(name, value))
    .collect();
    sent.extend(frame(1, 4, 1, &headers));
    sent.extend(frame(0, 0, 1, b"\0\0\0\0\x09abc"));
    stream.write_all(&sent).expect("sent");
    wait();
    if let Breaks::Stream(code) = breaks {
        stream.write_all(&frame(3, 0, 1, &code.to_be_bytes())).expect("sent");
        // Until it is counted, the connection is there.
        stream
            .set_read_timeout(Some(std::time::Duration::from_millis(300)))
            .expect("a socket");
        let _ = stream.read_to_end(&mut Vec::new());
    }
}

/// What tonic tells a handler of it, and in which order, is tonic's affair; a success it is not.
#[test]
fn an_upload_that_its_client_breaks_off_is_counted_once_and_no_success() {
    const FROM_CLIENT: &str = "/endings.Endings/FromClient";
    for breaks in [
        Breaks::Connection,
        Breaks::Stream(0),
        Breaks::Stream(1),
        Breaks::Stream(2),
        Breaks::Stream(8),
        Breaks::Stream(11),
    ] {
        for path in [UNARY, FROM_CLIENT] {
            let monitor = Monitor::new();
            let model = monitor
                .model("m", "1")
                .routes([UNARY, FROM_CLIENT])
                .register()
                .expect("valid");
            let server = serve!(
                Server::builder()
                    .layer(InferenceLayer::new(&model))
                    .add_service(EndingsServer::new(Reads))
            );
            break_off(server.address(), path, breaks, || begun(&monitor, 1));
            let page = counted(&monitor, 1);
            let successes = page.sum("ml_inference_requests_total", &[("status", "success")]);
            assert_eq!(successes, 0.0, "{path} {breaks:?}: {:?}", page.requests());
            assert_eq!(page.sum("ml_inference_in_flight", &[]), 0.0, "{path} {breaks:?}");
        }
    }
}
