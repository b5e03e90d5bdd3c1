//! Logs, baselines and training files in buckets, at servers that speak the protocols of S3, of Azure and of Google.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::{Duration, SystemTime};

use modelwatch::{Feature, Monitor};
use modelwatch_log::PredictionLog;
use modelwatch_testkit::{MetricsPage, StorageBucket, files_below, http_request};
use object_store::ObjectStoreExt as _;
use object_store::path::Path as ObjectPath;
use serde_json::json;
use url::Url;

const MODEL: &str = "claims/risk";

fn flights(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../examples/data/flights")
        .join(name)
}

struct Place<'a> {
    folder: &'a Path,
    environment: &'a [(&'static str, String)],
}

impl Place<'_> {
    fn run(&self, arguments: &[&str]) -> Output {
        let environment = self.environment.iter().map(|(name, value)| (*name, value.as_str()));
        Command::new(env!("CARGO_BIN_EXE_modelwatch"))
            .args(arguments)
            .envs(environment)
            .current_dir(self.folder)
            .output()
            .expect("the program starts")
    }

    fn done(&self, arguments: &[&str]) -> String {
        let output = self.run(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).expect("text")
    }

    /// A page of `drift once`, without what depends on the moment.
    fn once(&self) -> BTreeMap<String, f64> {
        let text = self.done(&["drift", "once", "--at", "2026-04-01T11:01:00Z"]);
        let page = MetricsPage::parse(text.as_bytes());
        [
            "ml_drift_window_rows",
            "ml_data_drift_score",
            "ml_prediction_drift_score",
            "ml_drift_left_out_files",
        ]
        .map(|name| (name.to_owned(), page.sum(name, &[])))
        .into()
    }
}

/// A file in every quarter of an hour, as a service writes them.
fn write_log(root: &Path) {
    let begin = SystemTime::UNIX_EPOCH + Duration::from_secs(1_775_037_600);
    let monitor = Monitor::new();
    let features = [Feature::numeric("income")];
    let model = monitor.model(MODEL, "1").features(features).register().expect("valid");
    for quarter in 0..4 {
        let log = PredictionLog::builder(root).start(&monitor).expect("a log");
        let logged = log.model(&model).expect("a handle");
        for second in 0..900_u32 {
            let income = f64::from(second % 97 + 10 * quarter);
            let at = begin + Duration::from_secs(u64::from(900 * quarter + second));
            let score = f64::from(second % 100) / 100.0;
            let id = logged.record([income], score).at(at).identified();
            logged
                .record_outcome(id, second * 7 % 100 < second % 100)
                .at(at + Duration::from_secs(86_400));
        }
        log.close().expect("written");
    }
}

/// A Delta table of the files of a log, and of one that is no longer part of it.
fn write_lake(lake: &Path, log: &Path) {
    fs::create_dir_all(lake.join("_delta_log")).expect("a folder");
    let field = |(name, holds)| json!({"name": name, "type": holds, "nullable": true, "metadata": {}});
    let fields = [
        ("time", "timestamp"),
        ("model_version", "string"),
        ("prediction_id", "string"),
        ("score", "double"),
        ("feature.income", "double"),
    ];
    let schema = json!({"type": "struct", "fields": fields.map(field)}).to_string();
    let mut actions = vec![
        json!({"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}),
        json!({"metaData": {
            "id": "a", "format": {"provider": "parquet", "options": {}}, "schemaString": schema, "partitionColumns": [],
            "configuration": {}, "createdTime": 0
        }}),
    ];
    let files = files_below(&log.join("model=claims%2Frisk"), ".parquet");
    assert_eq!(files.len(), 4);
    let stale = files.first().into_iter();
    let named = files.iter().chain(stale).enumerate().map(|(place, file)| {
        let bytes = fs::read(file).expect("a file");
        // What a folder's name has encoded is encoded once more in a URL.
        let name = format!("land=S E/part {place}%2F.parquet");
        fs::create_dir_all(lake.join("land=S E")).expect("a folder");
        fs::write(lake.join(&name), &bytes).expect("a file");
        let path = format!("land=S%20E/part%20{place}%252F.parquet");
        json!({"add": {"path": path, "partitionValues": {}, "size": bytes.len(), "modificationTime": 0, "dataChange": true}})
    });
    actions.extend(named);
    let path = &actions.last().expect("files")["add"]["path"];
    let removed = json!({"remove": {"path": path, "dataChange": true, "deletionTimestamp": 0}});
    let lines = |actions: &[serde_json::Value]| actions.iter().map(|action| format!("{action}\n")).collect::<String>();
    for (version, actions) in [&actions[..], &[removed]].into_iter().enumerate() {
        fs::write(lake.join(format!("_delta_log/{version:020}.json")), lines(actions)).expect("a commit");
    }
}

/// The configuration of a new folder, with a model whose files lie there.
fn configure(place: &Place<'_>, log: &str, baseline: &str) {
    let file = place.folder.join("modelwatch.toml");
    if !file.exists() {
        place.done(&["stack", "init"]);
    }
    let text = fs::read_to_string(&file).expect("a configuration");
    let (before, _) = text.split_once("[[models]]").expect("a model");
    let model = format!(
        "[[models]]\nname = {MODEL:?}\nroutes = [\"/predict\"]\n[models.drift]\nbaseline = {baseline:?}\nlog = {log:?}\n"
    );
    fs::write(file, format!("{before}{model}")).expect("written");
}

/// Puts everything below a folder into a bucket, under the same paths.
fn upload(put: &dyn Fn(&str, Vec<u8>), folder: &Path, below: &str) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let path = format!("{below}/{}", entry.file_name().to_str().expect("text"));
        if entry.path().is_dir() {
            upload(put, &entry.path(), &path);
        } else {
            put(&path, fs::read(entry.path()).expect("a file"));
        }
    }
}

