//! The triage's questions go the way that every command's do.

use modelwatch_triage::prometheus::Transport;
use modelwatch_triage::source::SourceError;

use crate::prometheus::{AskError, Asking};

impl Transport for Asking<'_> {
    fn post(&self, path: &str, form: &[(&str, String)]) -> Result<Vec<u8>, SourceError> {
        Asking::post(self, path, form).map_err(|error| match error {
            AskError::Unreachable(what) => SourceError::Unreachable(what),
            AskError::Refused(what) => SourceError::Refused(what),
            AskError::TooLarge(what) => SourceError::TooLarge(what),
        })
    }
}
