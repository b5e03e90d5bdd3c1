//! More distinct scores than memory is for.

use modelwatch_performance::{BinaryCounts, Measure, SCORE_BITS};
use proptest::prelude::*;

use crate::drawn::Draw;

fn drawn(rows: usize) -> Vec<(f64, bool)> {
    let mut draw = Draw::new(5);
    let row = |_| {
        let score = draw.score(-3.0, 2.0);
        (score, draw.happens(score))
    };
    (0..rows).map(row).collect()
}

fn count(rows: &[(f64, bool)]) -> BinaryCounts {
    let mut counts = BinaryCounts::new();
    for (score, actual) in rows {
        counts.add(Some(*score), None, *actual);
    }
    counts
}

/// By the ranks of the scores, of which no two are equal.
fn exact(rows: &[(f64, bool)]) -> f64 {
    let mut sorted = rows.to_vec();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut negatives, mut in_order) = (0_u64, 0_u64);
    for (_, actual) in &sorted {
        match actual {
            true => in_order += negatives,
            false => negatives += 1,
        }
    }
    in_order as f64 / negatives as f64 / (rows.len() as u64 - negatives) as f64
}

/// Beyond 1,048,576 distinct scores memory is bounded, and the area says how far it may be off.
#[test]
fn states_its_distance_when_scores_are_more_than_fit() {
    let rows = drawn(1_100_000);
    let counts = count(&rows);
    assert!(counts.scores_held() < 1_600_000, "{}", counts.scores_held());
    let performance = counts.performance();
    let area = performance.get(Measure::RocAuc).expect("both classes");
    let off = (area.value - exact(&rows)).abs();
    assert!(area.within > 0.0 && area.within < 1e-6, "{}", area.within);
    assert!(off <= area.within && off < 1e-9, "{off}");
}

/// The area of rounded scores is as near to that of the scores as it says, and the same whoever merged and whenever it was rounded.
#[test]
fn states_its_distance_when_scores_are_rounded() {
    let rows = drawn(100_000);
    let exact = exact(&rows);
    let mut before = 0.0;
    for bits in SCORE_BITS {
        let rounded = |rows: &[(f64, bool)]| {
            let mut counts = count(rows);
            counts.round_scores(bits);
            counts
        };
        let whole = rounded(&rows).performance();
        let area = whole.get(Measure::RocAuc).expect("both classes");
        assert!(area.within >= before && area.within < 1e-4, "{bits}: {}", area.within);
        assert!(
            (area.value - exact).abs() <= area.within,
            "{bits}: {} and {exact}",
            area.value
        );
        before = area.within;

        // A part that was never rounded, and one that was, in either order.
        let (few, many) = (count(&rows[..1_000]), rounded(&rows[1_000..]));
        let (mut one, mut other) = (few.clone(), many.clone());
        one.merge(&many);
        other.merge(&few);
        assert_eq!(one.performance(), whole);
        assert_eq!(other.performance(), whole);
        // Rows that come after it.
        let mut later = rounded(&rows[..1_000]);
        for (score, actual) in &rows[1_000..] {
            later.add(Some(*score), None, *actual);
        }
        assert_eq!(later.performance(), whole);
    }
    assert!(before > 0.0, "12 bits tell no 100,000 scores apart");
}

proptest! {
    /// Rounding twice is rounding once to fewer bits, for every double.
    #[test]
    fn gives_same_area_when_rounded_in_steps(
        rows in prop::collection::vec((prop_oneof![-2.0..2.0, 0.0..1.0, 0.999..1.0, any::<f64>()], any::<bool>()), 2..300),
        steps in prop::collection::vec(prop::sample::select(SCORE_BITS.to_vec()), 1..5),
    ) {
        let mut stepwise = count(&rows);
        for bits in &steps {
            stepwise.round_scores(*bits);
        }
        let mut at_once = count(&rows);
        at_once.round_scores(*steps.iter().min().expect("a step"));
        prop_assert_eq!(stepwise.performance(), at_once.performance());
    }
}
