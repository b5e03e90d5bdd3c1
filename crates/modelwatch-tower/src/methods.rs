//! Which gRPC methods there are: those that have answered OK.
//!
//! A path such as `/flights.Delays/Predict` names a method, but a client may ask for any path, and whoever refuses it (a server that has no
//! such method, an authentication inside) tells nothing of whether there is one. An OK does. Until its first OK a path takes no place among
//! the routes, unless the model [declares it](modelwatch::ModelBuilder::routes), and its requests count under the name given to the
//! layer, or [`UNMATCHED`](crate::UNMATCHED).

use std::collections::HashSet;
use std::sync::{Arc, PoisonError, RwLock};

/// A layer's methods: one that is proved by one version is proved for all of them.
#[derive(Debug, Default)]
pub(crate) struct Methods(RwLock<HashSet<Box<str>>>);

/// More methods than any service has. What comes later is proved for its own version only.
const MOST: usize = 10_000;

impl Methods {
    #[cold]
    pub(crate) fn has(&self, path: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(path)
    }

    fn add(&self, path: Box<str>) {
        let mut paths = self.0.write().unwrap_or_else(PoisonError::into_inner);
        if paths.len() < MOST {
            paths.insert(path);
        }
    }
}

/// A path that has not answered OK yet.
#[derive(Debug)]
pub(crate) struct Unproved {
    methods: Arc<Methods>,
    path: Box<str>,
    /// The wildcard that a router matched.
    wild: Option<Box<str>>,
}

impl Unproved {
    #[cold]
    pub(crate) fn new(methods: &Arc<Methods>, path: &str, wild: Option<&str>) -> Box<Self> {
        Box::new(Self {
            methods: methods.clone(),
            path: path.into(),
            wild: wild.map(Into::into),
        })
    }

    /// The route of a request whose answer is none of gRPC: its client has called it so, and nobody else.
    pub(crate) fn of_http(&self) -> Option<&str> {
        self.wild.as_deref()
    }

    /// It did.
    #[cold]
    pub(crate) fn prove(self) {
        self.methods.add(self.path);
    }
}
