//! Numbers the formats of the file.

/// The format that this version writes. It goes up by one with each change that an older reader would misread.
pub const FORMAT: u64 = 3;

/// The oldest format that this version reads. Format two has no [joint profile](crate::joint::JointProfile). In format
/// one, edges lie on training's values instead of between them, and there are no learned thresholds; its scores are the
/// same as before.
pub const OLDEST_FORMAT: u64 = 1;
