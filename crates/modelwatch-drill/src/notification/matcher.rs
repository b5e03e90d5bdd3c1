//! Matchers as Alertmanager reads them: `team="ml-platform"`, `alertname=~"A|B"`.

use std::collections::BTreeMap;

use regex::Regex;

/// A condition on one label.
#[derive(Clone, Debug)]
pub(super) struct Matcher {
    label: String,
    test: Test,
    /// Whether it holds where the test does.
    is: bool,
}

#[derive(Clone, Debug)]
enum Test {
    Equal(String),
    Like(Regex),
}

impl Matcher {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let at = text.find(['=', '!'])?;
        let (label, rest) = text.split_at(at);
        let operators = [
            ("=~", true, true),
            ("!~", true, false),
            ("!=", false, false),
            ("=", false, true),
        ];
        let (rest, is_pattern, is) = operators
            .iter()
            .find_map(|(operator, is_pattern, is)| Some((rest.strip_prefix(operator)?, *is_pattern, *is)))?;
        let value = unquoted(rest.trim())?;
        let test = if is_pattern {
            // Anchored on both sides, as Alertmanager does it.
            Test::Like(Regex::new(&format!("^(?:{value})$")).ok()?)
        } else {
            Test::Equal(value)
        };
        Some(Self {
            label: label.trim().to_owned(),
            test,
            is,
        })
    }

    /// A label that is not there is empty.
    pub(super) fn matches(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.label).map_or("", String::as_str);
        let holds = match &self.test {
            Test::Equal(wanted) => wanted == value,
            Test::Like(pattern) => pattern.is_match(value),
        };
        holds == self.is
    }
}

/// A value with or without quotes; within them `\"`, `\\` and `\n` are escapes.
fn unquoted(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('"') else {
        return Some(text.to_owned());
    };
    let inside = quoted.strip_suffix('"')?;
    let mut value = String::new();
    let mut characters = inside.chars();
    while let Some(character) = characters.next() {
        value.push(match character {
            '\\' => match characters.next()? {
                'n' => '\n',
                escaped => escaped,
            },
            plain => plain,
        });
    }
    Some(value)
}
