//! Processes of the tests' own: they can be killed, and have storage of their own.

use std::path::{Path, PathBuf};
use std::process::Command;

const ROOT: &str = "MODELWATCH_LOG_TEST_ROOT";

/// Runs one of this program's ignored tests in a process of its own.
pub(crate) fn child(test: &str, root: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program"));
    command.args(arguments(test)).env(ROOT, root);
    command
}

/// The same, with two megabytes of memory as the storage below the root, in mount points that nobody else sees.
pub(crate) fn child_with_storage(test: &str, root: &Path) -> Command {
    let mut command = Command::new("unshare");
    command.args(["--map-root-user", "--mount", "sh", "-c"]);
    command.arg(format!(
        "mount -t tmpfs -o size=2m none \"${ROOT}\" && exec \"$0\" \"$@\""
    ));
    command
        .arg(std::env::current_exe().expect("a program"))
        .args(arguments(test))
        .env(ROOT, root);
    command
}

fn arguments(test: &str) -> [&str; 4] {
    ["--ignored", "--exact", "--nocapture", test]
}

/// In the child: where it is to write. Run by hand, it has to be told.
pub(crate) fn root() -> PathBuf {
    let root = std::env::var_os(ROOT);
    root.unwrap_or_else(|| panic!("{ROOT} names the folder; other tests run this one in a process of its own"))
        .into()
}

/// Runs it to its end, which has to be a good one.
pub(crate) fn succeeds(mut child: Command) {
    let output = child.output().unwrap_or_else(|error| {
        panic!("{child:?}: {error}; the test needs the program unshare (util-linux), to mount a small storage")
    });
    let [out, err] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text));
    assert!(
        !err.starts_with("unshare:") && !err.starts_with("mount:"),
        "{err}\nthe test mounts a small storage of its own: run it where that is allowed, as root or with user namespaces"
    );
    assert!(
        output.status.success() && out.contains("1 passed"),
        "{child:?}: {}\n{out}\n{err}",
        output.status
    );
}
