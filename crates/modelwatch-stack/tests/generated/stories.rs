//! Generated stories, each played with the rules that it asks about and no others.
//!
//! What else there is to evaluate can't change what a story sees, and takes most of the time. So a file of scenarios is
//! parted, too: each of its stories asks about a few names. For the same reason a story has its rules without their
//! annotations, unless it asks what its alert says: promtool fills them in anew at every evaluation.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{LazyLock, Mutex};
use std::{fs, thread};

use modelwatch_config::Config;
use modelwatch_stack::known::ALERTS;
use modelwatch_stack::rules::{RuleFile, Rules};
use modelwatch_testkit::Release;
use serde_json::{Value as Json, json};

use crate::annotations::{Said, with_triage};
use crate::support::{Folder, run_one};

/// One story of a file of scenarios, or those of an alert.
#[derive(Clone, Debug)]
pub(crate) struct Story {
    /// The file's, without its ending.
    pub(crate) file: String,
    /// The name of each test.
    names: Vec<String>,
    /// What the test files of promtool say.
    document: Json,
}

impl Story {
    /// The alert whose own file it is.
    pub(crate) fn alert(&self) -> Option<&'static str> {
        let name = self.file.split('-').next().unwrap();
        ALERTS.iter().map(|known| known.name).find(|known| *known == name)
    }

    /// Whether it is neither of days nor of looks at every half minute.
    pub(crate) fn is_short(&self) -> bool {
        !["scenarios-seasons", "minutes-to-alert"].contains(&self.file.as_str())
    }

    /// What is asked of promtool.
    fn questions(&self) -> Vec<String> {
        let tests = self.document["tests"].as_array().unwrap().iter();
        let asked = tests.flat_map(|test| test["promql_expr_test"].as_array().unwrap());
        asked
            .map(|question| question["expr"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Whether it asks what an alert says.
    fn hears(&self) -> bool {
        let mut tests = self.document["tests"].as_array().unwrap().iter();
        tests.any(|test| test["alert_rule_test"].is_array())
    }

    /// Whether it asks about one of these.
    pub(crate) fn asks_about(&self, names: &[&str]) -> bool {
        let questions = self.questions();
        names
            .iter()
            .any(|name| questions.iter().any(|asked| asked.contains(name)))
    }

    /// Asks for nothing of its alert where it fires, so that promtool tells what the alert says then, and for how many times that is.
    fn ask_for_nothing(&mut self, alert: &str) -> usize {
        let mut asked = 0;
        for test in self.document["tests"].as_array_mut().unwrap() {
            let firing: Vec<_> = test["promql_expr_test"]
                .as_array()
                .unwrap()
                .iter()
                .filter(|question| question["exp_samples"] != json!([]))
                .map(|question| json!({"alertname": alert, "eval_time": question["eval_time"], "exp_alerts": []}))
                .collect();
            asked += firing.len();
            test["alert_rule_test"] = Json::Array(firing);
        }
        asked
    }
}

/// The stories of a folder, and the rules of the configuration that it was made of.
pub(crate) struct Stories<'a> {
    folder: &'a Folder,
    rules: Rulebook,
    silent: Rulebook,
    all: Vec<Story>,
}

/// The files of recording rules and of alerts.
pub(crate) struct Rulebook([Json; 2]);

fn name(rule: &Json) -> &str {
    rule["record"].as_str().or(rule["alert"].as_str()).unwrap()
}

fn each_rule(file: &Json) -> impl Iterator<Item = &Json> + Clone {
    let groups = file["groups"].as_array().unwrap().iter();
    groups.flat_map(|group| group["rules"].as_array().unwrap())
}

impl Rulebook {
    pub(crate) fn new(config: &Config) -> Self {
        let rules = Rules::new(config).unwrap();
        Self([&rules.recording, &rules.alerts].map(|groups| serde_json::to_value(RuleFile { groups }).unwrap()))
    }

    /// The same rules with nothing to say.
    fn without_annotations(&self) -> Self {
        let mut files = self.0.clone();
        for group in files.iter_mut().flat_map(|file| file["groups"].as_array_mut().unwrap()) {
            for rule in group["rules"].as_array_mut().unwrap() {
                rule.as_object_mut().unwrap().remove("annotations");
            }
        }
        Self(files)
    }

    /// The files of the rules that these questions need, by what of ours is named in them and in the rules that they name.
    pub(crate) fn needed(&self, questions: &[String]) -> [Json; 2] {
        let all = self.0.iter().flat_map(each_rule);
        // A question that names no alert is about all of a plane, or of a severity.
        let at_large = questions
            .iter()
            .filter(|asked| asked.contains("ALERTS") && !asked.contains("alertname="));
        let mut needed: BTreeSet<&str> = at_large
            .flat_map(|asked| {
                let of_it = |label: &str| {
                    let after = asked.split_once(&format!("{label}=\""));
                    after.map(|(_, value)| value.split('"').next().unwrap())
                };
                let wanted = ["plane", "severity"].map(|label| (label, of_it(label)));
                all.clone().filter(move |rule| {
                    let is =
                        |(label, value): (&str, Option<&str>)| value.is_none_or(|value| rule["labels"][label] == value);
                    rule["alert"].is_string() && wanted.into_iter().all(is)
                })
            })
            .map(name)
            .collect();
        let texts: BTreeMap<&str, String> = all.clone().fold(BTreeMap::new(), |mut texts, rule| {
            // Its annotations ask, too.
            *texts.entry(name(rule)).or_default() += &rule.to_string();
            texts
        });
        let mut unread: Vec<&str> = needed.iter().copied().collect();
        let named_in = |text: &str| {
            let names = texts.keys().copied();
            names.filter(|name| text.contains(name)).collect::<Vec<_>>()
        };
        unread.extend(questions.iter().flat_map(|asked| named_in(asked)));
        while let Some(name) = unread.pop() {
            needed.insert(name);
            let new = named_in(&texts[name]);
            unread.extend(new.into_iter().filter(|name| !needed.contains(name)));
        }
        self.0.clone().map(|mut file| {
            for group in file["groups"].as_array_mut().unwrap() {
                let rules = group["rules"].as_array_mut().unwrap();
                rules.retain(|rule| needed.contains(name(rule)));
            }
            file
        })
    }
}

impl<'a> Stories<'a> {
    pub(crate) fn of(folder: &'a Folder, config: &Config) -> Self {
        let mut all = Vec::new();
        let files = fs::read_dir(folder.path("prometheus/tests")).unwrap();
        for path in files.map(|entry| entry.unwrap().path()) {
            let whole = Story {
                file: path.file_stem().unwrap().to_str().unwrap().to_owned(),
                names: Vec::new(),
                document: serde_saphyr::from_str(&fs::read_to_string(&path).unwrap()).unwrap(),
            };
            let tests = whole.document["tests"].as_array().unwrap().clone();
            let parts = if whole.alert().is_some() {
                vec![tests]
            } else {
                tests.into_iter().map(|test| vec![test]).collect()
            };
            for tests in parts {
                let mut part = whole.clone();
                let names = tests.iter().map(|test| test["name"].as_str().unwrap().to_owned());
                part.names = names.collect();
                part.document["tests"] = Json::Array(tests);
                all.push(part);
            }
        }
        assert!(all.len() > 8, "{all:?}");
        // Those that take longest begin first.
        all.sort_by_key(|story| (story.is_short(), story.alert().is_some(), story.names.clone()));
        let rules = Rulebook::new(config);
        Self {
            folder,
            silent: rules.without_annotations(),
            rules,
            all,
        }
    }

    /// Writes a story for a release, with the rules that it needs.
    fn write(&self, release: Release, story: &Story) -> PathBuf {
        // promtool's own file of a story is found by it, whatever the story is called.
        let number = self.all.iter().position(|one| one.names == story.names).unwrap();
        let number = format!("{number}-{release:?}");
        let mut document = story.document.clone();
        let files = ["recording", "alerts"].map(|kind| format!("{number}-{kind}.yml"));
        let rules = if story.hears() { &self.rules } else { &self.silent };
        for (file, rules) in files.iter().zip(rules.needed(&story.questions())) {
            self.folder.write(&format!("needed/{file}"), &rules.to_string());
        }
        document["rule_files"] = json!(files);
        let path = format!("needed/{number}.yml");
        self.folder.write(&path, &document.to_string());
        self.folder.path(&path)
    }

    /// Plays those of them that are wanted, as many at a time as there are cores.
    ///
    /// # Panics
    ///
    /// When what promtool sees is not what a story says, or when no story is wanted.
    pub(crate) fn play(&self, release: Release, wanted: impl Fn(&Story) -> bool) {
        let wanted: Vec<_> = self.all.iter().filter(|story| wanted(story)).collect();
        assert!(!wanted.is_empty(), "no story is wanted");
        let played = in_parallel(&wanted, |story| {
            run_one(release, "promtool", &["test", "rules"], &[self.write(release, story)])
        });
        let failed: Vec<_> = played.into_iter().filter_map(Result::err).collect();
        assert!(failed.is_empty(), "promtool of {release}: {}", failed.concat());
    }
}

/// What becomes of each, in their order, with as many at a time as there are cores.
fn in_parallel<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let left = Mutex::new(all.iter().enumerate());
    let next = || left.lock().unwrap().next();
    let done = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some((number, one)) = next() {
                    let result = work(one);
                    done.lock().unwrap().push((number, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, result)| result).collect()
}

/// What came of the example's stories in a release.
#[derive(Debug)]
pub(crate) struct Played {
    pub(crate) release: Release,
    pub(crate) file: String,
    /// What promtool held against the story.
    pub(crate) failures: Vec<String>,
    /// What the alert said whenever its story has it fire.
    pub(crate) said: Vec<Said>,
}

/// The example's stories in both releases, played once for all that is to be seen in them.
pub(crate) static PLAYED: LazyLock<Vec<Played>> = LazyLock::new(|| {
    let config = with_triage();
    let folder = Folder::of_rules(&config);
    let stories = Stories::of(&folder, &config);
    let each: Vec<_> = stories
        .all
        .iter()
        .flat_map(|story| Release::ALL.map(|release| (release, story)))
        .collect();
    in_parallel(&each, |(release, story)| {
        let mut asking = (*story).clone();
        let asked = story.alert().map_or(0, |alert| asking.ask_for_nothing(alert));
        let path = stories.write(*release, &asking);
        let told = run_one(*release, "promtool", &["test", "rules"], &[path]).unwrap_or_else(|said| said);
        // Each failure has its lines four spaces in, and what was seen further in.
        let lines = told
            .lines()
            .filter(|line| line.starts_with("    ") && !line.starts_with("     "));
        let (wanted, failures): (Vec<_>, Vec<_>) = lines
            .filter(|line| !line.starts_with("    name: "))
            .partition(|line| line.starts_with("    alertname: "));
        let mut failures: Vec<_> = failures.into_iter().map(|_| told.clone()).take(1).collect();
        if wanted.len() != asked || asked == 0 && !told.contains("SUCCESS") {
            failures.push(format!("{} of {asked} times it was heard: {told}", wanted.len()));
        }
        Played {
            release: *release,
            file: story.file.clone(),
            failures,
            said: story.alert().map(|alert| Said::all(alert, &told)).unwrap_or_default(),
        }
    })
});
