//! Secrets and authorities from files, as arguments are seen by everybody on the machine.

use std::fs;
use std::path::Path;

use ureq::tls::{Certificate, PemItem, RootCerts};

use crate::failure::Failure;

fn unreadable(file: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::new(format!(
        "{}: can't be read: {error}; name a file that can be",
        file.display()
    ))
}

/// The secret in a file, without the space around it.
pub(crate) fn secret(file: &Path) -> Result<String, Failure> {
    let text = fs::read_to_string(file).map_err(|error| unreadable(file, &error))?;
    let text = text.trim();
    if text.is_empty() || text.contains(char::is_control) {
        return Err(unreadable(file, &"one line is expected in it"));
    }
    Ok(text.to_owned())
}

/// The authorities in a PEM file.
pub(crate) fn roots(file: &Path) -> Result<RootCerts, Failure> {
    let pem = fs::read(file).map_err(|error| unreadable(file, &error))?;
    let mut certificates: Vec<Certificate<'static>> = Vec::new();
    for item in ureq::tls::parse_pem(&pem) {
        match item {
            Ok(PemItem::Certificate(certificate)) => certificates.push(certificate),
            Ok(_) => {}
            Err(error) => return Err(unreadable(file, &error)),
        }
    }
    if certificates.is_empty() {
        return Err(Failure::new(format!(
            "{}: has no certificate; name a file in PEM format",
            file.display()
        )));
    }
    Ok(certificates.into())
}
