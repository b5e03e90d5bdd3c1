//! A predicted class, by name or resolved once.

use std::fmt;
use std::sync::Arc;

use crate::cells::striped_arc::StripedArc;
use crate::series::version::VersionSeries;

/// A predicted class of one version, resolved once with [`Model::class`](crate::Model::class).
#[derive(Clone)]
pub struct Class {
    pub(crate) version: StripedArc<VersionSeries>,
    pub(crate) name: Arc<str>,
    pub(crate) index: usize,
}

impl Class {
    /// The name it was resolved with.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Class").field(&self.name).finish()
    }
}

/// A class, by name or resolved.
#[derive(Clone, Copy, Debug)]
pub struct ClassRef<'a>(pub(crate) Reference<'a>);

#[derive(Clone, Copy, Debug)]
pub(crate) enum Reference<'a> {
    Named(&'a str),
    Resolved(&'a Class),
}

impl<'a> From<&'a str> for ClassRef<'a> {
    #[inline]
    fn from(name: &'a str) -> Self {
        Self(Reference::Named(name))
    }
}

impl<'a> From<&'a String> for ClassRef<'a> {
    #[inline]
    fn from(name: &'a String) -> Self {
        Self(Reference::Named(name))
    }
}

impl<'a> From<&'a Class> for ClassRef<'a> {
    #[inline]
    fn from(class: &'a Class) -> Self {
        Self(Reference::Resolved(class))
    }
}
