//! A real cluster of Apache Spark.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::process::Killed;
use crate::tools::{cannot_run, tool};

/// How long a process may take to start on a busy machine.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a small JVM is told: one that is there for a minute gains nothing by compiling twice.
const SMALL: [&str; 3] = ["-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xss4m"];
/// What Spark opens to itself of Java's own packages, as its launcher does.
const OPENED: [&str; 13] = [
    "java.lang",
    "java.lang.invoke",
    "java.lang.reflect",
    "java.io",
    "java.net",
    "java.nio",
    "java.util",
    "java.util.concurrent",
    "java.util.concurrent.atomic",
    "sun.nio.ch",
    "sun.nio.cs",
    "sun.security.action",
    "sun.util.calendar",
];

/// A master, workers of one core each, and a server of Spark Connect, each a process of its own, on free ports of the loopback. Dropped,
/// they are killed.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::SparkCluster;
///
/// // Without a worker: this example has no query.
/// let cluster = SparkCluster::start(0);
/// assert_eq!(cluster.server_said("Spark Connect server started at: "), 1);
/// assert!(cluster.address(SparkCluster::TOKEN).starts_with("sc://127.0.0.1:"));
/// ```
#[derive(Debug)]
pub struct SparkCluster {
    /// The server is the first to go.
    _server: Killed,
    workers: Mutex<Vec<(Killed, PathBuf)>>,
    _master: Killed,
    master: String,
    port: u16,
    folder: TempDir,
}

impl SparkCluster {
    /// What a client has to show, and what has to be nowhere in what modelwatch says.
    pub const TOKEN: &str = "spark-hush-token";

    /// Starts a cluster with so many workers, and waits until each has its executor.
    ///
    /// # Panics
    ///
    /// When there is no Spark, or it does not start.
    #[must_use]
    pub fn start(workers: usize) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let master = java(folder.path(), "master", 256, &[]).args([
            "org.apache.spark.deploy.master.Master",
            "--host",
            "127.0.0.1",
            "--port",
            "0",
            "--webui-port",
            "0",
        ]);
        let (master, address) = start(master, folder.path(), "master", "Starting Spark master at ");
        let workers: Vec<_> = (0..workers)
            .map(|place| worker(folder.path(), &address, place))
            .collect();
        let settings = [
            format!("spark.master={address}"),
            "spark.app.name=modelwatch".into(),
            "spark.driver.host=127.0.0.1".into(),
            "spark.driver.bindAddress=127.0.0.1".into(),
            "spark.ui.enabled=false".into(),
            // Tables of a few rows are read sooner than code for them is compiled.
            "spark.sql.codegen.wholeStage=false".into(),
            "spark.sql.codegen.factoryMode=NO_CODEGEN".into(),
            "spark.executor.memory=512m".into(),
            "spark.executor.cores=1".into(),
            format!("spark.executor.extraJavaOptions={} {}", SMALL.join(" "), snappy()),
            // A query waits for the executors, so that tests have them all.
            "spark.scheduler.minRegisteredResourcesRatio=1.0".into(),
            "spark.scheduler.maxRegisteredResourcesWaitingTime=60s".into(),
            // What a dead machine held is asked for once more, and then made anew.
            "spark.shuffle.io.maxRetries=1".into(),
            "spark.shuffle.io.retryWait=500ms".into(),
            format!("spark.cores.max={}", workers.len()),
            "spark.connect.grpc.binding.address=127.0.0.1".into(),
            "spark.connect.grpc.binding.port=0".into(),
        ];
        let server = java(folder.path(), "server", 640, &settings);
        let server = server.args(["org.apache.spark.sql.connect.service.SparkConnectServer"]);
        let (server, place) = start(server, folder.path(), "server", "Spark Connect server started at: ");
        let port = place.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
        Self {
            _server: server,
            workers: Mutex::new(workers),
            _master: master,
            master: address,
            port: port.unwrap_or_else(|| panic!("no port: {place}")),
            folder,
        }
    }

    /// Returns the address of its Spark Connect, with this token.
    #[must_use]
    pub fn address(&self, token: &str) -> String {
        format!("sc://127.0.0.1:{}/;token={token}", self.port)
    }

    /// Returns how many lines of the server's log have such a text.
    #[must_use]
    pub fn server_said(&self, text: &str) -> usize {
        let said = fs::read_to_string(self.folder.path().join("server.log")).unwrap_or_default();
        said.lines().filter(|line| line.contains(text)).count()
    }

    /// Kills a worker and its executor, as a machine that fails does.
    ///
    /// # Panics
    ///
    /// When there is no such worker.
    pub fn kill_worker(&self, place: usize) {
        let mut workers = self.workers.lock().expect("nobody panicked");
        let (worker, folder) = &mut workers[place];
        worker.kill();
        // Its executor's folder of work is in its own.
        let work = folder.display().to_string();
        for process in processes() {
            if fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&work)) {
                let id = process.file_name().unwrap_or_default();
                // It may have ended by itself.
                let _ = tool("kill").arg("-9").arg(id).status();
            }
        }
    }

    /// Starts a worker in the place of one that was killed.
    ///
    /// # Panics
    ///
    /// When it does not start.
    pub fn start_worker(&self, place: usize) {
        let started = worker(self.folder.path(), &self.master, place);
        self.workers.lock().expect("nobody panicked")[place] = started;
    }
}

