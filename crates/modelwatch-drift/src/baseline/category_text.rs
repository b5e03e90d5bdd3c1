//! Normalises the text of a category.
//!
//! The same value arrives from training as `True` in a CSV file, as a Parquet boolean, or as `1.0` in a column that
//! pandas turned into floats; and from the prediction log as the service wrote it. If each kept its own text, every
//! value of a window would look like one that training never had.

/// The texts that stand for no value, in training files and in the prediction log.
pub const NO_VALUE: [&str; 9] = ["", "NA", "N/A", "<NA>", "NaN", "nan", "null", "NULL", "None"];

/// The maximum length of a category in bytes. By default the prediction log cuts longer ones there, too.
pub const MOST_CATEGORY_BYTES: usize = 256;

/// Returns the text that stands for a category in baselines and windows, no matter which writer produced it. Returns
/// `None` for the texts in [`NO_VALUE`].
///
/// `True`, `TRUE` and `true` become `true`, and likewise for false. A whole number written as a float becomes that
/// number: `1.0` is `1`. Leading zeros stay, because `01234` is a zip code. Longer texts are cut after
/// [`MOST_CATEGORY_BYTES`], at a character boundary.
///
/// ```
/// use modelwatch_drift::baseline::category_text;
///
/// assert_eq!(category_text("True"), Some("true"));
/// assert_eq!(category_text("3.0"), Some("3"));
/// assert_eq!(category_text("NA"), None);
/// ```
#[must_use]
pub fn category_text(text: &str) -> Option<&str> {
    if NO_VALUE.contains(&text) {
        return None;
    }
    Some(match text {
        "True" | "TRUE" => "true",
        "False" | "FALSE" => "false",
        text => match whole(text) {
            Some("-0") => "0",
            Some(whole) => whole,
            None => &text[..text.floor_char_boundary(MOST_CATEGORY_BYTES)],
        },
    })
}

/// Returns the digits before the point if only zeros follow it.
fn whole(text: &str) -> Option<&str> {
    let (whole, fraction) = text.split_once('.')?;
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && whole.len() <= MOST_CATEGORY_BYTES && fraction.bytes().all(|byte| byte == b'0')).then_some(whole)
}
