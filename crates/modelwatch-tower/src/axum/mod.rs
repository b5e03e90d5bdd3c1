//! Sugar for axum.

mod metrics_route;
mod metrics_server;
mod served_by;
mod serving;

pub use metrics_route::metrics_route;
pub use metrics_server::{MetricsServer, serve_metrics};
pub use serving::Serving;
