//! The one text of a category.
//!
//! The same value reaches training as `True` of a CSV file, as a Parquet boolean or as `1.0` of a column that pandas made
//! floats of, and the prediction log as what a service wrote. Where each kept its own text, every value of a window
//! would be one that training never had.

/// The texts that stand for no value, in files of training and in the prediction log.
pub const NO_VALUE: [&str; 9] = ["", "NA", "N/A", "<NA>", "NaN", "nan", "null", "NULL", "None"];

/// The most bytes of a category that count; the prediction log cuts longer ones there too, unless set otherwise.
pub const MOST_CATEGORY_BYTES: usize = 256;

/// The text that stands for a category in a baseline and in a window, whatever wrote it; nothing for one of
/// [`NO_VALUE`].
///
/// `True`, `TRUE` and `true` are `true`, and so with false. A whole number written as a float is that number: `1.0` is
/// `1`. Leading zeros stay, because `01234` is a zip code. Longer texts are cut after [`MOST_CATEGORY_BYTES`], at the end
/// of a character.
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

/// The digits before the point, where only zeros follow it.
fn whole(text: &str) -> Option<&str> {
    let (whole, fraction) = text.split_once('.')?;
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    (is_number && whole.len() <= MOST_CATEGORY_BYTES && fraction.bytes().all(|byte| byte == b'0')).then_some(whole)
}
