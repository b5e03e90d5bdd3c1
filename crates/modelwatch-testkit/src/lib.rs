//! The judges of modelwatch's tests.
//!
//! An exposition that satisfies our own regular expressions proves nothing, so every room's tests ask somebody else:
//!
//! | question | judge |
//! | --- | --- |
//! | does Go's text parser take it, does the linter like it? | [`promtool_check_metrics`], [`promtool_lint`] |
//! | is it strict OpenMetrics, and which samples arrive? | [`openmetrics_strict`] |
//! | is it Prometheus text 0.0.4, and which samples arrive? | [`prometheus_text_strict`] |
//! | were exactly these requests counted? | [`MetricsPage`] |
//! | is it the delimited protobuf, native histograms included? | [`protobuf_decode`] |
//! | does Grafana know every field of a dashboard? | [`grafana_schema_check`] |
//! | does Kubernetes take a manifest? | [`kubernetes_schema_check`] |
//! | what does a browser make of a page? | [`page_problems`], [`browser_dom`] |
//! | what does Perses draw of a dashboard? | [`perses_panels`] |
//! | does a path take more instructions than it did? | [`compare_instructions`] |
//! | does a broker hand out what a topic holds? | [`KafkaBroker`] |
//! | does a broker remove what is old? | [`ForgetfulKafkaBroker`] |
//! | does a cluster count what lies in a log? | [`SparkCluster`] |
//! | does an object store hand out what lies there? | [`StorageBucket`] |
//! | whom does a real Alertmanager tell? | [`Alertmanager`] |
//! | what does a real Prometheus make of it? | [`Prometheus`], with [`MetricsServer`] where nothing serves the page yet, and [`World`] for what went before |
//!
//! Prometheus and Alertmanager are there twice, an older and a newer [`Release`]: what is generated has to work with both.
//!
//! The stages they judge on are here, too: [`page`] and [`counted`] read a monitor, [`Program`] starts an example, [`Killed`] ends a process
//! with its test, [`inbox`] takes what others send, and `TokioServer` (feature
//! `tokio`) and `ActixServer` (feature `actix`) serve on a free port.
//!
//! A refused exposition is an `Err` that says why. A missing tool is no answer at all: the judges of expositions panic, and
//! [`Prometheus::start`] fails, with a line that names the tool and `make setup`. Nothing is ever skipped.
//!
//! The name of a test that asks a judge outside of this process begins with `judged_`, and so does that of every other test
//! that starts a [`tool`]; without the prefix it fails. `make check` leaves these out by their names, `make test` has them all.
//!
//! Everything blocks and nothing needs an async runtime; call it from a blocking thread in async tests.

#[cfg(feature = "actix")]
mod actix_server;
mod alertmanager;
mod browser;
mod bucket;
mod exemplar;
mod files;
mod http;
mod inbox;
mod instructions;
mod kafka;
mod labels;
mod metrics_server;
mod monitor;
mod page;
mod perses;
mod plain;
mod postgresql;
mod process;
mod program;
mod prometheus;
mod promtool;
mod protobuf;
mod release;
mod schemas;
mod spark;
mod text;
#[cfg(feature = "tokio")]
mod tokio_server;
mod tools;
mod world;

#[cfg(feature = "actix")]
pub use actix_server::ActixServer;
pub use alertmanager::Alertmanager;
pub use browser::{browser_answer, browser_dom, browser_question, page_problems};
pub use bucket::StorageBucket;
pub use exemplar::Exemplar;
pub use files::files_below;
pub use http::{HttpResponse, free_port, http_get, http_request};
pub use inbox::{Posted, inbox};
pub use instructions::compare_instructions;
pub use kafka::{ForgetfulKafkaBroker, KafkaBroker};
pub use labels::Labels;
pub use metrics_server::{MetricsServer, Page, ScrapeRequest};
pub use monitor::{begun, counted, page, page_once};
pub use page::MetricsPage;
pub use perses::{DrawnPanel, perses_panels};
pub use postgresql::{PostgreSql, adbc_driver};
pub use process::Killed;
pub use program::Program;
pub use prometheus::{ExemplarSeries, Prometheus, PrometheusOptions, QueryResult, Target};
pub use promtool::{promtool_check_metrics, promtool_lint};
pub use protobuf::{Bucket, Family, Histogram, Metric, NativeHistogram, Value, protobuf_decode};
pub use release::Release;
pub use schemas::{grafana_schema_check, kubernetes_schema_check, perses_schema_check};
pub use spark::SparkCluster;
pub use text::{Sample, openmetrics_strict, prometheus_text_strict};
#[cfg(feature = "tokio")]
pub use tokio_server::{Stopped, TokioServer};
pub use tools::tool;
pub use world::{MadeSeries, World};
