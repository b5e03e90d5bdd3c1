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
//! that starts a [`tool`]; without the prefix it fails. `make check` leaves these out by their names, `make test` has them all. An example that asks such a
//! judge stands in the module `judged_by`, whose name is then in the example's.
//!
//! Everything blocks and nothing needs an async runtime; call it from a blocking thread in async tests.

#[cfg(feature = "actix")]
mod actix_server;
mod exemplar;
mod files;
mod http;
mod inbox;
mod instructions;
mod judged_by;
mod labels;
mod metrics_server;
mod monitor;
mod page;
mod plain;
mod process;
mod program;
mod protobuf;
#[cfg(feature = "tokio")]
mod tokio_server;
mod tools;
mod world;

#[cfg(feature = "actix")]
pub use actix_server::ActixServer;
pub use exemplar::Exemplar;
pub use files::files_below;
pub use http::{HttpResponse, free_port, http_get, http_request};
pub use inbox::{Posted, inbox};
pub use instructions::compare_instructions;
pub use judged_by::{
    Alertmanager, DrawnPanel, ExemplarSeries, ForgetfulKafkaBroker, KafkaBroker, PostgreSql, Prometheus,
    PrometheusOptions, QueryResult, Release, Sample, SparkCluster, StorageBucket, Target, adbc_driver, browser_answer,
    browser_dom, browser_question, grafana_schema_check, kubernetes_schema_check, openmetrics_strict, page_problems,
    perses_panels, perses_schema_check, prometheus_text_strict, promtool_check_metrics, promtool_lint,
};
pub use labels::Labels;
pub use metrics_server::{MetricsServer, Page, ScrapeRequest};
pub use monitor::{begun, counted, page, page_once};
pub use page::MetricsPage;
pub use process::Killed;
pub use program::Program;
pub use protobuf::{Bucket, Family, Histogram, Metric, NativeHistogram, Value, protobuf_decode};
#[cfg(feature = "tokio")]
pub use tokio_server::{Stopped, TokioServer};
pub use tools::tool;
pub use world::{MadeSeries, World};
