//! Ways out for a job that does not stay: to a Pushgateway, or to a file that node-exporter reads.
//!
//! Both keep one page forever, so give both what was there before: [`resume`](crate::exporter::Board::resume) takes
//! over when each model last finished and how many runs there were, and a run that fails takes the scores off the page.

mod error;
mod pushgateway;
mod textfile;

pub use error::PublishError;
pub use pushgateway::Pushgateway;
pub use textfile::Textfile;
