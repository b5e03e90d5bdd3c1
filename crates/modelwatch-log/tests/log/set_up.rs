//! What is refused at set-up, and in which words.

use std::time::Duration;

use modelwatch::{Limits, Monitor};
use modelwatch_log::{PredictionLog, PredictionLogBuilder};
use tempfile::{NamedTempFile, tempdir};

#[test]
fn settings_that_make_no_sense_are_refused_by_name() {
    let root = tempdir().expect("a folder");
    type Setting = fn(PredictionLogBuilder) -> PredictionLogBuilder;
    let settings: [(Setting, &str); 8] = [
        (|log| log.queue(0), "PredictionLogBuilder::queue is zero"),
        (
            |log| log.rotate_after(Duration::ZERO),
            "PredictionLogBuilder::rotate_after is zero",
        ),
        (|log| log.rotate_bytes(0), "PredictionLogBuilder::rotate_bytes is zero"),
        (|log| log.text_bytes(0), "PredictionLogBuilder::text_bytes is zero"),
        (
            |log| log.retain_for(Duration::ZERO),
            "PredictionLogBuilder::retain_for is zero",
        ),
        (|log| log.retain_bytes(0), "PredictionLogBuilder::retain_bytes is zero"),
        (
            |log| log.sample("claims", 1.5),
            "of \"claims\" to keep is 1.5; give one from 0 to 1",
        ),
        (|log| log.sample("claims", f64::NAN), "of \"claims\" to keep is NaN"),
    ];
    for (setting, message) in settings {
        let error = setting(PredictionLog::builder(root.path()))
            .start(&Monitor::new())
            .expect_err(message);
        assert!(error.to_string().contains(message), "{error}");
    }
}

#[test]
fn a_root_that_is_a_file_is_refused_by_its_path() {
    let file = NamedTempFile::new().expect("a file");
    let error = PredictionLog::builder(file.path())
        .start(&Monitor::new())
        .expect_err("a file is no folder");
    assert!(error.to_string().contains(&*file.path().to_string_lossy()), "{error}");
    assert!(
        error.to_string().contains("name a folder the service may write to"),
        "{error}"
    );
}

/// It would become folders of this machine.
#[test]
fn a_root_that_is_a_url_is_refused() {
    let error = PredictionLog::builder("s3://bucket/log")
        .start(&Monitor::new())
        .expect_err("a URL is no folder");
    let said = error.to_string();
    assert!(said.contains("s3://bucket/log as its folder: it is a URL"), "{said}");
    assert!(said.contains("name a folder the service may write to"), "{said}");
    assert!(!std::path::Path::new("s3:").exists());
}

#[test]
fn a_model_whose_name_is_too_long_for_a_folder_is_refused() {
    let limits = Limits::new().value_bytes(1000);
    let monitor = Monitor::builder().limits(limits).build().expect("valid");
    let root = tempdir().expect("a folder");
    let log = PredictionLog::builder(root.path()).start(&monitor).expect("a log");
    let model = |name: String| monitor.model(name, "1").register().expect("a model");
    log.model(&model("m".repeat(249))).expect("the longest");
    let error = log.model(&model("π".repeat(42))).expect_err("258 bytes");
    assert!(
        error.to_string().contains("a name of 258 bytes, and 255 is the most"),
        "{error}"
    );
}
