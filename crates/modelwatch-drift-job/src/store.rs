//! Opens the storage that holds files: a folder on this machine, or a bucket.

#[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
use std::ffi::OsString;
use std::fmt;
use std::path::{Path as FilePath, PathBuf, absolute};
use std::sync::Arc;

use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt as _};

use crate::engine::EngineError;

/// Holds a root under which files lie.
#[derive(Clone)]
pub(crate) struct Store {
    pub(crate) objects: Arc<dyn ObjectStore>,
    pub(crate) prefix: Path,
    /// The same root, if it is a folder on this machine.
    folder: Option<Arc<LocalFileSystem>>,
    address: String,
}

impl Store {
    /// Opens a folder's path, or a URL: `file:///…`, and with the features `s3`, `gcs` and `azure` `s3://bucket/…`,
    /// `gs://bucket/…` and `az://container/…`, with credentials from the environment (`AWS_…`, `GOOGLE_…`, `AZURE_…`).
    ///
    /// # Errors
    ///
    /// The folder does not exist, or this build does not support the URL's scheme.
    pub(crate) fn open(address: &str) -> Result<Self, EngineError> {
        let refused = |problem: String| EngineError::Store {
            address: address.into(),
            problem,
        };
        let folder = match address.split_once("://") {
            None => address,
            Some(("file", path)) => path,
            Some((scheme, _)) => return Self::remote(address, scheme),
        };
        let folder = absolute(FilePath::new(folder)).map_err(|error| refused(error.to_string()))?;
        if !folder.is_dir() {
            return Err(refused(
                "there is no such folder; fix the path, or start the service that writes there".into(),
            ));
        }
        let objects = LocalFileSystem::new_with_prefix(&folder).map_err(|error| refused(error.to_string()))?;
        let objects = Arc::new(objects);
        Ok(Self {
            objects: objects.clone(),
            prefix: Path::default(),
            folder: Some(objects),
            address: address.into(),
        })
    }

    #[cfg(any(feature = "s3", feature = "gcs", feature = "azure"))]
    fn remote(address: &str, scheme: &str) -> Result<Self, EngineError> {
        let refused = |problem: String| EngineError::Store {
            address: address.into(),
            problem,
        };
        // The client refuses it with the words "builder error".
        if scheme.eq_ignore_ascii_case("http") && std::env::var_os("ALLOW_HTTP").is_none() {
            return Err(refused(
                "is not encrypted; name an address with https://, s3://, gs:// or az://, or allow it with ALLOW_HTTP=true".into(),
            ));
        }
        let url = url::Url::parse(address).map_err(|error| refused(error.to_string()))?;
        // Credentials are always text.
        let text = |(name, value): (OsString, OsString)| Some((name.into_string().ok()?, value.into_string().ok()?));
        let options = std::env::vars_os().filter_map(text);
        let options = options.map(|(name, value)| (name.to_ascii_lowercase(), value));
        let (objects, prefix) =
            object_store::parse_url_opts(&url, options).map_err(|error| refused(error.to_string()))?;
        Ok(Self {
            objects: objects.into(),
            prefix,
            folder: None,
            address: address.into(),
        })
    }

    #[cfg(not(any(feature = "s3", feature = "gcs", feature = "azure")))]
    fn remote(address: &str, scheme: &str) -> Result<Self, EngineError> {
        Err(EngineError::Store {
            address: address.into(),
            problem: format!(
                "this build reads local folders only, not {scheme}; build modelwatch-drift-job with the feature `s3`, `gcs` or `azure`"
            ),
        })
    }

    /// Reads a small file whole, by its path or URL.
    pub(crate) async fn read_text(address: &str) -> Result<String, EngineError> {
        let refused = |problem: String| EngineError::Store {
            address: address.into(),
            problem,
        };
        let bytes = match address.split_once("://") {
            None | Some(("file", _)) => {
                let path = address.strip_prefix("file://").unwrap_or(address);
                std::fs::read(path).map_err(|error| refused(format!("cannot be read: {error}")))?
            }
            Some((scheme, _)) => {
                let store = Self::remote(address, scheme)?;
                let read = async { store.objects.get(&store.prefix).await?.bytes().await };
                read.await
                    .map_err(|error| refused(format!("cannot be read: {error}")))?
                    .to_vec()
            }
        };
        String::from_utf8(bytes).map_err(|_| refused("is no UTF-8 text".into()))
    }

    /// Returns the root as a URL that ends in a slash.
    #[cfg(feature = "delta")]
    pub(crate) fn root(&self) -> Result<url::Url, EngineError> {
        let refused = |problem: String| EngineError::store(&self.address, problem);
        if self.folder.is_some() {
            let folder = self.address.strip_prefix("file://").unwrap_or(&self.address);
            let folder = absolute(FilePath::new(folder)).map_err(|error| refused(error.to_string()))?;
            return url::Url::from_directory_path(folder).map_err(|()| refused("is no whole path".into()));
        }
        let mut url = url::Url::parse(&self.address).map_err(|error| refused(error.to_string()))?;
        let path = format!("{}/", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url.set_query(None);
        Ok(url)
    }

    /// Returns the path of a file, if it lies on this machine.
    pub(crate) fn path_of(&self, object: &Path) -> Option<PathBuf> {
        self.folder.as_ref()?.path_to_filesystem(object).ok()
    }

    /// Returns the path of a file below the root, as storage spells it.
    pub(crate) fn below(&self, object: &Path) -> String {
        let below = |path: PathBuf| {
            let root = self.path_of(&Path::default())?;
            Some(path.strip_prefix(root).ok()?.to_string_lossy().into_owned())
        };
        self.path_of(object).and_then(below).unwrap_or_else(|| {
            let parts: Vec<_> = object.prefix_match(&self.prefix).into_iter().flatten().collect();
            let parts: Vec<&str> = parts.iter().map(AsRef::as_ref).collect();
            parts.join("/")
        })
    }

    /// Returns the address of a file as you would look it up.
    pub(crate) fn locate(&self, path: &Path) -> String {
        let below = path
            .as_ref()
            .strip_prefix(self.prefix.as_ref())
            .unwrap_or(path.as_ref());
        format!(
            "{}/{}",
            self.address.trim_end_matches('/'),
            below.trim_start_matches('/')
        )
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Store").field(&self.address).finish()
    }
}

impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}
