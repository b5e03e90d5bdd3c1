//! The drift job as a process of its own: late, gone or missing, the demo shows what it can.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::{COLUMNS, LINES, Running, Terminal, demo, finished, interrupt, line_with};

/// The job's program.
const JOB: &str = env!("CARGO_BIN_EXE_quickstart-drift");

fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

/// Starts the job when there is such a file.
fn when_there_is(file: &Path) -> String {
    format!("until [ -e {} ]; do sleep 0.1; done; exec {JOB}", file.display())
}

/// Status and body of what the job exports.
fn exported(running: &Running) -> (u16, String) {
    let config = ureq::config::Config::builder().http_status_as_error(false).build();
    let answer = ureq::Agent::new_with_config(config)
        .get(running.url("/drift/metrics"))
        .call();
    let mut answer = answer.expect("an answer");
    let text = answer.body_mut().read_to_string().expect("text");
    (answer.status().as_u16(), text)
}

/// A pipe with a name: whoever reads it comes to its end when the last process that has it open is gone.
fn pipe(folder: &TempDir) -> (File, String) {
    let path = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&path).status();
    assert!(made.expect("mkfifo starts").success());
    let path = path.to_str().expect("text").to_owned();
    // Open for writing, too: opening does not wait for somebody else then.
    let pipe = File::options().read(true).write(true).open(&path).expect("opened");
    (pipe, path)
}

/// Waits until nobody else has the pipe open.
fn nobody_is_left(pipe: File, path: &str) {
    let mut reader = File::open(path).expect("opened");
    drop(pipe);
    let mut said = String::new();
    reader.read_to_string(&mut said).expect("text");
    assert_eq!(said, "here\n", "it had it open");
}

#[test]
fn a_job_that_comes_late_catches_up_with_the_days_that_are_over() {
    let folder = folder();
    let compiled = folder.path().join("compiled");
    let mut running = Running::start(&["--seconds", "12", "--drift-job", &when_there_is(&compiled)]);
    line_with(
        &mut running.lines,
        "drift: the job is being compiled; its days follow\n",
    );
    line_with(&mut running.lines, "flights of 8 to 14 July 2013");
    let (status, text) = exported(&running);
    assert_eq!((status, &*text), (503, "the drift job is being compiled\n"));
    File::create(&compiled).expect("a file");
    line_with(&mut running.lines, "drift on 13 July 2013");
    line_with(&mut running.lines, "drift from training");
    let warm = line_with(&mut running.lines, "temp ");
    assert!(warm.contains("0.430") && warm.contains("19.124 !"), "{warm}");
    line_with(&mut running.lines, "serving on until Ctrl-C");
    // Seven days of February, six of July, which has no flight after its seventh, and both weeks.
    let (status, text) = exported(&running);
    let runs = "ml_drift_runs_total{model_name=\"flight-delay\",result=\"success\"} 15\n";
    assert!(status == 200 && text.contains(runs), "{status}: {text}");
}

#[test]
fn the_replay_over_it_waits_for_the_job() {
    let folder = folder();
    let compiled = folder.path().join("compiled");
    let mut running = Running::start(&["--seconds", "2", "--drift-job", &when_there_is(&compiled)]);
    let waits = "waiting for the drift job, which is being compiled; Ctrl-C ends the demo without it\n";
    line_with(&mut running.lines, waits);
    File::create(&compiled).expect("a file");
    line_with(&mut running.lines, "drift on 13 July 2013");
    line_with(&mut running.lines, "13140 requests were answered");
    line_with(&mut running.lines, "drift from training");
}

#[test]
fn ctrl_c_ends_the_wait_and_all_that_compiles() {
    let folder = folder();
    let (pipe, path) = pipe(&folder);
    let compiler = format!("exec 9>{path}; echo here >&9; sleep 1000; exit 1");
    let mut running = Running::start(&["--seconds", "1", "--rate", "20", "--drift-job", &compiler]);
    line_with(&mut running.lines, "waiting for the drift job");
    interrupt(&running.child);
    line_with(&mut running.lines, "20 requests were answered");
    line_with(
        &mut running.lines,
        "no week was compared with training: the drift job was not there yet\n",
    );
    line_with(&mut running.lines, "Next:");
    assert!(running.child.wait().expect("ended").success());
    nobody_is_left(pipe, &path);
}

#[test]
fn quitting_while_it_compiles_ends_at_once() {
    let folder = folder();
    let (pipe, path) = pipe(&folder);
    let compiler = format!("exec 9>{path}; echo here >&9; sleep 1000; exit 1");
    let flags = format!("--port 0 --seconds 600 --rate 20 --drift-job '{compiler}'");
    let mut terminal = Terminal::start(LINES, COLUMNS, &flags);
    terminal.shows("drift: the job is being compiled; its days follow");
    terminal.shows("nothing is wrong");
    terminal.types("q");
    while terminal.draws() {}
    let left = terminal.screen.screen().contents();
    assert!(terminal.child.wait().expect("ended").success(), "{left}");
    assert!(left.contains("the drift job was not there yet"), "{left}");
    nobody_is_left(pipe, &path);
}

