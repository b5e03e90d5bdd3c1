//! The prediction log beside Prometheus: what became of the data since the trouble began.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use modelwatch::{Feature, Monitor};
use modelwatch_log::PredictionLog;
use modelwatch_testkit::{Prometheus, Release, World};
use serde_json::Value as Json;

use crate::fixture::{HOSTILE, MINUTES, ONSET, folder, prometheus, said};
use crate::serves::Serving;

const MODEL: &str = "quiet";
/// A feature whose name means something to a terminal and to HTML.
const FEATURE: &str = "in<b>co\u{202e}me";
const ROWS_A_MINUTE: u64 = 30;

/// Requests as ever, and scores that are higher since the onset.
fn world() -> World {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
    let mut world = World::new((now.as_secs() / 60 * 60) as i64 - 60 * MINUTES as i64, MINUTES);
    let of = |version: &'static str| [("model_name", MODEL), ("model_version", version)];
    for version in ["1", "2"] {
        let labels = [&of(version)[..], &[("route", "/predict"), ("status", "success")]].concat();
        world.counter("ml_inference_requests_total", &labels, |_| Some(600.0));
        world.gauge("ml_model_info", &of(version), |_| Some(1.0));
        for (edge, before, since) in [("0.5", 300.0, 90.0), ("1.0", 600.0, 600.0), ("+Inf", 600.0, 600.0)] {
            let labels = [&of(version)[..], &[("le", edge)]].concat();
            let growth = move |minute| Some(if minute < ONSET { before } else { since });
            world.counter("ml_prediction_score_bucket", &labels, growth);
        }
    }
    world
}

/// A bell over 0 to 1, the same each time.
fn bell(row: u64) -> f64 {
    let uniform = |seed: u64| {
        let mut mixed = (row * 4 + seed).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    };
    (uniform(0) + uniform(1) + uniform(2) + uniform(3)) / 4.0
}

/// A world with its Prometheus, and a folder with a configuration, a baseline and whatever logs are written to it.
struct Setting {
    folder: tempfile::TempDir,
    prometheus: Prometheus,
    end: i64,
}

