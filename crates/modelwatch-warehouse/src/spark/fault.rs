//! An error of Spark, in one line.

use tonic::{Code, Status};

/// Why Spark did not answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) kind: FaultKind,
    /// The message of the server or the network.
    pub(crate) said: String,
}

/// The kind of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FaultKind {
    /// The server can't be reached, or is gone.
    Unreachable,
    /// The server refuses access.
    Refused,
    /// A file or folder does not exist.
    NoFile,
    /// A file can't be read.
    BrokenFile,
    /// Anything else.
    Other,
}

impl Fault {
    pub(crate) fn other(said: impl Into<String>) -> Self {
        Self {
            kind: FaultKind::Other,
            said: said.into(),
        }
    }

    pub(super) fn unreachable(error: &dyn std::error::Error) -> Self {
        Self {
            kind: FaultKind::Unreachable,
            said: innermost(error),
        }
    }

    pub(super) fn of(status: &Status) -> Self {
        let says = |classes: &[&str]| classes.iter().any(|class| status.message().contains(class));
        let kind = match status.code() {
            Code::Unauthenticated | Code::PermissionDenied => FaultKind::Refused,
            Code::Unavailable => FaultKind::Unreachable,
            _ if std::error::Error::source(status).is_some() => FaultKind::Unreachable,
            _ if says(&["FILE_NOT_EXIST", "PATH_NOT_FOUND", "FileNotFoundException"]) => FaultKind::NoFile,
            _ if says(&["FAILED_READ_FILE", "CANNOT_READ_FILE_FOOTER", "is not a Parquet file"]) => {
                FaultKind::BrokenFile
            }
            _ => FaultKind::Other,
        };
        let said = match kind {
            FaultKind::Unreachable => match std::error::Error::source(status) {
                Some(source) => innermost(source),
                None => status.message().to_owned(),
            },
            _ => first_words(status.message()),
        };
        Self { kind, said }
    }
}

/// The cause of an error: that nothing listens, not that the transport failed.
fn innermost(error: &dyn std::error::Error) -> String {
    let mut innermost = error;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    innermost.to_string()
}

/// The message without the statement, the plan and the stack that Spark appends.
fn first_words(message: &str) -> String {
    let ends = [
        "\n== SQL",
        "; line ",
        ";\n'",
        "\n\n",
        "Driver stacktrace",
        "JVM stacktrace",
        "\n\tat ",
        " SQLSTATE: ",
    ];
    let end = ends.iter().filter_map(|end| message.find(end)).min();
    message[..end.unwrap_or(message.len())].trim().to_owned()
}

#[cfg(test)]
mod tests {
    use tonic::{Code, Status};

    use super::{Fault, FaultKind};

    #[test]
    fn keeps_first_words_when_message_shows_plan() {
        let said = "[TABLE_OR_VIEW_NOT_FOUND] The table or view `x` cannot be found. Verify the spelling. SQLSTATE: 42P01; line 1 pos 14;\n'Project [*]\n+- 'UnresolvedRelation [x]";
        let fault = Fault::of(&Status::new(Code::Internal, said));
        assert_eq!(fault.kind, FaultKind::Other);
        assert_eq!(
            fault.said,
            "[TABLE_OR_VIEW_NOT_FOUND] The table or view `x` cannot be found. Verify the spelling."
        );
    }
}
