//! The number of the file's format.

/// The format that is written; a change that an older reader would misread makes it one more.
pub const FORMAT: u64 = 3;

/// The oldest format that is read. The second has no [joint profile](crate::joint::JointProfile). The first's edges lie on values of training and not between them, and it holds no
/// thresholds of windows: scores are what they were.
pub const OLDEST_FORMAT: u64 = 1;
