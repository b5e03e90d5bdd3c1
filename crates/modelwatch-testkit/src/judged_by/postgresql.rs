//! A real PostgreSQL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::http::free_port;
use crate::process::Killed;
use crate::tools::{tool, venv_python};

/// How long a server may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A PostgreSQL of Debian's in a folder of its own, on a free port of the loopback. Dropped, it is killed, and its folder goes.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::{PostgreSql, tool};
///
/// let server = PostgreSql::start();
/// let answer = tool("psql").args([&server.uri(), "--tuples-only", "--no-align", "--command=SELECT 42"]).output()?;
/// assert_eq!(answer.stdout, b"42\n");
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct PostgreSql {
    _server: Killed,
    _folder: TempDir,
    port: u16,
}

impl PostgreSql {
    /// Who may connect, and by which password.
    pub const USER: &str = "watcher";
    /// The password, which has to be nowhere in what modelwatch says.
    pub const PASSWORD: &str = "p:ss/w@rd-hush";

    /// Makes a cluster and starts a server on it. As root it runs under the user that Debian's package makes, because PostgreSQL refuses
    /// root.
    ///
    /// # Panics
    ///
    /// When there is none, or it does not start.
    #[must_use]
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let is_root =
            fs::metadata("/proc/self").is_ok_and(|process| std::os::unix::fs::MetadataExt::uid(&process) == 0);
        if is_root {
            let done = Command::new("chown").arg("postgres").arg(folder.path()).status();
            assert!(
                done.is_ok_and(|done| done.success()),
                "there is no user postgres: run `make setup` to install what the tests need"
            );
        }
        let bin = newest_bin();
        let as_user = |program: &str| {
            let program = bin.join(program);
            match is_root {
                true => {
                    let mut command = tool("setpriv");
                    command
                        .args(["--reuid=postgres", "--regid=postgres", "--clear-groups", "--"])
                        .arg(program);
                    command
                }
                false => tool(program),
            }
        };
        let data = folder.path().join("data");
        let password = folder.path().join("password");
        fs::write(&password, Self::PASSWORD).expect("a file");
        let made = as_user("initdb")
            .args([
                "--username",
                Self::USER,
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ])
            .arg("--pwfile")
            .arg(&password)
            .arg("-D")
            .arg(&data)
            .output()
            .expect("initdb runs");
        assert!(
            made.status.success(),
            "initdb: {}",
            String::from_utf8_lossy(&made.stderr)
        );
        let port = free_port();
        let said = fs::File::create(folder.path().join("said")).expect("a file");
        let server = as_user("postgres")
            .args([
                "-c",
                "fsync=off",
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "shared_buffers=64MB",
            ])
            .arg("-p")
            .arg(port.to_string())
            .arg("-k")
            .arg(folder.path())
            .arg("-D")
            .arg(&data)
            .stdout(Stdio::null())
            .stderr(said)
            .spawn()
            .expect("postgres runs");
        let server = Killed::from(server);
        let started = Instant::now();
        let ready = || {
            let asked = tool(bin.join("pg_isready"))
                .args(["-q", "-h", "127.0.0.1", "-p", &port.to_string()])
                .status();
            asked.is_ok_and(|asked| asked.success())
        };
        while !ready() {
            let said = fs::read_to_string(folder.path().join("said")).unwrap_or_default();
            assert!(started.elapsed() < PATIENCE, "PostgreSQL does not start: {said}");
            thread::sleep(Duration::from_millis(50));
        }
        Self {
            _server: server,
            _folder: folder,
            port,
        }
    }

    /// Returns its URI, with user and password.
    #[must_use]
    pub fn uri(&self) -> String {
        format!(
            "postgresql://{}:{}@127.0.0.1:{}/postgres",
            Self::USER,
            "p%3Ass%2Fw%40rd-hush",
            self.port
        )
    }
}

fn newest_bin() -> PathBuf {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let versions = versions.filter_map(|entry| Some((entry.file_name().to_str()?.parse::<u32>().ok()?, entry.path())));
    let newest = versions.filter(|(_, path)| path.join("bin/initdb").is_file()).max();
    let (_, newest) = newest.expect("PostgreSQL is not there: run `make setup` to install what the tests need");
    newest.join("bin")
}

/// Returns the library of an ADBC driver that `make setup` brought: `postgresql`, `sqlite` or `duckdb`.
///
/// # Panics
///
/// When it is not there.
#[must_use]
pub fn adbc_driver(database: &str) -> PathBuf {
    let path = match database {
        "duckdb" => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/duckdb/libduckdb.so"),
        other => {
            let code = format!("import adbc_driver_{other}; print(adbc_driver_{other}._driver_path())");
            let output = tool(venv_python()).args(["-c", &code]).output();
            let said = output.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
            PathBuf::from(said.unwrap_or_default())
        }
    };
    assert!(
        path.is_file(),
        "the ADBC driver of {database} is not there: run `make setup` to install what the tests need"
    );
    path.canonicalize().expect("it is there")
}
