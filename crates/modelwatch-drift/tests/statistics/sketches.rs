//! What is kept of a column beside its counts.

use modelwatch_drift::sketch::{Frequent, Grid, Sample};
use proptest::collection::vec;
use proptest::prelude::*;

fn offered(values: &[f64]) -> Sample {
    let mut sample = Sample::default();
    values.iter().for_each(|value| sample.offer_one(*value));
    sample
}

#[test]
fn a_sample_is_uniform_whichever_way_its_values_came() {
    let values: Vec<f64> = (0..300_000).map(f64::from).collect();
    let mut batched = Sample::default();
    values.chunks(8_192).for_each(|batch| batched.offer_all(batch));
    let mut merged = offered(&values[..250_000]);
    merged.merge(&offered(&values[250_000..]));
    for sample in [offered(&values), batched, merged] {
        assert_eq!((sample.values().len(), sample.offered()), (Sample::CAPACITY, 300_000));
        assert_eq!(sample.mean(), Some(149_999.5));
        let sorted = sample.sorted();
        assert!(
            sorted.windows(2).all(|pair| pair[0] < pair[1]),
            "a value stands there twice"
        );
        // Kolmogorov–Smirnov against the even distribution; 1.95/√2048 is exceeded once in a thousand.
        let far = (0..sorted.len()).map(|place| (place as f64 / 2_048.0 - sorted[place] / 300_000.0).abs());
        let far = far.fold(0.0, f64::max);
        assert!(far < 1.95 / 2_048.0_f64.sqrt(), "{far}");
    }
}

proptest! {
    #[test]
    fn a_sample_of_few_values_is_these_values(
        values in vec(prop_oneof![4 => -1e9..1e9_f64, 1 => any::<f64>()], 0..2_000),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(values.len() + 1);
        let mut merged = offered(&values[..cut]);
        merged.merge(&offered(&values[cut..]));
        let carried = Sample::from_parts(merged.values().to_vec(), merged.offered(), merged.sum());
        let mut finite: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
        finite.sort_unstable_by(f64::total_cmp);
        prop_assert_eq!(merged.sorted(), finite.clone());
        prop_assert_eq!(carried.sorted(), finite);
        prop_assert_eq!(carried, offered(&values));
    }

    #[test]
    fn frequent_names_are_known_to_the_error_they_state(
        names in vec(prop_oneof![2 => 0..5_u32, 1 => 0..2_000_u32], 0..3_000),
        cut in any::<prop::sample::Index>(),
    ) {
        let cut = cut.index(names.len() + 1);
        let offered = |names: &[u32]| {
            let mut frequent = Frequent::default();
            names.iter().for_each(|name| frequent.offer(&name.to_string(), 1));
            frequent
        };
        let mut merged = offered(&names[..cut]);
        merged.merge(&offered(&names[cut..]));
        for frequent in [offered(&names), merged] {
            prop_assert!(frequent.iter().len() <= Frequent::CAPACITY);
            prop_assert!(frequent.error() <= names.len() as u64 / Frequent::CAPACITY as u64, "{}", frequent.error());
            for name in 0..5 {
                let rows = names.iter().filter(|other| **other == name).count() as u64;
                let text = name.to_string();
                let kept = frequent.iter().find(|(other, _)| *other == text).map_or(0, |(_, rows)| rows);
                prop_assert!(kept <= rows && rows <= kept + frequent.error(), "{name}: {kept} of {rows}");
            }
        }
    }
}

proptest! {
    /// Whole multiples of a step from an offset lie on that grid, in doubles, rounded to 32 bits where the digits are few, and
    /// whatever a few others are; values with all their digits lie on none.
    #[test]
    fn a_grid_is_what_values_are_multiples_of(
        places in prop::collection::btree_set(0_i32..3_000, 60..300),
        first in -500_i32..500,
        digits in 0_i32..4,
        times in 1_i32..20,
    ) {
        // Two neighbours, so that no coarser grid holds them all.
        let places: Vec<i32> = places.iter().copied().chain([first, first + 1, first + 2]).collect();
        let step = f64::from(times) / 10_f64.powi(digits);
        let mut values: Vec<f64> = places.iter().map(|place| f64::from(*place) * f64::from(times) / 10_f64.powi(digits)).collect();
        values.sort_unstable_by(f64::total_cmp);
        let grid = Grid::of_sorted(&values).expect("a grid");
        // The rarest may lie off a coarser one.
        let coarser = (grid.step() / step).round();
        prop_assert!(coarser >= 1.0 && (grid.step() / step - coarser).abs() < 1e-6, "{grid:?} of {step}");
        prop_assert!(values.iter().filter(|value| grid.holds(**value)).count() * 100 >= values.len() * 98);

        let narrow: Vec<f64> = values.iter().map(|value| f64::from(*value as f32)).collect();
        let narrow = Grid::of_sorted(&narrow).expect("a grid of 32-bit numbers");
        prop_assert!((narrow.step() / grid.step() - 1.0).abs() < 1e-6, "{narrow:?}, {grid:?}");

        let smooth: Vec<f64> = values.iter().map(|value| value + (value * 12.9898).sin() * step / 3.0).collect();
        let mut smooth = smooth;
        smooth.sort_unstable_by(f64::total_cmp);
        prop_assert_eq!(Grid::of_sorted(&smooth), None);
    }
}
