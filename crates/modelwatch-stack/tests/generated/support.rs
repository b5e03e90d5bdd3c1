//! Folders of generated files, and the tools that judge them.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, fs, process, thread};

use modelwatch_config::Config;
use modelwatch_stack::alertmanager::ALERTMANAGER_FILE;
use modelwatch_stack::known::ALERTS;
use modelwatch_stack::rules::{ALERT_FILE, RECORDING_FILE};
use modelwatch_testkit::Release;
use serde_json::{Value as Json, json};

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

    /// Lets the promtool of each release run all generated tests: each alert's with the rules that it needs, the scenarios with every
    /// rule, as a reader runs them.
    pub(crate) fn run_rule_tests(&self) {
        let tests = self.tests();
        let needed = tests.iter().map(|test| self.needed(test));
        let of_both = needed.flat_map(|test| [Release::System, Release::Newer].map(|release| (release, test.clone())));
        run_tests(of_both.collect());
    }

    /// Each alert's test with the rules that it needs, and the scenarios of a few minutes, in the system's release: that the releases agree
    /// is judged by names as they usually are.
    pub(crate) fn run_rule_tests_alone(&self) {
        // They are not made for every configuration.
        for name in ["scenarios-seasons", "minutes-to-alert"] {
            let long = self.path(&format!("prometheus/tests/{name}.yml"));
            if long.exists() {
                fs::remove_file(long).unwrap();
            }
        }
        let tests = self.tests();
        run_tests(tests.iter().map(|test| (Release::System, self.needed(test))).collect());
    }

    fn tests(&self) -> Vec<PathBuf> {
        let tests = fs::read_dir(self.path("prometheus/tests")).unwrap();
        let tests: Vec<_> = tests.map(|entry| entry.unwrap().path()).collect();
        assert!(tests.len() > 8, "{tests:?}");
        tests
    }

    /// An alert's test with the rules that the alert needs and no others, so that it takes a tenth of the time. Scenarios are of
    /// all rules, and stay as they are.
    pub(crate) fn needed(&self, test: &Path) -> PathBuf {
        let name = test.file_stem().unwrap().to_str().unwrap();
        let alert = name.split('-').next().unwrap();
        if !ALERTS.iter().any(|known| known.name == alert) {
            return test.to_owned();
        }
        let read = |path: &Path| -> Json { serde_saphyr::from_str(&fs::read_to_string(path).unwrap()).unwrap() };
        let rules = [RECORDING_FILE, ALERT_FILE].map(|file| read(&self.path(file)));
        let named = |rule: &Json| rule["record"].as_str().or(rule["alert"].as_str()).unwrap().to_owned();
        let all = rules
            .iter()
            .flat_map(|file| file["groups"].as_array().unwrap())
            .flat_map(|group| group["rules"].as_array().unwrap());
        let mut needed = BTreeSet::from([alert.to_owned()]);
        loop {
            // Its annotations ask, too.
            let texts: String = all
                .clone()
                .filter(|rule| needed.contains(&named(rule)))
                .map(Json::to_string)
                .collect();
            let before = needed.len();
            needed.extend(all.clone().map(named).filter(|name| texts.contains(name.as_str())));
            if needed.len() == before {
                break;
            }
        }
        let mut document = read(test);
        let mut files = Vec::new();
        for (file, mut rules) in ["recording", "alerts"].into_iter().zip(rules) {
            for group in rules["groups"].as_array_mut().unwrap() {
                let rules = group["rules"].as_array_mut().unwrap();
                rules.retain(|rule| needed.contains(&named(rule)));
            }
            let file = format!("{name}-{file}.yml");
            self.write(&format!("prometheus/needed/{file}"), &rules.to_string());
            files.push(format!("../needed/{file}"));
        }
        document["rule_files"] = json!(files);
        let path = format!("prometheus/needed/{name}.yml");
        self.write(&path, &document.to_string());
        self.path(&path)
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

/// Runs test files with the promtool of their release, as many at a time as there are cores, those that take longest first: the
/// scenarios, and then the largest.
fn run_tests(mut tests: Vec<(Release, PathBuf)>) {
    tests.sort_by_key(|(_, test)| {
        let name = test.file_name().unwrap().to_str().unwrap();
        let long = name.starts_with("scenarios") || name.starts_with("minutes");
        (long, fs::metadata(test).unwrap().len())
    });
    let tests = Mutex::new(tests);
    let next = || tests.lock().unwrap().pop();
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((release, test)) = next() {
                    run_one(release, "promtool", &["test", "rules"], std::slice::from_ref(&test))
                        .unwrap_or_else(|said| panic!("promtool of {release}: {said}"));
                }
            });
        }
    });
}
