//! Finds the files below a prefix of a bucket.

use std::collections::BTreeSet;

use futures::TryStreamExt as _;
use modelwatch_log_format::files;
use object_store::path::Path;
use object_store::{Error as StoreError, ObjectStoreExt as _};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::format::{self, DELTA_LOG, within_delta};
use super::table::Table;
use crate::engine::EngineError;
use crate::store::Store;

/// The characters to encode in a URL's path.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'/')
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~')
    .remove(b'=');

/// Returns the URLs that a URL stands for, sorted: an object, or all readable ones below a prefix.
pub(super) async fn below(url: &str) -> Result<Vec<String>, EngineError> {
    let refused = |problem: String| EngineError::store(url, problem);
    if url.contains(['*', '[']) {
        return Err(refused(
            "patterns are for files of this machine; name an object, or the folder that they lie in".into(),
        ));
    }
    let store = Store::open(url)?;
    if format::of(url).is_some() {
        match store.objects.head(&store.prefix).await {
            // Writers of partitioned Parquet give the folder the name of the file that it stands for.
            Err(StoreError::NotFound { .. }) => {}
            // Any other error is reported when the file is read.
            _ => return Ok(vec![url.to_owned()]),
        }
    }
    // A model's name may be encoded in a folder's name, and a URL encodes its path once more. Accept both spellings.
    let spelt = url.split_once("://").and_then(|(_, rest)| rest.split_once('/'));
    let spelt = spelt.and_then(|(_, path)| Path::parse(path.trim_end_matches('/')).ok());
    let spelt = spelt.filter(|path| path != &store.prefix && path.as_ref().ends_with(last_of(url)));
    for prefix in std::iter::once(store.prefix.clone()).chain(spelt) {
        let found = list(url, &store, &prefix).await?;
        if !found.is_empty() {
            return without_replaced(found).await;
        }
    }
    Err(refused(match format::of(url) {
        Some(_) => "there is no such object; fix the address".into(),
        None => format!(
            "has no object below it that ends in {}; name another folder",
            format::KNOWN
        ),
    }))
}

/// Returns whether there is a Delta table's log below a URL.
pub(super) async fn has_delta_log(url: &str) -> Result<bool, EngineError> {
    if url.contains(['*', '[']) {
        return Ok(false);
    }
    let store = Store::open(url)?;
    let log = store.prefix.clone().join(DELTA_LOG);
    match store.objects.list(Some(&log)).try_next().await {
        Ok(found) => Ok(found.is_some()),
        // Permission to read an object does not imply permission to list what is next to it.
        Err(_) if format::of(url).is_some() => Ok(false),
        Err(StoreError::NotFound { .. }) => Ok(false),
        Err(error) => Err(EngineError::store(url, format!("cannot be listed: {error}"))),
    }
}

/// Returns the last part of a URL's path.
fn last_of(url: &str) -> &str {
    url.trim_end_matches('/').rsplit('/').next().unwrap_or_default()
}

/// Returns the objects whose names imply a format, except for hidden objects and folders.
async fn list(url: &str, store: &Store, prefix: &Path) -> Result<Vec<String>, EngineError> {
    let base = base(url, &store.prefix);
    let listed = store.objects.list(Some(prefix)).try_collect::<Vec<_>>().await;
    let listed = match listed {
        Ok(listed) => listed,
        Err(StoreError::NotFound { .. }) => Vec::new(),
        Err(error) => return Err(EngineError::store(url, format!("cannot be listed: {error}"))),
    };
    let mut found = Vec::new();
    for object in listed {
        let Some(parts) = object.location.prefix_match(prefix) else {
            continue;
        };
        let parts: Vec<String> = parts.map(|part| part.as_ref().to_owned()).collect();
        if let Some(place) = parts.iter().position(|part| part == DELTA_LOG) {
            let folder = [&[url.trim_end_matches('/').to_owned()], &parts[..place]]
                .concat()
                .join("/");
            return Err(EngineError::store(url, within_delta(&folder)));
        }
        let hidden = parts.iter().any(|part| part.starts_with(['.', '_']));
        if !hidden && format::of(object.location.as_ref()).is_some() {
            found.push(format!(
                "{base}/{}",
                utf8_percent_encode(object.location.as_ref(), ENCODED)
            ));
        }
    }
    found.sort();
    Ok(found)
}

/// Returns a URL without its path in the bucket.
fn base<'a>(url: &'a str, prefix: &Path) -> &'a str {
    // An encoded slash belongs to the path, but does not separate parts of the URL.
    let encoded = url.to_ascii_lowercase().matches("%2f").count();
    let mut base = url.trim_end_matches('/');
    for _ in encoded..prefix.parts().count() {
        base = base.rsplit_once('/').map_or(base, |(before, _)| before);
    }
    base
}

/// Leaves out the files of a prediction log that were merged into others and are about to be removed, according to the
/// others' footers.
async fn without_replaced(mut urls: Vec<String>) -> Result<Vec<String>, EngineError> {
    let mut replaced = BTreeSet::new();
    for url in &urls {
        let Some((folder, name)) = url.rsplit_once('/') else {
            continue;
        };
        if files::may_be_merged(name) {
            let table = Table::open_file(url).await?;
            let names = table.replaces().into_iter();
            replaced.extend(names.map(|name| format!("{folder}/{}", utf8_percent_encode(&name, ENCODED))));
        }
    }
    urls.retain(|url| !replaced.contains(url));
    Ok(urls)
}
