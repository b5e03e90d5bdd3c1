//! Apache Spark, through Spark Connect.
//!
//! Bottom up: `messages` has the needed parts of Spark's protocol, with tags that stay the same across its releases. `remote`
//! parses a server's address. `fault` describes errors in one line. `session` runs queries. `log` is the engine over a prediction
//! log whose files Spark's executors read.

mod fault;
mod log;
mod messages;
mod remote;
mod session;

pub use log::SparkLog;

pub(crate) use session::SparkSession;
