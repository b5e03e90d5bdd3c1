//! Who brought a name.

/// Names that code declares and names that requests bring have a limit each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Budget {
    /// By a registration: it has its series, or the registration fails.
    Declared,
    /// By a request: past the limit it overflows.
    Requested,
}

impl Budget {
    pub(crate) const ALL: [Self; 2] = [Self::Declared, Self::Requested];
}
