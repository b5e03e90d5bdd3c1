//! What the values of all options have in common.

use std::ffi::OsString;
#[cfg(any(feature = "drift", feature = "triage"))]
use std::net::{SocketAddr, ToSocketAddrs as _};
#[cfg(any(feature = "drift", feature = "drill"))]
use std::ops::RangeInclusive;

/// A name between commas, without the blanks around it.
#[cfg(any(feature = "drift", feature = "drill"))]
pub(crate) fn listed(text: &str) -> Result<String, &'static str> {
    match text.trim() {
        "" => Err("a name of the list is empty; write a,b"),
        name => Ok(name.to_owned()),
    }
}

/// Makes a parser of whole numbers in a range.
#[cfg(any(feature = "drift", feature = "drill"))]
pub(crate) fn whole<T: TryFrom<u64> + 'static>(
    range: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<T, String> + Clone + Send + Sync + 'static {
    move |text| {
        let number = text.trim().parse().ok().filter(|number| range.contains(number));
        let number = number.and_then(|number| T::try_from(number).ok());
        number.ok_or_else(|| match *range.end() {
            u64::MAX => format!("write a whole number, {} or more", range.start()),
            largest => format!("write a whole number from {} to {largest}", range.start()),
        })
    }
}

/// An address to listen on: numbers, a host's name, or a port alone for all addresses.
#[cfg(any(feature = "drift", feature = "triage"))]
pub(crate) fn address(text: &str) -> Result<SocketAddr, String> {
    let text = text.trim();
    let whole = match text.strip_prefix(':') {
        Some(port) => format!("0.0.0.0:{port}"),
        None => text.to_owned(),
    };
    // Of `localhost`, the address that most clients try first.
    let found = whole.to_socket_addrs().ok();
    let found = found.and_then(|all| all.min_by_key(SocketAddr::is_ipv6));
    found.ok_or_else(|| "write a host and a port, such as 127.0.0.1:9109 or localhost:9109".to_owned())
}

/// Refuses arguments without a character, which name nothing: `--model "$MODEL"` where the variable is not set.
pub(crate) fn refuse_empty(arguments: impl Iterator<Item = OsString>) -> Result<(), String> {
    let mut option = None;
    for argument in arguments {
        let text = argument.to_string_lossy();
        let (name, value) = text.split_once('=').unwrap_or((&text, "given"));
        if text.starts_with("--") && value.trim().is_empty() {
            return Err(format!("the value of '{name}' is empty; give one, or leave it out"));
        }
        if text.trim().is_empty() {
            return Err(match option {
                Some(option) => format!("the value of '{option}' is empty; give one, or leave it out"),
                None => "an argument is empty; give a value, or leave it out".to_owned(),
            });
        }
        option = text.starts_with("--").then(|| text.into_owned());
    }
    Ok(())
}
