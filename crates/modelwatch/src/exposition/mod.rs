//! The way out: what was recorded, in the format a scraper asks for.
//!
//! A scrape holds no lock while it writes. [`gather`] takes references to what exists, reads each series' cells once, and
//! hands families and samples to a [`sink`]: [`text`] or [`protobuf`]. Recording goes on meanwhile. [`readings`] and
//! [`included`] are what other parts put on the page.

pub(crate) mod exposer;
pub(crate) mod format;
pub(crate) mod gather;
pub(crate) mod included;
mod negotiate;
mod process;
mod protobuf;
pub(crate) mod readings;
pub(crate) mod scrape;
pub(crate) mod scrape_body;
pub(crate) mod scrape_thread;
pub(crate) mod service_build;
pub(crate) mod sink;
mod text;
pub(crate) mod value;