impl Setting {
    fn new() -> Self {
        let world = world();
        let folder = folder("");
        let rows: String = (0..20_000)
            .map(|row| format!("{},{},{}\n", 50_000.0 * bell(row), 90.0 * bell(row + 50_000), bell(row)))
            .collect();
        let path = folder.path();
        fs::write(path.join("train.csv"), format!("{FEATURE},age,score\n{rows}")).unwrap();
        let baseline = ["baseline", "--model", MODEL, "--output", "baseline.json"];
        let (done, words) = said(path, &[&baseline[..], &["--score", "score", "train.csv"]].concat());
        assert!(done, "{words}");
        let toml = path.join("modelwatch.toml");
        let text = fs::read_to_string(&toml).unwrap();
        let drift = "[models.drift]\nbaseline = \"baseline.json\"\nlog = \"log\"\n";
        fs::write(&toml, format!("{text}\n{drift}")).unwrap();
        Self {
            folder,
            prometheus: prometheus(Release::System, &world),
            end: world.end(),
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Writes a log of a model: every minute its rows, incomes multiplied by what a version and a minute say.
    fn log(&self, root: &str, name: &str, factor: impl Fn(&str, usize) -> f64) -> PathBuf {
        let root = self.path().join(root);
        let monitor = Monitor::new();
        let begins = u64::try_from(self.end).unwrap() - 60 * MINUTES as u64;
        let log = PredictionLog::builder(&root).queue(4_096).start(&monitor).unwrap();
        for version in ["1", "2"] {
            let model = monitor.model(name, version);
            let model = model.features([Feature::numeric(FEATURE), Feature::numeric("age")]);
            let logged = log.model(&model.register().unwrap()).unwrap();
            for minute in ONSET - 30..MINUTES {
                for row in 0..ROWS_A_MINUTE {
                    let number = minute as u64 * ROWS_A_MINUTE + row + if version == "1" { 0 } else { 200_000 };
                    let values = [
                        50_000.0 * bell(number) * factor(version, minute),
                        90.0 * bell(number + 90_000),
                    ];
                    let second = begins + 60 * minute as u64 + row * 2;
                    let at = SystemTime::UNIX_EPOCH + Duration::from_secs(second);
                    logged.record(values, bell(number)).at(at);
                }
            }
        }
        log.close().unwrap();
        root
    }

    fn ask(&self, more: &[&str]) -> String {
        let address = format!("http://{}", self.prometheus.address());
        let at = self.end.to_string();
        let fixed = ["triage", "--model", MODEL, "--prometheus", &address, "--at", &at];
        // The machine may be busy; what it says at its deadline is another test's.
        let patient = ["--log-timeout", "120"];
        let patient = if more.contains(&"--log-timeout") {
            &[][..]
        } else {
            &patient
        };
        let (done, said) = said(self.path(), &[&fixed[..], patient, more].concat());
        assert!(done, "{said}");
        said
    }
}

fn since(minute: usize, factor: f64) -> f64 {
    if minute < ONSET { 1.0 } else { factor }
}

#[test]
fn judged_says_what_became_of_the_data_since_the_trouble_began() {
    let setting = Setting::new();
    let said = "is multiplied by 100: divided by that it equals training, say the logged rows, since";
    let shown = format!("in<b>co\u{fffd}me {said}");
    setting.log("log", MODEL, |_, minute| since(minute, 100.0));
    let text = setting.ask(&[]);
    assert!(text.contains(&format!("What     {shown}")), "{text}");
    let answer = format!(
        "3. Is it the request path or the input data? The input data: {}",
        &shown[..40]
    );
    assert!(text.contains(&answer), "{answer}: {text}");
    assert!(
        text.contains("Log      ") && text.contains("one column moved") && text.contains("rows of before"),
        "{text}"
    );
    assert!(text.lines().count() <= 40 && !text.contains('\u{202e}'), "{text}");
    let json: Json = serde_json::from_str(&setting.ask(&["--json"])).unwrap();
    assert_eq!(json["logged"]["moved"][0]["column"]["feature"], FEATURE);
    assert!(json["logged"]["rows"].as_u64().unwrap() >= 600, "{}", json["logged"]);
    assert_eq!(json["logged"]["moved"][0]["only"], Json::Null);
    let page = setting.ask(&["--html"]);
    assert!(
        page.contains("is multiplied by 100") && page.contains("Prediction log: "),
        "{page}"
    );
    assert!(!page.contains("<b>co") && !page.contains('\u{202e}'), "{page}");

    // One version alone.
    let alone = setting.log(
        "alone",
        MODEL,
        |version, minute| {
            if version == "2" { since(minute, 100.0) } else { 1.0 }
        },
    );
    let text = setting.ask(&["--log", alone.to_str().unwrap()]);
    assert!(
        text.contains("equals training, only with version 2, say the logged rows"),
        "{text}"
    );

    // What was so before, and is as in training since.
    let mended = setting.log("mended", MODEL, |_, minute| if minute < ONSET { 100.0 } else { 1.0 });
    let text = setting.ask(&["--log", mended.to_str().unwrap()]);
    assert!(
        text.contains("is as in training again; before, it was scaled, say the logged rows"),
        "{text}"
    );

    // What was so all the time explains nothing that began since.
    let old = setting.log("old", MODEL, |_, _| 100.0);
    let text = setting.ask(&["--log", old.to_str().unwrap()]);
    assert!(
        text.contains("of before: nothing moved") && !text.contains("multiplied"),
        "{text}"
    );
    assert!(text.contains("Neither shows"), "{text}");

    // As a page that is served.
    let serving = Serving::start(
        setting.path(),
        &format!("http://{}", setting.prometheus.address()),
        &["--log-timeout", "120"],
    );
    let page = serving.get(&format!("/triage?model={MODEL}&at={}", setting.end));
    let page = String::from_utf8_lossy(&page.body).into_owned();
    assert!(
        page.contains("is multiplied by 100") && !page.contains("<b>co"),
        "{page}"
    );
}

#[test]
fn judged_says_in_a_line_why_the_log_says_nothing_and_the_rest_as_before() {
    let setting = Setting::new();
    setting.log("log", MODEL, |_, _| 1.0);
    let other = setting.log("other", HOSTILE, |_, _| 1.0);
    let broken = setting.log("broken", MODEL, |_, _| 1.0);
    let mut files = vec![broken.clone()];
    while let Some(path) = files.pop() {
        if path.is_dir() {
            files.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            fs::write(&path, "no Parquet").unwrap();
        }
    }
    fs::create_dir(setting.path().join("empty")).unwrap();
    let without = |text: &str| -> String {
        let log = |line: &&str| !line.contains("prediction log") && !line.starts_with("Log ");
        text.lines().filter(log).collect::<Vec<_>>().join("\n")
    };
    let toml = fs::read_to_string(setting.path().join("modelwatch.toml")).unwrap();
    let (plain, _) = toml.split_once("[models.drift]").unwrap();
    fs::write(setting.path().join("plain.toml"), plain).unwrap();
    let plain = ["--config", "plain.toml"];
    let known = setting.ask(&plain);
    assert_eq!(without(&known), known.trim_end());
    let known = without(&known);
    assert!(known.contains("shift of scores"), "{known}");
    for (log, timeout, why) in [
        (
            "missing",
            "120",
            "missing: there is no such folder; fix the path, or start the service that writes there",
        ),
        ("empty", "120", "empty has no rows of any model"),
        (
            other.to_str().unwrap(),
            "120",
            "has no rows of this model, but of a\"}\\ or <b>&'",
        ),
        (broken.to_str().unwrap(), "120", "has no row of that time; left out: "),
        (
            "log",
            "0.001",
            "has not answered within 0.001s; give it more with --log-timeout",
        ),
    ] {
        let text = setting.ask(&["--log", log, "--log-timeout", timeout]);
        let line = text.lines().find(|line| line.contains("prediction log: "));
        let line = line.unwrap_or_else(|| panic!("{log}: {text}"));
        assert!(line.contains(why), "{why}: {line}");
        assert_eq!(without(&text), known, "{log}");
    }
    // No baseline, and a model that has no drift to watch.
    fs::remove_file(setting.path().join("baseline.json")).unwrap();
    let text = setting.ask(&[]);
    assert!(
        text.contains("prediction log: ") && text.contains("baseline.json"),
        "{text}"
    );
    assert_eq!(without(&text), known);
    let text = setting.ask(&[&plain[..], &["--log", "log"]].concat());
    assert!(
        text.contains("prediction log: quiet has no [models.drift] with a baseline"),
        "{text}"
    );
    assert_eq!(without(&text), known);
}
