//! Reads a page that was published before.

/// Returns a sample's labels, unescaped, and its value, if the line belongs to this metric.
pub(super) fn sample(line: &str, metric: &str) -> Option<(Vec<(String, String)>, f64)> {
    let mut rest = line.strip_prefix(metric)?.strip_prefix('{')?;
    let mut labels = Vec::new();
    while !rest.starts_with('}') {
        let (name, after) = rest.split_once("=\"")?;
        let (value, after) = unescape(after)?;
        labels.push((name.trim_start_matches(',').to_owned(), value));
        rest = after;
    }
    let value = rest.strip_prefix('}')?.split_whitespace().next()?;
    Some((labels, value.parse().ok()?))
}

/// Returns the text up to the closing quote, and the rest after it.
fn unescape(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut characters = text.char_indices();
    while let Some((position, character)) = characters.next() {
        match character {
            '"' => return Some((value, &text[position + 1..])),
            '\\' => match characters.next()?.1 {
                'n' => value.push('\n'),
                escaped => value.push(escaped),
            },
            other => value.push(other),
        }
    }
    None
}
