//! What is said where there is no Spark.

use modelwatch_drift_job::engine::Engine as _;
use modelwatch_testkit::free_port;
use modelwatch_warehouse::{Access, SparkLog};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use crate::log::{Log, MODEL, name, named};
use crate::rows::{batch, query, row};

#[test]
fn says_what_is_wrong_when_spark_is_not_there() {
    let bins = modelwatch_drift::baseline::NumericBins::from_sorted("income", &[1.0, 2.0]).expect("bins");
    let rows = proptest::collection::vec(row(bins.edges().to_vec()), 5..6);
    let rows = rows.new_tree(&mut TestRunner::deterministic()).expect("rows").current();
    let log = Log::new();
    log.put(&name(1), &named(&batch(&rows)), &[]);
    let mut query = query(&bins, false, false, Vec::new());
    query.model = MODEL.into();
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let spark = SparkLog::new(log.address(), Access::Variable("MODELWATCH_TEST_NO_SPARK".into()));
    let said = runtime
        .block_on(spark.count(&query))
        .expect_err("no address")
        .to_string();
    assert!(
        said.contains("the environment variable MODELWATCH_TEST_NO_SPARK is not set"),
        "{said}"
    );
    // An address is in an environment alone; a profile is a file that a test can write.
    let profile = std::path::PathBuf::from(log.address()).join("profile.toml");
    for (address, parts) in [
        (
            format!("sc://127.0.0.1:{}/;token=hush-hush", free_port()),
            [
                "can't be reached, or no more: ",
                "Connection refused",
                "is Spark Connect up",
            ],
        ),
        (
            "sc://127.0.0.1/;hush-hush".into(),
            ["can't be used: ", "without a value", "sc://host:15002"],
        ),
        (
            "http://127.0.0.1/hush-hush".into(),
            ["can't be used: ", "does not begin with sc://", "sc://host:15002"],
        ),
    ] {
        let text = format!("profile_version = 1\ndriver = \"spark\"\n[Options]\nuri = {address:?}\n");
        std::fs::write(&profile, text).expect("a file");
        let access = Access::Profile(profile.to_str().expect("text").into());
        let spark = SparkLog::new(log.address(), access);
        let said = runtime.block_on(spark.count(&query)).expect_err("no Spark").to_string();
        for part in parts {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(!said.contains("hush") && !said.contains('\n'), "{said}");
    }
    // What is not there is the same to both engines.
    let nowhere = SparkLog::new(format!("{}/nowhere", log.address()), Access::Variable("X".into()));
    let said = runtime.block_on(nowhere.count(&query)).expect_err("no log").to_string();
    assert!(said.contains("there is no such folder"), "{said}");
}
