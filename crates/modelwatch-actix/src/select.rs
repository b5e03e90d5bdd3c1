//! Which model and route a request belongs to.

use std::cell::RefCell;
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
#[derive(Debug)]
pub struct Fixed {
    model: Model,
    /// For requests that no pattern matched.
    name: Arc<str>,
    latest: RefCell<Option<Latest>>,
}

/// The latest path and the pattern it matched. Around a whole application a pattern is not matched yet: actix-web tries them one
/// after the other, and then makes a string. For one service the path alone decides, and most requests ask for the
/// same one.
#[derive(Debug)]
struct Latest {
    path: String,
    pattern: Option<String>,
}

/// Each service remembers paths of its own, since another may be around other patterns.
impl Clone for Fixed {
    fn clone(&self) -> Self {
        Self {
            model: self.model.clone(),
            name: self.name.clone(),
            latest: RefCell::default(),
        }
    }
}

impl Fixed {
    pub(crate) fn new(model: &Model, name: &str) -> Self {
        Self {
            model: model.clone(),
            name: name.into(),
            latest: RefCell::default(),
        }
    }

    /// With a name somebody gave: exposed from the start, so that an error ratio is there before the first request.
    pub(crate) fn with_route(&self, name: &str) -> Self {
        let fixed = Self::new(&self.model, name);
        fixed.fallback();
        fixed
    }

    fn route(&self, model: &Model, request: &ServiceRequest) -> Route {
        let mut latest = self.latest.borrow_mut();
        match &mut *latest {
            Some(known) if known.path == request.path() => {}
            // Paths that differ each time fill the same string again and again.
            Some(known) => {
                request.path().clone_into(&mut known.path);
                known.pattern = request.match_pattern();
            }
            None => {
                *latest = Some(Latest {
                    path: request.path().to_owned(),
                    pattern: request.match_pattern(),
                });
            }
        }
        let pattern = latest.as_ref().and_then(|known| known.pattern.as_deref());
        model.route(pattern.unwrap_or(&self.name))
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
