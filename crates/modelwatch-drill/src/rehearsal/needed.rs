//! The rules that can say something in a world. promtool evaluates each rule at each evaluation, and a world has hundreds of them: a
//! rule that finds none of the series it reads costs as much time as one that does, and its answer is known.

use std::collections::BTreeSet;

use modelwatch_stack::rules::{Group, Rule, Rules};

/// What makes a series of nothing: a rule that has one of these may answer without finding any series. Alerts are series, too.
const ANSWERS_NOTHING: [&str; 5] = ["vector", "absent", "absent_over_time", "ALERTS", "ALERTS_FOR_STATE"];

/// Leaves out recording rules that no alert reads, in its expression or in its texts.
pub(super) fn read(rules: &Rules) -> Vec<Group> {
    let alerts = || rules.alerts.iter().flat_map(|group| &group.rules);
    let recording = || rules.recording.iter().flat_map(|group| &group.rules);
    let mut read: BTreeSet<&str> = BTreeSet::new();
    let is_read = |read: &BTreeSet<&str>, name: &str| {
        let by_recording = |rule: &Rule| {
            rule.record.as_deref().is_some_and(|record| read.contains(record)) && words(&rule.expr).contains(name)
        };
        let in_texts = |rule: &Rule| rule.annotations.values().any(|text| text.contains(name));
        alerts().any(|rule| words(&rule.expr).contains(name) || in_texts(rule)) || recording().any(by_recording)
    };
    loop {
        let names = recording().filter_map(|rule| rule.record.as_deref());
        let more: Vec<_> = names
            .filter(|name| !read.contains(name) && is_read(&read, name))
            .collect();
        if more.is_empty() {
            break;
        }
        read.extend(more);
    }
    kept(&rules.recording, |rule| {
        rule.record.as_deref().is_none_or(|record| read.contains(record))
    })
}

/// Leaves out rules that find no series among these, and those that find only what such rules would have recorded.
pub(super) fn finding(groups: &[Group], series: &BTreeSet<&str>) -> Vec<Group> {
    let mut there: BTreeSet<&str> = series.iter().copied().chain(ANSWERS_NOTHING).collect();
    let rules: Vec<_> = groups
        .iter()
        .flat_map(|group| &group.rules)
        .map(|rule| (rule, words(&rule.expr)))
        .collect();
    loop {
        let before = there.len();
        for (rule, words) in &rules {
            if !words.is_disjoint(&there) {
                there.extend(rule.record.as_deref());
            }
        }
        if there.len() == before {
            break;
        }
    }
    kept(groups, |rule| !words(&rule.expr).is_disjoint(&there))
}

/// Whether an expression is the same in every world, as `vector(1)` is.
pub(super) fn reads_nothing(expr: &str) -> bool {
    let is_name = |word: &&str| word.starts_with(|first: char| !first.is_ascii_digit() && first.is_alphanumeric());
    words(expr).into_iter().filter(is_name).all(|word| word == "vector")
}

fn kept(groups: &[Group], is_kept: impl Fn(&Rule) -> bool) -> Vec<Group> {
    let mut groups = groups.to_vec();
    for group in &mut groups {
        group.rules.retain(|rule| is_kept(rule));
    }
    groups.retain(|group| !group.rules.is_empty());
    groups
}

/// The words of an expression outside of its quotes: names of series are among them.
fn words(expr: &str) -> BTreeSet<&str> {
    let mut words = BTreeSet::new();
    let mut rest = expr;
    while let Some(first) = rest.chars().next() {
        if first == '"' {
            rest = after_quoted(&rest[1..]);
            continue;
        }
        let is_of_word = |character: char| character.is_ascii_alphanumeric() || character == '_' || character == ':';
        let end = rest.find(|character| !is_of_word(character)).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end.max(first.len_utf8()));
        words.insert(word);
        rest = after;
    }
    words
}

/// What follows a quoted text, of which this is the part after the first quote.
fn after_quoted(text: &str) -> &str {
    let mut is_escaped = false;
    for (index, character) in text.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            '"' => return &text[index + 1..],
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn finds_names_outside_of_quotes() {
        let words = words(r#"sum by (job) (rate(a_total{x="b \" c",y=~"d|e"}[5m])) or job:f:rate5m"#);
        for name in ["a_total", "job:f:rate5m"] {
            assert!(words.contains(name), "{words:?}");
        }
        for value in ["b", "c", "d", "e"] {
            assert!(!words.contains(value), "{words:?}");
        }
    }
}
