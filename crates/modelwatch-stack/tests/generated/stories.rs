//! Generated stories, each played with the rules that it asks about and no others.
//!
//! What else there is to evaluate can't change what a story sees, and takes most of the time. So a file of scenarios is
//! parted, too: each of its stories asks about a few names, and has series that most rules find nothing in. For the same reason
//! no rule has annotations but the alert whose words are asked for: promtool fills them in anew at every evaluation.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, LazyLock, Mutex, OnceLock};
use std::{fs, thread};

use modelwatch_config::Config;
use modelwatch_stack::known::ALERTS;
use modelwatch_stack::rules::{Group, Rule, RuleFile, Rules};
use modelwatch_testkit::Release;
use serde_json::{Value as Json, json};

use crate::annotations::{Said, with_triage};
use crate::answering::Answering;
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

    /// The alert of which it asks what it says.
    fn heard(&self) -> Option<&str> {
        let mut tests = self.document["tests"].as_array().unwrap().iter();
        tests.find_map(|test| test["alert_rule_test"][0]["alertname"].as_str())
    }

    /// The names of its series.
    fn series(&self) -> BTreeSet<&str> {
        let tests = self.document["tests"].as_array().unwrap().iter();
        let series = tests.flat_map(|test| test["input_series"].as_array().unwrap());
        series
            .map(|series| series["series"].as_str().unwrap().split('{').next().unwrap())
            .collect()
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
pub(crate) struct Stories {
    rules: Rulebook,
    all: Vec<Story>,
}

/// The recording rules and the alerts of a configuration.
pub(crate) struct Rulebook {
    answering: Answering,
    /// The names of ours in the rules of each name, and in their annotations.
    named: BTreeMap<String, [BTreeSet<String>; 2]>,
}

fn name(rule: &Rule) -> &str {
    rule.record.as_deref().or(rule.alert.as_deref()).unwrap()
}

/// Whatever in a text could be the name of a series or of an alert.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && !['_', ':'].contains(&character))
}

impl Rulebook {
    pub(crate) fn new(config: &Config) -> Self {
        let rules = Rules::new(config).unwrap();
        Self::of([rules.recording, rules.alerts].concat())
    }

    pub(crate) fn of(groups: Vec<Group>) -> Self {
        let rules = || groups.iter().flat_map(|group| &group.rules);
        let names: BTreeSet<&str> = rules().map(name).collect();
        let ours = |text: &str| -> Vec<String> {
            let ours = words(text).filter(|word| names.contains(word));
            ours.map(str::to_owned).collect()
        };
        let mut named: BTreeMap<String, [BTreeSet<String>; 2]> = BTreeMap::new();
        for rule in rules() {
            let [read, said] = named.entry(name(rule).to_owned()).or_default();
            read.extend(ours(&rule.expr));
            said.extend(rule.annotations.values().flat_map(|text| ours(text)));
        }
        Self {
            named,
            answering: Answering::new(groups),
        }
    }

    /// The rules that these questions need, by what of ours is named in them and in the rules that they name, where there are
    /// these series. Only the alert that is heard has annotations.
    pub(crate) fn needed(&self, questions: &[String], series: &BTreeSet<&str>, heard: Option<&str>) -> Vec<Group> {
        let mut groups = self.answering.among(series);
        let mut rules: Vec<&mut Rule> = groups.iter_mut().flat_map(|group| &mut group.rules).collect();
        for rule in &mut rules {
            if rule.alert.as_deref() != heard {
                rule.annotations.clear();
            }
        }
        // A question that names no alert is about all of a plane, or of a severity.
        let at_large = questions
            .iter()
            .filter(|asked| asked.contains("ALERTS") && !asked.contains("alertname="));
        let mut unread: Vec<&str> = at_large
            .flat_map(|asked| {
                let of_it = |label: &str| {
                    let after = asked.split_once(&format!("{label}=\""));
                    after.map(|(_, value)| value.split('"').next().unwrap())
                };
                let wanted = ["plane", "severity"].map(|label| (label, of_it(label)));
                rules.iter().filter(move |rule| {
                    let is =
                        |(label, value): (&str, Option<&str>)| value.is_none_or(|value| rule.labels[label] == value);
                    rule.alert.is_some() && wanted.into_iter().all(is)
                })
            })
            .map(|rule| name(rule))
            .collect();
        let there: BTreeSet<&str> = rules.iter().map(|rule| name(rule)).collect();
        unread.extend(questions.iter().flat_map(|asked| words(asked)));
        let mut needed: BTreeSet<String> = BTreeSet::new();
        while let Some(name) = unread.pop() {
            if !there.contains(name) || !needed.insert(name.to_owned()) {
                continue;
            }
            let [read, said] = &self.named[name];
            unread.extend(read.iter().map(String::as_str));
            if heard == Some(name) {
                unread.extend(said.iter().map(String::as_str));
            }
        }
        for group in &mut groups {
            group.rules.retain(|rule| needed.contains(name(rule)));
        }
        groups.retain(|group| !group.rules.is_empty());
        groups
    }
}

