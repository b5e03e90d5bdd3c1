//! What promtool says of a test that failed, as alerts.

use std::collections::BTreeMap;
use std::fmt;

use super::firing::{ALWAYS, Alert, Evaluation};
use crate::seconds::duration;

/// Why an answer is none.
///
/// # Example
///
/// ```
/// use modelwatch_drill::rehearsal::{AnswerError, alerts};
///
/// let refused = alerts("FAILED: no such file").unwrap_err();
/// assert_eq!(refused, AnswerError::NoAnswer("FAILED: no such file".to_owned()));
/// let unknown = alerts("alertname: MLTrafficGone, time: soon,").unwrap_err();
/// assert!(matches!(unknown, AnswerError::Unreadable(_)));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerError {
    /// It did not come to evaluate the rules to the end: what it said instead.
    NoAnswer(String),
    /// A line of it is none that promtool 2.42 or 3.5 writes.
    Unreadable(String),
    /// This alert has no label that says in which of several worlds it fires.
    Nowhere(String),
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer(said) => write!(f, "promtool did not evaluate the rules to the end: {said}"),
            Self::Unreadable(line) => write!(
                f,
                "promtool says what no release from 2.42 to 3.5 says, {line:?}; name one of these with --promtool"
            ),
            Self::Nowhere(alert) => write!(f, "{alert} fires in a world unknown; rehearse each world alone"),
        }
    }
}

impl std::error::Error for AnswerError {}

/// Reads promtool's answer to a test file: what fired, evaluation by evaluation, those without anything included.
///
/// # Errors
///
/// It refused the files, or says something else than alerts.
pub fn alerts(said: &str) -> Result<Vec<Evaluation>, AnswerError> {
    let mut evaluations: BTreeMap<u32, Vec<Alert>> = BTreeMap::new();
    let mut test: Option<(String, u32)> = None;
    let mut labels = None;
    for line in said.lines() {
        let unreadable = || AnswerError::Unreadable(line.trim().to_owned());
        // Alerts are a list, with a comma after each but the last.
        let text = line.trim().trim_end_matches(',');
        if text.starts_with("alertname: ") || text.starts_with("name: ") {
            test = Some(header(text).ok_or_else(unreadable)?);
        } else if text.starts_with("Labels:{") {
            labels = Some(pairs(text, "Labels:").ok_or_else(unreadable)?);
        } else if text.starts_with("Annotations:{") {
            let annotations = pairs(text, "Annotations:").ok_or_else(unreadable)?;
            let (Some(labels), Some((name, at))) = (labels.take(), &test) else {
                return Err(unreadable());
            };
            let firing = evaluations.entry(*at).or_default();
            if name != ALWAYS {
                firing.push(Alert { labels, annotations });
            }
        }
    }
    // It fires at every evaluation, so one without it was never reached.
    if evaluations.is_empty() {
        let said: Vec<_> = said.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        return Err(AnswerError::NoAnswer(said.join(" ")));
    }
    let evaluations = evaluations.into_iter();
    Ok(evaluations.map(|(at, firing)| Evaluation { at, firing }).collect())
}

/// `alertname: MLTrafficGone, time: 1m30s,`
fn header(text: &str) -> Option<(String, u32)> {
    let (_, rest) = text.split_once("alertname: ")?;
    let (name, time) = rest.split_once(", time: ")?;
    Some((name.to_owned(), duration(time.trim_end_matches([',', ' ']))?))
}

/// `Labels:{alertname="MLTrafficGone", model_name="a \"b\""}`, the values quoted as Go does.
fn pairs(text: &str, prefix: &str) -> Option<BTreeMap<String, String>> {
    let mut rest = text.strip_prefix(prefix)?.strip_prefix('{')?;
    let mut pairs = BTreeMap::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if rest == "}" {
            return Some(pairs);
        }
        let name;
        if rest.starts_with('"') {
            (name, rest) = unquoted(rest)?;
            rest = rest.strip_prefix('=')?;
        } else {
            let (plain, after) = rest.split_once('=')?;
            (name, rest) = (plain.to_owned(), after);
        }
        let (value, after) = unquoted(rest)?;
        rest = after;
        pairs.insert(name, value);
    }
}

/// Go's quoted string at the beginning of a text, and what follows it.
fn unquoted(text: &str) -> Option<(String, &str)> {
    let mut bytes = Vec::new();
    let mut characters = text.strip_prefix('"')?.char_indices();
    let inside = &text[1..];
    while let Some((index, character)) = characters.next() {
        let mut encoded = [0; 4];
        match character {
            '"' => return Some((String::from_utf8_lossy(&bytes).into_owned(), &inside[index + 1..])),
            '\\' => {
                let (_, escape) = characters.next()?;
                let digits = match escape {
                    'x' => 2,
                    'u' => 4,
                    'U' => 8,
                    _ => 0,
                };
                if digits == 0 {
                    bytes.push(match escape {
                        'a' => 7,
                        'b' => 8,
                        'f' => 12,
                        'n' => b'\n',
                        'r' => b'\r',
                        't' => b'\t',
                        'v' => 11,
                        '\\' => b'\\',
                        '"' => b'"',
                        _ => return None,
                    });
                    continue;
                }
                let mut number = 0;
                for _ in 0..digits {
                    number = number * 16 + characters.next()?.1.to_digit(16)?;
                }
                if escape == 'x' {
                    bytes.push(u8::try_from(number).ok()?);
                } else {
                    let character = char::from_u32(number)?;
                    bytes.extend_from_slice(character.encode_utf8(&mut encoded).as_bytes());
                }
            }
            plain => bytes.extend_from_slice(plain.encode_utf8(&mut encoded).as_bytes()),
        }
    }
    None
}
