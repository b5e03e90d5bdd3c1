//! Dashboards and manifests, judged by the types and schemas that Grafana and the Kubernetes projects publish.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::tools;

/// Accepts Grafana dashboards, each with a name for the error and its JSON, in which TypeScript's compiler finds no field
/// that Grafana does not know, none of the wrong type, and none missing.
///
/// A dashboard becomes a literal of the type that `@grafana/schema` and the Prometheus types of Grafana's foundation SDK make,
/// closed for the kinds of panel and the settings of the data source that modelwatch uses: see `grafana_dashboard.ts`.
/// Text is not judged: neither expressions nor units nor the names of variables in links.
///
/// # Errors
///
/// What the compiler said: name, line, column and what is wrong there; lines count from the one above the JSON's first.
///
/// # Panics
///
/// If the compiler or Grafana's types are not installed, or there is no room for temporary files.
pub fn grafana_schema_check(dashboards: &[(&str, &str)]) -> Result<(), String> {
    let workshop = Workshop::new();
    workshop.write("grafana_dashboard.ts", include_str!("grafana_dashboard.ts"));
    let head = "import type { Dashboard } from './grafana_dashboard';export const dashboard: Dashboard =\n";
    for (name, json) in dashboards {
        workshop.write(&format!("{name}.ts"), &format!("{head}{json}"));
    }
    workshop.compile()
}

/// Accepts resources of Perses (dashboards, data sources and projects), each with a name for the error and its JSON, in which
/// TypeScript's compiler finds no field that Perses or the plugin does not know, none of the wrong type, and none missing.
///
/// A resource becomes a literal of the types that `@perses-dev/core` and the plugins publish, closed for those that modelwatch uses:
/// see `perses_dashboard.ts`. Expressions are not judged.
///
/// # Errors
///
/// What the compiler said, as for [`grafana_schema_check`].
///
/// # Panics
///
/// If the compiler or Perses' types are not installed, or there is no room for temporary files.
pub fn perses_schema_check(resources: &[(&str, &str)]) -> Result<(), String> {
    let workshop = Workshop::of(".perses/node_modules");
    workshop.write("perses_dashboard.ts", include_str!("perses_dashboard.ts"));
    let head = "import type { Resource } from './perses_dashboard';export const resource: Resource =\n";
    for (name, json) in resources {
        workshop.write(&format!("{name}.ts"), &format!("{head}{json}"));
    }
    workshop.compile_as("esnext", "bundler")
}

/// Accepts Kubernetes manifests (`ConfigMap`, `CronJob`, `Deployment`, `PersesDashboard`, `Secret`, `Service`, and `ServiceMonitor` and `PrometheusRule` of the Prometheus operator), each
/// with a name for the error and its YAML: every document is held against the JSON schema of its kind, and compiled as a literal
/// of its TypeScript type, which has no room for fields that the schema would let pass.
///
/// # Errors
///
/// What the schema or the compiler said.
///
/// # Panics
///
/// If Node.js, the compiler or the schemas are not installed, or there is no room for temporary files.
pub fn kubernetes_schema_check(manifests: &[(&str, &str)]) -> Result<(), String> {
    let workshop = Workshop::new();
    workshop.write("kubernetes_manifests.mjs", include_str!("kubernetes_manifests.mjs"));
    workshop.write("kubernetes_manifests.ts", include_str!("kubernetes_manifests.ts"));
    workshop.write("perses_dashboards.crd.yaml", include_str!("perses_dashboards.crd.yaml"));
    let mut node = tools::tool("node");
    node.arg("kubernetes_manifests.mjs");
    for (name, yaml) in manifests {
        let file = format!("{name}.yaml");
        workshop.write(&file, yaml);
        node.arg(file);
    }
    workshop.run(&mut node)?;
    workshop.compile()
}

/// A folder of its own that sees the installed packages as its `node_modules`; dropping it removes it.
struct Workshop {
    directory: PathBuf,
    compiler: PathBuf,
}

impl Workshop {
    fn new() -> Self {
        Self::of(".schemas/node_modules")
    }

    /// One that sees the packages of this folder of the workspace.
    fn of(packages: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let modules = workspace.join(packages);
        let compiler = workspace.join(".schemas/node_modules/.bin/tsc");
        let directory = std::env::temp_dir().join(format!(
            "modelwatch-schemas-{}-{}",
            std::process::id(),
            COUNT.fetch_add(1, Ordering::Relaxed)
        ));
        let made = modules.canonicalize().and_then(|modules| {
            fs::create_dir(&directory).and_then(|()| symlink(modules, directory.join("node_modules")))
        });
        if let Err(error) = made {
            panic!("{}", tools::cannot_run(&compiler, &error));
        }
        Self { directory, compiler }
    }

    fn write(&self, file: &str, text: &str) {
        fs::write(self.directory.join(file), text).expect("there is room for temporary files");
    }

    /// Compiles every `.ts` file, most strictly, to nothing.
    fn compile(&self) -> Result<(), String> {
        self.compile_as("nodenext", "nodenext")
    }

    /// The same, where packages find each other's files in another way.
    fn compile_as(&self, module: &str, resolution: &str) -> Result<(), String> {
        let settings = format!(
            r#"{{"compilerOptions": {{"strict": true, "noEmit": true, "skipLibCheck": true, "types": [],
                "module": "{module}", "moduleResolution": "{resolution}", "target": "es2022"}}}}"#
        );
        self.write("tsconfig.json", &settings);
        self.run(tools::tool(&self.compiler).args(["--pretty", "false"]))
    }

    fn run(&self, command: &mut Command) -> Result<(), String> {
        let output: io::Result<Output> = command.current_dir(&self.directory).output();
        let output =
            output.unwrap_or_else(|error| panic!("{}", tools::cannot_run(Path::new(command.get_program()), &error)));
        if output.status.success() {
            return Ok(());
        }
        let said = [output.stdout, output.stderr].concat();
        Err(String::from_utf8_lossy(&said).into_owned())
    }
}

impl Drop for Workshop {
    fn drop(&mut self) {
        // What can't be removed is small and in the folder for temporary files.
        let _ = fs::remove_dir_all(&self.directory);
    }
}
