//! Brings predictions that others made, and their labels, into the prediction log: from Kafka topics, and from CloudEvents by
//! HTTP.
//!
//! A service in Rust writes the log itself, with `modelwatch-log`. If your predictions are already in a topic, or come from a
//! model server in another language, this crate makes the same files of them. The drift job reads those like a service's own.
//!
//! Start with [`Intake`]. It takes records one after the other, and puts each exactly once into the log, or into a file of dead
//! letters that says why it is not a row. The [`kafka`] and [`http`] modules feed records into it, and `modelwatch ingest` runs
//! them. This crate uses no consumer group, creates no topic, and never asks a broker for its own position.
//!
//! ```
//! use modelwatch::Monitor;
//! use modelwatch_ingest::{Counts, Decoder, Format, Incoming, Intake, Limits, Naming};
//!
//! # let root = std::env::temp_dir().join(format!("modelwatch-ingest-{}", std::process::id()));
//! # std::fs::create_dir_all(&root)?;
//! let counts = Counts::new("orders", &Monitor::new());
//! let decoder = Decoder::new(Format::Json, Naming::default());
//! let mut intake = Intake::open(&root, "orders", "all", decoder, Limits::default(), counts)?;
//! assert_eq!(intake.own(0)?, None); // never read
//!
//! let mut record = Incoming::default();
//! record.value = Some(br#"{"model": "claims", "time": "2026-04-01T10:00:00Z", "score": 0.8, "income": 52000}"#);
//! intake.take(&record)?;
//! intake.commit()?;
//! assert_eq!(intake.committed()[&0], 1);
//! assert!(root.join("model=claims/date=2026-04-01/hour=10").is_dir());
//! # std::fs::remove_dir_all(root)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! | feature | what it brings |
//! | --- | --- |
//! | `kafka` | [`kafka`]: topics, with TLS and SASL |
//! | `avro` | [`Format::Avro`], with a [`Registry`] |
//! | `http` | [`http`]: CloudEvents by POST |
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "avro")]
mod avro;
mod cloud_event;
mod counts;
mod decoder;
mod error;
mod fields;
#[cfg(feature = "http")]
pub mod http;
mod incoming;
mod intake;
mod joining;
#[cfg(feature = "kafka")]
pub mod kafka;
mod kserve;
#[cfg(feature = "avro")]
mod nesting;
mod outcome;
#[cfg(feature = "avro")]
mod registry;
mod rejection;
mod row;
mod storage;

pub use counts::Counts;
pub use decoder::{Decoder, Format};
pub use error::IngestError;
pub use incoming::Incoming;
pub use intake::{Intake, Limits};
#[cfg(feature = "avro")]
pub use registry::Registry;
pub use rejection::{Reason, Rejection};
pub use row::Naming;
