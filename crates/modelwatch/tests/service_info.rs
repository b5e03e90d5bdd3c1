//! Which build of the service is on the page.

use std::process::Command;

use modelwatch::{ConfigError, Format, Monitor, MonitorBuilder, UNKNOWN};
use modelwatch_testkit::MetricsPage;

/// `service_version` and `revision`, where the page has them.
fn build(builder: MonitorBuilder) -> Option<(String, String)> {
    let page = MetricsPage::parse(&builder.build().expect("valid").encode(Format::PrometheusText));
    let only = |label| page.labels_of("ml_service_info", label).into_iter().next();
    assert_eq!(page.sum("ml_service_info", &[]), page.count("ml_service_info") as f64);
    only("service_version").zip(only("revision"))
}

#[test]
fn exposes_what_the_builder_says_and_nothing_when_nobody_says() {
    let both = |version: &str, revision: &str| Some((version.to_owned(), revision.to_owned()));
    assert_eq!(build(Monitor::builder()), None);
    assert_eq!(
        build(Monitor::builder().service_version("1.4.0").revision("8cacfd4")),
        both("1.4.0", "8cacfd4")
    );
    assert_eq!(
        build(Monitor::builder().service_version("1.4.0")),
        both("1.4.0", UNKNOWN)
    );
    assert_eq!(build(Monitor::builder().revision("a\"b\\c")), both(UNKNOWN, "a\"b\\c"));
}

#[test]
fn refuses_a_build_that_can_be_no_label_value_and_names_it() {
    for (builder, says) in [
        (Monitor::builder().service_version(""), "service_version \"\" is empty"),
        (
            Monitor::builder().revision("a\u{7}"),
            "revision \"a\\u{7}\" has control characters",
        ),
        (Monitor::builder().revision("__other__"), "is reserved"),
        (
            Monitor::builder().service_version("v".repeat(300)),
            "is longer than Limits::value_bytes",
        ),
    ] {
        let error = builder.build().expect_err(says);
        assert!(matches!(error, ConfigError::Service { .. }), "{error:?}");
        assert!(error.to_string().contains(says), "{error}");
        assert!(error.to_string().len() < 250, "{error}");
    }
}

/// Runs the child below with these variables set.
fn in_environment(variables: &[(&str, &str)], expected: &str) {
    let child = Command::new(std::env::current_exe().expect("a program"))
        .args(["--ignored", "--exact", "child_of_an_environment"])
        .env_remove("MODELWATCH_SERVICE_VERSION")
        .env_remove("MODELWATCH_REVISION")
        .envs(variables.iter().copied())
        .env("EXPECTED", expected)
        .output()
        .expect("it runs");
    assert!(
        child.status.success(),
        "{variables:?}: {}",
        String::from_utf8_lossy(&child.stdout)
    );
}

#[test]
fn takes_the_environment_where_the_builder_is_silent() {
    let (version, revision) = ("MODELWATCH_SERVICE_VERSION", "MODELWATCH_REVISION");
    in_environment(
        &[(version, "1.4.0"), (revision, "8cacfd4")],
        "1.4.0 8cacfd4, 2.0.0 8cacfd4",
    );
    in_environment(&[(revision, "8cacfd4")], "__unknown__ 8cacfd4, 2.0.0 8cacfd4");
    in_environment(&[(version, ""), (revision, "")], "none, 2.0.0 __unknown__");
    in_environment(
        &[(revision, &"r".repeat(300))],
        "__unknown__ __other__, 2.0.0 __other__",
    );
    in_environment(&[], "none, 2.0.0 __unknown__");
}

#[test]
#[ignore = "needs an environment of its own, which another test gives it"]
fn child_of_an_environment() {
    let said = |builder| {
        build(builder).map_or_else(
            || "none".to_owned(),
            |(version, revision)| format!("{version} {revision}"),
        )
    };
    let silent = said(Monitor::builder());
    let overridden = said(Monitor::builder().service_version("2.0.0"));
    assert_eq!(
        format!("{silent}, {overridden}"),
        std::env::var("EXPECTED").expect("set by the parent")
    );
    let new = MetricsPage::parse(&Monitor::new().encode(Format::PrometheusText));
    assert_eq!(
        new.count("ml_service_info") > 0,
        silent != "none",
        "Monitor::new is the default builder"
    );
}
