//! Caches the lookup of short texts without hashing them.

/// Caches the lookup results of texts. A text of at most twelve bytes equals the sixteen bytes of its view, so the next
/// row with the same text costs a multiplication and a comparison. Hashing and comparing texts took most of the time
/// for a column with few categories.
#[derive(Clone, Debug)]
pub(crate) struct ByView {
    known: Vec<(u128, u32)>,
}

/// The number of texts in the cache. If two want the same place, the later one gets it.
const KNOWN: usize = 256;
/// The number of bytes of a text that fit into its view.
const INLINE: u32 = 12;
/// A value that is never the view of such a text.
const NONE: u128 = u128::MAX;

impl Default for ByView {
    fn default() -> Self {
        Self {
            known: vec![(NONE, 0); KNOWN],
        }
    }
}

impl ByView {
    /// Returns the result of `look` for a text's view, from the cache if possible.
    #[inline]
    pub(crate) fn get(&mut self, view: u128, look: impl FnOnce() -> u32) -> u32 {
        // The first four bytes hold the length.
        if view as u32 > INLINE {
            return look();
        }
        let mixed = ((view >> 64) as u64 ^ view as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let known = &mut self.known[(mixed >> 56) as usize % KNOWN];
        if known.0 != view {
            *known = (view, look());
        }
        known.1
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use arrow_array::StringViewArray;
    use proptest::prelude::*;

    use super::ByView;

    proptest! {
        /// Whatever the texts, each is looked up as itself.
        #[test]
        fn finds_what_was_looked_up_when_texts_are_any(texts in prop::collection::vec("[ab\\PC]{0,3}|[a-c]{10,14}", 0..3 * super::KNOWN)) {
            let array = StringViewArray::from_iter_values(&texts);
            let mut by_view = ByView::default();
            let mut firsts = HashMap::new();
            for (place, (view, text)) in (0_u32..).zip(array.views().iter().zip(&texts)) {
                let first = *firsts.entry(text).or_insert(place);
                prop_assert_eq!(by_view.get(*view, || first), first, "{:?}", text);
            }
        }
    }
}