fn processes() -> impl Iterator<Item = PathBuf> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let is_process = |path: &PathBuf| {
        path.file_name()
            .and_then(|name| name.to_str())
            .is_some_and(|name| name.bytes().all(|byte| byte.is_ascii_digit()))
    };
    entries.map(|entry| entry.path()).filter(is_process)
}

/// A worker and the folder in which its executors work.
fn worker(folder: &Path, master: &str, place: usize) -> (Killed, PathBuf) {
    let name = format!("worker{place}");
    let work = folder.join(format!("{name}-work"));
    let worker = java(folder, &name, 192, &[]).args([
        "org.apache.spark.deploy.worker.Worker",
        "--host",
        "127.0.0.1",
        "--webui-port",
        "0",
        "--cores",
        "1",
        "--memory",
        "1g",
        "--work-dir",
        &work.display().to_string(),
        master,
    ]);
    let (worker, _) = start(worker, folder, &name, "Successfully registered with master ");
    (worker, work)
}

/// Where `make setup` put Spark.
fn home() -> PathBuf {
    let home = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/spark");
    let home = home.canonicalize().ok().filter(|home| home.join("jars").is_dir());
    home.expect("Apache Spark is not there: run `make setup` to install what the tests need")
}

/// Where its library of snappy is, which is not looked for where musl is installed, too.
fn snappy() -> String {
    format!("-Dorg.xerial.snappy.lib.path={}", home().join("native").display())
}

/// A JVM with Spark in it.
struct Java(Command);

fn java(folder: &Path, name: &str, megabytes: u32, settings: &[String]) -> Java {
    let home = home();
    let mut command = tool("java");
    command.args(SMALL).arg(format!("-Xmx{megabytes}m"));
    command.args(["-XX:+IgnoreUnrecognizedVMOptions", "--add-modules=jdk.incubator.vector"]);
    command.args(OPENED.map(|package| format!("--add-opens=java.base/{package}=ALL-UNNAMED")));
    command.args([
        "--add-opens=java.base/jdk.internal.ref=ALL-UNNAMED",
        "-Dio.netty.tryReflectionSetAccessible=true",
    ]);
    command.args(settings.iter().map(|setting| format!("-D{setting}")));
    command.args(["-Dspark.master.rest.enabled=false", &snappy()]);
    command.arg("-cp").arg(home.join("jars/*"));
    let work = folder.join(name);
    fs::create_dir_all(&work).expect("a folder");
    command.current_dir(&work);
    command.envs([
        ("SPARK_HOME", home.as_path()),
        ("SPARK_LOCAL_IP", Path::new("127.0.0.1")),
        ("SPARK_LOCAL_DIRS", &folder.join("local")),
        ("SPARK_SCALA_VERSION", Path::new("2.13")),
        ("SPARK_CONNECT_AUTHENTICATE_TOKEN", Path::new(SparkCluster::TOKEN)),
    ]);
    Java(command)
}

impl Java {
    fn args<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Command {
        self.0.args(arguments);
        self.0
    }
}

/// Starts a process and waits until its log has such a line; with what comes behind in it.
fn start(mut command: Command, folder: &Path, name: &str, line: &str) -> (Killed, String) {
    let log = folder.join(format!("{name}.log"));
    let said = File::create(&log).expect("a file");
    let also = said.try_clone().expect("a file");
    let started: std::io::Result<Child> = command.stdin(Stdio::null()).stdout(said).stderr(also).spawn();
    let mut process = Killed::from(started.unwrap_or_else(|error| panic!("{}", cannot_run(Path::new("java"), &error))));
    let begun = Instant::now();
    loop {
        let said = fs::read_to_string(&log).unwrap_or_default();
        let whole = said.lines().filter(|_| said.ends_with('\n'));
        if let Some((_, rest)) = whole.filter_map(|said| said.split_once(line)).next() {
            return (process, rest.trim().to_owned());
        }
        assert!(
            begun.elapsed() < PATIENCE && process.is_running(),
            "Spark's {name} does not start: {said}"
        );
        thread::sleep(Duration::from_millis(50));
    }
}
