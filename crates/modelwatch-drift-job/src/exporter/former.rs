//! What a page said that was published before.

/// A sample's labels, unescaped, and its value, where the line is one of this metric.
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

/// Up to the closing quote, and what comes after it.
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
