//! Files whose columns come with their rows.

use modelwatch::FeatureValue;
use modelwatch_log::{LoggedRow, RowFile};
use proptest::prelude::*;

use crate::on_storage::{Cell, rows};

const TIME: i64 = 1_775_037_600_000_000;

fn row(score: f64) -> LoggedRow<'static> {
    LoggedRow {
        time: TIME,
        version: "1",
        score: Some(score),
        ..LoggedRow::default()
    }
}

#[test]
fn adds_column_with_nulls_before_when_feature_comes_late() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.parquet");
    let mut file = RowFile::new(&path, "claims");
    let number = FeatureValue::Number;
    assert!(file.push(&row(0.1), &[("a", number(1.0))]).expect("written"));
    let late = [("b \"odd\"\n", FeatureValue::Category("x")), ("a", number(f64::NAN))];
    assert!(file.push(&row(f64::NAN), &late).expect("written"));
    assert!(
        !file
            .push(&row(0.3), &[("a", FeatureValue::Category("1"))])
            .expect("written")
    );
    assert!(file.push(&row(0.4), &[("z", FeatureValue::Missing)]).expect("written"));
    assert_eq!(file.finish(&[("source", "t/0/0-3")]).expect("written"), 3);
    let rows = rows(&path);
    let column = |name: &str| -> Vec<_> { rows.iter().map(|row| row[name].clone()).collect() };
    assert_eq!(column("feature.a"), [Some(Cell::Number(1.0)), None, None]);
    assert_eq!(
        column("feature.b \"odd\"\n"),
        [None, Some(Cell::Text("x".into())), None]
    );
    assert_eq!(
        column("score"),
        [Some(Cell::Number(0.1)), None, Some(Cell::Number(0.4))]
    );
    assert!(!rows[0].contains_key("feature.z"));
}

#[test]
fn refuses_new_feature_once_row_group_is_on_storage() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("rows.parquet");
    let mut file = RowFile::new(&path, "claims");
    for _ in 0..65_536 {
        assert!(
            file.push(&row(0.1), &[("a", FeatureValue::Number(1.0))])
                .expect("written")
        );
    }
    assert!(
        !file
            .push(&row(0.1), &[("b", FeatureValue::Number(1.0))])
            .expect("written")
    );
    assert!(
        file.push(&row(0.2), &[("a", FeatureValue::Number(2.0))])
            .expect("written")
    );
    assert_eq!(file.finish(&[]).expect("written"), 65_537);
    assert_eq!(rows(&path).len(), 65_537);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    /// Every row that was taken is in the file with its values, whatever the order in which features come.
    #[test]
    fn keeps_every_value_that_was_taken(
        handed in prop::collection::vec(prop::collection::vec((0..5_usize, prop::option::of(-9_i32..9), any::<bool>()), 0..6), 0..40)
    ) {
        const NAMES: [&str; 5] = ["a", "b", "c.d", "", "é"];
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("rows.parquet");
        let mut file = RowFile::new(&path, "claims");
        let mut taken = Vec::new();
        for values in &handed {
            let texts: Vec<String> = values.iter().map(|(_, value, _)| format!("{value:?}")).collect();
            let features: Vec<(&str, FeatureValue<'_>)> = values
                .iter()
                .zip(&texts)
                .map(|((name, value, text), shown)| {
                    (NAMES[*name], match value {
                        None => FeatureValue::Missing,
                        Some(_) if *text => FeatureValue::Category(shown),
                        Some(value) => FeatureValue::Number((*value).into()),
                    })
                })
                .collect();
            if file.push(&row(0.5), &features).expect("written") {
                taken.push(values.clone());
            }
        }
        let count = file.finish(&[]).expect("written");
        prop_assert_eq!(count, taken.len() as u64);
        for (row, values) in rows(&path).iter().zip(&taken) {
            for (name, shown) in NAMES.iter().enumerate() {
                let of_name = || values.iter().filter(|(at, ..)| *at == name);
                let stored = row.get(&format!("feature.{shown}")).cloned().flatten();
                match of_name().find(|(_, value, _)| value.is_some()) {
                    // A kind differs from that of the column where the same row has both.
                    Some((_, value, text)) if of_name().filter(|(_, value, _)| value.is_some()).all(|(.., other)| other == text) => {
                        let expected = match text {
                            true => Cell::Text(format!("{value:?}")),
                            false => Cell::Number(value.expect("some").into()),
                        };
                        prop_assert_eq!(stored, Some(expected));
                    }
                    Some(_) => prop_assert!(stored.is_some()),
                    None => prop_assert_eq!(stored, None),
                }
            }
        }
    }
}
