//! The files of a window, found by their folders' names.

use chrono::{DateTime, TimeDelta, Utc};
use futures::TryStreamExt as _;
use modelwatch_log_format::{files, folders};
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectMeta};

use crate::engine::{EngineError, Looked};
use crate::store::Store;
use crate::time_window::TimeWindow;

/// Finds the files in the folders of the hours that a window touches, or in all of the model's without one, in the order of
/// their names, and says where it looked.
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
        Some(window) => hours(window)
            .map(|hour| {
                let parts = folders::of_hour(hour).into_iter();
                parts.fold(folder.clone(), |folder, part| folder.join(part))
            })
            .collect(),
    };
    let mut objects = Vec::new();
    for place in &places {
        let listed = store.objects.list(Some(place)).try_collect::<Vec<_>>().await;
        match listed {
            Ok(listed) => objects.extend(listed.into_iter().filter(|object| {
                let name = object.location.filename().unwrap_or_default();
                !files::is_hidden(name)
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

/// The folder whose name is that of the model, however its odd characters are encoded; or the models that have one.
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

/// The first and the last hour that have a folder, by looking at the first and the last date alone.
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

/// The hours that a window touches, counted from the epoch.
fn hours(window: TimeWindow) -> impl Iterator<Item = i64> {
    let hour = |time: DateTime<Utc>| folders::hour(time.timestamp_micros());
    hour(window.start())..=hour(window.end() - TimeDelta::microseconds(1))
}

fn cannot_list(store: &Store, error: &StoreError) -> EngineError {
    EngineError::store(store, format!("cannot be listed: {error}"))
}
