//! Which version each ending counts for, by when the version was chosen.
//!
//! A server has `/{choice}/{ending}` for every cell. The layer is given the stable version; the handler chooses the canary before the work
//! (`early`), on its answer (`late`), or not at all (`never`).

use std::net::SocketAddr;

use modelwatch::{Monitor, Status};
use modelwatch_testkit::{counted, page, page_once};

use crate::client::Client;

/// The version the layer is given.
pub const STABLE: &str = "stable";
/// The version the handler chooses.
pub const CANARY: &str = "canary";

/// When a handler says that the canary serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// Before the work.
    Early,
    /// On the answer.
    Late,
    /// Not at all.
    Never,
}

impl Choice {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Early, Self::Late, Self::Never];

    /// From the first part of a path.
    ///
    /// # Panics
    ///
    /// For any other word.
    #[must_use]
    pub fn parse(word: &str) -> Self {
        let found = Self::ALL.into_iter().find(|choice| choice.as_str() == word);
        found.unwrap_or_else(|| panic!("{word:?} is no choice"))
    }

    /// As it stands in a path.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Early => "early",
            Self::Late => "late",
            Self::Never => "never",
        }
    }
}

/// How far a request gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reaches {
    /// Not even the handler.
    Nothing,
    /// The handler, which has chosen and does not answer.
    Choice,
    /// The head of an answer.
    Answer,
}

impl Reaches {
    /// The version that counts: whoever was chosen, if it came to that.
    #[must_use]
    pub fn version(self, choice: Choice) -> &'static str {
        match (choice, self) {
            (Choice::Early, Self::Choice | Self::Answer) | (Choice::Late, Self::Answer) => CANARY,
            _ => STABLE,
        }
    }
}

/// A row of the guide's table.
#[derive(Clone, Copy, Debug)]
pub struct VersionedEnding {
    /// The second part of the path.
    pub ending: &'static str,
    /// What the client does.
    pub client: Client,
    /// How it is counted.
    pub status: Status,
    /// How far it gets.
    pub reaches: Reaches,
}

const fn row(ending: &'static str, client: Client, status: Status, reaches: Reaches) -> VersionedEnding {
    VersionedEnding {
        ending,
        client,
        status,
        reaches,
    }
}

/// Every ending.
pub const VERSIONED_ENDINGS: &[VersionedEnding] = &[
    row("ok", Client::Reads, Status::Success, Reaches::Answer),
    row("error-by-question-mark", Client::Reads, Status::Error, Reaches::Choice),
    row("panic", Client::Reads, Status::Error, Reaches::Choice),
    row("inner-timeout", Client::Reads, Status::Error, Reaches::Choice),
    row("outer-timeout", Client::Reads, Status::Cancelled, Reaches::Choice),
    row(
        "never",
        Client::LeavesBeforeTheAnswer,
        Status::Cancelled,
        Reaches::Choice,
    ),
    row(
        "never",
        Client::ResetsBeforeTheAnswer,
        Status::Cancelled,
        Reaches::Choice,
    ),
    row("broken", Client::Reads, Status::Error, Reaches::Answer),
    row("panic-in-body", Client::Reads, Status::Error, Reaches::Answer),
    row("endless", Client::LeavesHalfWay, Status::Cancelled, Reaches::Answer),
    row("refused", Client::Reads, Status::ClientError, Reaches::Nothing),
];

/// Runs the table for every choice.
///
/// # Panics
///
/// When a cell counts for another version, or otherwise than its row says.
pub fn every_ending_counts_for_the_version_that_was_chosen(monitor: &Monitor, address: SocketAddr) {
    for row in VERSIONED_ENDINGS {
        for choice in Choice::ALL {
            let cell = format!("{} chosen {}", row.ending, choice.as_str());
            let version = row.reaches.version(choice);
            let before = page(monitor);
            let path = format!("/{}/{}", choice.as_str(), row.ending);
            // While it works it is in flight where it will be counted.
            let wait = || {
                let _ = page_once(monitor, &format!("{cell} to be in flight for {version}"), |page| {
                    let in_flight = |version| page.sum("ml_inference_in_flight", &[("model_version", version)]);
                    in_flight(version) == 1.0 && in_flight(STABLE) + in_flight(CANARY) == 1.0
                });
            };
            let asked = row.client.ask(address, "GET", &path, wait);
            asked.unwrap_or_else(|error| panic!("{cell}: {error}"));
            let after = counted(monitor, before.all_requests() + 1);
            let more = |name: &str, labels: &[(&str, &str)]| after.sum(name, labels) - before.sum(name, labels);
            let labels = &[("model_version", version), ("status", row.status.as_str())];
            assert_eq!(
                more("ml_inference_requests_total", labels),
                1.0,
                "{cell}: expected {labels:?}, and there are {:?} where there were {:?}",
                after.requests(),
                before.requests()
            );
            let latency = "ml_inference_latency_seconds_count";
            assert_eq!(more(latency, &[("model_version", version)]), 1.0, "{cell}");
            assert_eq!(more(latency, &[]), 1.0, "{cell}");
        }
    }
    let last = page(monitor);
    let cells = VERSIONED_ENDINGS.len() * Choice::ALL.len();
    assert_eq!(last.all_requests(), cells as u64, "none is counted twice");
}
