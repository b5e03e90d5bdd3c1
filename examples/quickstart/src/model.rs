//! The model under watch, as the service and the drift job know it.

/// Its name.
pub const MODEL: &str = "flight-delay";

/// What a probability of being late comes to.
#[must_use]
pub fn class(probability_late: f64) -> &'static str {
    if probability_late > 0.5 { "late" } else { "on_time" }
}
