//! A process that ends with the test that started it.

use std::process::Child;

/// A process that is killed, and waited for, when this is dropped.
#[derive(Debug)]
pub struct Killed(Child);

impl From<Child> for Killed {
    fn from(child: Child) -> Self {
        Self(child)
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
