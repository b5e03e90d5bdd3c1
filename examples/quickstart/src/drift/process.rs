//! The drift job as the demo holds it: starts it, orders, hears, and leaves nothing of it behind.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, ChildStderr, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use flights::error::Failure;
use rustix::process::{Pid, Signal, kill_process_group};

use super::protocol::{News, Order};

/// The program of the job, beside the demo's own.
const PROGRAM: &str = "quickstart-drift";
/// How often it is looked whether somebody gave up waiting.
const LOOK: Duration = Duration::from_millis(50);

/// A drift job that was started. It ends when this is dropped.
pub(crate) struct Process {
    child: Child,
    /// Open until it ends: the job ends when it is closed.
    orders: ChildStdin,
    news: mpsc::Receiver<News>,
    complaints: Option<JoinHandle<String>>,
    /// What started it, for somebody who wants to see for himself.
    command: String,
}

impl Process {
    /// Starts the job by a command of the shell, which may compile it first; by default, the program beside this one.
    pub(crate) fn start(command: Option<&str>) -> Result<Self, Failure> {
        let (mut program, command) = match command {
            Some(command) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", command]);
                (shell, command.to_owned())
            }
            None => {
                let path = beside()?;
                let shown = path.display().to_string();
                (Command::new(path), shown)
            }
        };
        // A group of its own: Ctrl-C in a terminal is for the demo alone, which says the last things before it ends the job.
        program.process_group(0);
        program
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let unstarted = |error: &dyn std::fmt::Display| Failure::new(format!("can't start the drift job: {error}"));
        let mut child = program.spawn().map_err(|error| unstarted(&error))?;
        let pipes = (child.stdin.take(), child.stdout.take(), child.stderr.take());
        let (Some(orders), Some(said), Some(complaints)) = pipes else {
            return Err(unstarted(&"it has no pipes"));
        };
        Ok(Self {
            child,
            orders,
            news: listen(said),
            complaints: Some(thread::spawn(move || reason(complaints))),
            command,
        })
    }

    /// Tells the job what to do. What keeps it from hearing that is in the news.
    pub(crate) fn order(&mut self, order: &Order) -> Result<(), Failure> {
        let line = serde_json::to_string(order)
            .map_err(|error| Failure::new(format!("can't tell the drift job what to do: {error}")))?;
        let _ = writeln!(self.orders, "{line}");
        Ok(())
    }

    /// Waits for news; there are none when somebody gave up.
    pub(crate) fn news(&mut self, given_up: &AtomicBool) -> Result<Option<News>, Failure> {
        while !given_up.load(Ordering::Relaxed) {
            match self.news.recv_timeout(LOOK) {
                Ok(News::Failed(line)) => return Err(Failure::new(line)),
                Ok(news) => return Ok(Some(news)),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(self.ended()),
            }
        }
        Ok(None)
    }

    /// Why it ended before its time.
    fn ended(&mut self) -> Failure {
        self.stop();
        let status = (self.child.wait()).map_or_else(|error| error.to_string(), |status| status.to_string());
        let reason = self.complaints.take().and_then(|reading| reading.join().ok());
        let reason = reason.filter(|reason| !reason.is_empty());
        let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
        Failure::new(format!(
            "the drift job ended before its time ({status}){reason}; to see all it says, run `{}`",
            self.command
        ))
    }

    /// Ends it, and all that it started: a compiler, too.
    fn stop(&mut self) {
        // After its end, its number may be that of another.
        if matches!(self.child.try_wait(), Ok(None)) {
            let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.stop();
        let _ = self.child.wait();
    }
}

/// The program beside this one.
fn beside() -> Result<PathBuf, Failure> {
    let own = std::env::current_exe()
        .map_err(|error| Failure::new(format!("can't tell where the drift job's program is: {error}")))?;
    let path = own.with_file_name(PROGRAM);
    if path.is_file() {
        return Ok(path);
    }
    Err(Failure::new(format!(
        "there is no drift job: {} is missing; `make demo` compiles it, or name a command with --drift-job",
        path.display()
    )))
}

/// The news, as they come.
fn listen(said: ChildStdout) -> mpsc::Receiver<News> {
    let (sender, news) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(said).lines().map_while(Result::ok) {
            let heard = serde_json::from_str(&line).unwrap_or_else(|error| {
                News::Failed(format!("the drift job says {line:?}, which is no news: {error}"))
            });
            if sender.send(heard).is_err() {
                return;
            }
        }
    });
    news
}

/// What a program that failed has to say about it in a line: the last one that is an error, or else the last one.
fn reason(mut complaints: ChildStderr) -> String {
    let mut text = Vec::new();
    let _ = complaints.read_to_end(&mut text);
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty()).rev();
    let last = lines.clone().next();
    let error = lines.find(|line| line.starts_with("error"));
    error.or(last).unwrap_or_default().to_owned()
}
