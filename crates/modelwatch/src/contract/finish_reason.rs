//! Why an answer of a generative model ended.

use std::fmt;
use std::str::FromStr;

use super::unknown_name::UnknownName;

/// Why an answer of a generative model ended: the `finish_reason` label.
///
/// ```
/// use modelwatch::FinishReason;
///
/// assert_eq!(FinishReason::ToolCalls.as_str(), "tool_calls");
/// assert_eq!("length".parse(), Ok(FinishReason::Length));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FinishReason {
    /// The model was done.
    Stop,
    /// It reached the most tokens it was allowed.
    Length,
    /// It called tools.
    ToolCalls,
    /// The client was gone before the end.
    Cancelled,
    /// It broke off by a fault of the service.
    Error,
}

impl FinishReason {
    /// Every reason, in the order they are exposed.
    pub const ALL: [Self; 5] = [Self::Stop, Self::Length, Self::ToolCalls, Self::Cancelled, Self::Error];

    /// Returns the label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::ToolCalls => "tool_calls",
            Self::Cancelled => "cancelled",
            Self::Error => "error",
        }
    }

    /// Whether the answer is whole, as far as the model was allowed to go.
    pub(crate) const fn is_whole(self) -> bool {
        matches!(self, Self::Stop | Self::Length | Self::ToolCalls)
    }
}

impl fmt::Display for FinishReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for FinishReason {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        UnknownName::find(name, "finish reason", &Self::ALL, |reason| reason.as_str())
    }
}
