//! Names that people write: of columns, of keys of a configuration, of alerts.

/// Returns the known name that somebody who wrote `name` probably meant: the one that takes the fewest changes, each of a letter or
/// of two that stand beside each other. `None` if these are more than a third of its letters, and more than `forgiven`.
///
/// # Example: two letters are swapped
///
/// ```
/// use modelwatch_drift::names::nearest;
///
/// let known = ["income", "age", "tenure_months"];
/// assert_eq!(nearest("icnome", known, 0), Some("income"));
/// assert_eq!(nearest("city", known, 0), None);
/// // Of a name of three letters, two changes leave little.
/// assert_eq!(nearest("agges", known, 0), None);
/// assert_eq!(nearest("agges", known, 2), Some("age"));
/// ```
#[must_use]
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>, forgiven: usize) -> Option<&'a str> {
    let known = known.into_iter();
    let nearest = known
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .min();
    nearest
        .filter(|(changes, known)| *changes <= forgiven.max(known.chars().count() / 3))
        .map(|(_, known)| known)
}
