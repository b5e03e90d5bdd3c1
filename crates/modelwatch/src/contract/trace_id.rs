//! The trace a request belongs to.

use std::fmt;

/// A W3C trace id: 32 lowercase hexadecimal digits, not all of them zero.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TraceId([u8; 32]);

impl TraceId {
    /// From its digits; nothing where they are no trace id.
    #[must_use]
    pub fn parse(digits: &str) -> Option<Self> {
        let digits: [u8; 32] = digits.as_bytes().try_into().ok()?;
        let hexadecimal = digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'));
        let zero = digits.iter().all(|digit| *digit == b'0');
        (hexadecimal && !zero).then_some(Self(digits))
    }

    /// From a `traceparent` header as W3C Trace Context has it.
    ///
    /// ```
    /// use modelwatch::TraceId;
    ///
    /// let parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    /// assert_eq!(TraceId::from_traceparent(parent).unwrap().as_str(), "0af7651916cd43dd8448eb211c80319c");
    /// ```
    #[must_use]
    pub fn from_traceparent(header: &str) -> Option<Self> {
        let mut parts = header.split('-');
        let version = parts.next()?;
        (version.len() == 2 && version != "ff").then_some(())?;
        Self::parse(parts.next()?)
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// From the number, as OpenTelemetry's `TraceId` gives its bytes; zero is none.
impl TryFrom<u128> for TraceId {
    type Error = ZeroTraceId;

    fn try_from(id: u128) -> Result<Self, ZeroTraceId> {
        Self::parse(&format!("{id:032x}")).ok_or(ZeroTraceId)
    }
}

/// Zero is no trace id.
///
/// ```
/// use modelwatch::{TraceId, ZeroTraceId};
///
/// assert_eq!(TraceId::try_from(0), Err(ZeroTraceId));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZeroTraceId;

impl fmt::Display for ZeroTraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a trace id of zero says that there is no trace; pass none instead")
    }
}

impl std::error::Error for ZeroTraceId {}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TraceId").field(&self.as_str()).finish()
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
