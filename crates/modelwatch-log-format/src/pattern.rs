//! Names by their shape.

/// Whether a name is as the pattern, in which a 0 stands for any digit.
pub(crate) fn is_like(name: &str, pattern: &str) -> bool {
    let is_as = |(byte, wanted): (u8, u8)| {
        if wanted == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == wanted
        }
    };
    name.len() == pattern.len() && name.bytes().zip(pattern.bytes()).all(is_as)
}
