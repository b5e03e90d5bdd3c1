//! Durations as Prometheus and Alertmanager write them.

/// Reads a duration such as `1h30m` in seconds.
pub(crate) fn duration(text: &str) -> Option<u32> {
    let mut rest = text;
    let mut seconds: u32 = 0;
    while !rest.is_empty() {
        let digits = rest.find(|character: char| !character.is_ascii_digit())?;
        let number: u32 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let (unit, length) = match rest.as_bytes() {
            [b'm', b's', ..] => (0, 2),
            [b's', ..] => (1, 1),
            [b'm', ..] => (60, 1),
            [b'h', ..] => (3600, 1),
            [b'd', ..] => (86_400, 1),
            [b'w', ..] => (604_800, 1),
            [b'y', ..] => (31_536_000, 1),
            _ => return None,
        };
        rest = &rest[length..];
        seconds = seconds.checked_add(number.checked_mul(unit)?)?;
    }
    (!text.is_empty()).then_some(seconds)
}
