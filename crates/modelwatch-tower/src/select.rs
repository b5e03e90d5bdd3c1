//! Which model and route a request belongs to.

use std::fmt;
use std::sync::Arc;

use http::Request;
use modelwatch::{Model, Route};

/// Chooses the route a request is recorded on. Implemented by [`Fixed`] and [`PerRequest`].
pub trait Select<B> {
    /// For a request.
    fn select(&self, request: &Request<B>) -> Route;
    /// For a service that failed before it got a request.
    fn fallback(&self) -> &Route;
}

/// Every request belongs to one model version.
#[derive(Clone, Debug)]
pub struct Fixed {
    model: Model,
    route: Route,
}

impl Fixed {
    pub(crate) fn new(model: &Model, route: &str) -> Self {
        Self {
            route: model.route(route),
            model: model.clone(),
        }
    }

    pub(crate) fn model(&self) -> &Model {
        &self.model
    }
}

impl<B> Select<B> for Fixed {
    #[inline]
    fn select(&self, request: &Request<B>) -> Route {
        matched_path(request).map_or_else(|| self.route.clone(), |path| self.model.route(path))
    }

    fn fallback(&self) -> &Route {
        &self.route
    }
}

/// The request tells the model version.
#[derive(Clone)]
pub struct PerRequest<F> {
    otherwise: Fixed,
    /// The name of `otherwise.route`, even where that is folded.
    route: Arc<str>,
    select: F,
}

impl<F> PerRequest<F> {
    pub(crate) fn new(otherwise: &Model, route: &str, select: F) -> Self {
        Self {
            otherwise: Fixed::new(otherwise, route),
            route: route.into(),
            select,
        }
    }

    pub(crate) fn set_route(&mut self, route: &str) {
        self.otherwise = Fixed::new(self.otherwise.model(), route);
        self.route = route.into();
    }
}

impl<B, F: Fn(&Request<B>) -> Option<Model>> Select<B> for PerRequest<F> {
    #[inline]
    fn select(&self, request: &Request<B>) -> Route {
        match (self.select)(request) {
            Some(model) => model.route(matched_path(request).unwrap_or(&self.route)),
            None => self.otherwise.select(request),
        }
    }

    fn fallback(&self) -> &Route {
        &self.otherwise.route
    }
}

impl<F> fmt::Debug for PerRequest<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerRequest")
            .field("otherwise", &self.otherwise)
            .finish_non_exhaustive()
    }
}

/// The pattern a router matched, such as `/models/{name}`: bounded by the program, as the path itself is not.
#[cfg(feature = "axum")]
#[inline]
fn matched_path<B>(request: &Request<B>) -> Option<&str> {
    request
        .extensions()
        .get::<axum::extract::MatchedPath>()
        .map(axum::extract::MatchedPath::as_str)
}

#[cfg(not(feature = "axum"))]
#[inline]
fn matched_path<B>(_: &Request<B>) -> Option<&str> {
    None
}
