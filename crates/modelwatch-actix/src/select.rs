//! Which model and route a request belongs to.

use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use actix_web::HttpMessage;
use actix_web::dev::ServiceRequest;
use modelwatch::{InFlight, Model, Route};

/// Chooses the route a request is recorded on. Implemented by [`Fixed`] and [`PerRequest`].
pub trait Select {
    /// Begins a request on its route.
    fn start(&self, request: &ServiceRequest) -> InFlight;
    /// For a service that failed before it got a request.
    fn fallback(&self) -> Route;
}

/// Every request belongs to one model version.
#[derive(Clone, Debug)]
pub struct Fixed {
    model: Model,
    /// For requests that no pattern matched.
    name: Arc<str>,
}

impl Fixed {
    pub(crate) fn new(model: &Model, name: &str) -> Self {
        Self {
            model: model.clone(),
            name: name.into(),
        }
    }

    /// With a name somebody gave: exposed from the start, so that an error ratio is there before the first request.
    pub(crate) fn with_route(&self, name: &str) -> Self {
        let fixed = Self::new(&self.model, name);
        fixed.fallback();
        fixed
    }

    fn route(&self, model: &Model, request: &ServiceRequest) -> Route {
        let pattern = request.match_pattern();
        model.route(pattern.as_deref().unwrap_or(&self.name))
    }
}

impl Select for Fixed {
    fn start(&self, request: &ServiceRequest) -> InFlight {
        self.route(&self.model, request).into()
    }

    fn fallback(&self) -> Route {
        self.model.route(&self.name)
    }
}

/// The request tells the model version.
pub struct PerRequest<F> {
    pub(crate) otherwise: Fixed,
    pub(crate) select: Rc<F>,
}

impl<F: Fn(&ServiceRequest) -> Option<Model>> Select for PerRequest<F> {
    fn start(&self, request: &ServiceRequest) -> InFlight {
        let told = (self.select)(request);
        let model = told.as_ref().unwrap_or(&self.otherwise.model);
        let in_flight = self.otherwise.route(model, request).into();
        request.extensions_mut().insert(model.clone());
        in_flight
    }

    fn fallback(&self) -> Route {
        self.otherwise.fallback()
    }
}

impl<F> Clone for PerRequest<F> {
    fn clone(&self) -> Self {
        Self {
            otherwise: self.otherwise.clone(),
            select: self.select.clone(),
        }
    }
}

impl<F> fmt::Debug for PerRequest<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PerRequest")
            .field("otherwise", &self.otherwise)
            .finish_non_exhaustive()
    }
}
