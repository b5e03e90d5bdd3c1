//! A plain reader of the Prometheus text format, for `make check`, which asks no Python.
//!
//! It reads what is well-formed and judges little; `make test` has the same pages judged by the strict parser.

use crate::judged_by::Sample;
use crate::labels::Labels;

pub(crate) fn read(page: &[u8]) -> Result<Vec<Sample>, String> {
    let page = std::str::from_utf8(page).map_err(|error| error.to_string())?;
    let lines = page
        .split('\n')
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|line| sample(line).ok_or_else(|| format!("is no sample: {line}")))
        .collect()
}

fn sample(line: &str) -> Option<Sample> {
    let (name, rest) = line.split_at(line.find(['{', ' '])?);
    let (labels, rest) = match rest.strip_prefix('{') {
        Some(rest) => labels(rest)?,
        None => (Labels::new(), rest),
    };
    let mut numbers = rest.split_ascii_whitespace();
    let sample = Sample {
        name: name.to_owned(),
        labels,
        value: numbers.next()?.parse().ok()?,
        timestamp: match numbers.next() {
            Some(milliseconds) => Some(milliseconds.parse::<f64>().ok()? / 1000.0),
            None => None,
        },
        exemplar: None,
    };
    numbers.next().is_none().then_some(sample)
}

/// From behind the opening brace; what follows the closing one comes back.
fn labels(mut rest: &str) -> Option<(Labels, &str)> {
    let mut labels = Labels::new();
    loop {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((labels, rest));
        }
        let (name, value) = rest.split_once("=\"")?;
        let (value, behind) = unescaped(value)?;
        labels.insert(name.to_owned(), value).is_none().then_some(())?;
        rest = behind;
    }
}

/// Up to the closing quote.
fn unescaped(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match characters.next()?.1 {
                'n' => '\n',
                escaped => escaped,
            }),
            other => value.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judged_by::prometheus_text_strict;

    const PAGE: &str = "# HELP level What.\n# TYPE level gauge\nlevel 0.1\nlevel{kind=\"a\\\"b\\\\c\\nd} 1 # {é\r中\",of=\"\"} -2e-9 1500\n\
        # HELP seconds What.\n# TYPE seconds histogram\nseconds_bucket{le=\"+Inf\"} 3\nseconds_sum 1e300\nseconds_count 3\n";

    #[test]
    fn judged_reads_what_the_strict_parser_reads() {
        assert_eq!(read(PAGE.as_bytes()), prometheus_text_strict(PAGE.as_bytes()));
    }

    #[test]
    fn refuses_a_line_that_is_no_sample() {
        for line in [
            "level",
            "level x",
            "level{a=\"b\" 1",
            "level{a=\"b} 1",
            "level{a=\"b\",a=\"c\"} 1",
            "level 1 2 3",
        ] {
            assert!(read(line.as_bytes()).is_err(), "{line}");
        }
        assert!(read(b"level{a=\"\xff\"} 1\n").is_err());
    }
}
