//! More distinct scores than are kept as they are.

use modelwatch_performance::{BinaryCounts, Measure};

use crate::drawn::Draw;

/// The area of rounded scores is as near to that of the scores as it says, and the same whoever merged.
#[test]
fn states_its_distance_when_scores_are_rounded() {
    let mut draw = Draw::new(5);
    let rows: Vec<(f64, bool)> = (0..200_000)
        .map(|_| {
            let score = draw.score(-3.0, 2.0);
            (score, draw.happens(score))
        })
        .collect();
    let count = |rows: &[(f64, bool)]| {
        let mut counts = BinaryCounts::new();
        for (score, actual) in rows {
            counts.add(Some(*score), None, *actual);
        }
        counts
    };
    let whole = count(&rows).performance();
    let area = whole.get(Measure::RocAuc).expect("both classes");
    assert!(area.within > 0.0 && area.within < 1e-4, "{}", area.within);

    let mut sorted = rows.clone();
    sorted.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (mut negatives, mut in_order) = (0_u64, 0_u64);
    for (_, actual) in &sorted {
        match actual {
            true => in_order += negatives,
            false => negatives += 1,
        }
    }
    let exact = in_order as f64 / negatives as f64 / (rows.len() as u64 - negatives) as f64;
    assert!((area.value - exact).abs() <= area.within, "{} and {exact}", area.value);

    // A part that was never rounded, and one that was, in either order.
    let (few, many) = (count(&rows[..1_000]), count(&rows[1_000..]));
    let (mut one, mut other) = (few.clone(), many.clone());
    one.merge(&many);
    other.merge(&few);
    assert_eq!(one.performance(), whole);
    assert_eq!(other.performance(), whole);
}
