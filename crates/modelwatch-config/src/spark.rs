//! `[models.drift.spark]`: lets Apache Spark count the rows of a prediction log that outgrows one machine.
//!
//! Spark's address may contain a token, so it is never in this file. An environment variable or a connection profile
//! holds it, as for [`DriftWarehouse`](crate::DriftWarehouse).

use std::time::Duration;

use crate::reader::{Table, duration, text};
use crate::warehouse::{TIMEOUT, WarehouseAccess};

/// `[models.drift.spark]`: how to reach Spark, and what it calls the log.
/// # Example: a log in a bucket, counted by a cluster
///
/// ```
/// use modelwatch_config::{Config, DriftSpark, WarehouseAccess};
#[doc = smallest!()]
/// let text = format!("{smallest}{}", r##"
/// [models.drift]
/// baseline = "baselines/claims-risk.json"
/// log = "s3://predictions/log"
/// [models.drift.spark]
/// uri_from = "SPARK_REMOTE"
/// "##);
/// let config = Config::parse("modelwatch.toml", &text)?;
/// let drift = config.models[0].drift.as_ref().expect("the section is there");
/// let spark: &DriftSpark = drift.spark.as_ref().expect("the section is there");
/// assert_eq!(spark.access, WarehouseAccess::Variable("SPARK_REMOTE".to_owned()));
/// assert_eq!(spark.timeout.as_secs(), 300);
/// # Ok::<(), modelwatch_config::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct DriftSpark {
    /// How to reach Spark Connect: what holds its address, `sc://host:15002`.
    pub access: WarehouseAccess,
    /// Spark's address of the log's root. Defaults to the value of `log`, with a path as `file:///…` and `s3://…` as
    /// `s3a://…`.
    pub log: Option<String>,
    /// How long one window may take. Defaults to 5 minutes.
    pub timeout: Duration,
}

impl DriftSpark {
    pub(crate) fn read(table: Table<'_, '_>) -> Option<Self> {
        let access = WarehouseAccess::read(&table, "Spark Connect", "SPARK_REMOTE");
        let log = table.read("log", text);
        let timeout = table.read("timeout", duration).unwrap_or(TIMEOUT);
        table.finish();
        Some(Self {
            access: access?,
            log,
            timeout,
        })
    }
}
