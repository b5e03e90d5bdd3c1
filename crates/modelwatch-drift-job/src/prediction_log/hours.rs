//! Finds the files of a window by the names of their folders.

use chrono::{DateTime, TimeDelta, Utc};
use futures::{StreamExt as _, TryStreamExt as _, stream};
use modelwatch_log_format::{files, folders};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta};

use crate::engine::{EngineError, Looked};
use crate::store::Store;
use crate::time_window::TimeWindow;

/// The number of folders listed at the same time.
const LISTED_AT_ONCE: usize = 32;

/// Finds the files in the folders of the hours that a window touches, or in all of the model's folders without a
/// window, in the order of their names. Records where it looked.
pub(super) async fn find(
    store: &Store,
    model: &str,
    window: Option<TimeWindow>,
) -> Result<(Vec<ObjectMeta>, Looked), EngineError> {
    let mut looked = Looked::default();
    let folder = match model_folder(store, model).await? {
        Ok(folder) => folder,
        Err(other_models) => {
            looked.places = vec![store.locate(&store.prefix.clone().join(folders::model(model)))];
            looked.other_models = Some(other_models);
            return Ok((Vec::new(), looked));
        }
    };
    let places: Vec<Path> = match window {
        None => vec![folder.clone()],
        Some(window) => places(&folder, window),
    };
    let mut objects = Vec::new();
    let listed = stream::iter(places.clone()).map(|place| {
        let objects = store.objects.clone();
        async move { objects.list(Some(&place)).try_collect::<Vec<_>>().await }
    });
    let mut listed = listed.buffered(LISTED_AT_ONCE);
    while let Some(listed) = listed.next().await {
        match listed {
            Ok(listed) => objects.extend(listed.into_iter().filter(|object| {
                let name = object.location.filename().unwrap_or_default();
                let is_of_hour = || object.location.parts().any(|part| folders::is_hour(part.as_ref()));
                !files::is_hidden(name) && (window.is_none() || is_of_hour())
            })),
            // Retention removes folders while they are listed.
            Err(StoreError::NotFound { .. }) => {}
            Err(error) => return Err(cannot_list(store, &error)),
        }
    }
    objects.sort_by(|one, other| one.location.cmp(&other.location));
    looked.places = places.iter().map(|place| store.locate(place)).collect();
    looked.files = objects.len();
    if objects.is_empty() {
        looked.other_hours = ends(store, &folder).await;
    }
    Ok((objects, looked))
}

/// Returns the folders with a window's files: hours, or whole dates if the window has all their hours. Listing 365
/// folders of a year side by side is faster than 8,760.
fn places(folder: &Path, window: TimeWindow) -> Vec<Path> {
    const HOURS: i64 = 24;
    let (first, last) = hours(window);
    let mut places = Vec::new();
    let mut hour = first;
    while hour <= last {
        let [date, of_day] = folders::of_hour(hour);
        let whole = hour.rem_euclid(HOURS) == 0 && hour + HOURS - 1 <= last;
        let date = folder.clone().join(date);
        places.push(if whole { date } else { date.join(of_day) });
        hour += if whole { HOURS } else { 1 };
    }
    places
}

/// Returns the folder whose name decodes to that of the model, however its special characters are encoded; or the
/// models that have a folder.
async fn model_folder(store: &Store, model: &str) -> Result<Result<Path, Vec<String>>, EngineError> {
    let listing = match store.objects.list_with_delimiter(Some(&store.prefix)).await {
        Ok(listing) => listing.common_prefixes,
        Err(StoreError::NotFound { .. }) => Vec::new(),
        Err(error) => return Err(cannot_list(store, &error)),
    };
    let mut others = Vec::new();
    for folder in listing {
        match folder.filename().and_then(folders::model_name) {
            Some(name) if name == model => return Ok(Ok(folder)),
            Some(name) => others.push(name),
            None => {}
        }
    }
    Ok(Err(others))
}

/// Returns the first and the last hour with a folder, by looking into the first and the last date only.
async fn ends(store: &Store, folder: &Path) -> Option<(String, String)> {
    let below = async |folder: &Path, is_right: fn(&str) -> bool| {
        let listing = store.objects.list_with_delimiter(Some(folder)).await.ok()?;
        let mut names: Vec<Path> = listing.common_prefixes;
        names.retain(|path| path.filename().is_some_and(is_right));
        names.sort();
        Some(names)
    };
    let dates = below(folder, folders::is_date).await?;
    let first = below(dates.first()?, folders::is_hour).await?;
    let last = below(dates.last()?, folders::is_hour).await?;
    let name = |hour: &Path| {
        let model = folder.as_ref();
        let below = hour.as_ref().strip_prefix(model).unwrap_or(hour.as_ref());
        below.trim_start_matches('/').to_owned()
    };
    Some((name(first.first()?), name(last.last()?)))
}

/// Returns the first and the last hour that a window touches, counted from the epoch.
fn hours(window: TimeWindow) -> (i64, i64) {
    let hour = |time: DateTime<Utc>| folders::hour(time.timestamp_micros());
    (hour(window.start()), hour(window.end() - TimeDelta::microseconds(1)))
}

fn cannot_list(store: &Store, error: &StoreError) -> EngineError {
    EngineError::store(store, format!("cannot be listed: {error}"))
}

#[cfg(test)]
mod tests {
    use object_store::path::Path;

    use super::places;
    use crate::time_window::TimeWindow;

    fn of(start: &str, end: &str) -> Vec<String> {
        let time = |text: &str| text.parse().expect("a time");
        let window = TimeWindow::new(time(start), time(end)).expect("a window");
        places(&Path::from("m"), window)
            .iter()
            .map(ToString::to_string)
            .collect()
    }

    /// Dates where all of their hours are wanted, hours at the ends.
    #[test]
    fn lists_dates_whole_when_window_has_all_their_hours() {
        let year = of("2025-06-01T22:30:00Z", "2026-06-01T01:00:00Z");
        assert_eq!(year.len(), 2 + 364 + 1, "{year:?}");
        assert_eq!(
            year[..3],
            [
                "m/date=2025-06-01/hour=22",
                "m/date=2025-06-01/hour=23",
                "m/date=2025-06-02"
            ]
        );
        assert_eq!(year[365..], ["m/date=2026-05-31", "m/date=2026-06-01/hour=00"]);
        assert_eq!(
            of("2026-04-01T10:45:00Z", "2026-04-01T11:00:00Z"),
            ["m/date=2026-04-01/hour=10"]
        );
        assert_eq!(
            of("1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z"),
            ["m/date=1969-12-31"]
        );
    }
}
