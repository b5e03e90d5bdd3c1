//! Label values that no caller can choose.

/// The label value that takes what comes after a label's limit is reached.
pub const OTHER: &str = "__other__";
/// The label value for a request that nobody named: no model chosen, or an empty name.
pub const UNKNOWN: &str = "__unknown__";
