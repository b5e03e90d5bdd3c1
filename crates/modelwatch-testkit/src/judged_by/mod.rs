//! The judges that are programs, each asked through [`tool`](crate::tool).
//!
//! Rustdoc names an example after its path, and the path of these has this module's name in it. So the examples here are `judged_`,
//! as tests are that ask a program: `make test` runs them, and `make check` leaves them out.

mod alertmanager;
mod browser;
mod bucket;
mod kafka;
mod perses;
mod postgresql;
mod prometheus;
mod promtool;
mod release;
mod schemas;
mod spark;
mod text;

pub use alertmanager::Alertmanager;
pub use browser::{browser_answer, browser_dom, browser_question, page_problems};
pub use bucket::StorageBucket;
pub use kafka::{ForgetfulKafkaBroker, KafkaBroker};
pub use perses::{DrawnPanel, perses_panels};
pub use postgresql::{PostgreSql, adbc_driver};
pub use prometheus::{ExemplarSeries, Prometheus, PrometheusOptions, QueryResult, Target};
pub use promtool::{promtool_check_metrics, promtool_lint};
pub use release::Release;
pub use schemas::{grafana_schema_check, kubernetes_schema_check, perses_schema_check};
pub use spark::SparkCluster;
pub(crate) use text::prometheus_text;
pub use text::{Sample, openmetrics_strict, prometheus_text_strict};
