//! The generated tree beside what is on disk.

use std::fs;
use std::path::Path;

use modelwatch_config::Config;
use modelwatch_stack::on_disk::{Difference, LIST, WriteError, differences, write};
use modelwatch_stack::{File, generate};
use modelwatch_testkit::tool;
use tempfile::TempDir;

fn files() -> Vec<File> {
    let config = Config::parse("modelwatch.toml", include_str!("../../../examples/modelwatch.toml")).unwrap();
    generate(&config).unwrap()
}

fn without(files: &[File], path: &str) -> Vec<File> {
    let mut files: Vec<_> = files.iter().filter(|file| file.path != path).cloned().collect();
    let list = files.iter_mut().find(|file| file.path == LIST).unwrap();
    list.contents = list
        .contents
        .lines()
        .filter(|line| !line.ends_with(path))
        .map(|line| format!("{line}\n"))
        .collect();
    files
}

const ROUTING: &str = "alertmanager/alertmanager.yml";

/// What is refused, by path and whether it was edited.
fn refused(files: &[File], folder: &Path) -> Vec<(String, bool)> {
    match write(files, folder, false).unwrap_err() {
        WriteError::NotOurs(files) => files.into_iter().map(|file| (file.path, file.edited)).collect(),
        error => panic!("{error}"),
    }
}

#[test]
fn overwrites_no_file_that_was_there_before_and_writes_nothing_then() {
    let folder = TempDir::new().unwrap();
    let theirs = folder.path().join(ROUTING);
    fs::create_dir(theirs.parent().unwrap()).unwrap();
    fs::write(&theirs, "route: {}\n").unwrap();
    let files = files();
    assert_eq!(refused(&files, folder.path()), [(ROUTING.to_owned(), false)]);
    let said = write(&files, folder.path(), false).unwrap_err().to_string();
    assert!(
        said.contains("leave it alone with [alertmanager] manage = false"),
        "{said}"
    );
    assert_eq!(fs::read_to_string(&theirs).unwrap(), "route: {}\n");
    assert!(!folder.path().join("compose.yaml").exists());

    let done = write(&files, folder.path(), true).unwrap();
    assert_eq!(done.written.len(), files.len() - 1, "each but the list itself");
    assert_eq!(differences(&files, folder.path()).unwrap(), []);
}

#[test]
fn overwrites_no_edit_and_takes_what_it_wrote_itself() {
    let folder = TempDir::new().unwrap();
    let files = files();
    write(&files, folder.path(), false).unwrap();
    let mut newer = files.clone();
    newer
        .iter_mut()
        .find(|file| file.path == ROUTING)
        .unwrap()
        .contents
        .push('\n');
    assert_eq!(write(&newer, folder.path(), false).unwrap().written, [ROUTING]);

    fs::write(folder.path().join("compose.yaml"), "edited: true\n").unwrap();
    // Back to the list of the files as they are.
    assert_eq!(
        refused(&files, folder.path()),
        [
            ("alertmanager/alertmanager.yml".to_owned(), true),
            ("compose.yaml".to_owned(), true)
        ]
    );
}

#[test]
fn removes_what_it_generated_once_and_leaves_files_of_the_reader_s_alone() {
    let folder = TempDir::new().unwrap();
    let all = files();
    write(&all, folder.path(), false).unwrap();
    fs::write(folder.path().join("prometheus/rules/mine.yml"), "groups: []\n").unwrap();
    let fewer = without(&all, "compose.yaml");
    let left = Difference::LeftOver {
        path: "compose.yaml".to_owned(),
    };
    assert_eq!(differences(&fewer, folder.path()).unwrap(), [left]);
    let done = write(&fewer, folder.path(), false).unwrap();
    assert_eq!(done.removed, ["compose.yaml"]);
    assert!(done.written.is_empty() && !folder.path().join("compose.yaml").exists());
    assert!(folder.path().join("prometheus/rules/mine.yml").exists());
    assert_eq!(differences(&fewer, folder.path()).unwrap(), []);
}

#[test]
fn a_list_that_leads_elsewhere_removes_nothing() {
    let folder = TempDir::new().unwrap();
    let out = folder.path().join("monitoring");
    fs::create_dir(&out).unwrap();
    fs::write(folder.path().join("precious"), "").unwrap();
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    fs::write(
        out.join(LIST),
        format!("{empty}  ../precious\n{empty}  /etc/hostname\n"),
    )
    .unwrap();
    assert!(write(&files(), &out, false).unwrap().removed.is_empty());
    assert!(folder.path().join("precious").exists());
}

#[test]
fn judged_sha256sum_takes_the_list() {
    let folder = TempDir::new().unwrap();
    write(&files(), folder.path(), false).unwrap();
    let check = || {
        let mut command = tool("sha256sum");
        command.args(["--check", "--quiet", LIST]).current_dir(folder.path());
        command.output().unwrap()
    };
    assert!(check().status.success());
    fs::write(folder.path().join("compose.yaml"), "").unwrap();
    let output = check();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("compose.yaml: FAILED"));
}

#[test]
fn the_readme_names_every_secret_and_git_ignores_their_folders() {
    let files = files();
    let text = |path: &str| &files.iter().find(|file| file.path == path).unwrap().contents;
    let readme = text("README.md");
    for secret in ["slack", "pagerduty-ml-platform"] {
        let line =
            format!("- `/etc/alertmanager/secrets/{secret}`, with Docker the file `alertmanager/secrets/{secret}`");
        assert!(readme.contains(&line), "{line}: {readme}");
    }
    assert!(text(".gitignore").contains("alertmanager/secrets/"));
}