/// Puts an object there as the drift job's own client would.
fn put_as_client(bucket: &StorageBucket) -> impl Fn(&str, Vec<u8>) {
    let options = bucket
        .environment
        .iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value));
    let url = Url::parse(bucket.url).expect("an address");
    let (store, _) = object_store::parse_url_opts(&url, options).expect("a store");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    move |path, bytes| {
        let path = ObjectPath::parse(path).expect("a path");
        runtime
            .block_on(store.put(&path, bytes.into()))
            .expect("the bucket takes it");
    }
}

/// Puts an object there in JSON: what fake-gcs-server takes in XML are signed addresses alone.
fn put_in_json(bucket: &StorageBucket) -> impl Fn(&str, Vec<u8>) {
    let address = bucket.address;
    move |path, bytes| {
        let mut url = Url::parse("http://server/upload/storage/v1/b/bucket/o?uploadType=media").expect("an address");
        url.query_pairs_mut().append_pair("name", path);
        let target = &url[url::Position::BeforePath..];
        let done = http_request(address, "POST", target, &[], &bytes).expect("an answer");
        assert_eq!(done.status, 200, "{path}");
    }
}

fn a_bucket_gives_what_a_folder_gives(bucket: &StorageBucket, put: &dyn Fn(&str, Vec<u8>)) {
    let folder = tempfile::tempdir().expect("a folder");
    let folder = folder.path();
    let files = folder.join("files");
    write_log(&files.join("log"));
    for name in ["train-2013q1.parquet", "replay-2013-07-08-week.parquet"] {
        fs::copy(flights(name), files.join(name)).expect("copied");
    }
    fs::create_dir(files.join("scored")).expect("a folder");
    for part in ["one", "two"] {
        let rows: String = (0..200)
            .map(|row| format!("{},{}\n", f64::from(row) / 200.0, row % 3 > 0))
            .collect();
        fs::write(files.join(format!("scored/{part}.csv")), format!("score,label\n{rows}")).expect("a file");
    }
    fs::write(files.join("scored/_SUCCESS"), "").expect("a file");
    let place = Place {
        folder,
        environment: &bucket.environment,
    };
    let mut arguments = vec![
        "baseline",
        "--model",
        MODEL,
        "--output",
        "files/baseline.json",
        "--score",
        "score",
    ];
    arguments.extend([
        "--without",
        "time,model_version,pipeline_version,prediction_id,trace_id,route,class",
    ]);
    arguments.push("files/log");
    place.done(&arguments);

    write_lake(&files.join("lake"), &files.join("log"));
    upload(put, &files, "data");
    let at = |path: &str| format!("{}/data/{path}", bucket.url);

    // Both plain files, the whole log, the baseline, training files.
    let compared = |reference: &str, current: &str| {
        let text = place.done(&["drift", "compare", reference, current, "--json", "--time", "event_time"]);
        let local = |text: String| text.replace(&at(""), "files/");
        local(text)
    };
    let (reference, current) = ("train-2013q1.parquet", "replay-2013-07-08-week.parquet");
    assert_eq!(
        compared(&at(reference), &at(current)),
        compared(&format!("files/{reference}"), &format!("files/{current}"))
    );
    configure(&place, "files/log", "files/baseline.json");
    let local = place.once();
    assert_eq!(local["ml_drift_window_rows"], 900.0);
    for log in [at("log"), "files/lake".to_owned(), at("lake")] {
        configure(&place, &log, &at("baseline.json"));
        assert_eq!(place.once(), local, "{log}");
    }
    let trained = |from: &str, output: &str| {
        place.done(&[
            "baseline",
            "--model",
            MODEL,
            "--output",
            output,
            "--time",
            "event_time",
            from,
        ]);
    };
    trained(&at(reference), "from-bucket.json");
    trained(&format!("files/{reference}"), "from-folder.json");
    let of_table = |from: &str, output: &str| {
        let without = "time,model_version,prediction_id,pipeline_version,trace_id,route,class";
        let known: Vec<&str> = without
            .split(',')
            .take(if from.contains("/log/") { 7 } else { 3 })
            .collect();
        let without = known.join(",");
        place.done(&[
            "baseline",
            "--model",
            MODEL,
            "--output",
            output,
            "--score",
            "score",
            "--without",
            &without,
            from,
        ]);
    };
    of_table("files/log/model=claims%2Frisk", "from-log.json");
    of_table(&at("lake"), "from-lake.json");
    let baseline = |path: &str| fs::read_to_string(folder.join(path)).expect("a baseline");
    let fingerprint = |text: String| {
        let (_, rest) = text.split_once("\"fingerprint\":\"").expect("a fingerprint");
        rest.split_once('"').expect("a text").0.to_owned()
    };
    assert_eq!(
        fingerprint(baseline("from-bucket.json")),
        fingerprint(baseline("from-folder.json"))
    );
    assert_eq!(
        fingerprint(baseline("from-lake.json")),
        fingerprint(baseline("from-log.json"))
    );

    // Folders of predictions, of their labels and of the reference.
    let told_of = |files: &str, predictions: &str| {
        let of = |path: &str| format!("{files}/{path}");
        place.done(&[
            "performance",
            &of("scored"),
            &of(predictions),
            "--label",
            "label",
            "--score",
            "score",
            "--id",
            "prediction_id",
            "--time",
            "time",
            "--outcomes",
            &of("log/outcomes/model=claims%2Frisk"),
            "--outcome-time",
            "time",
            "--now",
            "2026-06-01T00:00:00Z",
            "--json",
        ])
    };
    let told = |files: &str| told_of(files, "log/model=claims%2Frisk");
    let of_bucket = told(&format!("{}/data", bucket.url));
    assert_eq!(of_bucket, told("files"));
    for files in ["files", &format!("{}/data", bucket.url)] {
        assert_eq!(told_of(files, "lake"), of_bucket, "{files}");
    }
    let of_bucket: serde_json::Value = serde_json::from_str(&of_bucket).expect("JSON");
    assert_eq!(of_bucket["joined"]["matched"], 3_600, "{}", of_bucket["joined"]);
    let nowhere = at("log/outcomes/model=nobody");
    let arguments = [
        "performance",
        &at("scored"),
        &at("log/model=claims%2Frisk"),
        "--label",
        "label",
        "--score",
        "score",
        "--id",
        "prediction_id",
    ];
    let output = place.run(&[&arguments[..], &["--outcomes", &nowhere]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.contains(&nowhere) && said.contains("has no object below it"),
        "{said}"
    );
    let output = place.run(&[&arguments[..], &["--outcomes", &at("log/outcomes/*.parquet")]].concat());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("patterns are for files of this machine"), "{said}");

    // A log that is broken is named, and nothing is compared.
    let broken = "_delta_log/00000000000000000002.json";
    put(&format!("data/lake/{broken}"), b"{\"add\": ".to_vec());
    fs::write(files.join("lake").join(broken), b"{\"add\": ").expect("a file");
    for log in ["files/lake".to_owned(), at("lake")] {
        configure(&place, &log, "files/baseline.json");
        let output = place.run(&["drift", "report"]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{log}: {text}");
        let says = format!("{log}: has a Delta log that is broken: 00000000000000000002.json: Json error");
        assert_eq!(text.matches(&says).count(), 1, "{text}");
        assert!(!text.contains("delta_kernel"), "{text}");
    }

    // What is not there is named, and is no look.
    let nowhere = (format!("{}-that-is-not/log", bucket.url), "bucket-that-is-not");
    // Of a bucket that is not there fake-gcs-server says that itself is broken.
    let nowhere = (!bucket.url.starts_with("gs:")).then_some(nowhere);
    for (log, said) in std::iter::once((at("elsewhere"), "elsewhere")).chain(nowhere) {
        configure(&place, &log, &at("baseline.json"));
        let output = place.run(&["drift", "report"]);
        let text = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{log}: {text}");
        assert!(text.contains(said), "{log}: {text}");
        for (_, secret) in bucket.environment.iter().filter(|(name, _)| name.contains("KEY")) {
            assert!(secret.len() < 4 || !text.contains(secret.as_str()), "{text}");
        }
    }
}

#[test]
fn judged_a_bucket_of_s3_gives_what_a_folder_gives() {
    let bucket = StorageBucket::s3();
    a_bucket_gives_what_a_folder_gives(&bucket, &put_as_client(&bucket));
}

#[test]
fn judged_a_container_of_azure_gives_what_a_folder_gives() {
    let bucket = StorageBucket::azure();
    a_bucket_gives_what_a_folder_gives(&bucket, &put_as_client(&bucket));
}

#[test]
fn judged_a_bucket_of_gcs_gives_what_a_folder_gives() {
    let bucket = StorageBucket::gcs();
    a_bucket_gives_what_a_folder_gives(&bucket, &put_in_json(&bucket));
}