/// A story as promtool is asked to play it: its document, which names no rules yet, and its rules.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Asked {
    release: Release,
    document: String,
    rules: String,
}

impl Stories {
    pub(crate) fn of(folder: &Folder, config: &Config) -> Self {
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
        Self {
            rules: Rulebook::new(config),
            all,
        }
    }

    /// The story of this name.
    pub(crate) fn named(&self, name: &str) -> &Story {
        let named: Vec<_> = self.all.iter().filter(|story| story.names == [name]).collect();
        assert_eq!(named.len(), 1, "stories {name}");
        named[0]
    }

    /// Plays those of them that are wanted, as many at a time as there are cores.
    ///
    /// # Panics
    ///
    /// When what promtool sees is not what a story says, or when no story is wanted.
    pub(crate) fn play(&self, release: Release, wanted: impl Fn(&Story) -> bool) {
        let wanted: Vec<_> = self.all.iter().filter(|story| wanted(story)).collect();
        assert!(!wanted.is_empty(), "no story is wanted");
        let played = in_parallel(&wanted, |story| told(release, story, &self.rules));
        let failed: Vec<_> = played.into_iter().filter_map(Result::err).collect();
        assert!(failed.is_empty(), "promtool of {release}: {}", failed.concat());
    }
}

/// What promtool says of a story, with the rules that it needs, or of one with the same words and rules that was played
/// before.
pub(crate) fn told(release: Release, story: &Story, rules: &Rulebook) -> Result<String, String> {
    type Told = OnceLock<Result<String, String>>;
    static TOLD: LazyLock<Mutex<BTreeMap<Asked, Arc<Told>>>> = LazyLock::new(Mutex::default);
    let groups = rules.needed(&story.questions(), &story.series(), story.heard());
    let mut document = story.document.clone();
    document["rule_files"] = json!(["rules.json"]);
    let played = |group: &Json| groups.iter().any(|played| *group == *played.name);
    document["group_eval_order"].as_array_mut().unwrap().retain(played);
    let asked = Asked {
        release,
        document: document.to_string(),
        rules: serde_json::to_string(&RuleFile { groups: &groups }).unwrap(),
    };
    let told = Arc::clone(TOLD.lock().unwrap().entry(asked.clone()).or_default());
    told.get_or_init(|| {
        let folder = Folder::new();
        folder.write("rules.json", &asked.rules);
        folder.write("story.json", &asked.document);
        run_one(release, "promtool", &["test", "rules"], &[folder.path("story.json")])
    })
    .clone()
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
        let told = told(*release, &asking, &stories.rules).unwrap_or_else(|said| said);
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

/// What is left out is what promtool would find nothing with: of a story with all the rules, no rule that is left out has a
/// series or an alert, at any time.
#[test]
fn judged_the_rules_that_a_story_is_played_without_have_no_answer_in_it() {
    let config = with_triage();
    let stories = Stories::of(&Folder::of_rules(&config), &config);
    let story = stories.named("before the first error the ratio is 0, and the first error wakes nobody");
    let rules = Rules::new(&config).unwrap();
    let mut groups = [rules.recording, rules.alerts].concat();
    for rule in groups.iter_mut().flat_map(|group| &mut group.rules) {
        rule.annotations.clear();
    }
    let names = |groups: &[Group]| -> BTreeSet<String> {
        let rules = groups.iter().flat_map(|group| &group.rules);
        rules.map(|rule| name(rule).to_owned()).collect()
    };
    let answering = Answering::new(groups.clone()).among(&story.series());
    let without: Vec<_> = names(&groups).difference(&names(&answering)).cloned().collect();
    assert!(without.len() > 30, "{without:?}");
    let mut document = story.document.clone();
    let test = &mut document["tests"][0];
    let last = test["promql_expr_test"].as_array().unwrap().last().unwrap()["eval_time"].clone();
    let without = without.join("|");
    let nothing = |selector: String| json!({"expr": format!("count_over_time({selector}[2h])"), "eval_time": last, "exp_samples": []});
    test["promql_expr_test"] = json!([
        nothing(format!("{{__name__=~\"{without}\"}}")),
        nothing(format!("ALERTS{{alertname=~\"{without}\"}}")),
    ]);
    document["rule_files"] = json!(["rules.json"]);
    let folder = Folder::new();
    folder.write(
        "rules.json",
        &serde_json::to_string(&RuleFile { groups: &groups }).unwrap(),
    );
    folder.write("story.json", &document.to_string());
    let story = [folder.path("story.json")];
    run_one(Release::System, "promtool", &["test", "rules"], &story).unwrap_or_else(|said| panic!("{said}"));
}
