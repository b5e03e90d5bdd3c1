//! Whose tests `make check` runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use docs::top;
use modelwatch_testkit::tool;
use tempfile::{TempDir, tempdir};

/// What is tested whatever you changed.
const ALWAYS: &str = "-p modelwatch -p modelwatch-derive -p modelwatch-tower -p modelwatch-actix -p modelwatch-page \
    -p modelwatch-config -p docs";

/// A repository with the script and two packages, all of it committed.
fn repository() -> TempDir {
    let root = tempdir().expect("a folder");
    write(
        root.path(),
        "crates/modelwatch-stack/Cargo.toml",
        "[package]\nname = \"modelwatch-stack\"\n[[test]]\nname = \"a\"\n",
    );
    write(
        root.path(),
        "crates/modelwatch/Cargo.toml",
        "[package]\nversion = \"0.1.0\"\nname = \"modelwatch\"\n",
    );
    write(root.path(), "README.md", "");
    fs::create_dir(root.path().join("scripts")).expect("a folder");
    let script = "scripts/crates-to-check";
    fs::copy(top().join(script), root.path().join(script)).expect("a copy");
    git(root.path(), &["init", "--quiet", "--initial-branch", "main"]);
    commit(root.path());
    root
}

fn write(root: &Path, path: &str, text: &str) {
    let path = root.join(path);
    fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
    fs::write(path, text).expect("a file");
}

fn git(root: &Path, arguments: &[&str]) {
    let who = ["-c", "user.name=a", "-c", "user.email=a@example.org"];
    let done = tool("git")
        .args(who)
        .args(arguments)
        .current_dir(root)
        .output()
        .expect("git starts");
    assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
}

fn commit(root: &Path) {
    git(root, &["add", "--all"]);
    git(root, &["commit", "--quiet", "--message", "all of it"]);
}

fn packages(root: &Path, arguments: &[&str]) -> String {
    let done = Command::new(root.join("scripts/crates-to-check"))
        .args(arguments)
        .output()
        .expect("it starts");
    assert!(
        done.status.success() && done.stderr.is_empty(),
        "{}",
        String::from_utf8_lossy(&done.stderr)
    );
    String::from_utf8(done.stdout).expect("text").trim_end().to_owned()
}

#[test]
fn judged_what_git_tells_apart_is_tested_beside_what_always_is() {
    let root = repository();
    let root = root.path();
    let with_stack = format!("{ALWAYS} -p modelwatch-stack");
    assert_eq!(packages(root, &[]), ALWAYS, "nothing changed");
    write(root, "README.md", "new");
    write(root, "crates/modelwatch/src/a.rs", "");
    assert_eq!(
        packages(root, &[]),
        ALWAYS,
        "of no package, and of one that is in anyway"
    );
    write(root, "crates/modelwatch-stack/tests/a/b.rs", "");
    assert_eq!(packages(root, &[]), with_stack, "a file that git does not know");
    commit(root);
    assert_eq!(packages(root, &[]), ALWAYS, "a branch that follows none");
    git(root, &["checkout", "--quiet", "-b", "mine", "--track", "main"]);
    fs::remove_file(root.join("crates/modelwatch-stack/tests/a/b.rs")).expect("it is there");
    assert_eq!(packages(root, &[]), with_stack, "a file that is gone");
    commit(root);
    assert_eq!(packages(root, &[]), with_stack, "a commit of this branch");
}

#[test]
fn what_you_name_is_tested_alone_and_all_is_everything() {
    assert_eq!(
        packages(&top(), &["modelwatch-drift", "modelwatch-log"]),
        "-p modelwatch-drift -p modelwatch-log"
    );
    assert_eq!(packages(&top(), &["all"]), "--workspace");
}

#[test]
fn no_repository_is_no_change() {
    let root = tempdir().expect("a folder");
    fs::create_dir(root.path().join("scripts")).expect("a folder");
    let script = "scripts/crates-to-check";
    fs::copy(top().join(script), root.path().join(script)).expect("a copy");
    assert_eq!(packages(root.path(), &[]), ALWAYS);
}
