//! The oldest release of Prometheus or Alertmanager that must accept the generated files.

use std::fmt;

use toml::de::DeValue;

use crate::reader::Expected;

/// The major and minor version of a program.
/// # Example: releases in order
///
/// ```
/// use modelwatch_config::Version;
///
/// assert!(Version::new(3, 5) > Version::PROMETHEUS);
/// assert_eq!(Version::new(3, 5).to_string(), "3.5");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    major: u32,
    minor: u32,
}

impl Version {
    /// The oldest supported Prometheus.
    pub const PROMETHEUS: Self = Self::new(2, 42);
    /// The oldest supported Alertmanager.
    pub const ALERTMANAGER: Self = Self::new(0, 25);

    /// Makes a version.
    #[must_use]
    pub const fn new(major: u32, minor: u32) -> Self {
        Self { major, minor }
    }

    /// Reads a version that is at least `oldest`.
    pub(crate) fn read(oldest: Self) -> impl Fn(&DeValue<'_>) -> Result<Self, Expected> {
        move |value| {
            value
                .as_str()
                .and_then(Self::parse)
                .filter(|version| *version >= oldest)
                .ok_or_else(|| format!("a version from \"{oldest}\" on, in quotes"))
        }
    }

    /// Parses `3.5`, and `v3.5.3` as well.
    fn parse(text: &str) -> Option<Self> {
        let text = text.strip_prefix('v').unwrap_or(text);
        let parts: Option<Vec<u32>> = text.split('.').map(|part| part.parse().ok()).collect();
        match parts?[..] {
            [major, minor] | [major, minor, _] => Some(Self::new(major, minor)),
            _ => None,
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}
