//! Describes what is wrong with a table, in a line.

use delta_kernel::KernelError;

/// Returns the error without its stack trace.
pub(super) fn innermost(error: &KernelError) -> &KernelError {
    match error {
        KernelError::Backtraced { source, .. } => innermost(source),
        error => error,
    }
}

/// Returns the message of a kernel error, in a line.
pub(super) fn unreadable(error: &KernelError) -> String {
    match innermost(error) {
        KernelError::Unsupported(what) => format!("is a Delta table that can't be read yet: {}", line(what)),
        KernelError::FileNotFound(file) => {
            format!("is a Delta table whose log names {file}, which is not there; restore it, or the log")
        }
        KernelError::EmptyLog => "has a Delta log without a commit; write the table, or name another folder".into(),
        KernelError::Generic(what) => format!("has a Delta log that is broken: {}", line(what)),
        KernelError::ObjectStore(error) => format!("has a Delta log that cannot be read: {}", line(error)),
        error => format!("has a Delta log that is broken: {}", line(error)),
    }
}

/// Shortens a text to fit into a line.
fn line(error: impl std::fmt::Display) -> String {
    const MOST: usize = 300;
    let said = error.to_string().replace(|letter: char| letter.is_control(), " ");
    let mut short: String = said.chars().take(MOST).collect();
    if short.len() < said.len() {
        short.push('…');
    }
    short
}
