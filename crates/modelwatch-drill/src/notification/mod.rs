//! Alertmanager: alerts over time as messages to receivers.
//!
//! What is done here is what Alertmanager 0.25 to 0.33 do with a configuration as modelwatch generates it: routes and their
//! inheritance, groups with their waits, inhibition, hours in which tickets are held back, and no message that says nothing
//! new. The judge of that is a real Alertmanager, in this crate's tests.

mod configuration;
mod dispatch;
mod hours;
mod matcher;

pub use configuration::{Configuration, ConfigurationError};
pub use dispatch::{Message, messages};
pub use hours::Clock;
