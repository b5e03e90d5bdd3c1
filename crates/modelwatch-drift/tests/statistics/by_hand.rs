//! Cases small enough to be worked out by hand.

use modelwatch_drift::statistics::{
    Incomparable, Pair, chi_square, hellinger, homogeneity, jensen_shannon, kolmogorov_smirnov, psi, wasserstein,
};

fn close(ours: f64, expected: f64) {
    assert!(
        (ours - expected).abs() <= 1e-12 * expected.abs().max(1.0),
        "{ours}, {expected} expected"
    );
}

#[test]
fn an_empty_bin_is_given_half_a_row() {
    let pair = Pair::new(&[6, 4, 0, 0], &[3, 0, 5, 0]).expect("both have rows");
    // 6, 4, ½ of 10½ and 3, ½, 5 of 8½; the last bin is nobody's.
    let expected = [(6.0, 3.0), (4.0, 0.5), (0.5, 5.0)].map(|(reference, window)| {
        let (reference, window): (f64, f64) = (reference / 10.5, window / 8.5);
        (window - reference) * (window / reference).ln()
    });
    close(psi(&pair), expected.iter().sum());
}

#[test]
fn samples_that_share_no_bin_are_as_far_apart_as_can_be() {
    let pair = Pair::new(&[7, 0], &[0, 3]).expect("both have rows");
    close(jensen_shannon(&pair), 1.0);
    close(hellinger(&pair), 1.0);
    let test = chi_square(&pair);
    close(test.statistic, 10.0);
    assert_eq!(test.degrees_of_freedom, 1);
    let ks = kolmogorov_smirnov::of_counts(&[1.0], &pair).expect("one edge");
    close(ks.value, 1.0);
}

#[test]
fn rows_that_training_never_had_are_binomial() {
    let beyond = |rows| homogeneity(&Pair::new(&[999_900, 0], &[100 - rows, rows]).expect("both have rows"));
    // A row is the window's with the chance of 1 in 10,000; three in a row are, twice for both tails.
    close(beyond(3) / 2e-12, 1.0);
    close(beyond(1) / 2e-4, 1.0);
}

#[test]
fn enough_rows_in_each_bin_make_it_pearson_s_test() {
    let pair = Pair::new(&[400, 300, 300], &[30, 50, 20]).expect("both have rows");
    close(homogeneity(&pair), chi_square(&pair).p_value);
}

#[test]
fn values_are_moved_by_what_wasserstein_says() {
    // All ten units up, in deviations of five; then one of four by eight.
    close(
        wasserstein::of_sorted(&[0.0, 1.0, 2.0], &[10.0, 11.0, 12.0], 5.0).expect("values"),
        2.0,
    );
    close(
        wasserstein::of_sorted(&[0.0; 4], &[0.0, 0.0, 0.0, 8.0], 1.0).expect("values"),
        2.0,
    );
    // Two evenly filled bins of width one against the upper alone: half of the rows move by one.
    let pair = Pair::new(&[0, 1, 1, 0], &[0, 0, 2, 0]).expect("both have rows");
    let binned = wasserstein::of_counts(&[0.0, 1.0, 2.0], 0.0, 2.0, &pair, 1.0).expect("three edges");
    close(binned.value, 0.5);
    close(binned.within, 1.0);
}

#[test]
fn the_bound_of_the_binned_kolmogorov_smirnov_is_reached() {
    // Training's rows at the end of the bin, the window's at its beginning: nothing of it shows at the edges.
    let hidden = Pair::new(&[0, 10, 0], &[0, 10, 0]).expect("both have rows");
    let wide = kolmogorov_smirnov::of_counts(&[0.0, 1.0], &hidden).expect("two edges");
    assert_eq!((wide.value, wide.within), (0.0, 1.0));
    assert_eq!(kolmogorov_smirnov::of_sorted(&[0.9; 10], &[0.1; 10]), Ok(1.0));
}

#[test]
fn nothing_to_compare_is_an_error() {
    assert_eq!(
        Pair::new(&[1], &[1, 2]).expect_err("bins"),
        Incomparable::Bins {
            reference: 1,
            window: 2
        }
    );
    assert_eq!(
        Pair::new(&[0, 0], &[1, 2]).expect_err("rows"),
        Incomparable::NoReference
    );
    assert_eq!(Pair::new(&[1, 2], &[0, 0]).expect_err("rows"), Incomparable::NoWindow);
    assert_eq!(
        kolmogorov_smirnov::of_sorted(&[], &[1.0]),
        Err(Incomparable::NoReference)
    );
    assert_eq!(wasserstein::of_sorted(&[1.0], &[], 1.0), Err(Incomparable::NoWindow));
    let pair = Pair::new(&[1, 2], &[2, 1]).expect("both have rows");
    assert!(kolmogorov_smirnov::of_counts(&[1.0, 2.0], &pair).is_err());
    assert!(wasserstein::of_counts(&[], 0.0, 1.0, &pair, 1.0).is_err());
}
