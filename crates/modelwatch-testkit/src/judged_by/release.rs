//! The two releases of Prometheus and Alertmanager that generated files have to work with.
//!
//! A rule, a query or a configuration key that one release takes may be an error, or mean something else, to another. So
//! whatever judges generated files does it once for each of [`Release::ALL`].

use std::fmt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tools;

/// A release of Prometheus and Alertmanager, with their tools.
///
/// # Example
///
/// ```
/// use modelwatch_testkit::Release;
///
/// for release in Release::ALL {
///     let said = release.tool("promtool").arg("--version").output()?;
///     assert!(said.status.success(), "{release}");
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Release {
    /// The system's: Prometheus 2.42 and Alertmanager 0.25 on Debian 12, the oldest that modelwatch supports.
    #[default]
    System,
    /// Prometheus 3 and Alertmanager 0.30 or later, which `make setup` unpacks beside the system's.
    Newer,
}

impl Release {
    /// Both, the older one first.
    pub const ALL: [Self; 2] = [Self::System, Self::Newer];

    /// Returns the command of `prometheus`, `promtool`, `prometheus-alertmanager` or `amtool` of this release.
    ///
    /// The system's are looked up on `PATH` when they are run. Nothing here says whether the program is there.
    ///
    /// # Panics
    ///
    /// Panics in `make check`, as [`tool`](crate::tool) does.
    #[must_use]
    pub fn tool(self, name: &str) -> Command {
        let mut command = tools::tool(self.program(name));
        if name == "promtool" {
            // It allocates much and keeps little: a fourth of its time is spent on collecting garbage.
            command.env("GOGC", "400");
        }
        command
    }

    pub(crate) fn program(self, name: &str) -> PathBuf {
        match self {
            Self::System => PathBuf::from(name),
            Self::Newer => newer().join("usr/bin").join(name),
        }
    }

    /// The files that Debian's Alertmanager reads its own message templates from.
    pub(crate) fn message_templates(self) -> Option<PathBuf> {
        match self {
            Self::System => None,
            // It looks where the system's are, which lack what it has learnt since.
            Self::Newer => Some(newer().join("usr/share/prometheus/alertmanager/*.tmpl")),
        }
    }
}

impl fmt::Display for Release {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::System => "the system's release",
            Self::Newer => "the newer release",
        })
    }
}

fn newer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.tools/newer")
}
