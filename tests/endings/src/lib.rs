//! The ways an HTTP request can end, as tables, and a client that brings each of them about over a real socket.
//!
//! A framework's test starts a server that has the pages a table asks for, and runs the table against it: after each ending exactly one more request
//! is counted, under the status of the contract and for the version that was chosen, nothing is in flight, and the latency is within what a
//! stopwatch at the client saw.

mod chunks;
mod client;
mod stages;
mod table;
mod times;
mod versions;

pub use chunks::{Chunks, Last};
pub use client::{Client, send};
pub use stages::model;
pub use table::{ENDINGS, Ending, all_endings_are_counted};
pub use times::{FOR_EVER, SLOW, TIMEOUT};
pub use versions::{
    CANARY, Choice, Reaches, STABLE, VERSIONED_ENDINGS, VersionedEnding,
    every_ending_counts_for_the_version_that_was_chosen,
};

/// The snippets of the page for beginners, which needs every framework.
#[cfg(doctest)]
mod pages {
    #[doc = include_str!("../../../docs/getting-started.md")]
    struct GettingStarted;
}
