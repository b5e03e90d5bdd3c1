//! Whether two names are one, for what every request asks.

/// Whether both are one name. As `==`, but without a call where they are no longer than most names are: a call of `memcmp` takes
/// longer than such a comparison.
#[inline(always)]
pub(crate) fn same(one: &str, other: &str) -> bool {
    let [one, other] = [one, other].map(str::as_bytes);
    one.len() == other.len()
        && match one.len() {
            0 => true,
            1 => one[0] == other[0],
            2..=3 => ends::<2>(one) == ends::<2>(other),
            4..=7 => ends::<4>(one) == ends::<4>(other),
            8..=16 => ends::<8>(one) == ends::<8>(other),
            17..=32 => ends::<16>(one) == ends::<16>(other),
            _ => one == other,
        }
}

/// The first and the last bytes of a name that has at least so many, and at most twice as many.
#[inline(always)]
fn ends<const N: usize>(name: &[u8]) -> Option<[&[u8; N]; 2]> {
    Some([name.first_chunk()?, name.last_chunk()?])
}
