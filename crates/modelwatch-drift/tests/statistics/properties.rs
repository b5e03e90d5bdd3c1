//! What holds for any counts and any values.

use modelwatch_drift::baseline::{CategoricalProfile, Hygiene, NumericBins, NumericCounts, NumericProfile};
use modelwatch_drift::decision::{Measurement, Statistic};
use modelwatch_drift::statistics::{
    Pair, chi_square, hellinger, homogeneity, jensen_shannon, kolmogorov_smirnov, psi, wasserstein,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Rows of a bin: none, few, many, all that a counter holds.
fn count() -> impl Strategy<Value = u64> {
    prop_oneof![Just(0), 0..20_u64, 0..1_000_000_u64, Just(u64::MAX)]
}

/// Counts of two samples on the same bins, both with rows.
fn counts() -> impl Strategy<Value = (Vec<u64>, Vec<u64>)> {
    vec((count(), count()), 1..30)
        .prop_map(|bins| bins.into_iter().unzip())
        .prop_filter("both have rows", |(reference, window): &(Vec<u64>, Vec<u64>)| {
            reference.iter().any(|count| *count > 0) && window.iter().any(|count| *count > 0)
        })
}

/// A value as they come: repeated, close together, or whatever a double can be.
fn value() -> impl Strategy<Value = Option<f64>> {
    prop_oneof![
        4 => (-5..5_i32).prop_map(|value| Some(f64::from(value))),
        4 => (-100.0..100.0_f64).prop_map(Some),
        1 => any::<f64>().prop_map(Some),
        1 => Just(None),
    ]
}

fn values() -> impl Strategy<Value = Vec<Option<f64>>> {
    vec(value(), 1..300)
}

fn profile(values: &[Option<f64>]) -> Option<NumericProfile> {
    let missing = values.iter().filter(|value| value.is_none()).count() as u64;
    let present = values.iter().flatten().copied().collect();
    NumericProfile::from_values("x", present, missing, &Hygiene { minimum_rows: 1 }).ok()
}

fn window(profile: &NumericProfile, values: &[Option<f64>]) -> NumericCounts {
    let mut window = profile.bins().count();
    for value in values {
        window.add(profile.bins(), *value);
    }
    window
}

fn sorted(values: &[Option<f64>]) -> Vec<f64> {
    let mut finite: Vec<f64> = values
        .iter()
        .flatten()
        .copied()
        .filter(|value| value.is_finite())
        .collect();
    finite.sort_unstable_by(f64::total_cmp);
    finite
}

proptest! {
    #[test]
    fn statistics_of_any_counts_are_finite_and_in_their_range((reference, window) in counts()) {
        let pair = Pair::new(&reference, &window).unwrap();
        let index = psi(&pair);
        prop_assert!(index.is_finite() && index >= 0.0, "{index}");
        for share in [jensen_shannon(&pair), hellinger(&pair), homogeneity(&pair), chi_square(&pair).p_value] {
            prop_assert!((0.0..=1.0).contains(&share), "{share}");
        }
        let test = chi_square(&pair);
        prop_assert!(test.statistic.is_finite() && test.statistic >= 0.0, "{test:?}");
        prop_assert!(test.effect.is_finite() && test.effect >= 0.0, "{test:?}");
        let edges: Vec<f64> = (1..reference.len()).map(|edge| edge as f64).collect();
        let ks = kolmogorov_smirnov::of_counts(&edges, &pair).unwrap();
        prop_assert!((0.0..=1.0).contains(&ks.value) && (0.0..=1.0).contains(&ks.within), "{ks:?}");
        if !edges.is_empty() {
            let moved = wasserstein::of_counts(&edges, f64::MIN, f64::MAX, &pair, 1e-300).unwrap();
            prop_assert!(moved.value.is_finite() && moved.within.is_finite(), "{moved:?}");
        }
    }

    #[test]
    fn a_sample_is_at_no_distance_from_itself((counts, _) in counts()) {
        let pair = Pair::new(&counts, &counts).unwrap();
        prop_assert_eq!(psi(&pair), 0.0);
        prop_assert_eq!(jensen_shannon(&pair), 0.0);
        prop_assert_eq!(hellinger(&pair), 0.0);
        prop_assert_eq!(chi_square(&pair).statistic, 0.0);
        prop_assert_eq!(homogeneity(&pair), 1.0);
        let edges: Vec<f64> = (1..counts.len()).map(|edge| edge as f64).collect();
        prop_assert_eq!(kolmogorov_smirnov::of_counts(&edges, &pair).unwrap().value, 0.0);
        if !edges.is_empty() {
            prop_assert_eq!(wasserstein::of_counts(&edges, 0.0, 50.0, &pair, 1.0).unwrap().value, 0.0);
        }
    }

    #[test]
    fn distances_do_not_ask_which_sample_came_first((reference, window) in counts()) {
        let there = Pair::new(&reference, &window).unwrap();
        let back = Pair::new(&window, &reference).unwrap();
        for distance in [psi, jensen_shannon, hellinger, homogeneity, |pair: &Pair<'_>| chi_square(pair).statistic] {
            let (there, back) = (distance(&there), distance(&back));
            prop_assert!((there - back).abs() <= 1e-9 * there.max(1.0), "{there} {back}");
        }
        let edges: Vec<f64> = (1..reference.len()).map(|edge| edge as f64).collect();
        let ks = |pair| kolmogorov_smirnov::of_counts(&edges, pair).unwrap();
        let (one, other) = (ks(&there), ks(&back));
        prop_assert!((one.value - other.value).abs() < 1e-12 && (one.within - other.within).abs() < 1e-12);
    }

    #[test]
    fn psi_is_its_definition_where_no_bin_is_empty(bins in vec((1..1_000_000_u64, 1..1_000_000_u64), 1..30)) {
        let (reference, window): (Vec<u64>, Vec<u64>) = bins.into_iter().unzip();
        let rows = |counts: &[u64]| counts.iter().sum::<u64>() as f64;
        let definition: f64 = reference.iter().zip(&window).map(|(r, w)| {
            let (r, w) = (*r as f64 / rows(&reference), *w as f64 / rows(&window));
            (w - r) * (w / r).ln()
        }).sum();
        let index = psi(&Pair::new(&reference, &window).unwrap());
        prop_assert!((index - definition).abs() <= 1e-12 * definition.max(1.0), "{index} {definition}");
    }

    #[test]
    fn edges_are_finite_ascend_and_hold_all_of_training(values in values()) {
        let Some(profile) = profile(&values) else { return Ok(()); };
        let edges = profile.bins().edges();
        prop_assert!(edges.iter().all(|edge| edge.is_finite()));
        prop_assert!(edges.windows(2).all(|pair| pair[0] < pair[1]), "{edges:?}");
        prop_assert!(edges.len() <= 2 * NumericBins::QUANTILES + 400, "{}", edges.len());
        let counts = profile.counts();
        let infinite = values.iter().flatten().filter(|value| value.is_infinite()).count() as u64;
        prop_assert_eq!(counts.below + counts.above, infinite);
        prop_assert_eq!(counts.rows(), values.len() as u64);
        let deciles: Vec<f64> = profile.decile_edges().collect();
        prop_assert!(deciles.windows(2).all(|pair| pair[0] < pair[1]), "{deciles:?}");
        prop_assert!(deciles.iter().all(|decile| edges.contains(decile)));
    }

    #[test]
    fn a_bin_of_several_values_holds_few_rows(values in vec(-1000.0..1000.0_f64, 200..600)) {
        let all: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        let profile = profile(&all).expect("a profile");
        for (bin, count) in profile.counts().bins.iter().enumerate() {
            let edges = profile.bins().edges();
            let within = |value: &&f64| (edges[bin]..edges[bin + 1]).contains(*value);
            let mut distinct: Vec<u64> = values.iter().filter(within).map(|value| value.to_bits()).collect();
            distinct.sort_unstable();
            distinct.dedup();
            if distinct.len() > 1 {
                // One more for a quantile that lies on a row.
                prop_assert!(*count as f64 <= 2.0 * values.len() as f64 / 200.0 + 1.0, "{count} of {}", values.len());
            }
        }
    }

    #[test]
    fn edges_lie_between_neighbouring_values(values in prop_oneof![
        vec((-40..40_i32).prop_map(|step| f64::from(step) * 0.9 + 32.0), 2..400),
        vec(-1e6..1e6_f64, 2..400),
        vec(prop_oneof![5 => Just(0.0), 1 => 0.0..50.0_f64], 2..400),
    ]) {
        let all: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        let profile = profile(&all).expect("a profile");
        let distinct = { let mut distinct = sorted(&all); distinct.dedup(); distinct };
        let magnitude = distinct.iter().fold(0.0_f64, |most, value| most.max(value.abs())).max(1e-300);
        for edge in profile.bins().edges() {
            let place = distinct.partition_point(|value| value < edge);
            let below = place.checked_sub(1).map(|place| edge - distinct[place]);
            let above = distinct.get(place).map(|value| value - edge);
            // Well away from both, however the value that is nearest is rounded.
            let gap = match (below, above) {
                (Some(below), Some(above)) => below + above,
                // Beyond the least and the largest there is as much room as there is on their other side.
                (None, _) => distinct.get(1).map_or(f64::INFINITY, |next| next - distinct[0]),
                (_, None) => distinct.len().checked_sub(2).map_or(f64::INFINITY, |next| distinct[next + 1] - distinct[next]),
            };
            if gap > 1e-5 * magnitude {
                let near = below.unwrap_or(f64::INFINITY).min(above.unwrap_or(f64::INFINITY));
                prop_assert!(near >= 9e-7 * magnitude, "{near} from {edge}, gap {gap}");
            }
        }
    }

    #[test]
    fn noise_of_representation_moves_no_score(
        values in prop_oneof![
            vec((-40..40_i32).prop_map(|step| f64::from(step) * 0.9 + 32.0), 300..800),
            vec((0..24_i32).prop_map(f64::from), 300..800),
            vec(-1e6..1e6_f64, 300..800),
            vec(1e-3..1.0_f64, 300..800),
            vec(prop_oneof![5 => Just(0.0), 1 => 0.0..50.0_f64], 300..800),
            vec((1_700_000_000..1_700_900_000_i64).prop_map(|second| second as f64), 300..800),
        ],
        picked in vec(any::<prop::sample::Index>(), 200..400),
    ) {
        let all: Vec<Option<f64>> = values.iter().copied().map(Some).collect();
        let profile = profile(&all).expect("a profile");
        let rows: Vec<f64> = picked.iter().map(|index| *index.get(&values)).collect();
        type Noise = fn(f64) -> f64;
        let noises: [(&str, Noise); 6] = [
            ("rounded to f32", |value| f64::from(value as f32)),
            ("one bit up", f64::next_up),
            ("one bit down", f64::next_down),
            ("to Celsius and back", |value| (value - 32.0) / 1.8 * 1.8 + 32.0),
            ("to kilometres and back", |value| value * 1.609_344 / 1.609_344),
            ("through f32 Celsius", |value| f64::from(((value as f32) - 32.0) / 1.8 * 1.8 + 32.0)),
        ];
        let counted = |noise: fn(f64) -> f64| {
            let noisy: Vec<Option<f64>> = rows.iter().map(|value| Some(noise(*value))).collect();
            window(&profile, &noisy)
        };
        let exact = counted(|value| value);
        let distinct = { let mut distinct = sorted(&all); distinct.dedup(); distinct };
        // Whose neighbour is as near as the noise is wide: a second of today has no place of its own among numbers of 32 bits.
        let may_move = |value: f64, noisy: f64| {
            let place = distinct.partition_point(|other| *other < value);
            let neighbours = [place.checked_sub(1), Some(place + 1)].into_iter().flatten();
            let nearest = neighbours.filter_map(|place| distinct.get(place)).map(|other| (other - value).abs());
            4.0 * (noisy - value).abs() >= nearest.fold(f64::INFINITY, f64::min)
        };
        for (name, noise) in noises {
            let noisy = counted(noise);
            let few = 10 + rows.iter().filter(|value| may_move(**value, noise(**value))).count();
            for statistic in Statistic::ALL {
                let score = |window| Measurement::of_numeric(&profile, window, statistic).unwrap().score;
                let moved = (score(&noisy) - score(&exact)).abs();
                let few = few as f64 * (1.0 / rows.len() as f64 + 1.0 / values.len() as f64);
                let noise = match statistic {
                    Statistic::Psi | Statistic::ChiSquare => few,
                    _ => few.sqrt() / 4.0,
                };
                prop_assert!(moved <= noise, "{name}, {statistic}: {moved} of {noise} allowed");
            }
        }
    }

    #[test]
    fn the_order_of_rows_makes_no_difference(
        (rows, shuffled) in values().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        let (Some(one), Some(other)) = (profile(&rows), profile(&shuffled)) else { return Ok(()); };
        prop_assert_eq!(&one, &other);
        prop_assert_eq!(window(&one, &rows), window(&one, &shuffled));
    }

    #[test]
    fn two_windows_merged_are_the_window_of_both(training in values(), first in values(), second in values()) {
        let Some(profile) = profile(&training) else { return Ok(()); };
        let mut merged = window(&profile, &first);
        merged.merge(&window(&profile, &second));
        prop_assert_eq!(merged, window(&profile, &[first, second].concat()));
    }

    #[test]
    fn two_windows_of_categories_merged_are_the_window_of_both(
        training in vec((0..1_500_u32, 1..50_u64), 2..1_200),
        first in vec(0..2_000_u32, 0..50),
        second in vec(0..2_000_u32, 0..50),
    ) {
        let mut training = training;
        training.sort_unstable();
        training.dedup_by_key(|(category, _)| *category);
        let named = training.into_iter().map(|(category, rows)| (category.to_string(), rows));
        let Ok(profile) = CategoricalProfile::new("x", named, 1, &Hygiene { minimum_rows: 1 }) else { return Ok(()); };
        let window = |rows: &[u32]| {
            let mut window = profile.bins().count();
            for category in rows {
                window.add(profile.bins(), (*category > 0).then(|| category.to_string()).as_deref());
            }
            window
        };
        let mut merged = window(&first);
        merged.merge(&window(&second));
        prop_assert_eq!(merged, window(&[first, second].concat()));
    }

    #[test]
    fn binned_statistics_are_within_their_bound(training in values(), rows in values()) {
        let Some(profile) = profile(&training) else { return Ok(()); };
        let finite: Vec<Option<f64>> = sorted(&rows).into_iter().map(Some).collect();
        // The sums of the distances of values such as 1e300 mean nothing in doubles.
        let sane = |values: &[Option<f64>]| sorted(values).iter().all(|value| value.abs() < 1e6);
        if finite.is_empty() || !sane(&training) || !sane(&rows) || profile.counts().below + profile.counts().above > 0 {
            return Ok(());
        }
        let (reference, counted) = (profile.counts().in_order(), window(&profile, &finite));
        let in_order = counted.in_order();
        let pair = Pair::new(&reference, &in_order).unwrap();
        let (training, rows) = (sorted(&training), sorted(&rows));

        let truth = kolmogorov_smirnov::of_sorted(&training, &rows).unwrap();
        let ks = kolmogorov_smirnov::of_counts(profile.bins().edges(), &pair).unwrap();
        prop_assert!(ks.value <= truth + 1e-12 && truth <= ks.value + ks.within + 1e-12, "{ks:?} {truth}");

        let deviation = profile.deviation();
        let truth = wasserstein::of_sorted(&training, &rows, deviation).unwrap();
        let (least, largest) = (training[0].min(rows[0]), training[training.len() - 1].max(rows[rows.len() - 1]));
        let moved = wasserstein::of_counts(profile.bins().edges(), least, largest, &pair, deviation).unwrap();
        let rounding = 1e-9 * truth.max(1.0);
        prop_assert!((moved.value - truth).abs() <= moved.within + rounding, "{moved:?} {truth}");
    }

    #[test]
    fn any_window_with_rows_is_measured(training in values(), rows in values()) {
        let Some(profile) = profile(&training) else { return Ok(()); };
        let counted = window(&profile, &rows);
        for statistic in Statistic::ALL {
            let measured = Measurement::of_numeric(&profile, &counted, statistic).unwrap();
            prop_assert!(measured.score.is_finite() && measured.score >= 0.0, "{statistic}: {measured:?}");
            prop_assert!((0.0..=1.0).contains(&measured.p_value), "{statistic}: {measured:?}");
        }
    }
}
