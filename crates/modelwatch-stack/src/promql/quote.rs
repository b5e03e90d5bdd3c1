//! Quotes texts inside PromQL, and patterns inside texts.

/// Quotes a text in double quotes, as PromQL and Go read it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted += "\\\"",
            '\\' => quoted += "\\\\",
            '\n' => quoted += "\\n",
            other => quoted.push(other),
        }
    }
    quoted + "\""
}

/// The same without dollars and brackets, which Grafana and Perses would read as variables.
pub(super) fn quoted_for_dashboards(text: &str) -> String {
    quoted(text).replace('$', r"\x24").replace('[', r"\x5b")
}

/// Returns a regular expression (RE2) that matches only these texts.
pub(crate) fn exactly<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let escaped = texts.into_iter().map(|text| {
        let mut pattern = String::new();
        for character in text.chars() {
            if r"\.+*?()|[]{}^$".contains(character) {
                pattern.push('\\');
            }
            pattern.push(character);
        }
        pattern
    });
    escaped.collect::<Vec<_>>().join("|")
}

/// Writes a name with labels, as promtool and PromQL write a series.
pub(crate) fn series_name(name: &str, labels: &[(&str, &str)]) -> String {
    let labels: Vec<_> = labels
        .iter()
        .map(|(label, value)| format!("{label}={}", quoted(value)))
        .collect();
    format!("{name}{{{}}}", labels.join(", "))
}
