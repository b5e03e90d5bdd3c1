//! A process that ends with the test that started it.

use std::process::Child;

/// A process that is killed, and waited for, when this is dropped.
///
/// # Example
///
/// ```
/// use std::path::PathBuf;
/// use std::process::Command;
///
/// use modelwatch_testkit::Killed;
///
/// let sleeper = Command::new("sleep").arg("60").spawn()?;
/// let process = PathBuf::from(format!("/proc/{}", sleeper.id()));
/// let killed = Killed::from(sleeper);
/// assert!(process.exists());
/// drop(killed);
/// assert!(!process.exists());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Killed(Child);

impl From<Child> for Killed {
    fn from(child: Child) -> Self {
        Self(child)
    }
}

impl Killed {
    /// Kills it now.
    pub(crate) fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }

    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Killed {
    fn drop(&mut self) {
        self.kill();
    }
}