#[test]
fn without_its_job_it_shows_the_rest_and_says_what_to_do() {
    let dies = "read start; echo '\"started\"'; echo '{\"ready\":{\"page\":\"a\"}}'; read compare; exit 3";
    let cases: &[(&str, &[&str])] = &[
        (
            "echo no room left >&2; exit 7",
            &[
                "the drift job ended before its time (exit status: 7): no room left; to see all it says, run `echo no room",
            ],
        ),
        (
            "printf 'error: could not compile `parquet`\\n\\nwarning: wait\\n' >&2; exit 101",
            &["(exit status: 101): error: could not compile `parquet`; to see"],
        ),
        (dies, &["the drift job ended before its time (exit status: 3); to see"]),
        (
            "kill -9 $$",
            &["the drift job ended before its time (signal: 9 (SIGKILL))"],
        ),
        (
            "echo hello; sleep 1000",
            &["the drift job says \"hello\", which is no news: "],
        ),
        ("no-such-cargo run", &["(exit status: 127)", "no-such-cargo: not found"]),
    ];
    std::thread::scope(|scope| {
        for (command, parts) in cases {
            scope.spawn(move || {
                let (output, text) =
                    finished(&["--port", "0", "--seconds", "2", "--rate", "20", "--drift-job", command]);
                let error = String::from_utf8(output.stderr).expect("text");
                assert_eq!(output.status.code(), Some(2), "{command}: {error}");
                assert_eq!(error.lines().count(), 1, "{command}: {error}");
                for part in *parts {
                    assert!(error.contains(part), "{command}: no {part:?} in {error}");
                }
                for part in [
                    "drift: the job failed; why is said at the end\n",
                    "40 requests were answered",
                    "no week was compared with training: the drift job failed\n",
                    "\nNext:\n",
                ] {
                    assert!(text.contains(part), "{command}: no {part:?} in:\n{text}");
                }
            });
        }
    });
}

#[test]
fn a_baseline_that_has_no_room_names_its_file_and_the_flag() {
    let folder = folder();
    std::fs::create_dir(folder.path().join("baseline.json")).expect("a folder in its place");
    let log = folder.path().to_str().expect("text");
    let (output, text) = finished(&["--port", "0", "--seconds", "1", "--rate", "20", "--log", log]);
    let error = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{error}");
    assert!(
        error.starts_with(&format!("quickstart: can't write {log}/baseline.json: "))
            && error.contains("name another folder with --log"),
        "{error}"
    );
    assert_eq!(error.lines().count(), 1, "{error}");
    assert!(text.contains("20 requests were answered"), "{text}");
}

#[test]
fn without_the_jobs_program_it_says_who_compiles_it() {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).expect("a folder");
    let alone = folder.path().join("quickstart");
    std::fs::hard_link(env!("CARGO_BIN_EXE_quickstart"), &alone).expect("linked");
    let mut command = Command::new(&alone);
    command.args(["--port", "0", "--seconds", "1", "--rate", "20"]);
    let output = command.output().expect("the program starts");
    let error = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(2), "{error}");
    let missing = format!(
        "quickstart: there is no drift job: {}-drift is missing; `make demo` compiles it, or name a command with --drift-job\n",
        alone.display()
    );
    assert_eq!(error, missing);
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(text.contains("20 requests were answered"), "{text}");
}

/// With `--keep` the demo may go on for long after its replay.
#[test]
fn a_demo_that_goes_on_says_why_its_job_is_gone() {
    let mut running = Running::start(&["--seconds", "1", "--rate", "20", "--drift-job", "exit 7"]);
    line_with(
        &mut running.lines,
        "the drift job ended before its time (exit status: 7)",
    );
    line_with(&mut running.lines, "serving on until Ctrl-C");
    let (status, text) = exported(&running);
    assert_eq!(status, 503);
    assert!(text.contains("(exit status: 7)"), "{text}");
}

#[test]
fn the_job_ends_with_whom_it_works_for() {
    let job = |input: Stdio| {
        let output = Command::new(JOB).stdin(input).output().expect("the job starts");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"))
    };
    assert_eq!(job(Stdio::null()), (Some(0), "\"started\"\n".to_owned()));
    // The demo is killed: nothing of it is left to end the job.
    let folder = folder();
    let (pipe, path) = pipe(&folder);
    let job = format!("exec 9>{path}; echo here >&9; {JOB}");
    let mut child = demo(&["--port", "0", "--seconds", "600", "--rate", "20", "--drift-job", &job])
        .spawn()
        .expect("the program starts");
    let mut lines = std::io::BufReader::new(child.stdout.take().expect("piped"));
    line_with(&mut lines, "drift: no day is over yet");
    child.kill().expect("killed");
    child.wait().expect("ended");
    nobody_is_left(pipe, &path);
}

#[test]
fn a_job_that_somebody_else_starts_says_who_does() {
    let folder = folder();
    let orders = folder.path().join("orders");
    std::fs::write(&orders, "help\n").expect("written");
    let mut command = Command::new(JOB);
    command.stdin(File::open(&orders).expect("opened"));
    let output = command.output().expect("the job starts");
    let text = String::from_utf8(output.stdout).expect("text");
    assert!(
        text.contains("is no order") && text.contains("the demo starts this program"),
        "{text}"
    );
}
