//! Which HTTP answers end with their head.

/// Whether the method of a request keeps the server from asking for the body of its answer, for adapters of frameworks.
///
/// ```
/// use modelwatch::Bodiless;
///
/// assert!(Bodiless::of("HEAD").ends_with_head(200));
/// assert!(Bodiless::of("GET").ends_with_head(304));
/// assert!(!Bodiless::of("GET").ends_with_head(200));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Bodiless {
    /// It does not.
    No,
    /// A HEAD.
    Always,
    /// A CONNECT: the connection goes on as something else.
    IfSuccessful,
}

impl Bodiless {
    /// Returns what a method says, which is spelt as it is on the wire.
    #[must_use]
    #[inline(always)]
    pub fn of(method: &str) -> Self {
        match method {
            "HEAD" => Self::Always,
            "CONNECT" => Self::IfSuccessful,
            _ => Self::No,
        }
    }

    /// Returns whether the head is all there is of an answer with this status code: an upgraded connection goes on as something
    /// else, and neither 204 nor 304 has a body.
    #[must_use]
    #[inline(always)]
    pub const fn ends_with_head(self, code: u16) -> bool {
        matches!(code, 100..=199 | 204 | 304)
            || match self {
                Self::No => false,
                Self::Always => true,
                Self::IfSuccessful => matches!(code, 200..=299),
            }
    }
}
