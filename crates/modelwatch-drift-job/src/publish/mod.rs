//! Publishes metrics from a job that exits: to a Pushgateway, or to a file that node-exporter reads.
//!
//! Both keep a page forever, so pass the previous page on: [`resume`](crate::exporter::Board::resume) restores when
//! each model last finished and the number of runs. A run that fails removes the scores from the page.

mod error;
mod pushgateway;
mod textfile;

pub use error::PublishError;
pub use pushgateway::Pushgateway;
pub use textfile::Textfile;
