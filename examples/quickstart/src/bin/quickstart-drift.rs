//! The demo's drift job, which the demo starts: see the README beside `src`.

fn main() -> std::process::ExitCode {
    quickstart::drift::job::run()
}
