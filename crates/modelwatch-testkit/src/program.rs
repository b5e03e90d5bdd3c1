//! A server of ours as a process of its own, such as an example.

use std::io::{BufRead as _, BufReader, Read as _};
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::thread;

use crate::process::Killed;

/// A running program that has said on its stderr where it listens. Dropped, it is killed.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::Program;
///
/// let program = Program::start("sh", &["-c", "echo listening on 127.0.0.1:4317 >&2; exec sleep 60"]);
/// assert_eq!(program.address(0).port(), 4317);
/// ```
#[derive(Debug)]
pub struct Program {
    _process: Killed,
    addresses: Vec<SocketAddr>,
}

impl Program {
    /// Starts a program and waits for the line `listening on …`, which holds the addresses it serves.
    ///
    /// # Panics
    ///
    /// When it does not start, or ends before that line.
    #[must_use]
    pub fn start(path: &str, arguments: &[&str]) -> Self {
        let child = Command::new(path).args(arguments).stderr(Stdio::piped()).spawn();
        let mut child = child.unwrap_or_else(|error| panic!("{path} does not start: {error}"));
        let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        let (mut said, mut line) = (String::new(), String::new());
        while !line.starts_with("listening on ") {
            line.clear();
            let read = stderr.read_line(&mut line).expect("its stderr is text");
            assert!(read > 0, "{path} ended before it listened: {said}");
            said.push_str(&line);
        }
        // It may go on writing, and must not be stopped by a full pipe.
        thread::spawn(move || stderr.read_to_end(&mut Vec::new()));
        let words = line.split_whitespace();
        let addresses = words.filter_map(|word| word.parse().ok()).collect();
        Self {
            _process: child.into(),
            addresses,
        }
    }

    /// The address that stood at this place of the line.
    ///
    /// # Panics
    ///
    /// When there were not so many.
    #[must_use]
    pub fn address(&self, place: usize) -> SocketAddr {
        self.addresses[place]
    }
}
