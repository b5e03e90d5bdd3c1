//! Whatever the writer calls a thing, the reader knows it by.

use std::time::{Duration, UNIX_EPOCH};

use modelwatch_log_format::{columns, files, folders, micros};
use proptest::prelude::*;

proptest! {
    /// A model is found by its folder, whatever its name is made of, and the folder is one name for every storage.
    #[test]
    fn finds_model_by_folder_when_name_is_any(name in ".*") {
        let folder = folders::model(&name);
        prop_assert!(folders::is_model(&folder));
        prop_assert!(folder.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'/'), "{folder}");
        prop_assert_eq!(folders::model_name(&folder), Some(name));
    }

    /// A feature is found by its column, dots included.
    #[test]
    fn finds_feature_by_column_when_name_is_any(name in ".*") {
        let column = columns::feature(&name);
        prop_assert_eq!(columns::feature_name(&column), Some(&*name));
    }

    /// Names of files sort as the times at which they were begun, and are known while in the making and after.
    #[test]
    fn sorts_files_by_time_when_writers_differ(
        times in prop::collection::vec((0_u64..4_000_000_000_000_000, any::<u64>(), 0_u64..10_000_000), 2..10),
    ) {
        let mut times = times;
        times.sort_unstable();
        let names = times.iter().map(|(time, writer, sequence)| {
            files::name(UNIX_EPOCH + Duration::from_micros(*time), *writer, *sequence)
        });
        let names: Vec<_> = names.collect();
        for name in &names {
            prop_assert!(files::is_name(name) && !files::is_hidden(name), "{name}");
            let temporary = files::temporary(name);
            prop_assert!(files::is_temporary(&temporary) && files::is_hidden(&temporary) && !files::is_name(&temporary));
        }
        for pair in times.windows(2).zip(names.windows(2)) {
            let (times, names) = pair;
            prop_assert!(times[0].0 == times[1].0 || names[0] < names[1], "{names:?}");
        }
    }

    /// An hour's folders are of the pattern, and every instant of the hour has the same.
    #[test]
    fn names_hour_when_time_is_any(seconds in -62_135_596_800_i64..253_402_300_800) {
        let hour = folders::hour(seconds * 1_000_000);
        let [date, of_day] = folders::of_hour(hour);
        prop_assert!(folders::is_date(&date) && folders::is_hour(&of_day), "{date}/{of_day}");
        prop_assert_eq!(folders::hour(hour * 3_600_000_000), hour);
        prop_assert_eq!(folders::hour(hour * 3_600_000_000 + 3_599_999_999), hour);
    }
}

#[test]
fn clamps_time_when_year_has_no_four_digits() {
    let far = UNIX_EPOCH + Duration::from_secs(1 << 40);
    assert_eq!(
        folders::of_hour(folders::hour(micros(far))),
        ["date=9999-12-31", "hour=23"]
    );
    let before = UNIX_EPOCH - Duration::from_nanos(1);
    assert_eq!(micros(before), -1);
    assert_eq!(
        folders::of_hour(folders::hour(micros(before))),
        ["date=1969-12-31", "hour=23"]
    );
}

#[test]
fn refuses_name_when_shape_is_another() {
    let name = files::name(UNIX_EPOCH, 7, 3);
    for other in [
        "part-0.parquet",
        "modelwatch-.parquet",
        &name.replace("parquet", "csv"),
        &name.replace('Z', "z"),
        &format!("x{name}"),
    ] {
        assert!(!files::is_name(other), "{other}");
    }
    assert!(!folders::is_date("date=2026-4-01") && !folders::is_hour("hour=7") && !folders::is_model("models=x"));
    assert_eq!(folders::model_name("model=%ff"), None, "no UTF-8");
}

/// A file that was made of others is as old as the newest of them and sorts among its siblings; a name that is none of ours makes none.
#[test]
fn names_merged_file_after_newest_when_it_is_ours() {
    let newest = files::name(UNIX_EPOCH + Duration::from_micros(1_775_037_600_000_001), 7, 3);
    let merged = files::merged(&newest, u64::MAX).expect("a name");
    assert_eq!(
        merged,
        "modelwatch-20260401T100000000001Z-c0deffffffffffff-000000.parquet"
    );
    assert!(files::may_be_merged(&merged) && !files::may_be_merged(&newest));
    assert_eq!(files::merged("part-0.parquet", 1), None);
    assert_eq!(
        files::merged(&merged, 1).map(|name| files::may_be_merged(&name)),
        Some(true)
    );
}
