//! `modelwatch ingest` as a user runs it, with a real broker.

mod door;
mod gaps;
mod kafka;
mod killed;
mod memory;
mod outcomes;
mod schemas;
mod stored;
mod topics;
mod ways;

use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

fn modelwatch(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_modelwatch"));
    command.args(arguments).current_dir(folder).env_remove("RUST_LOG");
    command
}

/// `modelwatch ingest kafka` of a topic at a broker.
fn ingest_kafka(folder: &Path, broker: &str, topic: &str, more: &[&str]) -> Command {
    let arguments = ["ingest", "kafka", "--brokers", broker, "--topic", topic];
    modelwatch(folder, &[&arguments, more].concat())
}

/// That command once, to the end of the topic; and what it says.
fn once(folder: &Path, broker: &str, topic: &str, more: &[&str]) -> String {
    let done = ingest_kafka(folder, broker, topic, &[&["--once"], more].concat())
        .output()
        .expect("it starts");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(done.status.success(), "{said}");
    said
}

/// The address of its page, of the line that tells it.
fn page_of(line: &str) -> SocketAddr {
    let address = line.split("http://").nth(1).and_then(|rest| rest.split('/').next());
    address.and_then(|address| address.parse().ok()).expect("an address")
}

/// A program that is killed with its test, and what it says.
struct Running {
    child: Child,
    said: Receiver<String>,
    all: Vec<String>,
}

impl Running {
    fn start(mut command: Command) -> Self {
        let mut child = command
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("it starts");
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let (sender, said) = mpsc::channel();
        thread::spawn(move || {
            stderr
                .lines()
                .map_while(Result::ok)
                .try_for_each(|line| sender.send(line))
        });
        Self {
            child,
            said,
            all: Vec::new(),
        }
    }

    /// Waits for a line that has these words.
    fn says(&mut self, words: &str) -> String {
        let begun = Instant::now();
        loop {
            match self.said.recv_timeout(Duration::from_millis(20)) {
                Ok(line) => {
                    self.all.push(line.clone());
                    if line.contains(words) {
                        return line;
                    }
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => panic!("it ended without {words:?}: {:#?}", self.all),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    assert!(begun.elapsed() < PATIENCE, "it does not say {words:?}: {:#?}", self.all);
                }
            }
        }
    }

    /// Everything it said, once it has ended after SIGTERM.
    fn end(mut self) -> Vec<String> {
        let id = self.child.id().to_string();
        let told = Command::new("kill").arg(&id).status().expect("kill runs");
        assert!(told.success());
        let ended = self.child.wait().expect("it ends");
        assert!(ended.success(), "{ended}: {:#?}", self.all);
        std::mem::take(&mut self.all)
            .into_iter()
            .chain(self.said.iter())
            .collect()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn until(what: &str, is_so: impl Fn() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < PATIENCE, "still waiting until {what}");
        thread::sleep(Duration::from_millis(20));
    }
}
