//! A real Alertmanager, for tests of whom an alert reaches.

use std::fs::{self, File};
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use super::prometheus::{guard, listening_on, new_directory};
use super::release::Release;
use crate::http::http_get;
use crate::tools;

/// An Alertmanager on a free loopback port; dropping it kills it and removes its storage, as the end of the test does.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::{Alertmanager, Release, http_request};
///
/// let alertmanager = Alertmanager::start(Release::System, "route: {receiver: nobody}\nreceivers: [{name: nobody}]\n")?;
/// let raised = br#"[{"labels": {"alertname": "MLTrafficGone"}}]"#;
/// let json = [("content-type", "application/json")];
/// let answer = http_request(alertmanager.address(), "POST", "/api/v2/alerts", &json, raised)?;
/// assert_eq!(answer.status, 200);
/// assert_eq!(alertmanager.alerts()?[0]["labels"]["alertname"], "MLTrafficGone");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Alertmanager {
    address: SocketAddr,
    process: Child,
    janitor: Child,
    directory: PathBuf,
}

impl Alertmanager {
    /// Starts one of this release with this configuration and waits until it is ready.
    ///
    /// # Errors
    ///
    /// There is no Alertmanager (the message says what to install), or it refuses the configuration (the message has the end
    /// of its log), or it is not ready within half a minute.
    pub fn start(release: Release, config: &str) -> Result<Self, String> {
        let directory = new_directory().map_err(|error| format!("no directory for Alertmanager: {error}"))?;
        let started = spawn(release, config, &directory).and_then(|process| guard(process, &directory));
        let (process, janitor) = started.map_err(|error| {
            let _ = fs::remove_dir_all(&directory);
            tools::cannot_run(&release.program(PROGRAM), &error)
        })?;
        let mut alertmanager = Self {
            address: SocketAddr::from(([127, 0, 0, 1], 0)),
            process,
            janitor,
            directory,
        };
        alertmanager.wait_until_ready()?;
        Ok(alertmanager)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The alerts it holds, as its API tells them, those that are inhibited included.
    ///
    /// # Errors
    ///
    /// It does not answer, or not in JSON.
    pub fn alerts(&self) -> Result<Vec<Json>, String> {
        let response = http_get(self.address, "/api/v2/alerts", &[])
            .map_err(|error| format!("Alertmanager does not answer: {error}"))?;
        serde_json::from_slice(&response.body)
            .map_err(|error| format!("Alertmanager answers {}, which is not JSON: {error}", response.status))
    }

    fn wait_until_ready(&mut self) -> Result<(), String> {
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
            if let Some(address) = listening_on(&log) {
                self.address = address;
                if http_get(address, "/-/ready", &[]).is_ok_and(|response| response.status == 200) {
                    return Ok(());
                }
            }
            match self.process.try_wait() {
                Ok(None) if Instant::now() < deadline => thread::sleep(Duration::from_millis(20)),
                Ok(None) => return Err(format!("Alertmanager is not ready after 30 s; its log:\n{log}")),
                ended => return Err(format!("Alertmanager ended ({ended:?}); its log:\n{log}")),
            }
        }
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        drop(self.janitor.stdin.take());
        let _ = self.janitor.wait();
        let _ = self.process.wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Its name in Debian.
const PROGRAM: &str = "prometheus-alertmanager";

fn spawn(release: Release, config: &str, directory: &Path) -> io::Result<Child> {
    let file = directory.join("alertmanager.yml");
    fs::write(&file, with_own_templates(release, config))?;
    let log = File::create(directory.join("log"))?;
    release
        .tool(PROGRAM)
        .arg(format!("--config.file={}", file.display()))
        .arg(format!("--storage.path={}", directory.join("data").display()))
        .arg("--web.listen-address=127.0.0.1:0")
        // Alone: it would look for peers otherwise.
        .arg("--cluster.listen-address=")
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .spawn()
}

/// The configuration with the release's own message templates first, where it would read another's.
fn with_own_templates(release: Release, config: &str) -> String {
    let Some(templates) = release.message_templates() else {
        return config.to_owned();
    };
    let item = format!("- '{}'\n", templates.display());
    match config.split_once("\ntemplates:\n") {
        Some((before, after)) => format!("{before}\ntemplates:\n{item}{after}"),
        None => format!("{}\ntemplates:\n{item}", config.trim_end()),
    }
}
