//! Apache Spark, through Spark Connect.
//!
//! From below: `messages` are those of Spark's protocol that are needed here, by the tags that its releases keep; `remote` reads where a
//! server is; `fault` says in a line what went wrong; `session` asks; `log` is the engine over a prediction log whose files
//! Spark's executors read.

mod fault;
mod log;
mod messages;
mod remote;
mod session;

pub use log::SparkLog;

pub(crate) use session::SparkSession;
