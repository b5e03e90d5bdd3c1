//! Folders of generated files, and the tools that judge them.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process};

use modelwatch_config::Config;
use modelwatch_stack::alertmanager::ALERTMANAGER_FILE;
use modelwatch_stack::rules::Rules;
use modelwatch_testkit::Release;

/// The configuration of the demo.
pub(crate) fn example() -> Config {
    Config::load(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/modelwatch.toml"))
        .unwrap_or_else(|errors| panic!("{errors}"))
}

/// A folder that goes with this value.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = env::temp_dir().join(format!("modelwatch-stack-{}-{number}", process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// The whole stack of a configuration.
    pub(crate) fn generated(config: &Config) -> Self {
        let folder = Self::new();
        for file in modelwatch_stack::generate(config).unwrap_or_else(|error| panic!("{error}")) {
            folder.write(&file.path, &file.contents);
        }
        folder
    }

    /// Its rules and their tests, without the rest.
    pub(crate) fn of_rules(config: &Config) -> Self {
        let folder = Self::new();
        let rules = Rules::new(config).unwrap_or_else(|error| panic!("{error}"));
        for file in rules.files().unwrap() {
            folder.write(&file.path, &file.contents);
        }
        folder
    }

    /// Whether both releases of Prometheus and Alertmanager take their files.
    pub(crate) fn judge_configurations(&self) {
        run(
            "promtool",
            &["check", "config"],
            &[self.path("prometheus/prometheus.yml")],
        );
        run("amtool", &["check-config"], &[self.path(ALERTMANAGER_FILE)]);
    }

    /// The routing for an Alertmanager that is started elsewhere and must not let the test wait.
    pub(crate) fn quick_routing(&self) -> String {
        let mut routing = fs::read_to_string(self.path(ALERTMANAGER_FILE)).unwrap();
        let template = format!("- {}", self.path("alertmanager/modelwatch.tmpl").display());
        for (slow, quick) in [
            ("group_wait: 30s", "group_wait: 1s"),
            // A page that joins a group which has been told of already waits for the interval.
            ("group_interval: 5m", "group_interval: 1s"),
            ("- modelwatch.tmpl", &template),
        ] {
            assert!(routing.contains(slow), "{slow}: {routing}");
            routing = routing.replace(slow, quick);
        }
        routing
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.0.join(below)
    }

    pub(crate) fn write(&self, below: &str, contents: &str) {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, contents).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs a tool of each release to its end; returns what each said.
///
/// # Panics
///
/// When one can't be run, or says no; then with all it said.
pub(crate) fn run(tool: &str, arguments: &[&str], files: &[PathBuf]) -> [String; 2] {
    Release::ALL.map(|release| {
        run_one(release, tool, arguments, files)
            .unwrap_or_else(|said| panic!("{tool} of {release} {arguments:?}: {said}"))
    })
}

/// Runs a tool of one release to its end; what it said is the answer, or the error where it says no.
///
/// # Panics
///
/// When it can't be run.
pub(crate) fn run_one(release: Release, tool: &str, arguments: &[&str], files: &[PathBuf]) -> Result<String, String> {
    let output = release
        .tool(tool)
        .args(arguments)
        .args(files)
        .output()
        .unwrap_or_else(|error| {
            panic!("{tool} of {release} can't be run ({error}): run `make setup` to install what the tests need")
        });
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    if output.status.success() { Ok(said) } else { Err(said) }
}
