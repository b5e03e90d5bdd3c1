//! The topic to read, and which part of it.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::access::Access;

/// Where to begin a topic that was never read.
/// The example of [`Topic`](crate::kafka::Topic) has one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Begin {
    /// At the oldest record.
    #[default]
    Earliest,
    /// After the newest record.
    Latest,
}

/// A topic, and the part of it that this process reads.
/// # Example: two partitions of a topic, behind TLS and a password
///
/// ```
/// use modelwatch_ingest::kafka::{Access, Begin, KafkaError, Sasl, SaslMechanism, Topic};
///
/// let sasl = Sasl {
///     mechanism: SaslMechanism::ScramSha256,
///     user: "modelwatch".to_owned(),
///     password: "hunter2".to_owned(),
/// };
/// let access = Access::new(["kafka-0.example.com:9093"]).sasl(sasl);
/// assert!(!format!("{access:?}").contains("hunter2"));
/// assert!(matches!(access.clone().tls(Some(b"no certificate"), None), Err(KafkaError::Tls(_))));
///
/// let topic = Topic::new("predictions", access).partitions(0..=1).begin(Begin::Latest);
/// assert_eq!(topic.source(), "predictions");
/// ```
#[derive(Clone, Debug)]
pub struct Topic {
    pub(super) name: String,
    pub(super) access: Access,
    pub(super) source: String,
    pub(super) partitions: Option<RangeInclusive<i32>>,
    pub(super) begin: Begin,
    pub(super) look_every: Duration,
    pub(super) buffer: usize,
    pub(super) once: bool,
}

impl Topic {
    /// Takes a whole topic, from its oldest record on.
    pub fn new(name: impl Into<String>, access: Access) -> Self {
        let name = name.into();
        Self {
            source: name.clone(),
            name,
            access,
            partitions: None,
            begin: Begin::default(),
            look_every: Duration::from_secs(30),
            buffer: 64 << 20,
            once: false,
        }
    }

    /// Reads these partitions, and leaves the others to other processes. Defaults to all, including those that are added later.
    #[must_use]
    pub fn partitions(mut self, partitions: RangeInclusive<i32>) -> Self {
        self.partitions = Some(partitions);
        self
    }

    /// Sets where to begin a topic that was never read. Defaults to [`Begin::Earliest`].
    #[must_use]
    pub fn begin(mut self, begin: Begin) -> Self {
        self.begin = begin;
        self
    }

    /// Names the source in metrics, in dead letters and beside the log. Defaults to the topic's name. Topics with the same name
    /// in two clusters need different source names.
    #[must_use]
    pub fn named(mut self, source: impl Into<String>) -> Self {
        self.source = source.into();
        self
    }

    /// Sets how often to look for added partitions. Defaults to 30 seconds.
    #[must_use]
    pub fn look_every(mut self, interval: Duration) -> Self {
        self.look_every = interval.max(Duration::from_millis(100));
        self
    }

    /// Sets the most bytes of records that are fetched and not yet taken. Defaults to 64 MiB.
    #[must_use]
    pub fn buffer(mut self, bytes: usize) -> Self {
        self.buffer = bytes;
        self
    }

    /// Ends when each partition has been read to its end, for runs by cron. Without it, reading continues.
    #[must_use]
    pub fn once(mut self) -> Self {
        self.once = true;
        self
    }

    /// Returns the source's name.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// Names the part of the topic that this process reads.
    pub(super) fn share(&self) -> String {
        match &self.partitions {
            None => "all".into(),
            Some(range) => format!("{}-{}", range.start(), range.end()),
        }
    }
}
