//! `modelwatch.toml`: the one file that names models, owners, objectives, critical features and thresholds.
//!
//! The drift job and the generator of the operations stack both read this file through this crate, so you set a
//! threshold or an owner once. The result is resolved: defaults are filled in, and every model has every setting.
//!
//! ```
//! let config = modelwatch_config::Config::parse("modelwatch.toml", r##"
//! environment = "production"
//! [links]
//! grafana = "https://grafana.example.com"
//! runbooks = "https://runbooks.example.com/modelwatch"
//! prometheus = "https://prometheus.example.com"
//! [[prometheus.jobs]]
//! job = "model-inference"
//! plane = "inference"
//! targets = ["model-api:8000"]
//! [teams.applied-ml]
//! slack = { channel = "#applied-ml-alerts", api_url_file = "/etc/alertmanager/secrets/slack" }
//! [owners]
//! serving = "applied-ml"
//! model = "applied-ml"
//! data = "applied-ml"
//! [[models]]
//! name = "claims-risk"
//! routes = ["predict"]
//! critical_features = ["income"]
//! "##)?;
//! assert_eq!(config.models[0].thresholds.error_ratio, 0.03);
//! # Ok::<(), modelwatch_config::ConfigErrors>(())
//! ```
//!
//! An invalid file gives you all mistakes at once, each with its file, line, description and fix:
//!
//! ```
//! let errors = modelwatch_config::Config::parse("modelwatch.toml", "enviroment = 'production'").unwrap_err();
//! let said = errors.to_string();
//! assert!(said.contains("modelwatch.toml:1:1: unknown key enviroment; did you mean environment?"), "{said}");
//! ```

#[macro_use]
mod example;

mod alerting;
mod config;
mod discovery;
mod duration;
mod error;
mod kubernetes;
mod model;
mod passed;
mod performance;
mod perses;
mod place;
mod reader;
mod scrape;
mod spark;
mod team;
mod version;
mod warehouse;

pub use alerting::{Alertmanager, Alerts, SingleAlert, Watchdog};
pub use config::{Config, Links, Rollout};
pub use discovery::{Access, Authorization, Consul, Discovery, Dns, Pods, Relabelling, Tls};
pub use duration::{parse_duration, prometheus_duration};
pub use error::{ConfigErrors, Location, Mistake};
pub use kubernetes::{DriftWorkload, Kubernetes};
pub use model::{Drift, DriftColumns, DriftRows, FeatureDrift, Model, Owner, Owners, Thresholds, Upstream};
pub use passed::{Passed, PassedTable};
pub use performance::{OutcomeRows, Performance};
pub use perses::Perses;
pub use place::PathOrUrl;
pub use scrape::{Job, Plane, Scraping};
pub use spark::DriftSpark;
pub use team::{BusinessHours, Email, PagerDuty, Secret, Slack, Team, Webhook};
pub use version::Version;
pub use warehouse::{DriftWarehouse, WarehouseAccess};

/// The name that a misspelt one means: for names that only the stack knows.
pub use modelwatch_drift::names::nearest;
