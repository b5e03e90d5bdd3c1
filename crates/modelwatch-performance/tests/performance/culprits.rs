//! Who made it worse: what was planted is named first, and where nothing was, nothing is.

use modelwatch_performance::LossByCell;
use rand::rngs::SmallRng;
use rand::{RngExt as _, SeedableRng as _};

const NAMES: [&str; 2] = ["country", "age"];

/// Wrong predictions of one in ten rows, in which `worse` says how many more of a country and a tenth of the ages are wrong.
fn rows(random: &mut SmallRng, rows: usize, worse: impl Fn(&str, &str) -> f64) -> LossByCell {
    let mut losses = LossByCell::new(NAMES.len());
    for _ in 0..rows {
        let country = ["at", "de", "ch", "it", "fr"][random.random_range(0..5_usize)];
        // The ages of one country are other ones.
        let most = if country == "at" { 4 } else { 10 };
        let age = random.random_range(0..most).to_string();
        let wrong = random.random::<f64>() < 0.1 + worse(country, &age);
        let loss = f64::from(u8::from(wrong));
        losses.add(0, country, loss);
        losses.add(1, &age, loss);
    }
    losses
}

#[test]
fn names_planted_cell_first() {
    let mut random = SmallRng::seed_from_u64(3);
    let before = rows(&mut random, 20_000, |_, _| 0.0);
    let country = rows(
        &mut random,
        10_000,
        |country, _| if country == "at" { 0.2 } else { 0.0 },
    );
    let culprits = country.culprits(&before, &NAMES);
    let first = &culprits[0];
    assert_eq!(
        (first.column.as_str(), first.cell.as_str()),
        ("country", "at"),
        "{culprits:?}"
    );
    assert!(first.low > 0.0 && (first.low..=first.high).contains(&0.04), "{first:?}");
    assert!(
        (first.before.expect("it was there") - 0.1).abs() < 0.02 && (first.now - 0.3).abs() < 0.03,
        "{first:?}"
    );
    assert!(
        culprits
            .iter()
            .all(|culprit| culprit.column == "age" || culprit.cell == "at"),
        "{culprits:?}"
    );

    let age = rows(&mut random, 10_000, |_, age| if age == "7" { 0.3 } else { 0.0 });
    let culprits = age.culprits(&before, &NAMES);
    assert_eq!((culprits.len(), culprits[0].cell.as_str()), (1, "7"), "{culprits:?}");
}

/// All rows that get worse alike have no culprit among them, and neither has what is as it was.
#[test]
fn names_nothing_when_nothing_stands_out() {
    let mut random = SmallRng::seed_from_u64(4);
    for worse in [0.0, 0.2, -0.05] {
        let mut named = 0;
        for _ in 0..200 {
            let before = rows(&mut random, 4_000, |_, _| 0.0);
            let now = rows(&mut random, 1_500, |_, _| worse);
            named += usize::from(!now.culprits(&before, &NAMES).is_empty());
        }
        assert!(named <= 14, "{named} of 200 where all are worse by {worse}");
    }
}

#[test]
fn names_cell_that_was_not_there_and_none_of_few_rows() {
    let mut random = SmallRng::seed_from_u64(5);
    let before = rows(&mut random, 5_000, |_, _| 0.0);
    let with = |new: usize| {
        let mut now = rows(&mut SmallRng::seed_from_u64(6), 5_000, |_, _| 0.0);
        (0..new).for_each(|_| now.add(0, "us", 1.0));
        now
    };
    let culprits = with(300).culprits(&before, &NAMES);
    assert_eq!(
        (culprits[0].cell.as_str(), culprits[0].before),
        ("us", None),
        "{culprits:?}"
    );
    assert_eq!(with(29).culprits(&before, &NAMES), []);
    assert_eq!(LossByCell::new(2).culprits(&before, &NAMES), []);
}

#[test]
fn leaves_out_losses_that_are_no_numbers_and_bounds_cells() {
    let mut losses = LossByCell::new(1);
    for cell in 0..200 {
        for _ in 0..50 {
            losses.add(0, &cell.to_string(), if cell < 100 { 0.0 } else { 1.0 });
        }
        losses.add(0, &cell.to_string(), f64::NAN);
        losses.add(7, "no such column", 1.0);
    }
    let mut before = LossByCell::new(1);
    for cell in 0..200 {
        for _ in 0..50 {
            before.add(0, &cell.to_string(), 0.0);
        }
    }
    let culprits = losses.culprits(&before, &["id"]);
    assert_eq!(culprits.len(), 1, "{culprits:?}");
    assert_eq!(culprits[0].cell, LossByCell::OTHER);
    assert_eq!(culprits[0].rows, 136 * 50);
}
