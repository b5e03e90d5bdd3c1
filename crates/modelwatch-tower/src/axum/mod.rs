//! Sugar for axum.

mod around;
mod matched_route;
mod metrics_route;
mod metrics_server;
#[cfg(feature = "page")]
mod page_route;
mod served_by;
mod serving;

pub use around::{WatchedRouter, WatchedRouterFuture};
pub use matched_route::{MatchedRoute, TellsRoute};
pub use metrics_route::metrics_route;
pub use metrics_server::{MetricsServer, serve_metrics};
#[cfg(feature = "page")]
pub use page_route::page_route;
pub use serving::Serving;
