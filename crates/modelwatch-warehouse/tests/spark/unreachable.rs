//! What is said where there is no Spark.

use std::process::{Child, Stdio};

use modelwatch_drift::baseline::NumericBins;
use modelwatch_drift_job::engine::{Engine as _, WindowQuery};
use modelwatch_testkit::{free_port, tool};
use modelwatch_warehouse::{Access, SparkLog};
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::TestRunner;

use crate::log::{Log, MODEL, name, named};
use crate::rows::{batch, query, row};

fn a_log() -> (Log, WindowQuery) {
    let bins = NumericBins::from_sorted("income", &[1.0, 2.0]).expect("bins");
    let rows = proptest::collection::vec(row(bins.edges().to_vec()), 5..6);
    let rows = rows.new_tree(&mut TestRunner::deterministic()).expect("rows").current();
    let log = Log::new();
    log.put(&name(1), &named(&batch(&rows)), &[]);
    let mut query = query(&bins, false, false, Vec::new());
    query.model = MODEL.into();
    (log, query)
}

fn profile(log: &Log, address: &str) -> Access {
    let profile = std::path::PathBuf::from(log.address()).join("profile.toml");
    let text = format!("profile_version = 1\ndriver = \"spark\"\n[Options]\nuri = {address:?}\n");
    std::fs::write(&profile, text).expect("a file");
    Access::Profile(profile.to_str().expect("text").into())
}

#[test]
fn says_what_is_wrong_when_spark_is_not_there() {
    let (log, query) = a_log();
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
        let spark = SparkLog::new(log.address(), profile(&log, &address));
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

/// A TLS server with a certificate that it signed itself.
struct SelfSigned {
    server: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl SelfSigned {
    fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let made = tool("openssl")
            .args(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout key.pem -out cert.pem"
                    .split(' '),
            )
            .args([
                "-days",
                "2",
                "-subj",
                "/CN=localhost",
                "-addext",
                "subjectAltName=DNS:localhost",
            ])
            .current_dir(&folder)
            .output()
            .expect("openssl");
        assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let port = free_port();
        let mut server = tool("openssl")
            .args([
                "s_server",
                "-quiet",
                "-key",
                "key.pem",
                "-cert",
                "cert.pem",
                "-accept",
                &port.to_string(),
            ])
            .current_dir(&folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("openssl");
        while std::net::TcpStream::connect(("localhost", port)).is_err() {
            let ended = server.try_wait().expect("a process");
            assert!(ended.is_none(), "openssl s_server ended: {ended:?}");
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        Self {
            server,
            port,
            _folder: folder,
        }
    }
}

impl Drop for SelfSigned {
    fn drop(&mut self) {
        self.server.kill().expect("a server that runs");
        self.server.wait().expect("its end");
    }
}

#[test]
fn judged_says_what_to_trust_when_nobody_signed_the_certificate() {
    let (log, query) = a_log();
    let server = SelfSigned::start();
    let address = format!("sc://localhost:{}/;use_ssl=true;token=hush-hush", server.port);
    let spark = SparkLog::new(log.address(), profile(&log, &address));
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let said = runtime.block_on(spark.count(&query)).expect_err("no trust").to_string();
    for part in [
        "its certificate is not trusted",
        "trust the authority that signed it",
        "SSL_CERT_FILE",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(!said.contains("hush") && !said.contains('\n'), "{said}");
}
