//! Which model and route a request belongs to.

use std::fmt;
use std::sync::{Arc, OnceLock};

use http::Request;
use modelwatch::{InFlight, Model, Route};

/// Chooses the route a request is recorded on. Implemented by [`Fixed`] and [`PerRequest`].
pub trait Select<B> {
    /// Begins a request on its route.
    fn start(&self, request: &Request<B>) -> Begun;
    /// For a service that failed before it got a request.
    fn fallback(&self) -> &Route;
}

/// A request that has begun.
#[derive(Debug)]
pub struct Begun {
    pub(crate) in_flight: InFlight,
    #[cfg(feature = "tonic")]
    pub(crate) unproved: Option<Box<crate::grpc::Unproved>>,
}

impl From<Route> for Begun {
    #[inline(always)]
    fn from(route: Route) -> Self {
        Self {
            in_flight: route.into(),
            #[cfg(feature = "tonic")]
            unproved: None,
        }
    }
}

#[cfg(feature = "tonic")]
impl Begun {
    /// On the method's route if there is one, else on another until the path has proved to be a method.
    #[inline]
    fn grpc(model: &Model, path: &str, otherwise: impl FnOnce() -> Route) -> Self {
        match model.find_route(path) {
            Some(route) => route.into(),
            None => Self {
                in_flight: otherwise().into(),
                unproved: Some(crate::grpc::Unproved::new(model, path)),
            },
        }
    }
}

/// Every request belongs to one model version.
#[derive(Debug)]
pub struct Fixed {
    model: Model,
    /// For requests without a matched path.
    name: Arc<str>,
    /// Of that name, once it is wanted: a service where every path is matched does not expose it.
    route: OnceLock<Route>,
}

impl Fixed {
    pub(crate) fn new(model: &Model, name: &str) -> Self {
        Self {
            model: model.clone(),
            name: name.into(),
            route: OnceLock::new(),
        }
    }

    /// With a name somebody gave: exposed from the start, so that an error ratio is there before the first request.
    pub(crate) fn with_route(&self, name: &str) -> Self {
        let fixed = Self::new(&self.model, name);
        fixed.fallback();
        fixed
    }

    #[inline(always)]
    fn fallback(&self) -> &Route {
        self.route.get_or_init(|| self.model.route(&self.name))
    }
}

impl<B> Select<B> for Fixed {
    #[inline(always)]
    fn start(&self, request: &Request<B>) -> Begun {
        if let Some(path) = matched_path(request) {
            return self.model.route(path).into();
        }
        #[cfg(feature = "tonic")]
        if let Some(path) = crate::grpc::path(request) {
            return Begun::grpc(&self.model, path, || self.fallback().clone());
        }
        self.fallback().clone().into()
    }

    fn fallback(&self) -> &Route {
        self.fallback()
    }
}

/// The request tells the model version.
pub struct PerRequest<F> {
    pub(crate) otherwise: Fixed,
    pub(crate) select: Arc<F>,
}

impl<B, F: Fn(&Request<B>) -> Option<Model>> Select<B> for PerRequest<F> {
    #[inline(always)]
    fn start(&self, request: &Request<B>) -> Begun {
        let Some(model) = (self.select)(request) else {
            return self.otherwise.start(request);
        };
        #[cfg(feature = "tonic")]
        if let (None, Some(path)) = (matched_path(request), crate::grpc::path(request)) {
            return Begun::grpc(&model, path, || model.route(&self.otherwise.name));
        }
        model
            .route(matched_path(request).unwrap_or(&self.otherwise.name))
            .into()
    }

    fn fallback(&self) -> &Route {
        self.otherwise.fallback()
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
#[inline(always)]
fn matched_path<B>(request: &Request<B>) -> Option<&str> {
    request
        .extensions()
        .get::<axum::extract::MatchedPath>()
        .map(axum::extract::MatchedPath::as_str)
}

#[cfg(not(feature = "axum"))]
#[inline(always)]
fn matched_path<B>(_: &Request<B>) -> Option<&str> {
    None
}
