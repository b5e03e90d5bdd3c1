//! How a request ended.

use std::fmt;
use std::str::FromStr;

use super::unknown_name::UnknownName;

/// How a request ended: the `status` label.
///
/// # Example: what an HTTP status code counts as
///
/// ```
/// use modelwatch::Status;
///
/// assert_eq!(Status::from_http(204), Status::Success);
/// assert_eq!(Status::from_http(404), Status::ClientError);
/// assert_eq!(Status::from_http(503).as_str(), "error");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// Answered as asked.
    Success,
    /// The service's fault: a 5xx, an error value, a panic, a body that broke off.
    Error,
    /// The caller's mistake: a 4xx.
    ClientError,
    /// The caller was gone before the end.
    Cancelled,
}

impl Status {
    /// Every status, in the order they are exposed.
    pub const ALL: [Self; 4] = [Self::Success, Self::Error, Self::ClientError, Self::Cancelled];

    /// The label value.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Error => "error",
            Self::ClientError => "client_error",
            Self::Cancelled => "cancelled",
        }
    }

    /// What an HTTP status code says of a request: 4xx is the client's error, 5xx the service's, the rest success.
    #[must_use]
    pub const fn from_http(code: u16) -> Self {
        match code {
            400..=499 => Self::ClientError,
            500..=599 => Self::Error,
            _ => Self::Success,
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Reads a label value, as [`Status::as_str`] writes it.
///
/// ```
/// use modelwatch::Status;
///
/// assert_eq!("client_error".parse(), Ok(Status::ClientError));
/// let error = "ok".parse::<Status>().unwrap_err();
/// assert_eq!(error.to_string(), "\"ok\" is no status; use one of success, error, client_error, cancelled");
/// ```
impl FromStr for Status {
    type Err = UnknownName;

    fn from_str(name: &str) -> Result<Self, UnknownName> {
        UnknownName::find(name, "status", &Self::ALL, |status| status.as_str())
    }
}
